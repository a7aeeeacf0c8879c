"""`gt-service import`: labels that a user has, in any form that is read, become labels of a campaign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any, cast

import pytest
from click.testing import CliRunner

from chalicelib.shapes import campaign_json, image_json
from gt_cli import importing
from gt_cli.api import Api
from gt_cli.datasets.labeled import BoxesError
from gt_cli.importing import Wanted
from gt_cli.main import cli
from gt_engine.jobs.crowd import read_gold_labels
from gt_service.backends import GT_ENGINE
from gt_service.campaign import parse_spec
from gt_service.exports.export import Export, Format
from gt_service.exports.split import Split
from gt_service.imports.lines import LineReader
from gt_service.objects import S3Uri
from gt_service.outputs.labels import label_of
from gt_service.outputs.records import label_record
from gt_service.records import ImageStatus
from gt_service.task_types import TaskType
from tests.world import INBOX, World, a_world, picture, spec_document


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(importing, "LOOK_EVERY_SECONDS", 0.01)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        world.campaign()
        yield world


class Service:
    """The API and S3 as the command meets them, over a campaign in memory: what is put is taken in at once.

    dies_after: so many uploads, and the next one fails.
    """

    def __init__(self, world: World, *, dies_after: int | None = None) -> None:
        self._world, self.uploads, self._left, self._lock = world, list[str](), dies_after, Lock()

    def campaign(self, name: str) -> dict[str, Any]:
        return campaign_json(self._world.store.campaigns.get(name), {}, 0, backend=GT_ENGINE, inbox=INBOX)

    def images(self, campaign: str, status: str) -> list[dict[str, Any]]:
        page = self._world.store.images.page(campaign, ImageStatus(status), limit=1000)
        return [image_json(image) for image in page.images]

    def put_object(self, *, Bucket: str, Key: str, Body: Any, ContentType: str) -> dict[str, str]:  # noqa: N803
        if self._left == 0:
            raise ConnectionError("the network is gone")
        self._left = None if self._left is None else self._left - 1
        with self._lock:
            self.uploads.append(Key)
            self._world.later(milliseconds=1)
            self._world.upload(Key, Body if isinstance(Body, bytes) else Body.read())
            self._world.advance()
        return {"ETag": f'"{self._world.objects.etag(S3Uri(Bucket, Key))}"'}


def bring(world: World, wanted: Wanted, *, dies_after: int | None = None, **options: Any) -> tuple[Service, Any]:
    service = Service(world, dies_after=dies_after)
    brought = importing.read_wanted(wanted, service.campaign("birds"))
    importing.drop(cast("Api", service), cast("Any", service), "birds", brought, **options)
    return service, importing.wait(cast("Api", service), "birds", brought)


def yolo(folder: Path, count: int = 3, *, names: str = "Bird", line: str = "0 0.5 0.5 0.25 0.5") -> Wanted:
    """A folder as YOLO's trainers have it, and one image more than it has labels for."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        (folder / "images" / f"{number}.png").write_bytes(picture(number))
        (folder / "labels" / f"{number}.txt").write_text(line)
    (folder / "images" / "rest.png").write_bytes(picture(99))
    (folder / "classes.txt").write_text(names)
    return Wanted(folder, folder)


def held(world: World) -> set[str]:
    images = world.store.images.page("birds", ImageStatus.IMPORTED, limit=100).images
    return {image.key for image in images}


def test_labels_go_first_and_no_image_of_theirs_is_ever_pending(world: World, tmp_path: Path) -> None:
    """Dropped the other way round, a batch could close over images whose labels are on the way."""
    service, now = bring(world, yolo(tmp_path))
    assert service.uploads[0].startswith("birds/labels/")
    assert (now["held"], now["waiting"], now["problem"]) == (3, 0, None)
    assert held(world) == {f"birds/images/{number}.png" for number in range(3)}
    assert "birds/images/rest.png" not in service.uploads


def test_folders_that_tell_images_apart_stay_in_their_names(world: World, tmp_path: Path) -> None:
    """`train/1.png` and `val/1.png` are two images; the `images` around both says nothing."""
    for part in ("train", "val"):
        (tmp_path / "labels" / part).mkdir(parents=True)
        (tmp_path / "images" / part).mkdir(parents=True)
        (tmp_path / "images" / part / "1.png").write_bytes(picture(len(part)))
        (tmp_path / "labels" / part / "1.txt").write_text("0 0.5 0.5 0.25 0.5")
    (tmp_path / "classes.txt").write_text("Bird")
    bring(world, Wanted(tmp_path, tmp_path))
    assert held(world) == {"birds/images/train/1.png", "birds/images/val/1.png"}


def test_the_same_command_again_uploads_nothing(world: World, tmp_path: Path) -> None:
    wanted = yolo(tmp_path)
    bring(world, wanted)
    before = world.store.campaigns.get("birds").imports
    service, now = bring(world, wanted)
    assert service.uploads == []
    assert world.store.campaigns.get("birds").imports == before
    assert now["held"] == 3


def test_broken_off_the_same_command_goes_on(world: World, tmp_path: Path) -> None:
    wanted = yolo(tmp_path)
    with pytest.raises(ConnectionError):
        bring(world, wanted, dies_after=2)
    service, now = bring(world, wanted)
    assert len(service.uploads) == 2
    assert now["held"] == 3


def test_images_without_labels_come_along_where_it_is_asked_for(world: World, tmp_path: Path) -> None:
    wanted = yolo(tmp_path)
    bring(world, wanted, more=[("rest.png", tmp_path / "images/rest.png")])
    pending = world.store.images.page("birds", ImageStatus.PENDING, limit=9).images
    assert [image.key for image in pending] == ["birds/images/rest.png"]


def test_classes_that_the_campaign_does_not_know_are_named_with_their_image(world: World, tmp_path: Path) -> None:
    wanted = yolo(tmp_path, names="Goose")
    with pytest.raises(BoxesError) as wrong:
        bring(world, wanted)
    assert "boxes of 'Goose' (the first on images/0.png)" in wrong.value.message
    assert "--rename 'Goose'='Bird'" in wrong.value.remedy
    _, now = bring(world, Wanted(tmp_path, tmp_path, renamed={"Goose": "Bird"}))
    assert now["held"] == 3


def test_a_refusal_of_the_service_is_told_and_corrected_by_the_spec(world: World, tmp_path: Path) -> None:
    """A manifest is not looked through here; the service names its line."""
    line = {
        "source-ref": f"s3://{INBOX}/birds/images/a.png",
        "old": {"annotations": [], "image_size": []},
        "old-metadata": {},
    }
    path = tmp_path / "old.manifest"
    path.write_text(json.dumps(line))
    with pytest.raises(importing.ImportFailed, match=r"line 1, old\.image_size"):
        bring(world, Wanted(path, tmp_path))


def test_a_manifest_of_another_bucket_is_brought_with_its_images(world: World, tmp_path: Path) -> None:
    """What a labeling job of Ground Truth left behind, years ago."""
    (tmp_path / "a.png").write_bytes(picture(1))
    box = {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}
    line = {
        "source-ref": "s3://their-bucket/2019/a.png",
        "cat": {"annotations": [box], "image_size": [{"width": 64, "height": 48, "depth": 3}]},
        "cat-metadata": {"class-map": {"0": "Bird"}, "human-annotated": "yes"},
    }
    path = tmp_path / "output.manifest"
    path.write_text(json.dumps(line))
    _, now = bring(world, Wanted(path, tmp_path))
    assert now["held"] == 1
    assert held(world) == {"birds/images/a.png"}


def test_predictions_are_proposals_with_their_confidences(world: World, tmp_path: Path) -> None:
    """Their images are still labeled by people; a wrong prediction is nobody's label."""
    yolo(tmp_path, line="0 0.5 0.5 0.25 0.5 0.83")
    service, now = bring(world, Wanted(tmp_path, tmp_path, predictions=True))
    assert (now["labels"], now["proposals"]) == (0, 3)
    assert held(world) == set()
    manifest = world.objects.read(S3Uri(INBOX, service.uploads[0])).splitlines()
    metadata = json.loads(manifest[0])["imported-proposal-metadata"]
    assert metadata["objects"] == [{"confidence": 0.83}]
    assert metadata["human-annotated"] == "no"


def test_predictions_without_confidences_are_refused(world: World, tmp_path: Path) -> None:
    yolo(tmp_path)
    with pytest.raises(BoxesError, match=r"a box on 0\.png has no confidence"):
        bring(world, Wanted(tmp_path, tmp_path, predictions=True))


def test_coco_results_are_read_with_the_document_of_their_images(world: World, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    (tmp_path / "b.png").write_bytes(picture(2))
    described = {
        "images": [
            {"id": 7, "file_name": "a.png", "width": 64, "height": 48},
            {"id": 8, "file_name": "not-here.png", "width": 64, "height": 48},
        ],
        "categories": [{"id": 3, "name": "Bird"}],
        "annotations": [],
    }
    (tmp_path / "instances.json").write_text(json.dumps(described))
    results = [{"image_id": 7, "category_id": 3, "bbox": [1, 2, 10, 20], "score": 0.6}]
    (tmp_path / "results.json").write_text(json.dumps(results))
    wanted = Wanted(tmp_path / "results.json", tmp_path, tmp_path / "instances.json", predictions=True)
    _, now = bring(world, wanted)
    assert now["proposals"] == 1
    with pytest.raises(BoxesError, match="whose images have numbers and no names"):
        bring(world, Wanted(tmp_path / "results.json", tmp_path, predictions=True))


CLASSES = ("Bird/s", "=Other", "Cat")
SINGLE, SEVERAL = TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL
GIVEN = {"a/1.png": ["Bird/s"], "b/1.png": ["=Other"], "é.png": ["Cat"]}


def labels_of(brought: importing.Brought, task: TaskType) -> dict[str, Any]:
    """What the service reads of them: classes by image."""
    spec = parse_spec(
        json.dumps(spec_document(task=str(task), labels=CLASSES)), filename="campaign.json", campaign="birds"
    )
    reader = LineReader(spec, S3Uri(INBOX, "birds/"), job_name="imported/x", created_at="")
    attribute = spec.label_attribute
    records = {each.key: label_record(each.line, attribute) for each in reader.read(brought.manifest.splitlines())}
    labels = {key: label_of(record, CLASSES) for key, record in records.items() if record is not None}
    return {key.removeprefix("birds/images/"): label for key, label in labels.items()}


def of_campaign(task: TaskType) -> dict[str, Any]:
    spec = {"task": str(task), "labels": list(CLASSES)}
    return {"name": "birds", "spec": spec, "inbox_s3_uri": f"s3://{INBOX}/birds/"}


@pytest.mark.parametrize(
    ("form", "task"),
    [(form, SINGLE) for form in (Format.FOLDERS, Format.CSV, Format.CVAT, Format.LABEL_STUDIO, Format.HUGGINGFACE)]
    + [(form, SEVERAL) for form in (Format.CSV, Format.CVAT, Format.LABEL_STUDIO, Format.HUGGINGFACE)],
)
def test_classes_that_were_exported_come_back(tmp_path: Path, form: Format, task: TaskType) -> None:
    """Labels that went out as folders, CSV, CVAT or Label Studio could not come back in."""
    given = GIVEN if task is SINGLE else {**GIVEN, "é.png": ["Cat", "=Other"], "none.png": []}
    lines = []
    for name, classes in given.items():
        label: Any = sorted(map(CLASSES.index, classes))
        about = {"class-map": dict(enumerate(CLASSES)), "human-annotated": "yes"}
        label, about = (label[0], about | {"class-name": classes[0]}) if task is SINGLE else (label, about)
        lines.append({"source-ref": f"s3://i/birds/images/{name}", "category": label, "category-metadata": about})
    body = [json.dumps(line).encode() + b"\n" for line in lines]
    export = Export(lambda: iter(body), "category", CLASSES, form, prefix="birds/images/", split=Split((50, 50)))
    for file in export.files():
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(b"".join(file.chunks))
    for image in export.images():
        (tmp_path / image.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / image.path).write_bytes(picture(1))
    path = {Format.CVAT: tmp_path / "annotations.xml", Format.LABEL_STUDIO: tmp_path / "tasks.json"}.get(form, tmp_path)
    brought = importing.read_wanted(Wanted(path, tmp_path), of_campaign(task))
    found = labels_of(brought, task)
    by_name = {next(name for name in given if key.endswith(name)): label.names for key, label in found.items()}
    assert by_name == {name: tuple(sorted(classes)) for name, classes in given.items()}
    assert all(path.is_file() for path in brought.images.values())


@pytest.mark.parametrize("outer", ["", "train"])
def test_a_folder_for_each_class_needs_no_table(tmp_path: Path, outer: str) -> None:
    """As torchvision and Keras have them, with or without parts of a split around them."""
    for name in ("Bird/1.png", "Bird/deep/2.png", "Cat/1.png"):
        (tmp_path / outer / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / outer / name).write_bytes(picture(1))
    brought = importing.read_wanted(Wanted(tmp_path, tmp_path, renamed={"Bird": "Bird/s"}), of_campaign(SINGLE))
    found = labels_of(brought, SINGLE)
    assert {name: label.names[0] for name, label in found.items()} == {
        "Bird/1.png": "Bird/s",
        "Bird/deep/2.png": "Bird/s",
        "Cat/1.png": "Cat",
    }


def test_a_folder_that_is_no_class_is_named_and_can_be_left_out(tmp_path: Path) -> None:
    """Most class folders have an `unsorted` beside them; its images are those that people should label."""
    for name in ("Cat/1.png", "unsorted/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(picture(1))
    with pytest.raises(BoxesError, match="'unsorted'") as wrong:
        importing.read_wanted(Wanted(tmp_path, tmp_path), of_campaign(SINGLE))
    assert "--skip 'unsorted'" in wrong.value.remedy
    brought = importing.read_wanted(Wanted(tmp_path, tmp_path, skipped=frozenset({"unsorted"})), of_campaign(SINGLE))
    assert list(labels_of(brought, SINGLE)) == ["Cat/1.png"]
    assert brought.unlabeled == {"unsorted/2.png": tmp_path / "unsorted/2.png"}


def test_boxes_of_a_class_that_is_no_label_are_left_out(tmp_path: Path) -> None:
    wanted = yolo(tmp_path, names="Bird\nGoose", line="0 0.5 0.5 0.25 0.5\n1 0.5 0.5 0.5 0.5")
    given = {"name": "birds", "spec": {"task": "object-detection", "labels": ["Bird"]}, "inbox_s3_uri": "s3://i/birds/"}
    brought = importing.read_wanted(replace(wanted, skipped=frozenset({"Goose"})), given)
    boxes = [len(json.loads(line)["imported"]["annotations"]) for line in brought.manifest.splitlines()]
    assert boxes == [1, 1, 1]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("file,label\na.png,Cat\na.png,=Other\n", r"labels\.csv line 2: a\.png has 2 classes"),
        ("file,label\na.png,\nb.png,Cat", r"labels\.csv line 2: a\.png has 0 classes"),
        ("file,label\na.png,Dog\n", r"'Dog' \(the first on a\.png\); the campaign's labels are"),
        ("file,label\nc.png,Cat\n", r"labels\.csv line 2: there is no image 'c\.png'"),
        ("name,label\na.png,Cat\n", "line 1: no column filename"),
        ("file,label,confidence\na.png,Cat,much\n", "line 2: confidence is 'much', not a number"),
    ],
)
def test_what_is_wrong_with_a_table_of_classes_is_said_with_its_line(tmp_path: Path, table: str, says: str) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(picture(1))
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(BoxesError, match=says):
        importing.read_wanted(Wanted(tmp_path, tmp_path), of_campaign(SINGLE))


def test_predicted_classes_are_proposals_with_their_confidences(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture(1))
    (tmp_path / "model.csv").write_text("filename,class,confidence\na.png,Cat,0.7\na.png,'=Other,0.4\n")
    wanted = Wanted(tmp_path / "model.csv", tmp_path, predictions=True)
    line = json.loads(importing.read_wanted(wanted, of_campaign(SEVERAL)).manifest)
    assert line["imported-proposal"] == [0, 1]
    metadata = line["imported-proposal-metadata"]
    assert metadata["class-map"] == {"0": "=Other", "1": "Cat"}
    assert metadata["confidence-map"] == {"0": 0.4, "1": 0.7}
    assert (metadata["human-annotated"], metadata["model"]) == ("no", "model")
    (tmp_path / "model.csv").write_text("filename,class\na.png,Cat\n")
    with pytest.raises(BoxesError, match=r"line 2: the class has no confidence"):
        importing.read_wanted(wanted, of_campaign(SEVERAL))


def test_boxes_for_a_campaign_of_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BoxesError, match=r"has classes 'images' \(the first on images/"):
        importing.read_wanted(yolo(tmp_path), of_campaign(SINGLE))


@pytest.mark.parametrize(("several", "task"), [([], SINGLE), (["--several"], SEVERAL)])
def test_known_classes_are_gold_labels_too(tmp_path: Path, several: list[str], task: TaskType) -> None:
    """Reports score classes against them, and simulated people answer from them."""
    for name in ("Cat/1.png", "=Other/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(picture(1))
    out, images, prefix = tmp_path / "gold.manifest", str(tmp_path), f"s3://{INBOX}/birds/images/"
    command = ["gold", "--images", images, "--prefix", prefix, "--out", str(out)]
    done = CliRunner().invoke(cli, [*command, "--classes", images, *several])
    assert done.exit_code == 0, done.output
    known = read_gold_labels(out.read_bytes().splitlines(), task, CLASSES)
    assert not known.problems
    assert set(known.labels) == {f"{prefix}Cat/1.png", f"{prefix}=Other/2.png"}
    assert CliRunner().invoke(cli, command).exit_code == 2
