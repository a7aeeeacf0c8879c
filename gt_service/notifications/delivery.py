"""Puts what is due into the queue, and sends it from there to SNS, Slack and webhooks: each channel gets it once."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from botocore.exceptions import BotoCoreError, ClientError

from gt_service.notifications import messages
from gt_service.notifications.channels import (
    Channel,
    Channels,
    SlackChannel,
    SnsChannel,
    WebhookChannel,
    parse_channels,
)
from gt_service.notifications.due import TOLD_WITHIN, Delivery, Notification, due
from gt_service.time_limit import time_limit

Json = Mapping[str, Any]

ANSWER_SECONDS = 5
"""How long a receiver may take; it is asked again later, so it may be slow, but not hold up the others."""

logger = logging.getLogger(__name__)


class DeliveryFailed(Exception):
    """A channel did not take a notification; it is tried again after `wait` seconds at least, where it said so.

    No `GtServiceError`: nobody waits for an answer who could be told a remedy. The queue brings the message again.
    """

    def __init__(self, message: str, wait: int | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Queue:
    """Where notifications wait for being sent, on SQS."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    def put(self, notification: Notification) -> None:
        self._client.send_message(
            QueueUrl=self._url, MessageBody=json.dumps({"campaign": notification.campaign, "id": notification.id})
        )

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Lets a message that failed come back after `seconds`."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


class DeliveryLog(Protocol):
    """How far each notification has got (`gt_service.store.notifications.Notifications`)."""

    def told(self, campaign: str, since: datetime, now: datetime) -> frozenset[str]: ...

    def begin(self, notification: Notification, now: datetime) -> bool: ...

    def claim(self, campaign: str, notification_id: str, now: datetime) -> Delivery | None: ...

    def sent(self, delivery: Delivery, channel: str) -> None: ...

    def close(self, delivery: Delivery, error: str | None) -> None: ...


class Waiting(Protocol):
    """Where notifications wait for being sent."""

    def put(self, notification: Notification) -> None: ...


def announce(
    log: DeliveryLog, waiting: Waiting, campaign: Json, jobs: Sequence[Json], now: datetime
) -> tuple[Notification, ...]:
    """Queues what is due and was not told before, and answers with it. Free to call with the same state again."""
    known = log.told(campaign["name"], now - TOLD_WITHIN, now)
    fresh = tuple(
        notification
        for notification in due(campaign, jobs, now=now)
        if notification.id not in known and log.begin(notification, now)
    )
    for notification in fresh:
        waiting.put(notification)
    return fresh


@dataclass(frozen=True)
class Sender:
    """Hands a notification to one channel. now: the clock, by which a webhook is signed. Errors: `DeliveryFailed`."""

    sns: Any
    now: Callable[[], datetime]

    def send(self, notification: Notification, channel: Channel, pages_url: str) -> None:
        if isinstance(channel, SnsChannel):
            message = messages.sns(notification, pages_url)
            try:
                self.sns.publish(**message.request(channel.topic_arn))
            except (BotoCoreError, ClientError) as error:
                raise DeliveryFailed(f"SNS: {error}") from error
        elif isinstance(channel, SlackChannel):
            body = messages.slack(notification, pages_url)
            _post(channel.url.get_secret_value(), body, {"Content-Type": "application/json"})
        elif isinstance(channel, WebhookChannel):
            body = messages.webhook(notification, pages_url)
            identity = f"{notification.campaign}/{notification.id}"
            headers = channel.headers(body, notification_id=identity, now=self.now())
            _post(channel.url.get_secret_value(), body, headers)


class _NoRedirects(HTTPRedirectHandler):
    """A redirect could lead what is signed, or a request from inside the account, to anywhere: it is a failure."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    # Only https (or http to this machine) comes here: gt_service.notifications.channels refuses all else.
    request = Request(url, data=body, headers={"User-Agent": "gt-service", **headers}, method="POST")  # noqa: S310
    try:
        # The timeout is for each read; an answer that drips is given up all the same.
        with time_limit(2 * ANSWER_SECONDS), _opener.open(request, timeout=ANSWER_SECONDS) as answer:
            answer.read(1024)
    except HTTPError as error:
        asked = error.headers.get("Retry-After", "")
        error.close()
        raise DeliveryFailed(f"HTTP {error.code}", _seconds(asked)) from None
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise DeliveryFailed(str(reason) if isinstance(reason, OSError) else type(error).__name__) from None


def _seconds(retry_after: str) -> int | None:
    """What a receiver asks for in whole seconds; None where it is a date, or more than anybody waits."""
    return int(retry_after) if re.fullmatch("[0-9]{1,6}", retry_after) else None


def deliver(log: DeliveryLog, send: Sender, known: Channels, campaign: str, identity: str, now: datetime) -> None:
    """One try: every channel that hears of the notification and has not got it yet. Errors: `DeliveryFailed`."""
    delivery = log.claim(campaign, identity, now)
    if delivery is None:
        return
    failures = [
        failure
        for channel in known.for_notification(delivery.notification)
        if channel.name not in delivery.sent_to and (failure := _try(log, send, known.pages_url, channel, delivery))
    ]
    log.close(delivery, error="; ".join(map(str, failures)) or None)
    if failures:
        waits = [failure.wait for failure in failures if failure.wait is not None]
        raise DeliveryFailed("; ".join(map(str, failures)), max(waits, default=None))


def _try(log: DeliveryLog, send: Sender, pages_url: str, channel: Channel, delivery: Delivery) -> DeliveryFailed | None:
    try:
        send.send(delivery.notification, channel, pages_url)
    except Exception as error:  # noqa: BLE001 - whatever it is, the channels behind this one are told
        # An address is a secret (Slack's holds the key), and errors that are not ours may name it.
        failure = error if isinstance(error, DeliveryFailed) else DeliveryFailed(type(error).__name__)
        logger.warning("notification failed", extra={"channel": channel.name, "reason": str(failure)})
        return DeliveryFailed(f"{channel.name}: {failure}", failure.wait)
    log.sent(delivery, channel.name)
    return None


def known_channels(client: Any, parameter: str, *, is_local: bool = False) -> Channels:
    """The operators' list of channels, read from SSM each time: news are rare, and a list that was kept would be an
    old one in some processes, whose news would then reach nobody. No parameter: no channels. is_local: on a laptop,
    where receivers are on this machine.

    Errors: `SpecErrors` where the parameter holds something else than channels.
    """
    try:
        answer = client.get_parameter(Name=parameter, WithDecryption=True)
    except client.exceptions.ParameterNotFound:
        return Channels()
    return parse_channels(answer["Parameter"]["Value"], allow_loopback=is_local)
