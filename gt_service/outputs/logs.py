"""Training logs: where they are read from, and what is in them.

SageMaker's built-in algorithms write to CloudWatch, log group `/aws/sagemaker/TrainingJobs`, one stream for each host
(`<training job>/algo-1-…`). Images of 2018 to 2020 print Python 2 literals (`u'606'`), later ones Python 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import GetLogEventsRequestTypeDef

LOG_GROUP = "/aws/sagemaker/TrainingJobs"

_SAMPLES = re.compile(r"['\"]num_training_samples['\"]\s*:\s*u?['\"]?(\d+)")
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_SCORES = (
    ("mAP", re.compile(rf"validation mAP <score>=\(?{_NUMBER}")),
    ("accuracy", re.compile(rf"Validation-accuracy={_NUMBER}")),
    ("mIOU", re.compile(rf"validation mIOU <score>=\(?{_NUMBER}", re.IGNORECASE)),
)


@dataclass(frozen=True)
class LogLine:
    """One event of a log stream; `timestamp` in milliseconds since the epoch, as CloudWatch gives it."""

    timestamp: int
    message: str
    stream: str = ""


class TrainingLogs(Protocol):
    """The lines of a training job, stream after stream, each in order of time. Nothing where there is no log."""

    def lines(self, training_job: str) -> Iterator[LogLine]: ...


@dataclass(frozen=True)
class TrainingCurve:
    """What a training log tells: one validation score for each epoch; `seconds` spans from first to last line."""

    samples: int | None
    metric: str | None
    scores: tuple[float, ...]
    seconds: int | None


def read_curve(lines: Iterable[LogLine]) -> TrainingCurve:
    """Pure: the number of training samples, the validation curve and the time, from a log's lines.

    A training on several hosts, or one that was started again, has several streams: the longest curve counts, once.
    No line is kept.
    """
    samples: int | None = None
    curves: dict[tuple[str, str], list[float]] = {}
    first: int | None = None
    last = 0
    for line in lines:
        first = line.timestamp if first is None else min(first, line.timestamp)
        last = max(last, line.timestamp)
        if (score := _score(line.message)) is not None:
            curves.setdefault((line.stream, score[0]), []).append(score[1])
        elif samples is None and (match := _SAMPLES.search(line.message)) is not None:
            samples = int(match.group(1))
    (_, metric), scores = max(curves.items(), key=lambda curve: len(curve[1]), default=(("", None), []))
    seconds = None if first is None else -(-(last - first) // 1000)
    return TrainingCurve(samples, metric, tuple(scores), seconds)


def _score(message: str) -> tuple[str, float] | None:
    for metric, pattern in _SCORES:
        if (match := pattern.search(message)) is not None:
            return metric, float(match.group(1))
    return None


class CloudWatchTrainingLogs:
    """`TrainingLogs` on boto3."""

    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def lines(self, training_job: str) -> Iterator[LogLine]:
        for stream in self._streams(training_job):
            yield from self._events(stream)

    def _streams(self, training_job: str) -> Iterator[str]:
        # A prefix is not a name: `birds-1` is also the beginning of `birds-10/algo-1-…`.
        try:
            pages = self._client.get_paginator("describe_log_streams").paginate(
                logGroupName=LOG_GROUP, logStreamNamePrefix=training_job
            )
            names = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self._client.exceptions.ResourceNotFoundException:
            return
        yield from (name for name in names if name == training_job or name.startswith(f"{training_job}/"))

    def _events(self, stream: str) -> Iterator[LogLine]:
        token: str | None = None
        while True:
            request: GetLogEventsRequestTypeDef = {
                "logGroupName": LOG_GROUP,
                "logStreamName": stream,
                "startFromHead": True,
            }
            if token is not None:
                request["nextToken"] = token
            page = self._client.get_log_events(**request)
            for event in page["events"]:
                yield LogLine(event.get("timestamp", 0), event.get("message", ""), stream)
            # CloudWatch has no last page: the end is where the token stays the same.
            if page["nextForwardToken"] == token:
                return
            token = page["nextForwardToken"]
