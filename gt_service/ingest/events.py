"""What S3 tells of uploads, as values. Format: S3 user guide, "Event message structure", versions 2.x."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from gt_service.errors import UnknownState

_SEQUENCER_CHARACTERS = 32


@dataclass(frozen=True)
class Upload:
    """One object created. key: as S3 has it, decoded. etag: without quotes. size: bytes.

    event_time: ISO 8601 in UTC. sequencer: orders events on the same key; padded on the right, as S3 says they are
    to be compared.
    """

    bucket: str
    key: str
    etag: str
    size: int
    event_time: str
    sequencer: str

    @property
    def order(self) -> str:
        """Sorts uploads by time, and within it by S3's own order."""
        return f"{self.event_time}#{self.sequencer}"


def uploads(body: str) -> Iterator[Upload]:
    """The uploads in one notification; none in the test message that S3 sends when a notification is set up.

    Errors: `UnknownState` for anything that is no notification of version 2.
    """
    try:
        message = json.loads(body)
    except json.JSONDecodeError as error:
        raise UnknownState(f"the uploads queue holds something that is not JSON: {error}") from None
    if isinstance(message, dict) and message.get("Event") == "s3:TestEvent":
        return
    if not isinstance(message, dict) or not isinstance(message.get("Records"), list):
        raise UnknownState("the uploads queue holds a message without Records")
    for record in message["Records"]:
        if str(record.get("eventName", "")).startswith("ObjectCreated:"):
            yield _upload(record)


def event_time(moment: datetime) -> str:
    """As S3 writes the time of an event, so that the two compare as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _upload(record: Mapping[str, Any]) -> Upload:
    version = str(record.get("eventVersion", ""))
    if version.partition(".")[0] != "2":
        raise UnknownState(f"S3 notifications of version {version!r} are not known", field="eventVersion")
    item = record["s3"]["object"]
    return Upload(
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(item["key"]),
        etag=item.get("eTag", "").strip('"'),
        size=int(item.get("size", 0)),
        event_time=record["eventTime"],
        sequencer=item.get("sequencer", "").ljust(_SEQUENCER_CHARACTERS, "0"),
    )
