"""Channels, messages, signatures and waits."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from gt_service.errors import SpecErrors
from gt_service.notifications import messages
from gt_service.notifications.channels import WebhookChannel, parse_channels
from gt_service.notifications.due import TRIES, Kind, Notification, due, seconds_until_next_try
from tests import pages_data as data

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
KEY = "0123456789abcdef"


def notification(text: str = "done", subject: str = "birds-0001 is done") -> Notification:
    return Notification("job/birds-0001/completed", Kind.COMPLETED, "birds", NOW, subject, text, job="birds-0001")


def channels(**changes: object) -> str:
    webhook = {"kind": "webhook", "name": "billing", "url": "https://x.example/h", "key": KEY, **changes}
    return json.dumps({"channels": [webhook]})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://x.example/h"}, "channels.0.webhook.url"),
        ({"url": "https://user:pass@x.example"}, "channels.0.webhook.url"),
        ({"url": "file:///etc/passwd"}, "channels.0.webhook.url"),
        ({"url": "http://127.0.0.1:9001/2018-06-01/runtime"}, "channels.0.webhook.url"),
        ({"url": "https://localhost/h"}, "channels.0.webhook.url"),
        ({"url": "https://169.254.169.254/latest"}, "channels.0.webhook.url"),
        ({"url": "https://[::1]/h"}, "channels.0.webhook.url"),
        ({"url": "https://10.0.0.1/h"}, "channels.0.webhook.url"),
        ({"url": "https://2130706433/h"}, "channels.0.webhook.url"),
        ({"url": "https://0x7f.1/h"}, "channels.0.webhook.url"),
        ({"url": "https://x.example/a b"}, "channels.0.webhook.url"),
        ({"url": "https://x.example/\u00e9"}, "channels.0.webhook.url"),
        ({"url": "https://x.example/\n"}, "channels.0.webhook.url"),
        ({"url": "https://x.example:port/h"}, "channels.0.webhook.url"),
        ({"url": "https://[x/h"}, "channels.0.webhook.url"),
        ({"key": "short"}, "channels.0.webhook.key"),
        ({"key": "whsec_not base64 of anything"}, "channels.0.webhook.key"),
        ({"name": "No Spaces"}, "channels.0.webhook.name"),
        ({"only": ["job.sneezed"]}, "channels.0.webhook.only.0"),
        ({"kind": "pigeon"}, "channels.0"),
        ({"colour": "red"}, "channels.0.webhook.colour"),
    ],
)
def test_a_wrong_channel_is_named_and_its_secrets_are_not(changes: dict[str, object], field: str) -> None:
    with pytest.raises(SpecErrors) as refused:
        parse_channels(channels(**changes))
    assert [error.field for error in refused.value.errors] == [field]
    assert KEY not in str(refused.value)
    assert "pass@" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/h", "http://localhost:8000/h", "http://[::1]:8000/h"])
def test_on_a_laptop_receivers_may_be_on_this_machine(url: str) -> None:
    assert parse_channels(channels(url=url), allow_loopback=True).channels
    with pytest.raises(SpecErrors):
        parse_channels(channels(url=url))


@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T0/B0/x", "https://8.8.8.8:8443/h"])
def test_whatever_is_in_the_internet_may_receive(url: str) -> None:
    assert parse_channels(channels(url=url)).channels


def test_names_are_unique() -> None:
    """The delivery log knows channels by their names: of two with one name, one would never be sent anything."""
    one = {"kind": "slack", "name": "a", "url": "https://hooks.slack.com/x"}
    with pytest.raises(SpecErrors):
        parse_channels(json.dumps({"channels": [one, one]}))


def test_channels_hear_of_what_they_asked_for() -> None:
    found = parse_channels(
        json.dumps(
            {
                "channels": [
                    {"kind": "slack", "name": "all", "url": "https://hooks.slack.com/x"},
                    {"kind": "slack", "name": "cars", "url": "https://hooks.slack.com/y", "campaigns": ["cars*"]},
                    {"kind": "slack", "name": "bad", "url": "https://hooks.slack.com/z", "only": ["job.failed"]},
                ]
            }
        )
    )
    assert [channel.name for channel in found.for_notification(notification())] == ["all"]


def test_secrets_do_not_show_in_logs() -> None:
    assert KEY not in repr(parse_channels(channels()))


def test_slack_text_cannot_become_a_mention_or_a_link() -> None:
    body = json.loads(messages.slack(notification("<!channel> & <https://evil.example|click>")))
    shown = body["blocks"][0]["text"]["text"]
    assert "<!channel>" not in shown
    assert "&lt;!channel&gt; &amp; &lt;https" in shown


def test_messages_link_to_the_page() -> None:
    url = "https://ab12.execute-api.eu-west-1.amazonaws.com/api/"
    link = "https://ab12.execute-api.eu-west-1.amazonaws.com/api/jobs/birds-0001"
    assert link in messages.sns(notification(), url).message
    assert f"<{link}|" in json.loads(messages.slack(notification(), url))["blocks"][0]["text"]["text"]
    assert json.loads(messages.webhook(notification(), url))["page_url"] == link
    assert json.loads(messages.webhook(notification()))["page_url"] is None


def test_sns_subjects_keep_its_rules() -> None:
    """SNS refuses a subject that is too long, not ASCII or has a line break, and the message with it."""
    subject = messages.sns(notification(subject="ü\n" + "x" * 200)).subject
    assert subject.isascii()
    assert "\n" not in subject
    assert len(subject) == 100


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_message_in_every_channel(kind: Kind) -> None:
    one = Notification("id", kind, "birds", NOW, "subject", "text")
    assert messages.sns(one).message
    assert json.loads(messages.slack(one))["text"]
    assert json.loads(messages.webhook(one))["kind"] == kind.value


@pytest.mark.parametrize("key", [KEY, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_receiver_knows_a_true_message(key: str) -> None:
    """With any verifier of Standard Webhooks, of which there is one in every language."""
    body = messages.webhook(due(data.campaign(spent_mills=0), [data.job()], now=NOW)[0])
    (channel,) = parse_channels(channels(key=key)).channels
    assert isinstance(channel, WebhookChannel)
    headers = channel.headers(body, notification_id="x", now=datetime.now(UTC))
    receiver = Webhook(key if key != KEY else base64.b64encode(KEY.encode()).decode())
    assert receiver.verify(body, headers) == json.loads(body)
    for wrong in ({"webhook-id": "y"}, {"webhook-timestamp": "1"}):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(body, {**headers, **wrong})
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body + b" ", headers)


def test_the_signature_is_the_published_one() -> None:
    """Fixed, so that an update cannot break every receiver without a test that says so."""
    (channel,) = parse_channels(channels()).channels
    assert isinstance(channel, WebhookChannel)
    headers = channel.headers(b"{}", notification_id="x", now=datetime.fromtimestamp(1, UTC))
    signed = base64.b64encode(hmac.digest(KEY.encode(), b"x.1.{}", "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{signed}"
    assert headers["webhook-timestamp"] == "1"


def test_waits_grow_and_stay_under_what_a_queue_can_hide() -> None:
    waits = [seconds_until_next_try(tries) for tries in range(1, TRIES + 1)]
    assert waits[:4] == [15, 60, 240, 960]
    assert waits == sorted(waits)
    assert max(waits) <= 12 * 3600
    assert seconds_until_next_try(1, asked=120) == 120
    assert seconds_until_next_try(1, asked=10**9) == 3600
