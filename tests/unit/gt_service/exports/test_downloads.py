"""Labels as a file to download: made of what they are now, once, and read by whoever reads zip files."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.errors import NotFound
from gt_service.exports.downloads import PATIENCE, Downloads, forms_of
from gt_service.exports.export import Format
from gt_service.records.names import Places
from gt_service.task_types import TaskType
from tests.factories import box_label
from tests.fakes import MemoryObjects
from tests.world import spec_document

PLACES = Places("results", "birds")
NOW = datetime(2026, 11, 26, 13, tzinfo=UTC)


def labels(objects: MemoryObjects, count: int = 3) -> None:
    lines = [
        {"source-ref": f"s3://inbox/birds/images/{n}.jpg", **box_label([(1, 2, 30, 40)], job="j", human=True)}
        for n in range(count)
    ]
    objects.write(PLACES.labels, "".join(json.dumps(line) + "\n" for line in lines).encode(), "application/json")


@pytest.fixture
def spec() -> CampaignSpec:
    return parse_spec(json.dumps({**spec_document(), "name": "birds"}), filename="campaign.json")


@pytest.mark.parametrize("form", forms_of(TaskType.OBJECT_DETECTION))
def test_every_format_is_made_whole(form: Format, spec: CampaignSpec) -> None:
    objects = MemoryObjects()
    labels(objects)
    downloads = Downloads(objects, PLACES)
    assert downloads.ask(form, NOW)
    downloads.make(form, spec)
    (made,) = downloads.states([form], NOW)
    assert made.state == "ready"
    with zipfile.ZipFile(io.BytesIO(objects.read(made.file))) as archive:
        assert archive.testzip() is None
        assert archive.namelist()
        if form is Format.COCO:
            (name,) = archive.namelist()
            assert len(json.loads(archive.read(name))["annotations"]) == 3


def test_it_is_made_once_and_again_when_the_labels_have_changed(spec: CampaignSpec) -> None:
    """A correction that an export lacks would be trained against."""
    objects = MemoryObjects()
    labels(objects)
    downloads = Downloads(objects, PLACES)
    assert downloads.ask(Format.COCO, NOW)
    assert not downloads.ask(Format.COCO, NOW)
    assert downloads.states([Format.COCO], NOW)[0].state == "making"
    downloads.make(Format.COCO, spec)
    assert not downloads.ask(Format.COCO, NOW)
    labels(objects, 2)
    assert downloads.states([Format.COCO], NOW)[0].state == "none"


def test_one_whose_maker_died_can_be_asked_for_again() -> None:
    objects = MemoryObjects()
    labels(objects)
    downloads = Downloads(objects, PLACES)
    assert downloads.ask(Format.COCO, NOW)
    assert downloads.ask(Format.COCO, NOW + PATIENCE + timedelta(seconds=1))


def test_labels_that_do_not_fit_say_why(spec: CampaignSpec) -> None:
    objects = MemoryObjects()
    line = {"source-ref": "s3://inbox/birds/images/1.jpg", "category": {"entities": []}, "category-metadata": {}}
    objects.write(PLACES.labels, json.dumps(line).encode(), "application/json")
    downloads = Downloads(objects, PLACES)
    downloads.make(Format.COCO, spec)
    (refused,) = downloads.states([Format.COCO], NOW)
    assert (refused.state, bool(refused.problem)) == ("refused", True)


def test_without_labels_there_is_nothing_to_download() -> None:
    with pytest.raises(NotFound):
        Downloads(MemoryObjects(), PLACES).states([Format.COCO], NOW)
