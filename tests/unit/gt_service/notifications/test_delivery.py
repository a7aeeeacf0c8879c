"""Sending: to a real server on this machine, each channel once, what fails later again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from standardwebhooks import Webhook

from gt_service.notifications import delivery
from gt_service.notifications.channels import Channels, parse_channels
from gt_service.notifications.delivery import DeliveryFailed, Sender, announce, deliver, known_channels
from gt_service.notifications.due import Delivery, Kind, Notification
from tests import pages_data as data

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
KEY = "0123456789abcdef"
TOLD = Notification("job/birds-0001/completed", Kind.COMPLETED, "birds", NOW, "done", "all done", job="birds-0001")


class MemoryLog:
    """`Notifications` in a dictionary."""

    def __init__(self) -> None:
        self.items: dict[str, Delivery] = {}

    def told(self, campaign: str, since: datetime, now: datetime) -> frozenset[str]:
        return frozenset(self.items)

    def begin(self, notification: Notification, now: datetime) -> bool:
        if notification.id in self.items:
            return False
        self.items[notification.id] = Delivery(notification, "queued", 0, frozenset(), None)
        return True

    def claim(self, campaign: str, notification_id: str, now: datetime) -> Delivery | None:
        found = self.items[notification_id]
        if found.state not in ("queued", "retrying"):
            return None
        self.items[notification_id] = replace(found, state="sending", tries=found.tries + 1)
        return self.items[notification_id]

    def sent(self, delivery: Delivery, channel: str) -> None:
        item = self.items[delivery.notification.id]
        self.items[delivery.notification.id] = replace(item, sent_to=item.sent_to | {channel})

    def close(self, delivery: Delivery, error: str | None) -> None:
        item = self.items[delivery.notification.id]
        self.items[delivery.notification.id] = replace(item, state="retrying" if error else "sent", error=error)


@dataclass
class Receiver:
    """A web server that keeps what it gets; `answers` are its next statuses, 200 after that."""

    url: str
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    retry_after: str = "77"
    drips: bool = False


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, dict(self.headers.items()), body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Retry-After", found.retry_after.encode().decode("latin-1"))
            self.send_header("Location", f"{found.url}/elsewhere")
            drips, found.drips = found.drips, False
            self.send_header("Content-Length", "100" if drips else "0")
            self.end_headers()
            with suppress(OSError):
                for _ in range(100 if drips else 0):
                    self.wfile.write(b".")
                    self.wfile.flush()
                    time.sleep(0.1)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def channels(receiver: Receiver) -> Channels:
    webhook = {"kind": "webhook", "name": "billing", "url": f"{receiver.url}/hook", "key": KEY}
    slack = {"kind": "slack", "name": "birders", "url": f"{receiver.url}/slack"}
    told = {"pages_url": "https://pages.example/api", "channels": [webhook, slack]}
    return parse_channels(json.dumps(told), allow_loopback=True)


def clock() -> datetime:
    """The receiver's own: it refuses what was signed at another time."""
    return datetime.now(UTC)


def try_once(log: MemoryLog, known: Channels) -> None:
    deliver(log, Sender(None, clock), known, "birds", TOLD.id, NOW)


@pytest.fixture
def log() -> MemoryLog:
    found = MemoryLog()
    found.begin(TOLD, NOW)
    return found


def test_every_channel_gets_it_once_however_often_the_queue_delivers(log: MemoryLog, receiver: Receiver) -> None:
    for _ in range(3):
        try_once(log, channels(receiver))
    assert sorted(path for path, _, _ in receiver.got) == ["/hook", "/slack"]
    assert log.items[TOLD.id].state == "sent"


def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(log: MemoryLog, receiver: Receiver) -> None:
    try_once(log, channels(receiver))
    ((_, headers, body),) = [one for one in receiver.got if one[0] == "/hook"]
    Webhook(KEY.encode()).verify(body, dict(headers))
    assert headers["Webhook-Id"] == "birds/job/birds-0001/completed"
    assert json.loads(body)["page_url"] == "https://pages.example/api/jobs/birds-0001"


@pytest.mark.parametrize("status", [500, 503, 429, 404, 302])
def test_only_the_channel_that_failed_is_tried_again(log: MemoryLog, receiver: Receiver, status: int) -> None:
    """Slack must not get it twice because the billing system was down; a redirect is not followed."""
    receiver.answers = [status]
    with pytest.raises(DeliveryFailed) as failed:
        try_once(log, channels(receiver))
    assert failed.value.wait == 77
    assert log.items[TOLD.id].state == "retrying"
    assert log.items[TOLD.id].error == f"billing: HTTP {status}"
    try_once(log, channels(receiver))
    assert [path for path, _, _ in receiver.got] == ["/hook", "/slack", "/hook"]
    assert (log.items[TOLD.id].state, log.items[TOLD.id].tries, log.items[TOLD.id].error) == ("sent", 2, None)


def test_an_address_that_does_not_answer_fails_without_naming_its_secret(log: MemoryLog) -> None:
    slack = {"kind": "slack", "name": "birders", "url": "http://127.0.0.1:9/secret-path"}
    with pytest.raises(DeliveryFailed) as failed:
        try_once(log, parse_channels(json.dumps({"channels": [slack]}), allow_loopback=True))
    assert "birders" in str(failed.value)
    assert "secret-path" not in str(failed.value)


class Failing(Sender):
    """One channel's receiver breaks whatever talks to it."""

    def send(self, notification: Notification, channel: Any, pages_url: str) -> None:
        if channel.name == "billing":
            raise UnicodeEncodeError("ascii", "https://é/secret-path", 8, 9, "secret-path")
        super().send(notification, channel, pages_url)


def test_a_receiver_that_breaks_us_silences_nobody_behind_it(log: MemoryLog, receiver: Receiver) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        deliver(log, Failing(None, clock), channels(receiver), "birds", TOLD.id, NOW)
    assert [path for path, _, _ in receiver.got] == ["/slack"]
    assert str(failed.value) == "billing: UnicodeEncodeError"


@pytest.mark.parametrize(
    ("asked", "wait"), [("77", 77), ("9" * 5000, None), ("٧", None), ("Wed, 21 Oct", None), ("", None)]
)
def test_a_receiver_may_ask_for_a_wait_that_somebody_waits(
    log: MemoryLog, receiver: Receiver, asked: str, wait: int | None
) -> None:
    receiver.answers, receiver.retry_after = [503], asked
    with pytest.raises(DeliveryFailed) as failed:
        try_once(log, channels(receiver))
    assert failed.value.wait == wait
    assert [path for path, _, _ in receiver.got] == ["/hook", "/slack"]


def test_an_answer_that_drips_is_given_up(log: MemoryLog, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read is in time, and the whole never ends: the function runs out of time, and with it the other channels."""
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 0.5)
    receiver.drips = True
    with pytest.raises(DeliveryFailed) as failed:
        try_once(log, channels(receiver))
    assert "OutOfTime" in str(failed.value)
    assert [path for path, _, _ in receiver.got] == ["/hook", "/slack"]


def test_nobody_listens_is_no_failure(log: MemoryLog) -> None:
    try_once(log, Channels())
    assert log.items[TOLD.id].state == "sent"


class MemoryQueue:
    def __init__(self) -> None:
        self.put_in: list[str] = []

    def put(self, notification: Notification) -> None:
        self.put_in.append(notification.id)


def test_the_same_state_is_announced_once() -> None:
    """Reconcile looks every few minutes; each look must not be a message."""
    log, queue = MemoryLog(), MemoryQueue()
    for _ in range(3):
        announce(log, queue, data.campaign(spent_mills=0), data.chain(), NOW)
    assert len(queue.put_in) == len(set(queue.put_in)) == 7
    assert "job/birds-0003/started" in queue.put_in


class Parameters:
    """SSM with one parameter, or none."""

    class exceptions:  # noqa: N801 - as boto3 names it
        class ParameterNotFound(Exception):
            pass

    def __init__(self, value: str | None) -> None:
        self.value = value

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert WithDecryption
        if self.value is None:
            raise self.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.value}}


def test_a_changed_list_is_in_force_at_once() -> None:
    """Kept in one process and not in another, an old list would swallow what a new channel should hear."""
    parameters = Parameters('{"channels": []}')
    assert known_channels(parameters, "/x/notifications") == Channels()
    parameters.value = json.dumps({"channels": [{"kind": "slack", "name": "birders", "url": "https://example.org/x"}]})
    assert [one.name for one in known_channels(parameters, "/x/notifications").channels] == ["birders"]


def test_no_parameter_means_no_channels() -> None:
    assert known_channels(Parameters(None), "/x/notifications") == Channels()
