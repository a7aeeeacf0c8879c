"""A deployment on a bad day: every call to AWS may fail before or after it took effect, kill the handler that made it,
or find that another handler ran to its end in between, several of these in one run; every message may come twice, late,
in any order, or be lost; and the functions' clock may be wrong, while S3's and SageMaker's is right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from gt_service.objects import S3Uri
from tests.world import World

Answer = TypeVar("Answer")

_MOST_ROUNDS = 100


class Killed(BaseException):
    """The function's process ended: nothing in it may catch this."""


class Fault(StrEnum):
    KILLED_BEFORE = "killed before the call"
    KILLED_AFTER = "killed after the call"
    FAILS_BEFORE = "the call fails and took no effect"
    FAILS_AFTER = "the call took effect, and seems to have failed"
    MEANWHILE = "another handler runs between two calls"


@dataclass
class Strike:
    """What goes wrong at the n-th call after the strike before. meanwhile: who comes in between."""

    calls: int
    fault: Fault
    meanwhile: Callable[[], None]


class Weather:
    """Lets some of the calls to come go wrong."""

    def __init__(self) -> None:
        self._coming: list[Strike] = []
        self.struck = False

    @contextmanager
    def forecast(self, strikes: Sequence[Strike]) -> Iterator[None]:
        self._coming, self.struck = list(strikes), False
        try:
            yield
        finally:
            self._coming = []

    def before(self, operation: str) -> None:
        """Called before every call to AWS."""
        if not self._coming:
            return
        strike = self._coming[0]
        strike.calls -= 1
        if strike.calls != 0:
            return
        if strike.fault is Fault.MEANWHILE:
            # The other one has fair weather: what it goes through in the worst is another step of the schedule.
            self.struck, coming = True, self._coming[1:]
            self._coming = []
            strike.meanwhile()
            self._coming = coming
        elif strike.fault in {Fault.KILLED_BEFORE, Fault.FAILS_BEFORE}:
            self._strike(operation)

    def after(self, operation: str) -> None:
        """Called after every call that took effect."""
        if self._coming and self._coming[0].calls == 0:
            self._strike(operation)

    def _strike(self, operation: str) -> None:
        self.struck, fault = True, self._coming.pop(0).fault
        if fault in {Fault.KILLED_BEFORE, Fault.KILLED_AFTER}:
            raise Killed(operation)
        code = "ThrottlingException" if fault is Fault.FAILS_BEFORE else "InternalServerError"
        raise ClientError({"Error": {"Code": code, "Message": "bad weather"}}, operation)

    def through(self, operation: str, call: Callable[[], Answer]) -> Answer:
        self.before(operation)
        answer = call()
        self.after(operation)
        return answer


class Stormy:
    """A fake whose every call goes through the weather."""

    def __init__(self, inner: Any, weather: Weather) -> None:
        self._inner, self._weather = inner, weather

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not callable(method):
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            def consumed() -> Any:
                # A stream is consumed in the call, as boto3 would have sent or fetched it.
                answer = method(*arguments, **named)
                return list(answer) if name in {"list", "lines"} else answer

            return self._weather.through(name, consumed)

        return call

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        """Many calls, each in its own weather."""
        return map(self.read, uris)


class StormyWorld(World):
    """All queues in the open. `events` are EventBridge's, which may be lost; `uploads` S3's, which may end in the dead
    letters. `skew`: by how much the functions' clock is ahead of everybody else's."""

    def __init__(self) -> None:
        self.skew = timedelta()
        super().__init__()
        self.objects.now = self.sagemaker.now = lambda: self.time
        self.weather = Weather()
        self.uploads: list[Any] = []
        self.events: list[str] = []
        self.calm_objects, self.calm_sagemaker = self.objects, self.sagemaker
        self.objects = Stormy(self.objects, self.weather)
        self.sagemaker = Stormy(self.sagemaker, self.weather)

    def now(self) -> datetime:
        return self.time + self.skew

    def advance(self, campaign: str = "birds") -> None:
        """To the end: a plan that is never done would keep a function busy for ever, and SageMaker with it."""
        rounds = iter(range(_MOST_ROUNDS))
        self.chain.advance(campaign, may_go_on=lambda: next(rounds, None) is not None)
        assert next(rounds, None) is not None, "it never comes to rest"

    def hint(self, campaign: str, *, delay_seconds: int = 0) -> None:
        self.weather.through("SendMessage", lambda: self.hints.append(campaign))

    def ask_report(self, job: str) -> None:
        self.weather.through("SendMessage", lambda: self.report_requests.append(job))

    def ask_labels(self, campaign: str) -> None:
        self.weather.through("SendMessage", lambda: self.label_requests.append(campaign))

    def watch_dynamodb(self) -> None:
        """Puts DynamoDB under the weather: botocore's hooks around every call of the store's one client."""
        events = self.store.tables.connection.client.meta.events
        events.register("before-call.dynamodb", lambda model, **_: self.weather.before(model.name))
        events.register("after-call.dynamodb", self._after)

    def _after(self, http_response: Any, model: Any, **_: Any) -> None:
        if http_response.status_code < 300:
            self.weather.after(model.name)

    def drop(self, key: str, body: bytes) -> None:
        """Somebody uploads an object; S3 tells of it at least once, some time."""
        self.calm_objects.write(S3Uri("inbox", key), body, "application/octet-stream")
        self.uploads.append(self.tell(key, body))
