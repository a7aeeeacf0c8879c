"""What a team is told by its topic: once that there is work, once that its time is nearly over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gt_engine.jobs.stepping import take_step
from gt_engine.store import Phase
from gt_engine.workforce.teams import Workteam
from gt_service.errors import Conflict
from tests.engine import MemoryLogs, MemoryTopics
from tests.people import ANN, BOB, START, TEAM, Job, memory_store, team_request

TOPIC = "arn:aws:sns:us-east-1:111122223333:work"
HOUR = 3600


def job_with_topic(directory: Path, topic: str | None = TOPIC, objects: int = 6) -> tuple[Job, MemoryTopics]:
    job = Job(directory, objects, body=team_request(auto=False, TaskAvailabilityLifetimeInSeconds=10 * HOUR))
    notification = {"NotificationTopicArn": topic} if topic else {}
    job.tools.teams.create_team(Workteam("birders", TEAM, "Know birds", [], START, START, notification))
    assert isinstance(job.tools.topics, MemoryTopics)
    return job, job.tools.topics


def told(topics: MemoryTopics) -> list[str]:
    return [message.attributes["event"] for _, message in topics.published]


def test_a_team_is_told_once_of_work_and_once_before_its_time_is_over(tmp_path: Path) -> None:
    job, topics = job_with_topic(tmp_path)
    wait = job.run()
    [(topic, message)] = topics.published
    assert (topic, message.attributes) == (
        TOPIC,
        {"event": "work-available", "job": job.name, "team": TEAM},
    )
    assert "https://portal.example" in message.message
    assert message.subject.isascii()
    assert wait.not_before == START + timedelta(hours=9)
    job.later(8 * HOUR)
    assert told(topics) == ["work-available"]
    job.later(1 * HOUR)
    job.later(60)
    assert told(topics) == ["work-available", "work-expiring"]
    job.later(HOUR)
    assert job.now_as.status == "Failed"  # nobody came
    assert len(topics.published) == 2


def test_who_has_done_everything_is_not_reminded(tmp_path: Path) -> None:
    job, topics = job_with_topic(tmp_path)
    job.run()
    job.answer_all(ANN, BOB)
    job.later(9.5 * HOUR)
    assert job.now_as.phase is Phase.COMPLETED
    assert told(topics) == ["work-available"]


def test_of_two_engines_at_one_job_one_tells_the_team(tmp_path: Path) -> None:
    job, topics = job_with_topic(tmp_path)
    while not job.tools.people.offer(job.name):
        before = job.now_as
        take_step(job.name, job.tools, job.events)
    memory_store(job.tools).records[job.name.lower()] = before  # as the slower engine has read it
    job.tools.store.advance = lost  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        take_step(job.name, job.tools, job.events)
    assert told(topics) == ["work-available"]


def lost(*_: object, **__: object) -> None:
    raise Conflict("the record has moved on")


@pytest.mark.parametrize("topic", [None, TOPIC])
def test_a_team_that_cannot_be_told_works_all_the_same(tmp_path: Path, topic: str | None) -> None:
    job, topics = job_with_topic(tmp_path, topic)
    topics.closed = True
    job.run()
    job.answer_all(ANN, BOB)
    job.later(120)
    assert job.now_as.phase is Phase.COMPLETED
    assert isinstance(job.tools.logs, MemoryLogs)
    said = [line for lines in job.tools.logs.streams.values() for line in lines if "no sns:Publish" in line]
    assert len(said) == (topic is not None)
