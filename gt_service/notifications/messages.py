"""How a notification reads in each kind of channel. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gt_service.notifications.due import Kind, Notification

SNS_SUBJECT_CHARACTERS = 100

_SIGNS = {
    Kind.STARTED: ":arrow_forward:",
    Kind.COMPLETED: ":white_check_mark:",
    Kind.FAILED: ":x:",
    Kind.STOPPED: ":black_square_for_stop:",
    Kind.BUDGET: ":moneybag:",
    Kind.WAITING: ":hourglass_flowing_sand:",
    Kind.PAUSED: ":double_vertical_bar:",
}


@dataclass(frozen=True)
class SnsMessage:
    """What SNS Publish takes; `attributes` are for subscriptions' filter policies."""

    subject: str
    message: str
    attributes: dict[str, str]

    def request(self, topic_arn: str) -> dict[str, Any]:
        """The parameters of SNS Publish."""
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in self.attributes.items()}
        return {
            "TopicArn": topic_arn,
            "Subject": self.subject,
            "Message": self.message,
            "MessageAttributes": attributes,
        }


def page_link(notification: Notification, pages_url: str) -> str:
    """The page that shows what the notification is about; nothing where no address of pages is known."""
    if not pages_url:
        return ""
    place = f"jobs/{notification.job}" if notification.job else f"campaigns/{notification.campaign}"
    return f"{pages_url.rstrip('/')}/{place}"


def sns(notification: Notification, pages_url: str = "") -> SnsMessage:
    """Plain text with a short subject."""
    return SnsMessage(
        subject=sns_subject(notification.subject),
        message="\n\n".join(part for part in (notification.text, page_link(notification, pages_url)) if part),
        attributes={"kind": notification.kind.value, "campaign": notification.campaign},
    )


def sns_subject(text: str) -> str:
    """A subject that SNS takes: it refuses line breaks, what is beyond ASCII, and more than 100 characters."""
    return text.encode("ascii", "replace").decode().replace("\n", " ")[:SNS_SUBJECT_CHARACTERS]


def slack(notification: Notification, pages_url: str = "") -> bytes:
    """An incoming webhook's body: `text` for notifications, one section for the channel."""
    link = page_link(notification, pages_url)
    title = f"<{link}|{_escaped(notification.subject)}>" if link else _escaped(notification.subject)
    section = f"{_SIGNS[notification.kind]} *{title}*\n{_escaped(notification.text)}"
    return _bytes(
        {
            "text": _escaped(notification.subject),
            "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": section}}],
        }
    )


def webhook(notification: Notification, pages_url: str = "") -> bytes:
    """The notification as JSON, with the address of its page where one is known."""
    return _bytes({**notification.as_dict(), "page_url": page_link(notification, pages_url) or None})


def _escaped(text: str) -> str:
    """Slack's three control characters as entities, so that a campaign's words cannot become a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bytes(shape: dict[str, Any]) -> bytes:
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
