"""Jobs that look at labels again: who pays for a review gets labels that are better, and knows what was changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from gt_engine.jobs.reviewing import reviewed_label, with_review
from gt_engine.jobs.stepping import take_step
from gt_engine.jobs.steps import Tools
from gt_engine.store import JobRecord
from gt_service.task_types import TaskType
from tests.engine import (
    BUCKET,
    GOLD,
    SIZE,
    MemoryEngineObjects,
    MemoryEvents,
    bird_inputs,
    files_under,
    gold_line,
    job_record,
    memory_tools,
    numbers,
    picture,
    request,
)

NAME = "birds-0001-review-r1"
MANIFEST = f"s3://{BUCKET}/input.manifest"
IMAGES = 40
SHAPE = (SIZE, SIZE, 3)


def line(number: int, boxes: list[dict[str, int]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gold_line(f"s3://{BUCKET}/images/{number}.jpg", boxes))
    return {"source-ref": found["source-ref"], "birds": found["gold"], "birds-metadata": found["gold-metadata"]}


def moved(box: dict[str, int]) -> dict[str, int]:
    return {**box, "left": (box["left"] + SIZE // 2) % (SIZE - box["width"])}


def is_wrong(number: int) -> bool:
    return number % 4 == 0


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A quarter of the labels have a box in the wrong place."""
    contents = bird_inputs(IMAGES)
    lines = []
    for number in range(IMAGES):
        boxes = picture(number)[1]
        lines.append(line(number, [moved(boxes[0]), *boxes[1:]] if is_wrong(number) else boxes))
    contents[MANIFEST] = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    return memory_tools(tmp_path, contents)


def run(tools: Tools, function: str, **changes: Any) -> JobRecord:
    asked = request(name=NAME, task=function, auto=False, LabelAttributeName="birds-review", **changes)
    tools.store.create_job(job_record(asked))
    while not take_step(NAME, tools, MemoryEvents()).is_over:
        pass
    return tools.store.job(NAME)


def output(tools: Tools) -> list[dict[str, Any]]:
    files = files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME)
    return list(numbers(files["manifests/output/output.manifest"]))


def test_adjustment_corrects_what_is_wrong_and_leaves_the_rest(tools: Tools) -> None:
    assert run(tools, "AdjustmentBoundingBox", NumberOfHumanWorkersPerDataObject=1).status == "Completed"
    lines = [each for each in output(tools) if "birds-review" in each]
    assert len(lines) >= IMAGES - 1
    wrong = [int(each["source-ref"].rsplit("/", 1)[-1].removesuffix(".jpg")) % 4 == 0 for each in lines]
    status = [each["birds-review-metadata"]["adjustment-status"] for each in lines]
    adjusted = sum(one == "adjusted" for one, is_it in zip(status, wrong, strict=True) if is_it)
    assert adjusted >= 0.7 * sum(wrong), "some workers accept what they have not looked at"
    # Workers sometimes overlook a box that is right, or draw one too many; most of what is right stays.
    right = [one for one, is_it in zip(status, wrong, strict=True) if not is_it]
    assert right.count("unadjusted") >= len(right) / 2
    untouched = status.index("unadjusted")
    assert _places(lines[untouched]["birds-review"]) == _places(lines[untouched]["birds"])
    assert {each["birds-review-metadata"]["type"] for each in lines} == {"groundtruth/object-detection"}


def _places(label: dict[str, Any]) -> list[tuple[float, ...]]:
    return sorted(tuple(box[side] for side in ("left", "top", "width", "height")) for box in label["annotations"])


def test_answers_tell_whether_the_initial_boxes_were_changed(tools: Tools) -> None:
    run(tools, "AdjustmentBoundingBox")
    files = files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME)
    of_wrong = [body for path, body in files.items() if "/worker-response/" in path and path.split("/")[3] == "0"]
    assert all(
        each["answerContent"]["boundingBox"]["initialValueModified"] for each in json.loads(of_wrong[0])["answers"]
    )


def test_verification_says_right_or_wrong(tools: Tools) -> None:
    contents = cast(MemoryEngineObjects, tools.objects).contents
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps(
        {"labels": [{"label": "Right"}, {"label": "Wrong"}]}
    ).encode()
    gold = [
        {"source-ref": f"s3://{BUCKET}/images/{number}.jpg", "gold": int(is_wrong(number)), "gold-metadata": {}}
        for number in range(IMAGES)
    ]
    contents[GOLD] = b"".join(json.dumps(each).encode() + b"\n" for each in gold)
    assert run(tools, "VerificationBoundingBox").status == "Completed"
    lines = output(tools)
    assert sum(each["birds-review"] == int(is_wrong(number)) for number, each in enumerate(lines)) >= IMAGES - 2
    metadata = lines[0]["birds-review-metadata"]
    assert (metadata["type"], metadata["worker-feedback"]) == ("groundtruth/label-verification", [])


def test_a_line_without_boxes_to_review_fails_the_job_and_is_named(tools: Tools) -> None:
    contents = cast(MemoryEngineObjects, tools.objects).contents
    bare = json.dumps({"source-ref": f"s3://{BUCKET}/images/0.jpg"}).encode()
    contents[MANIFEST] = b"\n".join([*contents[MANIFEST].splitlines()[:2], bare, b""])
    job = run(tools, "AdjustmentBoundingBox")
    assert (job.status, job.failure_reason) == (
        "Failed",
        "ClientError: line 3 of the manifest has no boxes that could be reviewed",
    )


def test_the_newest_boxes_are_under_review_and_never_a_proposal() -> None:
    older = {"annotations": [], "image_size": [{"width": 9, "height": 9}]}
    newer = {
        "annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}],
        **{"image_size": older["image_size"]},
    }
    record = {
        "source-ref": "s3://b/1.jpg",
        "new": newer,
        "new-metadata": {"class-map": {"0": "Bird"}, "creation-date": "2026-02-01T00:00:00.000000"},
        "old": older,
        "old-metadata": {"class-map": {}, "creation-date": "2026-01-01T00:00:00.000000"},
        "new-proposal": older,
        "new-proposal-metadata": {"class-map": {}, "creation-date": "2026-03-01T00:00:00.000000"},
    }
    label = reviewed_label(json.dumps(record).encode(), "review", ["Nest", "Bird"])
    assert label is not None
    assert (label.boxes.tolist(), label.class_ids.tolist()) == ([[1, 2, 4, 6]], [1])
    assert reviewed_label(b'{"source-ref":"s3://b/1.jpg"}', "review", ["Bird"]) is None


def test_comments_of_a_verification_are_kept_and_empty_ones_dropped() -> None:
    content = {"review": 1, "review-metadata": {"created": datetime(2026, 1, 1, tzinfo=UTC)}}
    answers = [{"choice": {"label": "Wrong", "workerComment": "a bird is missing"}}, {"choice": {"label": "Wrong"}}]
    after = with_review(content, TaskType.OBJECT_DETECTION_VERIFICATION, "review", answers)
    assert after["review-metadata"]["worker-feedback"] == [{"comment": "a bird is missing"}]
