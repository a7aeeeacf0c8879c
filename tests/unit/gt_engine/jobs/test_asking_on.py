"""Jobs that ask as many people as needed: one answer too many is paid for nothing, one too few is a wrong label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gt_engine.consolidation import Skill, dump_skills
from gt_engine.jobs.team_record import TeamRecord
from gt_service.job_tags import LEAST_WORKERS_TAG
from gt_service.objects import S3Uri
from tests.people import ANN, BOB, CAT, Job, boxes, team_request

HERE, THERE = boxes((10, 10, 20, 20)), boxes((26, 26, 20, 20))


def body(least: int = 1, most: int = 3, **changes: Any) -> dict[str, Any]:
    tags = [{"Key": LEAST_WORKERS_TAG, "Value": str(least)}]
    return team_request(**{"auto": False, "NumberOfHumanWorkersPerDataObject": most, "Tags": tags} | changes)


def responses(job: Job) -> dict[str, list[str]]:
    """Who answered each object."""
    return {
        path.split("/")[-2]: [one["workerId"].rpartition(".")[2] for one in json.loads(content)["answers"]]
        for path, content in job.files.items()
        if path.startswith("annotations/worker-response/")
    }


def test_a_second_is_asked_where_nobody_is_known_and_a_third_only_where_they_disagree(tmp_path: Path) -> None:
    job = Job(tmp_path, 2, body=body())
    job.run()
    assert [job.answer(ANN, HERE), job.answer(ANN, HERE), job.answer(ANN, HERE)][2] is None
    assert job.next(BOB) is None  # not before the job has looked
    assert job.woken
    job.run()
    for answer in (HERE, THERE):
        assert job.answer(BOB, answer) is not None
    job.run()
    assert job.answer(CAT, THERE) is not None
    assert job.answer(CAT, THERE) is None  # the other object has its label
    job.later(200)
    assert responses(job) == {"0": ["ann", "bob"], "1": ["ann", "bob", "cat"]} or responses(job) == {
        "0": ["ann", "bob", "cat"],
        "1": ["ann", "bob"],
    }
    assert (job.now_as.status, job.now_as.counters.human) == ("Completed", 2)


def test_an_answer_that_is_changed_is_decided_on_anew(tmp_path: Path) -> None:
    job = Job(tmp_path, 1, body=body())
    job.run()
    job.answer(ANN, HERE)
    job.run()
    job.answer(BOB, HERE)
    job.run()
    assert job.next(CAT) is None
    task = job.tasks.recent(BOB, job.clock)[0]
    job.tasks.undo(BOB, task.task_id, job.clock)
    job.tasks.submit(BOB, task.task_id, THERE, 3, job.clock)
    job.run()
    assert job.next(CAT) is not None


def test_when_the_time_is_over_what_is_answered_makes_the_label(tmp_path: Path) -> None:
    changes = {"TaskAvailabilityLifetimeInSeconds": 3600}
    job = Job(tmp_path, 1, body=body(**changes))
    job.run()
    job.answer(ANN, HERE)
    job.run()
    job.later(4000)
    job.later(100)
    assert responses(job) == {"0": ["ann"]}


def test_one_decline_does_not_give_an_object_up(tmp_path: Path) -> None:
    job = Job(tmp_path, 1, body=body())
    job.run()
    task = job.next(ANN)
    assert task is not None
    job.tasks.accept(ANN, task.task_id, job.clock)
    job.tasks.decline(ANN, task.task_id, "unclear", "", job.clock)
    job.later(100)
    for worker in (BOB, CAT):
        job.answer(worker, HERE)
        job.run()
    job.later(200)
    assert responses(job) == {"0": ["bob", "cat"]}


def test_what_a_job_has_learnt_of_its_workers_the_next_one_of_the_team_begins_with(tmp_path: Path) -> None:
    job = Job(tmp_path, 6, body=body(least=2))
    job.run()
    for _ in range(20):
        for worker in (ANN, BOB):
            job.answer(worker, HERE)
        job.later(60)
    assert job.now_as.status == "Completed"
    [(path, skills)] = [(path, text) for path, text in job.contents.items() if "/skills/" in path]
    assert {worker: one["right"] for worker, one in json.loads(skills)["workers"].items()} == {
        ANN.worker_id: {"0": 6.0},
        BOB.worker_id: {"0": 6.0},
    }
    record = json.loads(skills)
    for one in record["workers"].values():
        one |= {"right": {"0": 400.0}, "sides": 1600.0}
    job.contents[path] = json.dumps(record).encode()
    following = Job(tmp_path, 6, body=body(LabelingJobName="birds-0002"), tools=job.tools)
    following.run()
    while following.answer(ANN, HERE) is not None:
        following.run()
    following.later(200)
    answers = responses(following)
    assert sum(who == ["ann"] for who in answers.values()) >= 4  # but for those that are checked by chance


def test_two_jobs_of_a_team_that_end_at_once_hand_on_what_both_have_learnt(tmp_path: Path) -> None:
    job = Job(tmp_path, 3, body=body(least=2))
    job.run()
    write_over = job.tools.objects.write_over

    def just_too_late(uri: S3Uri, text: bytes, content_type: str, etag: str | None) -> bool:
        """Another job of the team ends between reading and writing."""
        job.tools.objects.write_over = write_over  # type: ignore[method-assign]
        others = TeamRecord({"cat": Skill({"0": 5.0})}, {"digest": ("cat",)}, ("birds-0007",))
        document = {"workers": dump_skills(others.skills), "gold": others.gold_shown, "jobs": others.jobs}
        assert write_over(uri, json.dumps(document).encode(), content_type, etag)
        return write_over(uri, text, content_type, etag)

    job.tools.objects.write_over = just_too_late  # type: ignore[method-assign]
    for _ in range(8):
        for worker in (ANN, BOB):
            job.answer(worker, HERE)
        job.later(60)
    assert job.now_as.status == "Completed"
    [record] = [json.loads(text) for path, text in job.contents.items() if "/skills/" in path]
    right = {worker: one["right"]["0"] for worker, one in record["workers"].items()}
    assert right == {"cat": 5.0, ANN.worker_id: 3.0, BOB.worker_id: 3.0}
    assert (record["jobs"], record["gold"]) == (["birds-0007", job.name], {"digest": ["cat"]})


def test_the_end_of_a_job_done_again_counts_nobody_twice() -> None:
    record = TeamRecord().after("birds-0001", {"ann": Skill({"0": 2.0})}, {"a": ["ann"]})
    assert record.after("birds-0001", {"ann": Skill({"0": 2.0})}, {"a": ["ann"]}) is record
    following = record.after("birds-0002", {"ann": Skill({"0": 2.0})}, {"a": ["bob"]})
    assert following.skills["ann"].right == {"0": 4.0}
    assert following.gold_shown == {"a": ["ann", "bob"]}


def test_a_file_of_skills_that_is_no_such_file_stops_no_job(tmp_path: Path) -> None:
    job = Job(tmp_path, 1, body=body())
    job.run()
    job.answer(ANN, HERE)
    job.run()
    job.answer(BOB, HERE)
    job.run()
    job.later(200)
    [path] = [path for path in job.contents if "/skills/" in path]
    job.contents[path] = b"[1]"
    following = Job(tmp_path, 1, body=body(LabelingJobName="birds-0002"), tools=job.tools)
    following.run()
    assert following.next(ANN) is not None
