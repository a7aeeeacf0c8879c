"""Labels that were put right are what the next job learns; else its model goes on as it learnt the wrong ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gt_service.backends import GROUND_TRUTH, GT_ENGINE, Backend
from gt_service.corrections.files import write_correction
from gt_service.objects import S3Uri
from gt_service.outputs.records import is_taken_out
from gt_service.records.names import Places
from tests.unit.gt_service.imports.test_lines import box, boxes
from tests.world import INBOX, RESULTS, World, a_world, picture

BATCH = {"size": 3, "quiet_minutes": 30, "minimum": 1}
RIGHT = {"image_size": [{"width": 64, "height": 48, "depth": 3}], "annotations": []}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def begin(world: World, backend: Backend = GT_ENGINE) -> None:
    world.backend = backend
    world.campaign(batch=BATCH, auto_labeling=True)
    world.images(3)
    world.advance()


def first_is_done(world: World) -> None:
    """The first batch is labeled, and nobody has looked yet; the second is closed and waits for the model."""
    begin(world)
    world.images(3, first=3)
    world.advance()
    world.later(hours=1)
    world.sagemaker.finish("birds-0001", model=True)


def correct(world: World, number: int, value: Any = RIGHT, *, attribute: str = "category") -> None:
    label = None if value is None else {attribute: value, f"{attribute}-metadata": {"class-map": {}, "objects": []}}
    source = f"s3://{INBOX}/birds/images/{number:04}.png"
    root = Places(RESULTS, "birds").root
    write_correction(world.objects, root, source=source, label=label, by="owner", at=world.now(), token="1")
    world.later(minutes=1)


def lines(world: World, job: str) -> dict[str, Any]:
    """The label of each line of a job's manifest, by image; None where it is to be asked for."""
    found = [(line["source-ref"][-8:-4], line.get("category")) for line in world.sagemaker.lines(job)]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_the_next_job_learns_them_once(world: World) -> None:
    """Also one whose batch was closed before: all images may have come on the first day."""
    first_is_done(world)
    correct(world, 0)
    correct(world, 1, {**RIGHT, "annotations": [{"class_id": 0}]})
    correct(world, 1)
    correct(world, 2, None)
    correct(world, 2, attribute="another")
    world.later(hours=1)
    world.chain.observe("birds-0001")
    world.advance()
    asked = dict.fromkeys(("0003", "0004", "0005"))
    assert lines(world, "birds-0002") == {**asked, "0000": RIGHT, "0001": RIGHT}
    assert world.store.jobs.get("birds-0002").objects == 3
    world.finish("birds-0002", model=True)
    assert world.store.jobs.get("birds-0002").unlabeled == 0
    world.later(hours=1)
    world.images(3, first=6)
    world.advance()
    assert len(lines(world, "birds-0003")) == 3
    manifest = world.objects.lines(Places(RESULTS, "birds").labels)
    found = [json.loads(line)["source-ref"][-8:-4] for line in manifest]
    assert found == [f"{number:04}" for number in range(6)], "a label is there twice"


def test_what_is_left_of_a_job_goes_to_people_without_them(world: World) -> None:
    """A follow-up is of the objects without a label; what a job was given to learn from is none of those."""
    begin(world)
    world.images(3, first=3)
    world.advance()
    world.finish("birds-0001", model=True)
    assert len(lines(world, "birds-0002")) == 3
    world.later(hours=1)
    correct(world, 0)
    correct(world, 1, None)
    world.finish("birds-0002", "Failed", labeled=1, model=False)
    assert lines(world, "birds-0002-r1") == {"0004": None, "0005": None, "0000": RIGHT, "0001": None}
    assert [is_taken_out(line, "category") for line in world.sagemaker.lines("birds-0002-r1")] == [False] * 3 + [True]
    assert world.store.jobs.get("birds-0002-r1").objects == 2
    world.finish("birds-0002-r1")
    assert world.store.batches.get("birds", 2).unlabeled == 0


def two_come_with_labels(world: World) -> None:
    world.backend = GT_ENGINE
    world.campaign(batch=BATCH, auto_labeling=True)
    world.images(2)
    dropped = [boxes(f"{number:04}.png", box()) for number in range(2)]
    world.upload("birds/labels/old.manifest", b"".join(json.dumps(line).encode() + b"\n" for line in dropped))
    world.advance()


def test_imported_labels_that_were_put_right_come_so(world: World) -> None:
    two_come_with_labels(world)
    correct(world, 0)
    correct(world, 1, None)
    world.images(3, first=2)
    world.advance()
    assert lines(world, "birds-0001") == {**dict.fromkeys(("0002", "0003", "0004")), "0000": RIGHT}


def test_another_picture_under_the_name_has_no_part_in_it(world: World) -> None:
    """The next job looks at what is there now: it would learn one picture's label with another picture."""
    first_is_done(world)
    correct(world, 0)
    correct(world, 1, None)
    for number in (0, 1):
        world.upload(f"birds/images/{number:04}.png", picture(90 + number))
    world.later(hours=1)
    world.chain.observe("birds-0001")
    world.advance()
    assert lines(world, "birds-0002") == dict.fromkeys(("0003", "0004", "0005"))


def test_an_imported_label_of_another_picture_is_not_learnt(world: World) -> None:
    two_come_with_labels(world)
    world.upload("birds/images/0000.png", picture(90))
    world.images(3, first=2)
    world.advance()
    assert sorted(lines(world, "birds-0001")) == ["0001", "0002", "0003", "0004"]


def test_ground_truth_is_not_sent_them(world: World) -> None:
    """It would label them again, over what was there, for money."""
    begin(world, GROUND_TRUTH)
    world.images(3, first=3)
    world.advance()
    world.sagemaker.finish("birds-0001", model=True)
    correct(world, 0)
    world.chain.observe("birds-0001")
    world.advance()
    assert len(lines(world, "birds-0002")) == 3


def test_the_campaigns_report_tells_of_the_labels_as_they_are_now(world: World) -> None:
    """Its counts were those of the labels that people had thrown out."""
    begin(world)
    world.finish("birds-0001")
    correct(world, 0, 0)
    correct(world, 1, None)
    world.settlement.refresh("birds")
    report = json.loads(world.objects.read(S3Uri(RESULTS, "birds/reports/campaign.json")))["labels"]
    assert (report["images"], report["corrected"], report["taken_out"]) == (2, 1, 1)
    assert report["corrected_of_jobs"] == {"birds-0001": 2}
