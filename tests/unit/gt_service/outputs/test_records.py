"""Records: forms of real files that a strict reader trips over."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isnan

import pytest

from gt_service.documents import parse_time
from gt_service.errors import UnknownState
from gt_service.objects import S3Uri
from gt_service.outputs import layout
from gt_service.outputs.records import (
    AnswerRecord,
    answer_content,
    auto_label,
    consolidated,
    failure_reason,
    label_record,
    manifest_object,
    requested,
    worker_answers,
)


@pytest.mark.parametrize(
    "text", ["2019-04-18T16:11:15Z", "2019-04-18T16:11:15.000Z", "2019-04-18T16:11:15.000000", "2019-04-18T16:11:15"]
)
def test_times_with_and_without_fractions_and_zone(text: str) -> None:
    """AWS's classification notebook raises on times with milliseconds."""
    assert parse_time(text) == datetime(2019, 4, 18, 16, 11, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "yesterday", 7])
def test_what_is_no_time(text: object) -> None:
    """A missing time would stop the reader."""
    assert parse_time(text) is None


def test_real_answers_of_2019() -> None:
    """The published files of that year have three keys only."""
    body = (
        b'{"answers":[{"answerContent":{"crowd-image-classifier":{"label":"Falcon"}},'
        b'"submissionTime":"2019-04-18T16:11:15Z","workerId":"public.us-east-1.PHMF"}]}'
    )
    (answer,) = worker_answers(body)
    assert (answer.worker_id, answer.seconds) == ("public.us-east-1.PHMF", None)
    assert answer_content(answer) == {"label": "Falcon"}


def test_newer_answers_tell_their_time_in_two_ways() -> None:
    """Private teams' statistics would lack the time for a task."""
    spent = b'{"answers":[{"answerContent":{},"timeSpentInSeconds":4.5,"workerId":"w"}]}'
    span = (
        b'{"answers":[{"answerContent":{},"acceptanceTime":"2020-12-28T18:59:50.321Z",'
        b'"submissionTime":"2020-12-28T18:59:58.321Z","workerId":"w"}]}'
    )
    assert worker_answers(spent)[0].seconds == 4.5
    assert worker_answers(span)[0].seconds == 8.0


@pytest.mark.parametrize("content", ["not json", None, {"a": 1, "b": 2}, "[]"])
def test_answers_that_cannot_be_read_are_not_compared(content: object) -> None:
    """One odd answer would stop the report."""
    assert answer_content(AnswerRecord("w", content)) is None


def test_a_consolidation_response_as_published() -> None:
    """A job of 2024, a multi-label one: ids are text, the list is one line."""
    body = (
        b'[{"datasetObjectId":"5","consolidatedAnnotation":{"content":{"bg-labeling":[6,0],"bg-labeling-metadata":'
        b'{"job-name":"labeling-job/bg-labeling","human-annotated":"yes","creation-date":"2024-09-27T21:31:32.051349"'
        b"}}}}]"
    )
    ((object_id, record),) = consolidated(body, "bg-labeling")
    assert (object_id, record.value, record.human, record.job_name) == ("5", [6, 0], True, "bg-labeling")
    assert consolidated(body, "another") == []


def test_a_consolidation_request_without_answers() -> None:
    """A batch that nobody answered would stop the reader."""
    assert requested(b'[{"datasetObjectId":"0","dataObject":{},"annotations":null}]') == [("0", [])]


def test_a_label_without_metadata_and_metadata_without_a_label() -> None:
    """Failure records have metadata alone; they would count as labels."""
    assert label_record({"a-metadata": {"failure-reason": "gone"}}, "a") is None
    assert failure_reason({"a-metadata": {"failure-reason": "gone"}}, "a") == "gone"
    record = label_record({"a": 1}, "a")
    assert record is not None
    assert (record.human, record.job_name, record.boxes) == (None, None, 0)


def test_machine_labels_keep_their_blanks() -> None:
    """Joining words with single blanks changes labels."""
    assert auto_label(b'17 {"a":"x  y"}\n') == ("17", {"a": "x  y"})
    assert auto_label(b"  \n") is None


@pytest.mark.parametrize("line", [b"17", b"17 {broken", b"17 []"])
def test_broken_machine_labels_say_what_they_are(line: bytes) -> None:
    """The owner would see a stack trace instead of the record."""
    with pytest.raises(UnknownState, match="a record is not"):
        auto_label(line)


def uri(key: str) -> S3Uri:
    return S3Uri("results", key)


def test_paths_below_a_root_with_many_folders() -> None:
    """Numbers would be taken from the customer's own folder names."""
    root = "2026/05/iteration-7/birds-1"
    batch = layout.batch_file(
        uri(f"{root}/annotations/consolidated-annotation/consolidation-response/iteration-12/2026-05-01_08:00:09.json")
    )
    assert batch is not None
    assert (batch.iteration, batch.at) == (12, datetime(2026, 5, 1, 8, 0, 9, tzinfo=UTC))
    assert layout.auto_label_iteration(uri(f"{root}/activelearning/x/11/y/auto_annotator_output.txt")) == 11
    model = layout.training_file(uri(f"{root}/training/10/x/job-a/output/model.tar.gz"), uri(root))
    assert model is not None
    assert (model.iteration, model.training_job, model.is_model) == (10, "job-a", True)
    answers = layout.answer_file(uri(f"{root}/annotations/worker-response/iteration-10/31/2026-05-01_08:00:09.json"))
    assert answers is not None
    assert (answers.iteration, answers.object_id) == (10, "31")


@pytest.mark.parametrize(
    "key",
    [
        "r/annotations/consolidated-annotation/consolidation-response/iteration-x/1.json",
        "r/annotations/consolidated-annotation/consolidation-response/iteration-1/",
        "r/annotations/consolidated-annotation/consolidation-response/1/2026-05-01_08:00:09.json",
    ],
)
def test_other_files_are_passed_over(key: str) -> None:
    """A file that AWS adds one day would stop the reader."""
    assert layout.batch_file(uri(key)) is None


@pytest.mark.parametrize(
    "key",
    ["r/activelearning/iteration-4/y/auto_annotator_output.txt", "r/activelearning/4/y/other.txt"],
)
def test_other_files_of_active_learning_are_passed_over(key: str) -> None:
    """Input and validation files are in the same folders."""
    assert layout.auto_label_iteration(uri(key)) is None


def test_input_files_of_trainings_are_passed_over() -> None:
    """Each input file would count as a training."""
    assert layout.training_file(uri("r/training/1/x/train.manifest"), uri("r")) is None


def test_numbers_that_only_the_slower_reader_takes() -> None:
    """A confidence that is not a number must not cost a job its label, nor its bill."""
    found = manifest_object(b'{"source-ref":"s3://b/1.jpg","score":NaN,"id":36893488147419103232}')
    assert isnan(found["score"])
    assert found["id"] == 2**65
