"""Where notifications go. The list is JSON in one SSM parameter, since addresses and keys are secrets:

{"pages_url": "https://…/api",
 "channels": [{"kind": "sns", "name": "ops", "topic_arn": "arn:aws:sns:…"},
              {"kind": "slack", "name": "birders", "url": "https://hooks.slack.com/…", "campaigns": ["birds*"]},
              {"kind": "webhook", "name": "billing", "url": "https://…", "key": "…", "only": ["job.completed"]}]}
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gt_service.errors import InvalidInput, SpecErrors
from gt_service.notifications.due import Kind, Notification

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
LEAST_KEY_CHARACTERS = 16


def _web_address(url: SecretStr) -> SecretStr:
    """https, or http to this machine: what is sent names campaigns and costs, and the address itself is a secret."""
    parts = urlsplit(url.get_secret_value())
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must begin with https://")
    if not parts.hostname or parts.username is not None:
        raise ValueError("must name a host, and no user")
    return url


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


class WebhookChannel(_Channel):
    """Any address; the body is signed with `key` (see `signature`)."""

    kind: Literal["webhook"]
    url: WebAddress
    key: Annotated[SecretStr, Field(min_length=LEAST_KEY_CHARACTERS)]


Channel = Annotated[SnsChannel | SlackChannel | WebhookChannel, Field(discriminator="kind")]


class Channels(BaseModel):
    """The whole list; `pages_url` is where the status page is, for the links in messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages_url: str = ""
    channels: tuple[Channel, ...] = ()

    def for_notification(self, notification: Notification) -> tuple[Channel, ...]:
        """The channels that hear of `notification`."""
        return tuple(channel for channel in self.channels if channel.wants(notification))


def parse_channels(text: str) -> Channels:
    """The list from its JSON. Errors: `SpecErrors`, one for each field; values are left out, since they are secrets."""
    try:
        found = Channels.model_validate_json(text)
    except ValidationError as error:
        raise SpecErrors(
            [
                InvalidInput(problem["msg"], field=".".join(map(str, problem["loc"])) or "channels")
                for problem in error.errors(include_input=False, include_context=False, include_url=False)
            ]
        ) from None
    names = [channel.name for channel in found.channels]
    if len(set(names)) < len(names):
        raise SpecErrors([InvalidInput("two channels have the same name", field="channels")])
    return found
