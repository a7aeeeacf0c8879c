"""Whom the machine's labels are shown to: nobody whose label may certify it, and the others as the job asks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.progress import AskPeople, Progress, Round
from gt_engine.autolabel.rounds import AutoLabel, JobPlan, has_decided, next_step
from gt_engine.jobs.machine import Labeled
from gt_engine.jobs.stepping import take_step
from gt_engine.labels import ClassLabel
from gt_service.job_tags import GOLD_LABELS_TAG, LEAST_WORKERS_TAG, PROPOSALS_BLIND_TAG, PROPOSALS_WRONG_TAG
from gt_service.pages.report import tables
from gt_service.prices import PriceTable
from gt_service.records.names import Role
from gt_service.reports.ended_job import EndedJob
from gt_service.reports.page import job_page
from gt_service.reports.publish import make_job_report
from tests.engine import (
    BUCKET,
    GOLD,
    SIZE,
    Killed,
    MemoryEngineObjects,
    MemoryEvents,
    RememberingMachine,
    bird_inputs,
    files_under,
    job_record,
    memory_tools,
    request,
)
from tests.factories import MemoryLogs, spec
from tests.people import ANN, BOB, CAT, Job, boxes, team_request

TAGS = [{"Key": PROPOSALS_BLIND_TAG, "Value": "0.2"}, {"Key": PROPOSALS_WRONG_TAG, "Value": "0.3"}]
SHOWN = [10, 10, 20, 20]  # left, top, width, height of the machine's guess


class WatchedMachine(RememberingMachine):
    """Remembers which objects took part in its certificates."""

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.sure = sure
        self.certifying: set[str] = set()
        self.ahead: set[str] = set()

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        self.certifying |= {*progress.validation(), *progress.ahead}
        self.ahead |= set(progress.ahead)
        return super().label(lesson, plan, progress)

    def confidence(self, object_id: str) -> float:  # type: ignore[override]
        return self.sure * super().confidence(object_id)


def job_with(
    directory: Path, count: int, *, sure: float = 1.0, auto: bool = True, brought: bool = False, **changes: Any
) -> tuple[Job, WatchedMachine]:
    contents = bird_inputs(count)
    if brought:
        contents[f"s3://{BUCKET}/input.manifest"] = manifest_with_proposals(count)
    machine = WatchedMachine(sure)
    tools = replace(memory_tools(directory, contents), machine=machine)
    body = team_request(auto=auto, **({"NumberOfHumanWorkersPerDataObject": 1, "Tags": TAGS} | changes))
    return Job(directory, count, body=body, tools=tools), machine


def manifest_with_proposals(count: int) -> bytes:
    left, top, width, height = SHOWN
    box = {"class_id": 0, "left": left, "top": top, "width": width, "height": height}
    lines = [
        {
            "source-ref": f"s3://{BUCKET}/images/{number}.jpg",
            "category-proposal": {"annotations": [box], "image_size": [{"width": SIZE, "height": SIZE, "depth": 3}]},
            "category-proposal-metadata": {"class-map": {"0": "Bird"}, "model": "theirs", "human-annotated": "no"},
        }
        for number in range(count)
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def play(job: Job, *, answer: Any = None) -> None:
    for turn in range(400):
        if job.run().is_over:
            return
        for worker in (ANN, BOB, CAT):
            while (task := job.next(worker) if job.tools.people.offer(job.name) else None) is not None:
                shown = task.proposal["boundingBoxes"] if task.proposal else None
                given = answer(shown) if answer else boxes((10, 10, 20, 20))
                job.tasks.accept(worker, task.task_id, job.clock)
                job.tasks.submit(worker, task.task_id, given, 3, job.clock)
        if turn % 2:  # the other time what comes next is offered while the last answers can be taken back
            job.later(100)
    raise AssertionError("the job does not end")


def offered(job: Job) -> Iterator[dict[str, Any]]:
    for path, body in job.files.items():
        if path.startswith("people/offers/"):
            yield from (json.loads(line) for line in gzip.decompress(body).splitlines())


def shown(job: Job) -> set[str]:
    return {one["id"] for one in offered(job) if "proposal" in one}


def records_of(job: Job) -> dict[str, dict[str, Any]]:
    lines = [line for path, body in job.files.items() if path.startswith("proposals/") for line in body.splitlines()]
    return {record["datasetObjectId"]: record for record in map(json.loads, lines)}


@pytest.mark.parametrize("brought", [False, True], ids=["own model", "manifest"])
@pytest.mark.parametrize("sure", [0.0, 0.6, 1.0], ids=["labels nothing", "labels a few", "labels half"])
def test_an_object_that_certifies_is_never_shown_with_a_proposal(tmp_path: Path, sure: float, brought: bool) -> None:
    """Promise 6: whoever sees the machine's label agrees with it too often, and the certificate would be worth nothing.

    What is asked ahead of a round, while the last answers can be taken back, is among the objects that certify.
    """
    job, machine = job_with(tmp_path, 260, sure=sure, brought=brought)
    play(job)
    assert job.now_as.status == "Completed"
    assert machine.certifying
    assert machine.ahead
    assert shown(job), "the rest after the last certificate is shown"
    assert not shown(job) & machine.certifying
    assert not set(records_of(job)) & machine.certifying


class ClassMachine(WatchedMachine):
    """Takes every image for the second class."""

    @staticmethod
    def guess() -> ClassLabel:  # type: ignore[override]
        return ClassLabel(1, 0.8)


def class_job(directory: Path, count: int, task: str, *, auto: bool, brought: Any = None) -> tuple[Job, WatchedMachine]:
    contents = bird_inputs(count)
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps({"labels": [{"label": one} for one in KINDS]}).encode()
    if brought is not None:
        lines = [json.loads(line) for line in contents[f"s3://{BUCKET}/input.manifest"].splitlines()]
        about = {"class-map": dict(enumerate(KINDS)), "model": "theirs"}
        lines = [line | {"category-proposal": brought, "category-proposal-metadata": about} for line in lines]
        contents[f"s3://{BUCKET}/input.manifest"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    machine = ClassMachine(1.0)
    tools = replace(memory_tools(directory, contents), machine=machine)
    body = team_request(task=task, auto=auto, NumberOfHumanWorkersPerDataObject=1, Tags=TAGS)
    return Job(directory, count, body=body, tools=tools), machine


def as_shown(job: Job, element: str, member: str, otherwise: Any) -> None:
    """Plays a job whose workers keep what is chosen already."""
    for turn in range(400):
        if job.run().is_over:
            return
        while (task := job.next(ANN) if job.tools.people.offer(job.name) else None) is not None:
            chosen = dict(task.proposal) if task.proposal else {member: otherwise}
            job.tasks.accept(ANN, task.task_id, job.clock)
            job.tasks.submit(ANN, task.task_id, {element: chosen}, 3, job.clock)
        if turn % 2:
            job.later(100)
    raise AssertionError("the job does not end")


KINDS = ("Cat", "Dog", "Cow")


def test_a_class_that_certifies_is_never_chosen_already(tmp_path: Path) -> None:
    """Promise 6, for classes: what people answer before the last round is their own."""
    job, machine = class_job(tmp_path, 200, "image-classification", auto=True)
    as_shown(job, "crowd-image-classifier", "label", "Dog")
    assert job.now_as.status == "Completed"
    assert machine.certifying
    assert shown(job)
    assert not (shown(job) | set(records_of(job))) & machine.certifying
    assert {one["proposal"]["label"] for one in offered(job) if "proposal" in one} == set(KINDS)


@pytest.mark.parametrize(
    ("task", "brought", "element", "member", "right"),
    [
        ("image-classification", 1, "crowd-image-classifier", "label", {1}),
        ("ImageMultiClassMultiLabel", [0, 1], "crowd-image-classifier-multi-select", "labels", {0, 1}),
    ],
)
def test_classes_that_came_with_the_manifest_are_chosen_already(
    tmp_path: Path, task: str, brought: Any, element: str, member: str, right: set[int]
) -> None:
    """Workers who keep whatever is chosen: what was swapped or added on purpose is in no label, and all is counted."""
    job, _ = class_job(tmp_path, 60, task, auto=False, brought=brought)
    mine = [KINDS[one] for one in sorted(right)]
    as_shown(job, element, member, mine[0] if member == "label" else mine)
    records = records_of(job)
    assert len(records) == 60
    for number, text in enumerate(job.files["manifests/output/output.manifest"].splitlines()):
        line, record = json.loads(text), records[str(number)]
        assert line["category-metadata"].get("proposal-shown") == ("yes" if record["shown"] else None)
        label = {line["category"]} if member == "label" else set(line["category"])
        assert label == right or record["planted"]["mistake"] == "missing"
    report = make_job_report(
        EndedJob(description_of(job), spec(task="image-classification", labels=KINDS, proposals=True), Role.FIRST, 1),
        objects=job.tools.objects,
        logs=MemoryLogs(),
        now=job.clock,
        prices=PriceTable.current(),
    )
    figures = report["proposals"]
    assert figures["accepted_unchanged"] == 1
    assert figures["planted"] == figures["planted_accepted"] == sum("planted" in one for one in records.values()) > 5
    assert figures["blind"]["images"] == sum(not one["shown"] for one in records.values()) > 3


@pytest.mark.parametrize("auto", [True, False])
def test_objects_that_check_a_label_are_left_to_people_who_see_nothing(tmp_path: Path, auto: bool) -> None:
    """Labeled by machine or corrected, they would tell nothing of the label from before; in a certificate they would be
    no fair sample of the rest."""
    job, machine = job_with(tmp_path, 140, sure=1.0, auto=auto, brought=True)
    lines = [json.loads(line) for line in job.contents[f"s3://{BUCKET}/input.manifest"].splitlines()]
    checked = {str(number) for number in range(0, 140, 20)}
    for number in map(int, checked):
        lines[number]["category-imported"] = {"label": {}, "metadata": {}}
    job.contents[f"s3://{BUCKET}/input.manifest"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    play(job)
    assert job.now_as.status == "Completed"
    output = [json.loads(line) for line in job.files["manifests/output/output.manifest"].splitlines()]
    assert all(output[int(one)]["category-metadata"]["human-annotated"] == "yes" for one in checked)
    assert (job.now_as.counters.machine > 0) == auto
    assert not checked & (shown(job) | set(records_of(job)) | machine.certifying)
    assert shown(job)


def test_no_round_comes_after_one_that_was_said_to_be_the_last() -> None:
    """What is shown after it would be the next round's sample."""
    for seed in range(30):
        plan = JobPlan(seed, warm=bool(seed % 2), proposes=bool(seed % 3), max_concurrent=60)
        progress, decided = Progress(tuple(map(str, range(500 + 40 * seed)))), False
        for _ in range(100):
            step = next_step(plan, progress)
            decided = decided or has_decided(plan, progress)
            if isinstance(step, AutoLabel):
                assert not decided
                pool = progress.pool()
                labeled = pool[: len(pool) // 3] if (seed + step.number) % 3 else ()
                fell_back = plan.warm and step.number == 1 and seed % 5 == 0
                round_ = Round(step.number, None, () if fell_back else labeled, (), (), 1, 0.5, fell_back)
                progress = progress.with_round(round_)
            elif isinstance(step, AskPeople):
                progress = progress.with_human(step, labeled=step.object_ids)
            else:
                break
        assert decided
        assert not progress.pool()


def test_without_automated_data_labeling_what_came_with_the_manifest_is_corrected(tmp_path: Path) -> None:
    job, _ = job_with(tmp_path, 60, auto=False, brought=True)
    play(job)
    records = records_of(job)
    assert len(records) == 60
    blind = {one for one, record in records.items() if not record["shown"]}
    assert shown(job) == set(records) - blind
    assert 4 <= len(blind) <= 22
    assert {record["model"] for record in records.values()} == {"theirs"}
    planted = [record for record in records.values() if "planted" in record]
    assert 5 <= len(planted) <= 25
    assert {record["planted"]["mistake"] for record in planted} == {"shifted", "missing", "extra"}


def test_without_the_tag_nobody_sees_a_proposal(tmp_path: Path) -> None:
    job, _ = job_with(tmp_path, 30, auto=False, brought=True, Tags=[])
    play(job)
    assert not shown(job)
    assert not records_of(job)


def test_a_proposal_that_cannot_be_read_leaves_the_object_blind(tmp_path: Path) -> None:
    job, _ = job_with(tmp_path, 30, auto=False, brought=True)
    broken = job.contents[f"s3://{BUCKET}/input.manifest"].replace(b'"Bird"', b'"Bicycle"', 10)
    job.contents[f"s3://{BUCKET}/input.manifest"] = broken
    play(job)
    assert job.now_as.status == "Completed"
    assert set(records_of(job)) == {str(number) for number in range(10, 30)}


def test_labels_say_that_a_proposal_was_shown_and_hold_nothing_that_was_planted(tmp_path: Path) -> None:
    """Workers who accept whatever they see: the label is what the machine said, not what was planted to test them."""
    job, _ = job_with(tmp_path, 60, auto=False, brought=True, NumberOfHumanWorkersPerDataObject=2)

    def accept(shown: list[dict[str, Any]] | None) -> dict[str, Any]:
        seen = [(box["left"], box["top"], box["width"], box["height"]) for box in shown or []]
        return boxes(*(seen if shown is not None else [(11, 11, 20, 20)]))

    play(job, answer=accept)
    records = records_of(job)
    for number, line in enumerate(job.files["manifests/output/output.manifest"].splitlines()):
        label, record = json.loads(line), records[str(number)]
        assert label["category-metadata"].get("proposal-shown") == ("yes" if record["shown"] else None)
        drawn = [[box["left"], box["top"], box["width"], box["height"]] for box in label["category"]["annotations"]]
        missing = record.get("planted", {}).get("mistake") == "missing"
        assert drawn == ([] if missing else [SHOWN] if record["shown"] else [[11, 11, 20, 20]])


def test_simulated_people_correct_as_well(tmp_path: Path) -> None:
    """The whole can be measured without people: the same files, and times that depend on what is shown."""
    machine, objects = WatchedMachine(0.6), MemoryEngineObjects(bird_inputs(260))
    tools = replace(memory_tools(tmp_path, {}), machine=machine, objects=objects)
    body = request(Tags=[{"Key": GOLD_LABELS_TAG, "Value": GOLD}, *TAGS], MaxConcurrentTaskCount=100)
    tools.store.create_job(job_record(body))
    while not take_step("birds-0001", tools, MemoryEvents()).is_over:
        pass
    files = files_under(objects.contents, "birds-0001")
    records = [json.loads(line) for path in files if path.startswith("proposals/") for line in files[path].splitlines()]
    seen = {record["datasetObjectId"] for record in records if record["shown"]}
    assert seen
    assert not seen & machine.certifying
    told = {
        path.split("/")[3]
        for path, text in files.items()
        if path.startswith("annotations/worker-response/")
        for answer in json.loads(text)["answers"]
        if "initialValueModified" in answer["answerContent"]["boundingBox"]
    }
    assert told == seen


def test_agreement_with_a_proposal_is_no_reason_to_ask_fewer(tmp_path: Path) -> None:
    """Where as many are asked as needed, two who accept the same box unseen would make a label by themselves."""
    tags = [*TAGS, {"Key": LEAST_WORKERS_TAG, "Value": "2"}]
    job, _ = job_with(tmp_path, 40, auto=False, brought=True, Tags=tags, NumberOfHumanWorkersPerDataObject=3)

    def accept(shown: list[dict[str, Any]] | None) -> dict[str, Any]:
        return boxes(
            *(
                (box["left"], box["top"], box["width"], box["height"])
                for box in shown or [dict(zip(SIDES, SHOWN, strict=True))]
            )
        )

    play(job, answer=accept)
    answers = {
        path.split("/")[3]: len(json.loads(body)["answers"])
        for path, body in job.files.items()
        if path.startswith("annotations/worker-response/")
    }
    corrected = shown(job)
    assert {answers[one] for one in corrected} == {3}
    assert 2 in {count for one, count in answers.items() if one not in corrected}


def test_the_report_says_what_proposals_did(tmp_path: Path) -> None:
    """Time blind and with proposals, and how much was accepted: by workers here who accept whatever they see."""
    job, _ = job_with(tmp_path, 60, auto=False, brought=True)

    def accept(shown: list[dict[str, Any]] | None) -> dict[str, Any]:
        seen = [(box["left"], box["top"], box["width"], box["height"]) for box in shown or []]
        answer = boxes(*(seen if shown is not None else [(11, 11, 20, 20)]))
        if shown is not None:
            answer["boundingBox"]["initialValueModified"] = False
        return answer

    play(job, answer=accept)
    report = make_job_report(
        EndedJob(description_of(job), spec(proposals=True, gold_labels=GOLD), Role.FIRST, 1),
        objects=job.tools.objects,
        logs=MemoryLogs(),
        now=job.clock,
        prices=PriceTable.current(),
    )
    records = records_of(job).values()
    figures = report["proposals"]
    assert figures["blind"]["images"] == sum(not record["shown"] for record in records)
    assert figures["proposed"]["images"] == sum(record["shown"] for record in records)
    assert figures["accepted_unchanged"] == 1
    for arm in ("blind", "proposed"):
        assert figures[arm]["quality"]["images"] == figures[arm]["images"]
        low, high = figures[arm]["quality"]["interval"]
        assert low <= figures[arm]["quality"]["mean_f1"] <= high
    assert figures["planted"] == figures["planted_accepted"] == sum("planted" in record for record in records)
    # How well workers do is told by what they answered blind: here all of them accept whatever they see.
    assert sum(worker["compared"] for worker in report["workers"]) == figures["blind"]["answers"]
    [table] = [table for table in tables(report) if table.title == "Proposals"]
    assert "100 % of " in table.about
    assert all(row[-1].startswith("F1 ") for row in table.rows)
    assert b"wrong on purpose" in job_page(report, b"<svg></svg>")


def description_of(job: Job) -> dict[str, Any]:
    """What DescribeLabelingJob says of it, as far as reports look."""
    record = job.now_as
    counters = record.counters
    return {
        **record.request,
        "LabelingJobStatus": record.status,
        "LabelingJobArn": record.arn,
        "LabelCounters": {"HumanLabeled": counters.human, "MachineLabeled": counters.machine},
        "CreationTime": record.created_at,
        "LastModifiedTime": record.modified_at,
        "Tags": [],
    }


SIDES = ("left", "top", "width", "height")


@pytest.mark.parametrize("killed_at", range(1, 16, 2))
def test_an_engine_that_dies_shows_what_it_had_written_down(tmp_path: Path, killed_at: int) -> None:
    """What people saw and what the record says of it must not differ, wherever the process stopped between the two."""
    job, _ = job_with(tmp_path, 30, auto=False, brought=True)
    objects = job.tools.objects
    assert isinstance(objects, MemoryEngineObjects)
    objects.fail_after = objects.writes + killed_at
    while True:
        try:
            play(job)
            break
        except Killed:
            objects.fail_after = None
    records = records_of(job)
    assert set(records) == {str(number) for number in range(30)}
    for one in offered(job):
        record = records[one["id"]]
        assert ("proposal" in one) is record["shown"]
        if record["shown"]:
            seen = [(box["left"], box["top"]) for box in one["proposal"]["boundingBoxes"]]
            assert seen == [(box["left"], box["top"]) for box in record["boxes"]]
