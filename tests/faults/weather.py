"""A deployment on a bad day: every call to AWS may fail before or after it took effect, kill the handler that made it,
or find that another handler ran to its end in between; every message may come twice, late, in any order, or be lost
where its sender may lose it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from gt_service.objects import S3Uri
from tests.world import World

Answer = TypeVar("Answer")


class Killed(BaseException):
    """The function's process ended: nothing in it may catch this."""


class Fault(StrEnum):
    KILLED_BEFORE = "killed before the call"
    KILLED_AFTER = "killed after the call"
    FAILS_BEFORE = "the call fails and took no effect"
    FAILS_AFTER = "the call took effect, and seems to have failed"
    MEANWHILE = "another handler runs between two calls"


class Weather:
    """Lets the n-th call from now go wrong, once."""

    def __init__(self) -> None:
        self._calls_left = -1
        self._fault = Fault.FAILS_BEFORE
        self._meanwhile: Callable[[], None] = lambda: None
        self.struck = False

    @contextmanager
    def forecast(self, calls: int, fault: Fault, meanwhile: Callable[[], None]) -> Iterator[None]:
        self._calls_left, self._fault, self._meanwhile, self.struck = calls, fault, meanwhile, False
        try:
            yield
        finally:
            self._calls_left = -1

    def before(self, operation: str) -> None:
        """Called before every call to AWS."""
        self._calls_left -= 1
        if self._calls_left != 0:
            return
        if self._fault is Fault.MEANWHILE:
            self.struck = True
            self._calls_left = -1
            self._meanwhile()
        elif self._fault in {Fault.KILLED_BEFORE, Fault.FAILS_BEFORE}:
            self._strike(operation)

    def after(self, operation: str) -> None:
        """Called after every call that took effect."""
        if self._calls_left == 0 and self._fault in {Fault.KILLED_AFTER, Fault.FAILS_AFTER}:
            self._strike(operation)

    def _strike(self, operation: str) -> None:
        self.struck = True
        self._calls_left = -1
        if self._fault in {Fault.KILLED_BEFORE, Fault.KILLED_AFTER}:
            raise Killed(operation)
        code = "ThrottlingException" if self._fault is Fault.FAILS_BEFORE else "InternalServerError"
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
    """All queues in the open. `events` are EventBridge's, which may be lost; S3's and SQS's come at least once."""

    def __init__(self) -> None:
        super().__init__()
        self.weather = Weather()
        self.uploads: list[Any] = []
        self.events: list[str] = []
        self.calm_objects, self.calm_sagemaker = self.objects, self.sagemaker
        self.objects = Stormy(self.objects, self.weather)
        self.sagemaker = Stormy(self.sagemaker, self.weather)

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
