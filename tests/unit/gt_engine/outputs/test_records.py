"""Byte forms: readers of Ground Truth's files cut them up by position, key and format."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gt_engine.api.shapes import service_model
from gt_engine.labels import BoxLabel, ClassLabel, box_label
from gt_engine.outputs import records
from gt_engine.outputs.label_form import LabelForm, MultiClassLabel, read_label
from gt_engine.outputs.records import WorkerAnswer
from gt_engine.outputs.tree import JobTree
from gt_service.task_types import TaskType
from tests.engine import REGION

NOON = datetime(2019, 4, 18, 12, 0, tzinfo=UTC)
BOXES = LabelForm(TaskType.OBJECT_DETECTION, "category", ("plate", "vehicle"), "my-job")
CLASSES = LabelForm(TaskType.IMAGE_CLASSIFICATION, "bird", ("Owl", "Canary"), "my-job")
MANY = LabelForm(TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL, "seen", ("Canyon", "sea", "clouds"), "my-job")


def test_a_worker_response_is_byte_for_byte_ground_truths() -> None:
    """Compact, keys in the service's order, whole seconds: AWS's notebooks parse the time with '%Y-%m-%dT%H:%M:%SZ'."""
    content = records.answer_content(TaskType.IMAGE_CLASSIFICATION, ClassLabel(1), CLASSES.classes)
    worker = records.worker_id(
        "someone", f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default", REGION
    )
    answer = WorkerAnswer(worker, content, NOON, NOON + timedelta(seconds=12.345))
    assert records.worker_response([answer]) == (
        b'{"answers":[{"acceptanceTime":"2019-04-18T12:00:00Z",'
        b'"answerContent":{"crowd-image-classifier":{"label":"Canary"}},'
        b'"submissionTime":"2019-04-18T12:00:12Z","timeSpentInSeconds":12.345,"workerId":"' + worker.encode() + b'"}]}'
    )


def test_worker_ids_are_the_same_in_every_job_of_a_team_and_of_no_other() -> None:
    public = f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default"
    private = f"arn:aws:sagemaker:{REGION}:123456789012:workteam/private-crowd/us"
    one = records.worker_id("someone", public, REGION)
    assert one == records.worker_id("someone", public, REGION)
    crowd, region, code = one.split(".")
    assert (crowd, region, len(code), code.isalnum(), code) == ("public", REGION, 26, True, code.upper())
    assert records.worker_id("someone", private, REGION).startswith(f"private.{REGION}.")
    assert len({one, records.worker_id("other", public, REGION), records.worker_id("someone", private, REGION)}) == 3


def test_boxes_are_written_with_the_classes_that_occur_and_confidences_by_place() -> None:
    label = box_label([[980, 491, 1024, 595], [10.2, 20.74, 30, 40]], [1, 1], (1024, 682, 3), [0.09, 0.666])
    content = BOXES.content(label, human=True, created=NOON)
    assert content["category"] == {
        "annotations": [
            {"class_id": 1, "width": 44, "top": 491, "height": 104, "left": 980},
            {"class_id": 1, "width": 20, "top": 20.5, "height": 19.5, "left": 10},
        ],
        "image_size": [{"width": 1024, "height": 682, "depth": 3}],
    }
    metadata = content["category-metadata"]
    assert metadata["class-map"] == {"1": "vehicle"}
    assert metadata["objects"] == [{"confidence": 0.09}, {"confidence": 0.67}]
    assert metadata["job-name"] == "labeling-job/my-job"
    assert metadata["creation-date"] == "2019-04-18T12:00:00.000000"  # microseconds even where there are none
    assert (metadata["human-annotated"], metadata["type"]) == ("yes", "groundtruth/object-detection")


def test_an_empty_image_is_a_label_too() -> None:
    content = BOXES.content(box_label([], [], (10, 10, 3)), human=False, created=NOON)
    assert content["category"]["annotations"] == []
    assert (content["category-metadata"]["objects"], content["category-metadata"]["class-map"]) == ([], {})
    assert content["category-metadata"]["human-annotated"] == "no"


def test_classes_are_numbers_with_a_name_and_people_are_never_surer_than_ground_truth_says() -> None:
    content = CLASSES.content(ClassLabel(1, 0.999), human=True, created=NOON)
    assert content["bird"] == 1
    assert (content["bird-metadata"]["class-name"], content["bird-metadata"]["confidence"]) == ("Canary", 0.95)
    assert CLASSES.content(ClassLabel(1, 0.999), human=False, created=NOON)["bird-metadata"]["confidence"] == 1.0


def test_several_classes_have_a_confidence_each() -> None:
    content = MANY.content(MultiClassLabel((2, 0), (1.0, 1 / 3)), human=True, created=NOON)
    assert content["seen"] == [2, 0]
    assert content["seen-metadata"]["confidence-map"] == {"2": 1.0, "0": 0.33}
    assert content["seen-metadata"]["class-map"] == {"0": "Canyon", "2": "clouds"}


halves = st.integers(0, 96).map(lambda n: n / 2)
corners = st.tuples(halves, halves, halves, halves)


@settings(deadline=None)
@given(st.lists(st.tuples(corners, st.integers(0, 1), st.integers(0, 100)), max_size=5))
def test_what_is_written_is_what_is_read_back(boxes: list[tuple[tuple[float, ...], int, int]]) -> None:
    """The machine learns from the written labels: they must be the very ones that were consolidated."""
    label = box_label(
        [(min(a, c), min(b, d), max(a, c) + 0.5, max(b, d) + 0.5) for (a, b, c, d), _, _ in boxes],
        [class_id for _, class_id, _ in boxes],
        (49, 49, 3),
        [confidence / 100 for _, _, confidence in boxes],
    )
    body = records.consolidation_response([("7", BOXES.content(label, human=True, created=NOON))])
    read = BOXES.label(records.read_consolidation_response(body)["7"])
    assert isinstance(read, BoxLabel)
    np.testing.assert_allclose(read.boxes, label.boxes)
    np.testing.assert_array_equal(read.class_ids, label.class_ids)
    np.testing.assert_allclose(read.confidences, label.confidences, atol=1e-6)


@pytest.mark.parametrize("label", [ClassLabel(1, 0.5), ClassLabel(0, 0.95)])
def test_classes_are_read_back(label: ClassLabel) -> None:
    assert CLASSES.label(CLASSES.content(label, human=True, created=NOON)) == label


def test_gold_labels_follow_the_names_of_this_job_not_their_own_numbers() -> None:
    gold = {
        "annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}],
        "image_size": [{"width": 9, "height": 9}],
    }
    read = read_label(TaskType.OBJECT_DETECTION, gold, {"class-map": {"0": "vehicle"}}, BOXES.classes)
    assert isinstance(read, BoxLabel)
    assert read.class_ids.tolist() == [1]
    assert read.boxes.tolist() == [[1, 2, 4, 6]]
    with pytest.raises(ValueError, match="none of the job's labels"):
        read_label(TaskType.OBJECT_DETECTION, gold, {"class-map": {"0": "boat"}}, BOXES.classes)


def test_a_class_name_with_a_line_break_of_unicode_is_read_back() -> None:
    """The job would fail as the engine's failure when the machine has labeled its first object."""
    contents = {"3": {"bird": 0, "bird-metadata": {"class-name": "left\u2028right\x85"}}}
    assert records.read_auto_annotations(records.auto_annotations(contents.items())) == contents


def test_auto_annotations_are_an_id_a_blank_and_json_and_no_empty_line() -> None:
    contents = {str(n): BOXES.content(box_label([], [], (9, 9, 3)), human=False, created=NOON) for n in (3, 12)}
    body = records.auto_annotations(contents.items())
    lines = body.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["3", "12"]
    parsed = json.loads(" ".join(lines[0].split()[1:]))  # as AWS's notebook does
    assert datetime.strptime(parsed["category-metadata"]["creation-date"], "%Y-%m-%dT%H:%M:%S.%f").year == 2019  # noqa: DTZ007
    assert records.read_auto_annotations(body) == contents


def test_a_consolidation_request_holds_each_answer_as_a_string() -> None:
    answer = WorkerAnswer("w", {"crowd-classifier": {"label": "Ööl"}}, NOON, NOON)
    request = json.loads(records.consolidation_request([("4", {"content": "text"}, [answer])]))
    assert request[0]["datasetObjectId"] == "4"
    assert request[0]["dataObject"] == {"content": "text"}
    assert json.loads(request[0]["annotations"][0]["annotationData"]["content"]) == answer.content


def test_a_label_goes_to_the_end_of_its_line_and_replaces_one_of_its_name() -> None:
    """A public reader takes the last key of the first line for the metadata."""
    line = b'{"category": 7, "source-ref": "s3://b/\xc3\xa4.jpg", "category-metadata": {}, "other": [1]}'
    content = CLASSES.content(ClassLabel(0), human=True, created=NOON)
    written = json.loads(records.labeled_line(line, {"category": 0, "category-metadata": content["bird-metadata"]}))
    assert list(written) == ["source-ref", "other", "category", "category-metadata"]
    assert written["source-ref"] == "s3://b/ä.jpg"


def test_boxes_drawn_by_people_are_whole_pixels_inside_the_image() -> None:
    drawn = records.drawn(box_label([[-3.4, 1.6, 4.4, 99], [9.9, 9.9, 9.95, 9.95]], [0, 0], (10, 10, 3)))
    assert drawn.boxes.tolist() == [[0, 2, 4, 10], [9, 9, 10, 10]]


def test_paths_are_where_readers_look() -> None:
    tree = JobTree.of("s3://bucket/prefix/output/", "My-Job")
    assert str(tree.output_manifest) == "s3://bucket/prefix/output/My-Job/manifests/output/output.manifest"
    assert JobTree.of("s3://bucket/prefix/output", "My-Job") == tree
    assert tree.auto_annotations(4).key.split("/")[-3] == "4"
    model = tree.model(4).key.split("/")
    assert (model[-1], model[-3], model[-5]) == ("model.tar.gz", tree.training_job(4), "4")
    response = str(tree.consolidation("response", 2, NOON))
    assert response.endswith("consolidation-response/iteration-2/2019-04-18_12:00:00.json")


@settings(deadline=None)
@given(st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", fullmatch=True), st.integers(1, 600))
def test_names_of_trainings_are_names_of_models(job: str, iteration: int) -> None:
    name = JobTree.of("s3://b/", job[:63]).training_job(iteration)
    assert len(name) <= 63
    assert re.fullmatch(service_model().shape_for("ModelName").metadata["pattern"], name)


def test_a_sliver_at_the_edge_is_written_inside_of_its_image() -> None:
    """A tenth of a pixel at the right edge became a box that begins where the image ends."""
    sliver = box_label([(99.9, 99.9, 100, 100)], [0], (100, 100, 3))
    [box] = BOXES.content(sliver, human=True, created=NOON)["category"]["annotations"]
    assert (box["left"], box["top"], box["width"], box["height"]) == (99.5, 99.5, 0.5, 0.5)
