"""Whole jobs with people, who take hours: offered, answered in any order, consolidated meanwhile, ended."""

from __future__ import annotations

import gzip
import json
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gt_engine.jobs.context import context_of
from gt_engine.jobs.faults import MissingFile
from gt_engine.jobs.state import JobState, load
from gt_engine.jobs.stepping import AT_ONCE, take_step
from gt_engine.jobs.watching import look
from gt_engine.outputs.tree import JobTree
from gt_engine.store import Phase
from gt_engine.workforce.offers import GRACE
from gt_engine.workforce.supervision import EndedJob
from gt_engine.workforce.teams import Workteam
from gt_service.documents import value_of
from gt_service.outputs.layout import PEOPLE_NOW
from tests.engine import ACCOUNT, BUCKET, REGION, Killed, MemoryEngineObjects, MemoryLogs, RememberingMachine
from tests.people import ANN, ANSWER, BOB, CAT, START, TEAM, Job, boxes, team_request
from tests.workforce_memory import MemoryTasks


def body(**changes: Any) -> dict[str, Any]:
    return team_request(**{"auto": False} | changes)


def lines(job: Job, path: str = "manifests/output/output.manifest") -> list[dict[str, Any]]:
    return [json.loads(line) for line in job.files[path].splitlines()]


def labeled(job: Job) -> int:
    return sum("category" in line for line in lines(job))


def test_a_job_waits_for_its_people_and_completes_with_their_labels(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    assert job.run().not_before is not None
    assert job.now_as.counters.unlabeled == 12
    assert job.answer_all(ANN, BOB) == 20  # the first sample
    job.later(120)
    assert job.answer_all(ANN, BOB) == 4
    assert job.later(120).is_over
    assert (job.now_as.status, job.now_as.counters.human) == ("Completed", 12)
    assert labeled(job) == 12
    assert job.events.sent[0]["Detail"] == '{"LabelingJobStatus": "Completed"}'
    assert list(job.tools.people.offers()) == []
    kept = value_of(EndedJob, json.loads(job.files["people/ended.json"]))
    assert (kept.progress.done, kept.progress.answers, [one.answers for one in kept.progress.workers]) == (
        12,
        24,
        [12, 12],
    )
    assert (kept.agreement.objects, kept.agreement.score) == (12, 1.0)


def test_the_owner_s_page_is_told_how_people_are_getting_on_at_most_once_a_minute(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    job.run()
    job.answer(ANN)
    job.answer(BOB)
    job.later(10)
    assert json.loads(job.files[PEOPLE_NOW])["answers"] == 0
    job.later(60)
    figures = json.loads(job.files[PEOPLE_NOW])
    assert (figures["at_work"], figures["answers"], figures["last_hour"], figures["active_seconds"]) == (2, 2, 2, 8)
    assert ANN.worker_id not in job.files[PEOPLE_NOW].decode()
    job.tasks.decline(CAT, _begin(job, CAT), "cannot-be-shown", "", job.clock)
    job.later(60)
    assert json.loads(job.files[PEOPLE_NOW])["declines"] == {"The image cannot be shown": 1}
    job.later(3700)
    figures = json.loads(job.files[PEOPLE_NOW])
    assert (figures["at_work"], figures["last_hour"]) == (0, 0)


def test_a_step_that_outlived_the_job_s_end_offers_nobody_anything(tmp_path: Path) -> None:
    """Its laptop slept while another engine ended the job: people would work for nothing until the offer ends."""
    job = Job(tmp_path, 12)
    job.run()
    state = load(
        gzip.decompress(
            job.tools.objects.read(
                JobTree.of(job.record.request["OutputConfig"]["S3OutputPath"], job.name).checkpoint(job.now_as.version)
            )
        )
    )
    slow = context_of(job.now_as, job.tools.objects, region=REGION, account=ACCOUNT), state
    job.tools.store.request_stop(job.name, job.clock)
    assert job.run().is_over
    look(*slow, job.tools)  # finds the tables empty, and makes them again from the files
    assert job.next(ANN) is not None
    assert job.run().is_over
    assert job.tools.people.offer(job.name) is None
    assert list(job.tools.people.objects(job.name)) == []
    assert len(job.events.sent) == 1


def test_a_file_of_the_engine_that_is_gone_is_not_the_owner_s_fault(tmp_path: Path) -> None:
    """The job would fail at once, with answers that are paid; as the engine's trouble it is tried again first."""
    job = Job(tmp_path, 3)
    job.run()
    for minutes in (0, 2):
        job.answer(ANN)
        job.answer(BOB)
        if not minutes:
            job.later(120)
            (request,) = [name for name in job.contents if "/consolidation-request/" in name]
            body = job.contents.pop(request)
    with pytest.raises(MissingFile, match="which the engine wrote"):
        job.later(120)
    job.contents[request] = body
    job.run()
    assert job.now_as.counters.human == 2


def test_the_owner_is_told_how_many_people_the_team_has(tmp_path: Path) -> None:
    """Where two are to answer each image and only one is there, nothing would ever be finished, without a word."""
    job = Job(tmp_path, 12)
    groups = [{"CognitoMemberDefinition": {"UserPool": "pool", "ClientId": "client", "UserGroup": "birders"}}]
    job.tools.teams.create_team(Workteam("birders", TEAM, "", groups, START, START))
    job.tools.members.put_worker(replace(ANN, groups=frozenset({"birders"})))
    job.tools.members.put_worker(replace(BOB, groups=frozenset({"birders"}), is_enabled=False))
    job.tools.members.put_worker(replace(CAT, groups=frozenset({"others"})))
    job.run()
    figures = json.loads(job.files[PEOPLE_NOW])
    assert (figures["members"], figures["workers_per_object"]) == (1, 2)


def test_labels_are_made_while_the_rest_is_out_but_not_while_an_answer_can_be_taken_back(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    job.run()
    for worker in (ANN, BOB):
        job.answer(worker)
    assert job.run().not_before is not None
    assert job.now_as.counters.human == 0
    task = job.tasks.recent(BOB, job.clock)[0]
    job.tasks.undo(BOB, task.task_id, job.clock)
    job.later(90)
    assert job.now_as.counters.human == 0
    job.tasks.submit(BOB, task.task_id, boxes((12, 12, 20, 20)), 9, job.clock)
    job.later(90)
    assert job.now_as.counters.human == 1
    [labels] = [body for path, body in job.files.items() if "/consolidation-response/iteration-1/" in path]
    assert len(json.loads(labels)) == 1
    assert not job.tasks.recent(BOB, job.clock)[0].can_undo


def test_a_stop_while_an_answer_is_open_again_keeps_the_old_one(tmp_path: Path) -> None:
    """The page had said "saved", and the owner paid for nothing: undone, it stands until the next submit."""
    job = Job(tmp_path, 12, body=team_request(auto=False, NumberOfHumanWorkersPerDataObject=1))
    job.run()
    task = job.answer(ANN)
    assert task is not None
    job.tasks.undo(ANN, task.task_id, job.clock)
    job.tools.store.request_stop(job.name, job.clock)
    job.later(5)
    assert (job.now_as.status, job.now_as.counters.human, job.now_as.counters.unlabeled) == ("Stopped", 1, 11)


def test_the_files_have_the_services_form_and_the_people_s_own_answers(tmp_path: Path) -> None:
    job = Job(tmp_path, 1)
    job.run()
    job.answer(ANN, seconds=4)
    begun = job.clock
    job.answer(BOB, boxes((12, 12, 20, 20)), seconds=10.5)
    job.later(200)
    responses = [body for path, body in job.files.items() if path.startswith("annotations/worker-response/")]
    assert json.loads(responses[0])["answers"][1] == {
        "acceptanceTime": begun.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "answerContent": boxes((12, 12, 20, 20)),
        "submissionTime": (begun + timedelta(seconds=10.5)).strftime("%Y-%m-%dT%H:%M:%S.500Z"),
        "timeSpentInSeconds": 10.5,
        "workerId": BOB.worker_id,
        "workerMetadata": {
            "identityData": {"identityProviderType": "Cognito", "issuer": "urn:gt-engine:us-east-1", "sub": BOB.sub}
        },
    }
    requests = [json.loads(text) for path, text in job.files.items() if "/consolidation-request/" in path]
    assert [[one["workerId"] for one in entry["annotations"]] for entry in requests[0]] == [
        [ANN.worker_id, BOB.worker_id]
    ]
    assert json.loads(requests[0][0]["annotations"][0]["annotationData"]["content"]) == ANSWER
    metadata = lines(job)[0]["category-metadata"]
    assert (metadata["human-annotated"], metadata["job-name"]) == ("yes", "labeling-job/birds-0001")
    created = datetime.fromisoformat(metadata["creation-date"] + "+00:00")
    assert START < created <= job.clock + timedelta(minutes=1)


def test_many_consolidations_have_files_of_their_own_and_double_nothing(tmp_path: Path) -> None:
    job = Job(tmp_path, 9, body=body(NumberOfHumanWorkersPerDataObject=1))
    job.run()
    for _ in range(9):
        job.answer(ANN)
        job.later(100)
    assert job.now_as.status == "Completed"
    entries = [
        entry["datasetObjectId"]
        for path, text in job.files.items()
        if "/consolidation-response/" in path
        for entry in json.loads(text)
    ]
    assert sorted(entries) == [str(number) for number in range(9)]
    assert len(job.files["annotations/intermediate/1/annotations.json"].splitlines()) == 9


def test_a_stop_keeps_every_answer_and_asks_nobody_any_more(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    job.run()
    job.answer(ANN)
    job.answer(ANN)
    job.answer(BOB)
    job.tools.store.request_stop(job.name, job.clock)
    assert job.run().is_over
    counters = job.now_as.counters
    assert (job.now_as.status, counters.human, counters.failed, counters.unlabeled) == ("Stopped", 2, 0, 10)
    assert labeled(job) == 2
    assert job.tasks.jobs(ANN, job.clock) == []


def test_a_stop_before_any_answer(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    job.run()
    job.tools.store.request_stop(job.name, job.clock)
    assert job.run().is_over
    assert (job.now_as.status, job.now_as.counters.unlabeled) == ("Stopped", 12)


def test_what_nobody_answers_in_time_fails_and_what_some_have_answered_is_labeled(tmp_path: Path) -> None:
    job = Job(tmp_path, 10, body=body(TaskAvailabilityLifetimeInSeconds=3600, MaxConcurrentTaskCount=20))
    job.run()
    for _ in range(9):
        job.answer(ANN)
    assert job.later(3000).not_before is not None
    job.later(3600)
    assert job.run().is_over
    counters = job.now_as.counters
    assert (counters.human, counters.failed) == (9, 1)
    assert job.now_as.phase is Phase.COMPLETED


def test_who_has_begun_in_time_may_end_after_the_offer(tmp_path: Path) -> None:
    job = Job(tmp_path, 1, body=body(TaskAvailabilityLifetimeInSeconds=60, NumberOfHumanWorkersPerDataObject=1))
    job.run()
    task = job.next(ANN)
    assert task is not None
    job.tasks.accept(ANN, task.task_id, job.clock)
    assert job.later(100).not_before is not None
    assert job.next(BOB) is None
    job.tasks.submit(ANN, task.task_id, ANSWER, 90, job.clock)
    job.later(200)
    assert job.now_as.counters.human == 1


def test_an_object_that_as_many_decline_as_were_asked_for_is_given_up(tmp_path: Path) -> None:
    job = Job(tmp_path, 11)
    job.run()
    for worker in (ANN, BOB):
        task = job.next(worker)
        assert task is not None
        job.tasks.accept(worker, task.task_id, job.clock)
        job.tasks.decline(worker, task.task_id, "blurred", "", job.clock)
    while job.now_as.status == "InProgress" or job.now_as.status == "Initializing":
        job.answer_all(ANN, BOB)
        job.later(100)
    assert job.now_as.status == "Completed"
    assert (job.now_as.counters.human, job.now_as.counters.failed) == (10, 1)


def test_the_stopping_condition_holds_for_people(tmp_path: Path) -> None:
    job = Job(tmp_path, 12, body=body(StoppingConditions={"MaxHumanLabeledObjectCount": 5}))
    job.run()
    assert job.answer_all(ANN, BOB, CAT) == 10
    job.later(100)
    assert (job.now_as.status, job.now_as.counters.human) == ("Stopped", 5)


def test_people_and_machine_share_a_job(tmp_path: Path) -> None:
    job = Job(tmp_path, 120, body=team_request(NumberOfHumanWorkersPerDataObject=1))
    for _ in range(100):
        if job.run().is_over:
            break
        job.answer_all(ANN)
        job.later(100)
    counters = job.now_as.counters
    assert (job.now_as.status, counters.total, counters.unlabeled) == ("Completed", 120, 0)
    assert job.now_as.final_model_arn
    assert labeled(job) == 120


def test_people_are_asked_as_soon_as_the_first_images_have_been_looked_at(tmp_path: Path) -> None:
    """A busy machine takes minutes to look at 400 large photos: people would sit before an empty list of jobs."""
    job = Job(tmp_path, 60, body=team_request(NumberOfHumanWorkersPerDataObject=1))
    _until_on_offer(job)
    state = _state(job)
    assert (state.prepared, len(state.looked_ahead)) == (0, 10)
    assert job.answer(ANN)
    job.run()  # the rest is looked at while people work
    assert _state(job).prepared == 60
    while not job.run().is_over:
        job.answer_all(ANN)
        job.clock += timedelta(seconds=100)
    assert (job.now_as.status, labeled(job)) == ("Completed", 60)


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize("answered_first", [True, False])
def test_nobody_is_asked_about_an_image_that_turned_out_to_be_broken_later(
    tmp_path: Path, *, auto: bool, answered_first: bool
) -> None:
    job = Job(tmp_path, 60, body=team_request(auto=auto, NumberOfHumanWorkersPerDataObject=1))
    _until_on_offer(job)
    broken = [one for one in _state(job).progress.objects if one not in _state(job).looked_ahead][:5]
    for one in broken:
        job.contents[f"s3://{BUCKET}/images/{one}.jpg"] = b"no image"
    if answered_first:
        job.answer_all(ANN)
        job.clock += timedelta(seconds=100)
    asked = set()
    while not job.run().is_over:
        while task := job.answer(ANN):
            asked.add(task.object_id)
        job.clock += timedelta(seconds=100)
    counters = job.now_as.counters
    assert (job.now_as.status, counters.failed, counters.unlabeled) == ("Completed", 5, 0)
    assert counters.total == 55
    assert not asked & set(broken)
    reasons = [line for line in lines(job) if "NotAnImage" in json.dumps(line)]
    assert len(reasons) == 5
    assert isinstance(job.tools.logs, MemoryLogs)
    told = [line for stream in job.tools.logs.streams.values() for line in stream if "cannot be used" in line]
    assert len(told) == 5


def _until_on_offer(job: Job) -> None:
    while job.tools.people.offer(job.name) is None or job.next(ANN) is None:
        assert take_step(job.name, job.tools, job.events) == AT_ONCE


def test_lost_tables_are_made_again_from_the_files(tmp_path: Path) -> None:
    job = Job(tmp_path, 12)
    job.run()
    job.answer(ANN)
    job.answer(BOB)
    job.answer(ANN)
    task = job.next(CAT)
    assert task is not None
    job.tasks.accept(CAT, task.task_id, job.clock)
    job.tasks.save_draft(CAT, task.task_id, b"strokes")
    job.tasks.decline(BOB, _begin(job, BOB), "blurred", "", job.clock)
    job.later(100)
    assert job.now_as.counters.human == 1
    store = MemoryTasks()
    job.tools = replace(job.tools, people=store)
    job.tasks = replace(job.tasks, store=store)
    job.run()
    progress = job.tasks.progress(job.name, job.clock)
    assert (progress.offered, progress.answers, len(progress.declines)) == (10, 3, 1)
    again = job.next(CAT)
    assert again is not None
    assert again.object_id == task.object_id
    assert job.tasks.draft(CAT, again.task_id) == b"strokes"
    assert len(job.tasks.recent(ANN, job.clock)) == 2
    for _ in range(5):
        job.answer_all(ANN, BOB, CAT)
        job.later(100)
    assert (job.now_as.status, job.now_as.counters.human) == ("Completed", 12)
    assert labeled(job) == 12


def test_tables_of_yesterday_catch_up_with_the_files(tmp_path: Path) -> None:
    """A backup that was restored: nobody is asked again for what is answered, nor who declined."""
    job = Job(tmp_path, 3)
    job.run()
    backup = deepcopy(job.tools.people)
    first = job.answer(ANN)
    assert first is not None
    job.tasks.decline(BOB, _begin(job, BOB), "blurred", "", job.clock)
    assert isinstance(backup, MemoryTasks)
    job.tools = replace(job.tools, people=backup, compared=set())
    job.tasks = replace(job.tasks, store=backup)
    job.run()
    progress = job.tasks.progress(job.name, job.clock)
    assert (progress.answers, len(progress.declines)) == (1, 1)
    assert [task.object_id for task in (job.answer(ANN), job.answer(ANN)) if task] == ["1", "2"]
    assert job.answer(ANN) is None
    job.answer_all(BOB, CAT)
    job.later(100)
    assert job.now_as.counters.human == 3


def test_time_that_runs_out_gives_the_object_to_others(tmp_path: Path) -> None:
    job = Job(tmp_path, 1, body=body(NumberOfHumanWorkersPerDataObject=1))
    job.run()
    task_id = _begin(job, ANN)
    job.later(299)
    assert job.next(BOB) is None
    job.later(1 + GRACE.total_seconds())
    assert job.next(BOB) is not None
    assert job.tasks.progress(job.name, job.clock).workers[0].expired == 1
    assert task_id


@pytest.mark.parametrize("killed_at", range(0, 60, 3))
def test_killed_at_any_write_the_job_ends_with_the_same_labels(tmp_path: Path, killed_at: int) -> None:
    job = Job(tmp_path, 3, body=body(NumberOfHumanWorkersPerDataObject=1))
    objects = job.tools.objects
    assert isinstance(objects, MemoryEngineObjects)
    objects.fail_after = killed_at
    for _ in range(20):
        try:
            if job.run().is_over:
                break
            job.answer_all(ANN)
            job.later(100)
        except Killed:
            objects.fail_after = None
    assert (job.now_as.status, job.now_as.counters.human) == ("Completed", 3)
    entries = [
        entry["datasetObjectId"]
        for path, text in job.files.items()
        if "/consolidation-response/" in path
        for entry in json.loads(text)
    ]
    assert sorted(entries) == ["0", "1", "2"]
    assert labeled(job) == 3


def _begin(job: Job, worker: Any) -> str:
    task = job.next(worker)
    assert task is not None
    job.tasks.accept(worker, task.task_id, job.clock)
    return task.task_id


def test_nobody_waits_for_the_last_answers_of_others(tmp_path: Path) -> None:
    job = Job(tmp_path, 40, body=body(MaxConcurrentTaskCount=20))
    job.run()
    slow = _begin(job, CAT)
    for _ in range(40):
        job.answer(ANN)
        job.answer(BOB)
        job.run()
        offered = job.tasks.progress(job.name, job.clock)
        assert offered.in_work + offered.untouched <= 20
    assert job.now_as.counters.human >= 20
    assert job.tasks.task(CAT, slow, job.clock - timedelta(seconds=100))


def test_nobody_waits_for_a_colleague_who_is_away(tmp_path: Path) -> None:
    """Two answers an object: who is alone this morning goes on with the next ones, though those of the first sample
    are free for the other."""
    job = Job(tmp_path, 60, body=body(MaxConcurrentTaskCount=100))
    job.run()
    assert job.answer_all(ANN) == 10
    job.later(3600)  # lunch
    for _ in range(50):
        assert job.answer(ANN)
        job.run()
    job.later(120)
    assert job.answer_all(BOB) == 60
    assert job.later(120).is_over
    assert (job.now_as.status, labeled(job)) == ("Completed", 60)


def test_people_are_asked_on_while_the_machine_is_about_to_train(tmp_path: Path) -> None:
    """Of the first round's pool and sample they are not; they are part of the next batch."""
    job = Job(tmp_path, 200, body=team_request(NumberOfHumanWorkersPerDataObject=1, MaxConcurrentTaskCount=20))
    machine = job.tools.machine
    assert isinstance(machine, RememberingMachine)
    while not machine.lessons:
        if job.tools.people.offer(job.name):
            job.answer(ANN)
            job.answer(BOB)
        if take_step(job.name, job.tools, job.events) != AT_ONCE:
            job.clock += timedelta(seconds=10)
    state = _state(job)
    ahead = state.ahead
    assert ahead is not None
    assert len(ahead.object_ids) == 12
    first = state.progress.rounds[0]
    assert not set(ahead.object_ids) & {*first.machine, *machine.lessons[0]}
    assert set(first.passed_over) == {
        one for one in ahead.object_ids if first.threshold and machine.confidence(one) >= first.threshold
    }
    while not job.run().is_over:
        state = _state(job)
        job.answer_all(ANN, BOB)
        job.clock += timedelta(seconds=100)
    assert (job.now_as.status, job.now_as.counters.total) == ("Completed", 200)
    assert labeled(job) == 200
    batches = state.progress.batches
    sizes = [len(batch.labeled) for batch in batches[:4]]
    assert sizes == [10, 10, 20, 20]
    assert set(ahead.object_ids) <= {*batches[3].labeled}
    assert not set(first.passed_over) & {*state.progress.validation()}


def test_a_stop_keeps_what_was_answered_ahead(tmp_path: Path) -> None:
    job = Job(tmp_path, 60, body=body(MaxConcurrentTaskCount=20, NumberOfHumanWorkersPerDataObject=1))
    job.run()
    slow = _begin(job, CAT)
    for _ in range(14):
        job.answer(ANN)
        job.run()
    job.tools.store.request_stop(job.name, job.clock)
    assert job.run().is_over
    assert (job.now_as.status, job.now_as.counters.human, labeled(job)) == ("Stopped", 14, 14)
    assert slow


def test_the_stopping_condition_counts_what_is_asked_ahead(tmp_path: Path) -> None:
    job = Job(tmp_path, 60, body=body(StoppingConditions={"MaxHumanLabeledObjectCount": 13}))
    for _ in range(30):
        if job.run().is_over:
            break
        job.answer(ANN)
        job.answer(BOB)
        job.clock += timedelta(seconds=20)
    assert (job.now_as.status, job.now_as.counters.human) == ("Stopped", 13)


SECONDS_ALLOWED = 20 * 2 * 300
"""Of 20 answers that take all the time that a task has, or of many more that take less."""


@pytest.mark.parametrize("seconds", [300, 120, 80])
def test_people_are_never_asked_for_more_time_than_a_job_may_take(tmp_path: Path, seconds: int) -> None:
    """Whoever pays by the hour said how much: it holds even if every answer that is out takes its whole time."""
    tags = [{"Key": "gt-engine:people-seconds", "Value": str(SECONDS_ALLOWED)}]
    job = Job(tmp_path, 60, body=body(Tags=tags))
    answers, worst = 0, 0
    for _ in range(400):
        if job.run().is_over:
            break
        out = sum(len(one.left) for one in _state(job).open_batches)
        worst = max(worst, round(_state(job).people_seconds) + out * 2 * 300)
        for worker in (ANN, BOB):
            answers += job.answer(worker, seconds=seconds) is not None
        job.clock += timedelta(seconds=60)
    else:
        raise AssertionError("the job does not end")
    ended = job.now_as
    given = [json.loads(body)["answers"] for name, body in job.files.items() if "/worker-response/" in name]
    spent = sum(answer["timeSpentInSeconds"] for one in given for answer in one)
    assert spent == answers * seconds <= worst <= SECONDS_ALLOWED
    assert labeled(job) == ended.counters.human == answers // 2
    if seconds == 80:
        assert (ended.status, ended.counters.human) == ("Completed", 60)
    else:
        assert ended.status == "Stopped"
        assert spent + 3 * 2 * 300 > SECONDS_ALLOWED  # and not before


def test_little_time_is_enough_for_people_who_are_quick(tmp_path: Path) -> None:
    """Six tasks of five minutes pay for twenty images of half a minute: a few at a time, and never more than fits."""
    tags = [{"Key": "gt-engine:people-seconds", "Value": str(6 * 300)}]
    job = Job(tmp_path, 20, body=body(NumberOfHumanWorkersPerDataObject=1, Tags=tags))
    job.run()
    job.tasks.decline(ANN, _begin(job, ANN), "cannot-be-shown", "", job.clock)  # one of six is no tenth of ten
    for _ in range(100):
        if job.run().is_over:
            break
        out = sum(len(one.left) for one in _state(job).open_batches)
        assert _state(job).people_seconds + out * 300 <= 6 * 300
        while job.answer(ANN, seconds=30) is not None:
            pass
        job.clock += timedelta(seconds=60)
    assert (job.now_as.status, job.now_as.counters.human, job.now_as.counters.failed) == ("Completed", 19, 1)


def test_what_people_have_no_time_for_is_left_to_the_machine(tmp_path: Path) -> None:
    """The labels that were paid for are to teach the machine, even where no more can be paid for."""
    tags = [{"Key": "gt-engine:people-seconds", "Value": str(40 * 300)}]
    job = Job(tmp_path, 240, body=team_request(NumberOfHumanWorkersPerDataObject=1, Tags=tags))
    for _ in range(100):
        if job.run().is_over:
            break
        while job.answer(ANN, seconds=299) is not None:
            pass
        job.later(100)
    assert (job.now_as.status, job.now_as.counters.human) == ("Stopped", 40)
    assert job.now_as.counters.machine
    assert job.now_as.final_model_arn


def _state(job: Job) -> JobState:
    version = job.now_as.version
    names = [f"temp/checkpoint-{one:06}.json.gz" for one in (version, version - 1)]
    return load(gzip.decompress(next(job.files[name] for name in names if name in job.files)))
