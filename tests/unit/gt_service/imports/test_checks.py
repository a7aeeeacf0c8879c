"""Imported labels that are checked: people are asked, blind, and the report tells how well both agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gt_service.imports.imported import is_chosen
from gt_service.outputs.records import label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.pages.report import tables
from gt_service.records import ImageStatus
from gt_service.reports.page import job_page
from gt_service.reports.publish import ImportedCheck
from tests.factories import class_label, spec
from tests.unit.gt_service.imports.test_imported import close, drop, imports, labels, name, sent
from tests.unit.gt_service.imports.test_lines import box, boxes
from tests.world import World, a_world


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        world.campaign(check_imported=1)
        yield world


def report(world: World) -> Any:
    return json.loads(world.objects.contents["s3://results/birds/reports/birds-0001/report.json"])


def test_people_are_asked_about_them_and_the_report_tells_how_far_they_agree(world: World) -> None:
    """Wrong labels would have been taken for truth. Here people find nothing on any image."""
    world.images(3)
    drop(world, boxes(name(0), box()), boxes(name(1)), boxes(name(2)), boxes("never-came.png"))
    world.advance()
    (imported,) = imports(world).values()
    assert (imported.checked, imported.held, imported.waiting, imported.left_out) == (3, 0, 1, 0)
    close(world)
    assert sent(world) == {name(0), name(1), name(2)}
    lines = world.sagemaker.lines("birds-0001")
    assert lines[0]["category-imported"]["label"]["annotations"] == [box()]
    world.finish("birds-0001")
    found = report(world)["imported_labels"]
    assert (found["asked"], found["people"]["images"], found["people"]["mean_f1"]) == (3, 3, 0.6667)
    assert "mean F1 0.667 (95 % interval" in found["text"]
    assert "3 images, drawn by chance). Too few to be sure." in found["text"]
    assert b"Imported labels against those of people" in job_page(report(world), b"<svg/>")
    assert "Imported labels" in [table.title for table in tables(report(world))]
    assert labels(world)[name(0)]["category-metadata"]["job-name"] == "labeling-job/birds-0001"
    world.images(1, first=3)
    world.advance()
    assert imports(world)["old"].checked == 3  # looked at anew, with their images in a batch by now


def test_labels_of_another_shape_are_left_out_and_not_checked(world: World) -> None:
    """Boxes on another picture agree with nobody, and would speak against all others."""
    line = boxes(name(0), box())
    line["old"]["image_size"] = [{"width": 100, "height": 90, "depth": 3}]
    world.images(1)
    drop(world, line)
    world.advance()
    assert (imports(world)["old"].checked, imports(world)["old"].left_out) == (0, 1)


def test_what_is_the_campaigns_label_already_stays_so(world: World) -> None:
    """A share that was raised later sends nobody back to labels that hold."""
    world.campaign(check_imported=0)
    world.images(2)
    drop(world, boxes(name(0)), boxes("never-came.png"))
    world.advance()
    world.campaign(check_imported=1)
    world.images(1, first=2)
    world.advance()
    assert (imports(world)["old"].held, imports(world)["old"].checked) == (1, 0)
    assert world.store.images.get("birds", f"birds/images/{name(0)}").status is ImageStatus.IMPORTED  # type: ignore[union-attr]


def test_chance_chooses_the_share_that_the_spec_names() -> None:
    """The same ones each time, whatever their labels."""
    keys = [f"birds/images/{number}.jpg" for number in range(4_000)]
    chosen = [key for key in keys if is_chosen(0.05, "birds", key)]
    assert len(chosen) == pytest.approx(200, abs=45)
    assert set(chosen) <= {key for key in keys if is_chosen(0.1, "birds", key)}
    assert not any(is_chosen(0, "birds", key) for key in keys)


def test_labels_of_the_machine_say_nothing_of_imported_ones() -> None:
    """Ground Truth labels by machine what it will, and a machine that learnt from wrong labels agrees with them."""
    check = ImportedCheck(spec(task="image-classification", labels=["Cat", "Dog"]))
    before = {"label": 0, "metadata": {"class-name": "Cat"}}
    for number, (given, human) in enumerate([("Cat", True), ("Dog", True), ("Cat", False), (None, False)]):
        line: dict[str, Any] = {"source-ref": f"s3://inbox/{number}.jpg", "category-imported": before}
        if given is not None:
            line |= class_label(given, 0, job="j", human=human)
        check.add(LabeledObject(str(number), line, label_record(line, "category"), human))
    found = check.result()
    assert found is not None
    assert (found["asked"], found["by_machine"], found["unanswered"]) == (4, 1, 1)
    assert (found["people"]["accuracy"], found["people"]["images"]) == (0.5, 2)
    assert ImportedCheck(spec()).result() is None
