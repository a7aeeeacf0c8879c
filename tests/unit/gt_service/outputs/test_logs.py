"""Training logs: sizes and curves from what the containers really print."""

from __future__ import annotations

from typing import Any

import pytest

from gt_service.outputs.logs import CloudWatchTrainingLogs, LogLine, read_curve
from tests.factories import detection_log

STAMP = "[07/14/2020 22:20:18 INFO 140558353856320]"


@pytest.mark.parametrize("python", [2, 3])
def test_logs_of_python_2_and_3_containers(python: int) -> None:
    """The notebook looks for u'…' and raises on the logs of newer containers."""
    curve = read_curve(detection_log("job", (0.1, 0.25), samples=606, python=python, seconds=90))
    assert (curve.samples, curve.metric, curve.scores, curve.seconds) == (606, "mAP", (0.1, 0.25), 90)


@pytest.mark.parametrize(
    ("message", "metric", "score"),
    [
        (f"{STAMP} #quality_metric: host=algo-1, epoch=3, validation mAP <score>=(0.123)", "mAP", 0.123),
        (f"{STAMP} #quality_metric: host=algo-1, epoch=3, validation mAP <score>=(0.123)\n", "mAP", 0.123),
        (f"{STAMP} #quality_metric: host=algo-1, epoch=0, validation mAP <score>=(2.5e-05)", "mAP", 2.5e-05),
        ("[07/14/2020 22:21:00 INFO 1] Epoch[0] Validation-accuracy=0.274554", "accuracy", 0.274554),
        (f"{STAMP} #quality_metric: host=algo-1, epoch=1, validation mIOU <score>=0.41", "mIOU", 0.41),
    ],
)
def test_the_validation_score_of_each_algorithm(message: str, metric: str, score: float) -> None:
    """A task type's training curves would be empty, or crash the report on a newline."""
    curve = read_curve([LogLine(0, message)])
    assert (curve.metric, curve.scores) == (metric, (score,))


def test_training_losses_are_no_validation_scores() -> None:
    """The curve would mix losses with scores."""
    lines = [LogLine(0, f"{STAMP} #quality_metric: host=algo-1, epoch=1, batch=3 train smooth_l1 <loss>=(0.9)")]
    assert read_curve(lines).scores == ()


def test_several_hosts_give_one_curve() -> None:
    """Two hosts print the same scores: the notebook reads one stream at random, adding them up would double epochs."""
    lines = [
        *detection_log("job", (0.1,), samples=10, host=1),
        *detection_log("job", (0.1, 0.2, 0.3), samples=10, host=2),
    ]
    assert read_curve(lines).scores == (0.1, 0.2, 0.3)


def test_an_empty_log_is_no_error() -> None:
    """The notebook fails on a training job that was stopped before it wrote its configuration."""
    curve = read_curve([])
    assert (curve.samples, curve.scores, curve.seconds) == (None, (), None)


class PagedLogs:
    """CloudWatch Logs' way of paging: the token after the last page is the token of the last page, for ever."""

    class exceptions:  # noqa: N801 - boto3's name
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self, streams: dict[str, list[str]], page: int = 2) -> None:
        self.streams = streams
        self.page = page
        self.calls = 0

    def get_paginator(self, name: str) -> PagedLogs:
        assert name == "describe_log_streams"
        return self

    def paginate(self, **asked: str) -> list[dict[str, Any]]:
        if not self.streams:
            raise self.exceptions.ResourceNotFoundException
        prefix = asked["logStreamNamePrefix"]
        return [{"logStreams": [{"logStreamName": name}]} for name in self.streams if name.startswith(prefix)]

    def get_log_events(self, **asked: Any) -> dict[str, Any]:
        self.calls += 1
        assert self.calls < 50, "the reader never ends"
        messages = self.streams[asked["logStreamName"]]
        start = int(asked.get("nextToken", "0"))
        shown = messages[start : start + self.page]
        return {
            "events": [{"timestamp": start + i, "message": message} for i, message in enumerate(shown)],
            "nextForwardToken": str(min(start + self.page, len(messages))),
        }


def lines_of(client: PagedLogs, job: str) -> list[str]:
    logs = CloudWatchTrainingLogs(client)  # type: ignore[arg-type]
    return [line.message for line in logs.lines(job)]


def test_a_log_of_many_pages_is_read_to_its_end_and_no_further() -> None:
    """Two of AWS's notebooks loop for ever on such a log."""
    messages = [f"line {n}" for n in range(7)]
    assert lines_of(PagedLogs({"job/algo-1-1": messages}), "job") == messages


def test_all_streams_of_a_job_and_none_of_another() -> None:
    """A job whose name begins another's would get the other's curve; further hosts would be left out."""
    client = PagedLogs({"job/algo-1-1": ["a"], "job/algo-2-1": ["b"], "job-10/algo-1-1": ["c"]})
    assert lines_of(client, "job") == ["a", "b"]


def test_no_log_group_is_no_error() -> None:
    """In an account where nothing was ever trained the report would fail."""
    assert lines_of(PagedLogs({}), "job") == []
