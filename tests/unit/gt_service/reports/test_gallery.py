"""The images of a job, to look through: every one is found, in the order that shows mistakes first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import S3Uri
from gt_service.outputs.records import label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.reports.gallery import CHUNK, IMAGES_A_PAGE, Gallery, gallery_page
from tests.factories import box_label, class_label
from tests.fakes import MemoryObjects

REPORT = S3Uri("results", "birds/reports/birds-0001")
LABELS = ("Bird", "Nest")


def labeled(number: int, label: dict[str, Any] | None, *, human: bool) -> LabeledObject:
    line = {"source-ref": f"s3://inbox/birds/images/{number}.jpg", **(label or {})}
    return LabeledObject(str(number), line, label_record(line, "category"), human)


def written(images: list[LabeledObject]) -> MemoryObjects:
    objects, gallery = MemoryObjects(), Gallery(LABELS)
    for image in images:
        gallery.add(image)
    gallery.write(objects, REPORT)
    return objects


def boxed(number: int, *, human: bool = True, confidence: float = 0.9, **more: Any) -> LabeledObject:
    label = box_label([(1, 2, 30, 40)], job="j", human=human, confidence=confidence, labels=LABELS, **more)
    return labeled(number, label, human=human)


def test_every_image_is_on_exactly_one_page() -> None:
    """An image that no page shows is one that nobody can check."""
    count = 2 * CHUNK + 7
    objects = written([boxed(number) for number in range(count)])
    seen: list[str] = []
    while len(seen) < count:
        page = gallery_page(objects, REPORT, "all", len(seen))
        assert 0 < len(page.rows) <= IMAGES_A_PAGE
        seen += [row["source"] for row in page.rows]
    assert seen == [f"s3://inbox/birds/images/{number}.jpg" for number in range(count)]
    across = gallery_page(objects, REPORT, "all", CHUNK - 3)
    assert [row["source"] for row in across.rows] == seen[CHUNK - 3 : CHUNK - 3 + IMAGES_A_PAGE]


def test_the_least_sure_come_first_and_kinds_are_apart() -> None:
    """Mistakes hide among thousands of right labels unless they are shown first."""
    images = [
        boxed(0, human=False, confidence=0.99),
        boxed(1, human=False, confidence=0.42, class_ids=[1]),
        boxed(2, human=True, confidence=0.7),
        labeled(3, box_label([], job="j", human=True), human=True),
        labeled(4, None, human=True),
    ]
    objects = written(images)
    page = gallery_page(objects, REPORT, "machine", 0)
    assert [row["confidence"] for row in page.rows] == [0.42, 0.99]
    counts = {view.title: view.count for view in page.views}
    assert counts == {"all": 4, "by people": 2, "by machine": 2, "nothing on it": 1, "Bird": 2, "Nest": 1}
    (row,) = gallery_page(objects, REPORT, "class-1", 0).rows
    assert row["boxes"] == [["Nest", 1, 2, 30, 40, 0.42]]


def test_classes_have_their_names() -> None:
    objects = written([labeled(0, class_label("Nest", 1, job="j", human=False), human=False)])
    assert gallery_page(objects, REPORT, "class-1", 0).rows[0]["classes"] == ["Nest"]


@pytest.mark.parametrize(("view", "first", "field"), [("../x", 0, "view"), ("class-9", 0, "view"), ("all", 1, "first")])
def test_what_is_not_there_is_told(view: str, first: int, field: str) -> None:
    """A view is part of a key: one of a stranger's making must lead nowhere."""
    objects = written([boxed(0)])
    with pytest.raises(InvalidInput) as refusal:
        gallery_page(objects, REPORT, view, first)
    assert refusal.value.field == field


def test_a_job_without_labels_writes_nothing_and_says_so() -> None:
    objects = written([labeled(0, None, human=True)])
    assert objects.contents == {}
    with pytest.raises(NotFound, match="not listed"):
        gallery_page(objects, REPORT, "all", 0)


def test_a_page_reads_two_small_objects_whatever_the_job() -> None:
    """Pages of a large job would take as long as the job is large."""
    objects = written([boxed(number) for number in range(10 * CHUNK)])
    read: list[str] = []
    original = objects.read

    def noting(uri: S3Uri, **more: Any) -> bytes:
        read.append(str(uri))
        return original(uri, **more)

    objects.read = noting  # type: ignore[method-assign]
    gallery_page(objects, REPORT, "all", 5 * CHUNK + 24)
    assert len(read) == 2
    assert all(len(objects.contents[key]) < 100_000 for key in read)
    assert json.loads(objects.contents[read[0]])["labels"] == list(LABELS)
