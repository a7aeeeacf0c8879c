"""Gold labels as people's tools write them: the simulated team answers from what was meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from gt_engine.jobs.crowd import Crowd, read_gold_labels, with_size
from gt_engine.labels import BoxLabel, ClassLabel, box_label
from gt_engine.outputs.label_form import AnyLabel, MultiClassLabel
from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Boxes
from gt_service.reports.quality import read_gold
from gt_service.task_types import TaskType
from tests.fakes import MemoryObjects

PHOTO = "s3://b/1.jpg"
BOXES = TaskType.OBJECT_DETECTION


def boxes(left: int, date: str | None = None, *, name: str = "Bird", width: int = 100) -> tuple[Any, Any]:
    value = {
        "image_size": [{"width": width, "height": 80, "depth": 3}],
        "annotations": [{"class_id": 0, "left": left, "top": 1, "width": 20, "height": 20}],
    }
    dated = {} if date is None else {"creation-date": date}
    return value, {"class-map": {"0": name}, "type": "groundtruth/object-detection", **dated}


def line(**labels: tuple[Any, Any]) -> bytes:
    record: dict[str, Any] = {"source-ref": PHOTO}
    for name, (value, metadata) in labels.items():
        record |= {name: value, f"{name}-metadata": metadata}
    return json.dumps(record).encode()


def both_readers(text: bytes) -> list[float]:
    """Where the first box begins, as the engine and as the report read it."""
    label = read_gold_labels(text.splitlines(), BOXES, ["Bird"]).labels[PHOTO]
    assert isinstance(label, BoxLabel)
    gold = read_gold(MemoryObjects({"s3://b/gold": text}), S3Uri("b", "gold"), ["Bird"]).labels[PHOTO]
    assert isinstance(gold, Boxes)
    return [float(label.boxes[0, 0]), gold.boxes[0].left]


@pytest.mark.parametrize(
    ("labels", "left"),
    [
        ({"boxes": boxes(1, "2026-01-01T00:00:00"), "adjusted": boxes(60, "2026-02-01T00:00:00")}, 60),
        ({"adjusted": boxes(60, "2026-02-01T00:00:00"), "boxes": boxes(1, "2026-01-01T00:00:00")}, 60),
        ({"boxes": boxes(1), "adjusted": boxes(60)}, 60),
        ({"boxes": boxes(1), "adjusted": boxes(60, "2026-02-01T00:00:00"), "other": boxes(5)}, 60),
    ],
)
def test_of_several_labels_the_latest_counts(labels: dict[str, Any], left: float) -> None:
    """The first of them was adjusted because it was wrong."""
    assert both_readers(line(**labels)) == [left, left]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_ends_of_editors_lose_no_line(mark: bytes, end: bytes) -> None:
    assert both_readers(mark + line(gold=boxes(7)) + end + b"   " + end) == [7, 7]


def test_a_label_that_the_job_does_not_have_is_named() -> None:
    """`the gold labels do not have it` sent people looking for an image that was there."""
    gold = read_gold_labels([line(gold=boxes(1, name="bird"))], BOXES, ["Bird", "Owl"])
    assert gold.labels == {}
    assert gold.problems == {PHOTO: "'gold': 'bird' is none of the job's labels (Bird, Owl)"}


def test_a_line_without_a_label_of_this_task_says_so() -> None:
    gold = read_gold_labels([line(gold=("yes", {"class-name": "Bird"}))], BOXES, ["Bird"])
    assert gold.problems == {PHOTO: "it has no label of this task"}


def test_a_label_without_metadata_is_taken() -> None:
    records = [json.dumps({"source-ref": PHOTO, "class": 1}).encode()]
    assert read_gold_labels(records, TaskType.IMAGE_CLASSIFICATION, ["a", "b"]).labels == {PHOTO: ClassLabel(1)}


@pytest.mark.parametrize("text", [b"{", b"[" * 100_000, b"\xff"])
def test_a_line_that_is_not_json_is_named(text: bytes) -> None:
    with pytest.raises(InvalidInput, match="line 2"):
        read_gold_labels([line(gold=boxes(1)), text], BOXES, ["Bird"])


@pytest.mark.parametrize("text", [b"[]", b"7", b"null", b'"x"', b'{"source-ref": 3, "x-metadata": 4}'])
def test_a_line_that_is_no_record_gives_no_label(text: bytes) -> None:
    assert read_gold_labels([text], BOXES, ["Bird"]).labels == {}


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ((200, 160, 3), (100, 80, 3), [10, 20, 30, 40]),
        ((100, 80, 3), (100, 80, 1), [20, 40, 60, 80]),
        ((100, 160, 3), (200, 80, 3), [40, 20, 120, 40]),
        ((0, 0, 3), (100, 80, 3), [20, 40, 60, 80]),
    ],
)
def test_boxes_that_were_drawn_on_another_size_are_scaled(
    was: tuple[int, int, int], now: tuple[int, int, int], expected: list[float]
) -> None:
    """Photos are scaled down before they are uploaded, and their boxes are not: they were cut off at the edge."""
    label = with_size(box_label([[20, 40, 60, 80]], [0], was), now)
    assert isinstance(label, BoxLabel)
    assert np.array_equal(label.boxes[0], expected)
    assert label.image_size == now


@pytest.mark.parametrize(
    ("task", "gold", "wrong"),
    [
        (TaskType.IMAGE_CLASSIFICATION, ClassLabel(0), ClassLabel(2)),
        (
            TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL,
            MultiClassLabel((0, 1), (1.0, 1.0)),
            MultiClassLabel((2,), (1.0,)),
        ),
    ],
)
def test_some_keep_a_class_that_is_chosen_already_and_most_do_not(
    task: TaskType, gold: AnyLabel, wrong: AnyLabel
) -> None:
    """People who never did, or always, would make the price of proposals nothing, or everything."""
    crowd = Crowd(task, ("a", "b", "c"), "team", "job", 3, 300, timedelta(hours=6))
    start = datetime(2026, 5, 1, tzinfo=UTC)
    shown = [one.label for number in range(60) for one in crowd.answers(str(number), gold, start, to_correct=wrong)]
    blind = [one.label for number in range(60) for one in crowd.answers(str(number), gold, start)]
    assert len(shown) == len(blind)
    assert blind.count(wrong) / len(blind) + 0.05 < shown.count(wrong) / len(shown) < 0.5
