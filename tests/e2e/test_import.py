"""As a new user does it: a folder of which half is labeled in YOLO's form, one command, and a campaign for the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gt_cli.api import Api
from gt_cli.datasets import LabeledBox, LabeledImage
from gt_cli.datasets.scenes import scene
from gt_cli.label_lines import gold_manifest
from gt_cli.main import cli
from gt_cli.stack import LocalStack
from gt_service.imports.imported import is_chosen
from gt_service.objects import S3Objects, S3Uri
from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CAMPAIGN, IMAGES, LABELED = "brought", 40, 20
CHECKED = sum(is_chosen(0.05, CAMPAIGN, f"{CAMPAIGN}/images/{number:02}.jpg") for number in range(LABELED))
HELD, ASKED = LABELED - CHECKED, IMAGES - LABELED + CHECKED


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """YOLO's layout: `images/`, and `labels/` for the first half of them."""
    folder = tmp_path_factory.mktemp("scenes")
    for name in ("images", "labels"):
        (folder / name).mkdir()
    (folder / "data.yaml").write_text("names: [Bird]\n")
    for number in range(IMAGES):
        drawn = scene(71, number)
        (folder / "images" / f"{number:02}.jpg").write_bytes(bytes(drawn.jpeg()))
        height, width = drawn.pixels.shape[:2]
        lines = [
            f"0 {(left + right) / 2 / width} {(top + bottom) / 2 / height} {(right - left) / width} "
            f"{(bottom - top) / height}"
            for left, top, right, bottom in drawn.boxes.tolist()
        ]
        if number < LABELED:
            (folder / "labels" / f"{number:02}.txt").write_text("\n".join(lines))
    return folder


def put_campaign(stack: LocalStack, api: Api) -> None:
    """A campaign whose simulated people answer from the drawn boxes."""
    inbox, pictures = stack.outputs["InboxBucket"], []
    for number in range(IMAGES):
        drawn = scene(71, number)
        boxes = tuple(
            LabeledBox("Bird", left, top, right - left, bottom - top)
            for left, top, right, bottom in drawn.boxes.tolist()
        )
        height, width = drawn.pixels.shape[:2]
        name = f"{number:02}.jpg"
        pictures.append(LabeledImage(Path(name), name, width, height, boxes))
    gold = S3Uri(inbox, f"{CAMPAIGN}/gold/gold.manifest")
    body = gold_lines(pictures, inbox)
    S3Objects(stack.session.client("s3")).write(gold, body.encode(), "application/jsonlines")
    spec = {
        "task": "object-detection",
        "labels": ["Bird"],
        "workforce": "public",
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"],
        "price_per_task": "0.036",
        "batch": {"size": IMAGES},
        "gold_labels": str(gold),
    }
    api.put_spec(CAMPAIGN, json.dumps(spec))


def gold_lines(pictures: list[LabeledImage], inbox: str) -> str:
    return gold_manifest(pictures, f"s3://{inbox}/{CAMPAIGN}/images/").decode()


def test_half_of_a_folder_is_imported_and_the_other_half_labeled(
    stack: LocalStack, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels once paid for are not paid for again, and all come out together."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", str(stack.session.region_name))
    command = ["import", CAMPAIGN, str(folder), "--with-unlabeled", "--url", stack.api_url, "--token", stack.token]
    with Api(stack.api_url, stack.headers) as api:
        put_campaign(stack, api)
        told = CliRunner().invoke(cli, command)
        assert told.exit_code == 0, told.output
        assert CHECKED > 1
        assert f"{HELD} labels from" in told.output
        assert f"{CHECKED} of the labels, drawn by chance, are checked" in told.output
        assert f"{IMAGES} new image(s)" in told.output

        def all_came() -> bool:
            images = (api.campaign(CAMPAIGN) or {})["images"]
            return (images["pending"], images["imported"]) == (ASKED, HELD)

        # Images are taken in as they come, several at once: a batch that is full may go without the last labels.
        soon(all_came, 120)
        api.close_batch(CAMPAIGN)

        def reported() -> list[dict[str, Any]]:
            return [job for job in api.jobs(CAMPAIGN) if job["report_s3_uri"]]

        (job,) = soon(reported, 240, every=1)
        assert (job["objects"], job["counters"]["HumanLabeled"], job["unlabeled"]) == (ASKED, ASKED, 0)
        report = api.report(job["name"])
        assert (report["counts"]["labeled_before"], report["counts"]["labeled"]) == (HELD, ASKED)
        # People who answer from the very same boxes agree with them, but for their own mistakes.
        checked = report["imported_labels"]
        assert (checked["asked"], checked["people"]["images"], checked["by_machine"]) == (CHECKED, CHECKED, 0)
        assert checked["people"]["mean_f1"] > 0.5
        manifest = S3Uri.parse(api.labels(CAMPAIGN)["manifest_s3_uri"])
        text = S3Objects(stack.session.client("s3")).read(manifest).decode()
        names = [json.loads(line)["category-metadata"]["job-name"].partition("/")[0] for line in text.splitlines()]
        assert (names.count("imported"), names.count("labeling-job")) == (HELD, ASKED)
        again = CliRunner().invoke(cli, command)
        assert "0 new image(s)" in again.output
        assert len(api.jobs(CAMPAIGN)) == 1
