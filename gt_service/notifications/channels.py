"""Where notifications go. The list is JSON in one SSM parameter, since addresses and keys are secrets:

{"pages_url": "https://…/api",
 "channels": [{"kind": "sns", "name": "ops", "topic_arn": "arn:aws:sns:…"},
              {"kind": "slack", "name": "birders", "url": "https://hooks.slack.com/…", "campaigns": ["birds*"]},
              {"kind": "webhook", "name": "billing", "url": "https://…", "key": "…", "only": ["job.completed"]}]}
"""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo
from standardwebhooks import Webhook

from gt_service.errors import InvalidInput, SpecErrors
from gt_service.notifications.due import Kind, Notification

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_ADDRESS = 2000
_HOST = re.compile(r"([a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
"""With a domain at its end: neither one word, nor an address in a form that only some readers take for one."""
LEAST_KEY_CHARACTERS = 16


def _web_address(url: SecretStr, info: ValidationInfo) -> SecretStr:
    """https, and out into the internet: what is sent names campaigns and costs, and what listens inside of a function
    or beside it (Lambda's own API, 169.254.169.254) is nobody's to ask. On a laptop http to this machine as well."""
    text = url.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text and len(text) <= _LONGEST_ADDRESS):
        raise ValueError(f"must be up to {_LONGEST_ADDRESS} characters of ASCII without blanks")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("must be a web address") from None
    if not host or parts.username is not None:
        raise ValueError("must name a host, and no user")
    if host in _LOOPBACK and (info.context or {}).get("allow_loopback"):
        return url
    if parts.scheme != "https":
        raise ValueError("must begin with https://")
    if not _is_outside(host):
        raise ValueError("must name a host of the internet")
    return url


def _is_outside(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return _HOST.fullmatch(host.rstrip(".")) is not None


WebAddress = Annotated[SecretStr, AfterValidator(_web_address)]


class _Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")
    campaigns: tuple[str, ...] = Field(("*",), description="Patterns of campaign names that this channel hears of.")
    only: tuple[Kind, ...] = Field(tuple(Kind), description="Kinds of notifications that it hears of.")

    def wants(self, notification: Notification) -> bool:
        """Whether this channel hears of `notification`."""
        named = any(fnmatchcase(notification.campaign, pattern) for pattern in self.campaigns)
        return named and notification.kind in self.only


class SnsChannel(_Channel):
    """An SNS topic: e-mail, SMS, queues and whatever else subscribes to it."""

    kind: Literal["sns"]
    topic_arn: str = Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+(\.fifo)?$")


class SlackChannel(_Channel):
    """An incoming webhook of Slack, or of anything that takes Slack's form (Mattermost, Discord with `/slack`)."""

    kind: Literal["slack"]
    url: WebAddress


_BASE64 = "whsec_"


def _signing_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    try:
        if text.startswith(_BASE64):
            b64decode(text.removeprefix(_BASE64), validate=True)
    except ValueError:
        raise ValueError(f"must be base64 behind {_BASE64}") from None
    return key


class WebhookChannel(_Channel):
    """Any address; what is sent is signed with `key`, as Standard Webhooks (standardwebhooks.com) says.

    key: `whsec_` and base64, or else its own bytes.
    """

    kind: Literal["webhook"]
    url: WebAddress
    key: Annotated[SecretStr, Field(min_length=LEAST_KEY_CHARACTERS), AfterValidator(_signing_key)]

    def headers(self, body: bytes, *, notification_id: str, now: datetime) -> dict[str, str]:
        """Of a delivery. The id is the same in each try: a receiver that knows it has it already."""
        key = self.key.get_secret_value()
        signer = Webhook(key if key.startswith(_BASE64) else key.encode())
        return {
            "Content-Type": "application/json",
            "webhook-id": notification_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(notification_id, now, body.decode()),
        }


Channel = Annotated[SnsChannel | SlackChannel | WebhookChannel, Field(discriminator="kind")]


class Channels(BaseModel):
    """The whole list; `pages_url` is where the status page is, for the links in messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages_url: str = ""
    channels: tuple[Channel, ...] = ()

    def for_notification(self, notification: Notification) -> tuple[Channel, ...]:
        """The channels that hear of `notification`."""
        return tuple(channel for channel in self.channels if channel.wants(notification))


def parse_channels(text: str, *, allow_loopback: bool = False) -> Channels:
    """The list from its JSON. allow_loopback: receivers may be on this machine.

    Errors: `SpecErrors`, one for each field; values are left out, since they are secrets.
    """
    try:
        channels = Channels.model_validate_json(text, context={"allow_loopback": allow_loopback})
    except ValidationError as error:
        raise SpecErrors(
            [
                InvalidInput(problem["msg"], field=".".join(map(str, problem["loc"])) or "channels")
                for problem in error.errors(include_input=False, include_context=False, include_url=False)
            ]
        ) from None
    names = [channel.name for channel in channels.channels]
    if len(set(names)) < len(names):
        raise SpecErrors([InvalidInput("two channels have the same name", field="channels")])
    return channels
