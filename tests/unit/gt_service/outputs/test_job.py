"""Reading whole jobs: the counts that bills are made of, on output as it really looks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gt_service.outputs import JobOutput, read_job_output
from gt_service.outputs.job_output import Reason
from gt_service.outputs.tally import LabeledObject
from tests.factories import (
    LabelingJob,
    MemoryLogs,
    answer,
    box_answer,
    box_label,
    class_label,
    compact,
    notebook_jobs,
    worker_id,
)
from tests.fakes import MemoryObjects

RESPONSES = "annotations/consolidated-annotation/consolidation-response"
REQUESTS = "annotations/consolidated-annotation/consolidation-request"


def read(job: LabelingJob, store: MemoryObjects | None = None, **changes: Any) -> JobOutput:
    store = MemoryObjects() if store is None else store
    logs = MemoryLogs()
    description = {**job.write(store, logs), **changes}
    return read_job_output(store, logs, description)


def codes(output: JobOutput) -> set[str]:
    return {finding.code for finding in output.findings}


@pytest.mark.parametrize(
    ("role", "human", "machine"), [("first", 650, 600), ("warm", 250, 1000), ("control", 500, 750)]
)
def test_the_notebooks_three_jobs(role: str, human: int, machine: int) -> None:
    """The counts of the notebook's own conclusion would differ."""
    output = read(notebook_jobs()[role])
    assert (output.human_images, output.machine_images, output.objects) == (human, machine, 1250)
    assert output.answers == 3 * human
    assert output.unlabeled == ()
    assert output.findings == ()


def test_iteration_ten_and_later_stay_what_they_are() -> None:
    """The notebook takes the last character of the folder's name: iteration 10 becomes 0 and its cost vanishes, and
    iteration 11 is added to 1."""
    job = LabelingJob()
    for number in range(1, 13):
        job.iteration(number, human=number)
    output = read(job)
    assert [each.number for each in output.iterations] == list(range(1, 13))
    assert [each.human_images for each in output.iterations] == list(range(1, 13))
    assert int("iteration-10"[-1]) == 0


def test_a_last_iteration_of_the_machine_alone_is_counted() -> None:
    """The notebook draws as many bars as there are iterations with people, and so drops the machine's last one."""
    job = LabelingJob().iteration(1, human=5).iteration(2, human=5).iteration(3, human=5, machine=7)
    output = read(job.iteration(4, machine=9))
    assert [(each.number, each.machine_images) for each in output.iterations] == [(1, 0), (2, 0), (3, 7), (4, 9)]
    assert output.machine_images == 16


def test_blanks_inside_labels_are_kept() -> None:
    """The notebook joins the words of a machine label with single blanks and so alters class names."""
    job = LabelingJob(status="Failed").iteration(1, machine=1)
    store = MemoryObjects()
    description = job.write(store)
    del store.contents[f"{job.root}/manifests/output/output.manifest"]
    where = next(key for key in store.contents if key.endswith("auto_annotator_output.txt"))
    label = box_label(job=job.name, human=False, labels=["Snowy  owl"])
    store.contents[where] = f"0 {compact(label)}\n\n".encode()
    seen: list[LabeledObject] = []
    read_job_output(store, MemoryLogs(), description, each=seen.append)
    assert seen[0].record is not None
    assert seen[0].record.metadata["class-map"] == {"0": "Snowy  owl"}


@pytest.mark.parametrize("path", ["s3://results/birds/output/", "s3://results/birds/output", "s3://results"])
def test_an_output_path_without_a_slash_at_its_end(path: str) -> None:
    """The notebook puts path and job name together as they come and finds nothing."""
    job = LabelingJob(output_path=path).iteration(1, human=3).iteration(2, machine=2)
    output = read(job)
    assert (output.human_images, output.machine_images) == (3, 2)


def test_an_output_tree_whose_prefix_was_joined_without_a_slash() -> None:
    """A backend that joins path and name as the notebook does would seem to have written nothing."""
    store = MemoryObjects()
    job = LabelingJob(output_path="s3://results/birds/output").iteration(1, human=3)
    description = job.write(store)
    store.contents = {
        key.replace("/output/birds-0001", "/outputbirds-0001"): body for key, body in store.contents.items()
    }
    assert read_job_output(store, MemoryLogs(), description).human_images == 3


def test_a_job_whose_name_begins_another_jobs_name_is_read_alone() -> None:
    """Files of birds-0001-control would be counted, and paid for, as those of birds-0001."""
    store = MemoryObjects()
    LabelingJob("birds-0001-control").iteration(1, human=9).trained(1).write(store)
    job = LabelingJob("birds-0001").iteration(1, human=4)
    assert read(job, store).human_images == 4


def test_gaps_between_iterations_are_reported_not_filled() -> None:
    """A gap would shift every later iteration, or crash the reader."""
    output = read(LabelingJob().iteration(1, human=3).iteration(4, human=3))
    assert [each.number for each in output.iterations] == [1, 4]
    assert "iteration_gap" in codes(output)


def test_an_object_consolidated_twice_counts_once_and_its_answers_each_time() -> None:
    """The classification notebook counts such an object twice; its workers, however, did answer twice."""
    job = LabelingJob().iteration(1, human=5).iteration(2, human=[3, 5, 6])
    output = read(job)
    assert output.human_images == 7
    assert output.answers == 5 * 3 + 3 * 3
    assert [each.human_images for each in output.iterations] == [5, 2]
    assert "sent_again" in codes(output)


def test_an_object_consolidated_twice_in_one_iteration_is_paid_once() -> None:
    """The same answers, consolidated again, would be paid again."""
    job = LabelingJob().iteration(1, human=5)
    store = MemoryObjects()
    description = job.write(store)
    again = next(key for key in store.contents if REQUESTS in key)
    store.contents[again.replace(":00.json", ":59.json")] = store.contents[again]
    output = read_job_output(store, MemoryLogs(), description)
    assert (output.human_images, output.answers) == (5, 15)


def test_answers_to_objects_that_got_no_label_are_counted() -> None:
    """The notebook counts consolidated objects only: workers who answered an object that failed are paid too."""
    job = LabelingJob().iteration(1, human=4).answered(1, 4, answers=2).answered(1, 5, answers=0)
    job.objects = 7
    job.lines[6] = {
        "source-ref": job.source(6),
        "category-metadata": {"failure-reason": "ClientError: cannot read the image", "human-annotated": "true"},
    }
    output = read(job)
    assert output.answers == 4 * 3 + 2
    found = {each.object_id: (each.reason, each.answers, each.detail) for each in output.unlabeled}
    assert found == {
        "4": (Reason.UNCONSOLIDATED, 2, None),
        "5": (Reason.UNANSWERED, 0, None),
        "6": (Reason.FAILED, 0, "ClientError: cannot read the image"),
    }


def test_answers_to_an_object_that_the_machine_labeled_later_are_counted() -> None:
    """An expired object that the machine takes over would hide what its workers were paid."""
    job = LabelingJob().iteration(1, human=4).answered(1, 4, answers=1).iteration(2, machine=[4])
    output = read(job)
    assert (output.machine_images, output.answers) == (1, 13)


@pytest.mark.parametrize("status", ["Failed", "Stopped", "InProgress"])
def test_a_job_without_an_output_manifest_is_read_from_its_other_files(status: str) -> None:
    """A job that failed or was stopped, whose workers are paid all the same, would have no report."""
    job = LabelingJob(status=status).iteration(1, human=10).iteration(2, human=30).iteration(3, human=5, machine=20)
    job.objects = 80
    store = MemoryObjects()
    description = job.write(store)
    del store.contents[f"{job.root}/manifests/output/output.manifest"]
    output = read_job_output(store, MemoryLogs(), description)
    assert (output.human_images, output.machine_images, output.answers) == (45, 20, 135)
    assert (output.objects, len(output.unlabeled)) == (80, 15)
    assert output.unlabeled[0].source == job.source(65)
    assert "no_output_manifest" in codes(output)


def test_a_job_without_any_output_is_no_error() -> None:
    """The report of a job that failed at once would itself fail."""
    job = LabelingJob(status="Failed", objects=3)
    store = MemoryObjects()
    job.write_inputs(store)
    output = read_job_output(store, MemoryLogs(), job.description())
    assert (output.objects, output.labeled, output.answers) == (3, 0, 0)
    assert [each.reason for each in output.unlabeled] == [Reason.UNANSWERED] * 3


def test_a_job_whose_input_manifest_is_gone_too() -> None:
    """Deleting old manifests would make an old failed job unreadable."""
    job = LabelingJob(status="Stopped").iteration(1, human=4)
    store = MemoryObjects()
    description = job.write(store)
    del store.contents[job.manifest]
    del store.contents[f"{job.root}/manifests/output/output.manifest"]
    output = read_job_output(store, MemoryLogs(), description)
    assert (output.human_images, output.answers) == (4, 12)
    assert "unreadable" in codes(output)


def test_labels_that_an_earlier_job_made_are_not_this_jobs() -> None:
    """A follow-up job would be billed again for everything that its manifest already had."""
    job = LabelingJob("birds-0001-r1").iteration(1, human=[2, 3])
    for number in (0, 1):
        earlier = box_label(job="birds-0001", human=number == 0)
        job.lines[number] = {"source-ref": job.source(number), **earlier}
    output = read(job)
    assert (output.labeled_before, output.human_images, output.machine_images) == (2, 2, 0)
    assert output.unlabeled == ()


def test_a_job_name_in_capitals_is_the_same_job() -> None:
    """Names are not case sensitive; a label written with another case would count as an earlier job's."""
    job = LabelingJob("Birds-0001").iteration(1, human=2)
    for number in (0, 1):
        job.lines[number] = {"source-ref": job.source(number), **box_label(job="birds-0001", human=True)}
    assert read(job).human_images == 2


def test_labels_without_a_job_name_are_told_by_the_files_that_made_them() -> None:
    """job-name is optional: such a job would seem to have labeled nothing."""
    job = LabelingJob().iteration(1, human=2).iteration(2, machine=2)
    for number in range(4):
        line = {"source-ref": job.source(number), **box_label(job="", human=True)}
        del line["category-metadata"]["job-name"], line["category-metadata"]["human-annotated"]
        job.lines[number] = line
    output = read(job)
    assert (output.human_images, output.machine_images, output.labeled_before) == (2, 2, 0)


def test_old_answers_of_one_worker_without_times() -> None:
    """Single-worker jobs of 2019 have neither acceptance times nor fractions of a second."""
    job = LabelingJob(workers=1, newer_answers=False).iteration(1, human=3)
    output = read(job)
    assert output.answers == 3
    assert [worker.median_seconds for worker in output.workers] == [None] * 3
    assert [worker.agreement for worker in output.workers] == [1.0] * 3


def test_boxes_that_are_null_are_no_boxes() -> None:
    """The element submits null where a worker drew nothing; the reader would crash on an empty image."""
    job = LabelingJob(boxes_of=lambda _: []).iteration(1, human=1)
    store = MemoryObjects()
    description = job.write(store)
    where = next(key for key in store.contents if REQUESTS in key)
    records = json.loads(store.contents[where])
    for each in records[0]["annotations"]:
        each["annotationData"]["content"] = compact(box_answer(None))
    store.contents[where] = compact(records).encode()
    output = read_job_output(store, MemoryLogs(), description)
    assert (output.human_boxes, output.workers[0].agreement) == (0, 1.0)


def test_jobs_without_consolidation_requests_count_answers_from_the_worker_responses() -> None:
    """A backend that leaves the requests out would seem to have paid nobody."""
    output = read(LabelingJob(writes_requests=False).iteration(1, human=7).iteration(12, human=5))
    assert [(each.number, each.human_images, each.answers) for each in output.iterations] == [(1, 7, 21), (12, 5, 15)]
    assert "unplaced" not in codes(output)


def test_records_that_cannot_be_read_are_reported_and_the_rest_counts() -> None:
    """One broken file would cost the report of the whole job, or be left out silently."""
    job = LabelingJob().iteration(1, human=30)
    store = MemoryObjects()
    description = job.write(store)
    requests = sorted(key for key in store.contents if REQUESTS in key)
    store.contents[requests[0]] = b'[{"datasetObjectId":"0"'
    output = read_job_output(store, MemoryLogs(), description)
    assert output.human_images == 30
    assert output.answers == 90
    assert "unreadable" in codes(output)


def test_counters_that_differ_from_the_files_are_reported() -> None:
    """Nobody would notice that the service bills more objects than its files hold."""
    job = LabelingJob().iteration(1, human=3)
    output = read(job, LabelCounters={"HumanLabeled": 4, "MachineLabeled": 0})
    assert "counters_differ" in codes(output)


def test_classification_has_images_and_no_boxes() -> None:
    """Jobs of other task types would crash the reader."""
    job = LabelingJob().iteration(1, human=2)
    for number, name in enumerate(("Owl", "Crow")):
        job.lines[number] = {"source-ref": job.source(number), **class_label(name, number, job=job.name, human=True)}
    output = read(job)
    assert (output.human_images, output.human_boxes) == (2, 0)


def test_a_label_attribute_of_another_name() -> None:
    """The notebook reads `category` only."""
    output = read(LabelingJob(attribute="bird-boxes").iteration(1, human=2).iteration(2, machine=3))
    assert (output.human_images, output.machine_images) == (2, 3)


def test_a_training_without_a_model_and_one_without_a_log() -> None:
    """A training that failed would make the whole report fail."""
    job = LabelingJob().iteration(1, human=3).iteration(2, machine=3).trained(1, model=False).trained(2)
    del job.logs[f"{job.name}-2-training"]
    output = read(job)
    lost, silent = output.training
    assert lost.model is None
    assert lost.curve.scores == (0.2, 0.5, 0.7)
    assert silent.model is not None
    assert (silent.curve.scores, silent.curve.samples) == ((), None)
    assert {"no_model", "no_curve"} <= codes(output)


def test_each_worker_has_a_line() -> None:
    """Owners could not tell a sloppy worker from a careful one."""
    job = LabelingJob(workers=2).iteration(1, human=[0])
    store = MemoryObjects()
    description = job.write(store)
    where = next(key for key in store.contents if REQUESTS in key)
    records = json.loads(store.contents[where])
    records[0]["annotations"] = [
        {"workerId": worker_id(0), "annotationData": {"content": compact(box_answer())}},
        {"workerId": worker_id(1), "annotationData": {"content": compact(box_answer([(200, 150, 20, 20)]))}},
    ]
    store.contents[where] = compact(records).encode()
    output = read_job_output(store, MemoryLogs(), description)
    assert [(each.worker_id, each.answers, each.agreement) for each in output.workers] == [
        (worker_id(0), 1, 1.0),
        (worker_id(1), 1, 0.0),
    ]
    assert output.workers[0].median_seconds == 15.0


def test_answers_in_two_files_of_one_object_are_both_counted() -> None:
    """An answer that came after the first consolidation is in a file of its own."""
    job = LabelingJob(writes_requests=False).iteration(1, human=1)
    store = MemoryObjects()
    description = job.write(store)
    late = compact({"answers": [answer(11, box_answer())]}).encode()
    store.contents[f"{job.root}/annotations/worker-response/iteration-1/0/2026-05-01_23:00:00.json"] = late
    assert read_job_output(store, MemoryLogs(), description).answers == 4
    many = {"LabelCounters": {"HumanLabeled": 900_000}}  # of which few are looked at for how long answers took
    assert read_job_output(store, MemoryLogs(), description | many).answers == 4


def test_every_object_is_shown_to_the_caller_once_and_in_order() -> None:
    """Audits would miss labels or score them twice."""
    job = LabelingJob().iteration(1, human=3).iteration(2, machine=2)
    job.objects = 6
    store = MemoryObjects()
    description = job.write(store)
    seen: list[LabeledObject] = []
    read_job_output(store, MemoryLogs(), description, each=seen.append)
    assert [each.object_id for each in seen] == ["0", "1", "2", "3", "4", "5"]
    assert [each.human for each in seen if each.record] == [True, True, True, False, False]
    assert seen[5].source == job.source(5)
