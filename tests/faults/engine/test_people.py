"""People at a job while AWS has a bad day: the engine's steps fail and are done again, and no stroke is lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gt_engine.jobs.faults import Fault
from gt_engine.jobs.worker import attempt
from tests.faults.engine.sky import Sky, Trouble, Under
from tests.faults.engine.test_jobs import WEATHERS
from tests.people import ANN, BOB, Job

OBJECTS = 14
A_DAY = 86_400.0


def play(job: Job, sky: Sky) -> None:
    """People answer whatever there is, and the engine is woken again and again, until the job has ended."""
    tools = replace(
        job.tools,
        objects=Under(sky, "s3", job.tools.objects),
        store=Under(sky, "dynamodb", job.tools.store),
        people=Under(sky, "dynamodb", job.tools.people),
    )
    events = Under(sky, "events", job.events)
    while sky.now < A_DAY:
        job.answer_all(ANN, BOB)
        report = attempt(job.name, lambda: (tools, events))
        assert report.trouble is None or report.fault is Fault.PASSING, report.trouble
        if report.trouble is None and not report.has_more and report.wait_seconds is None:
            return
        seconds = 30.0 if report.trouble else 20.0 if report.wait_seconds is not None else 0.0
        sky.now += seconds
        job.clock += timedelta(seconds=seconds)
    raise AssertionError("the job was still at work after a day")


@pytest.mark.parametrize("start", [0.0, 1.0, 60.0, 150.0])
@pytest.mark.parametrize("weather", [name for name in WEATHERS if "log" not in name])
def test_every_answer_becomes_a_label_whatever_the_weather(tmp_path: Path, weather: str, start: float) -> None:
    job = Job(tmp_path, OBJECTS)
    play(job, Sky([WEATHERS[weather](start)]))
    record = job.now_as
    assert (record.status, record.failure_reason) == ("Completed", None)
    assert (record.counters.human, record.counters.failed) == (OBJECTS, 0)
    lines = [json.loads(line) for line in job.files["manifests/output/output.manifest"].splitlines()]
    assert sum("category" in line for line in lines) == OBJECTS
    answers = Counter(
        (answer["workerId"], path.split("/")[3])
        for path, body in job.files.items()
        if "/worker-response/" in path
        for answer in json.loads(body)["answers"]
    )
    assert len(answers) == 2 * OBJECTS
    assert set(answers.values()) == {1}


def test_the_weather_is_felt(tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    sky = Sky([Trouble(0, 75, WEATHERS["all connections break for 75 seconds"](0).error)])
    play(Job(tmp_path, OBJECTS), sky)
    assert sky.refused > 1
