"""What is known of the files in the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NOWHERE = "-"
"""The campaign under which files are listed that lie in no campaign's folder."""


class ImageStatus(StrEnum):
    """Where an image is: the first part of its `place`."""

    PENDING = "pending"
    BATCH = "batch"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    IMPORTED = "imported"
    """It had a label already: it is never offered to people."""
    REPLACED = "replaced"
    """Of those in batches, the ones whose file was replaced since: they are listed under this word as well."""


@dataclass(frozen=True)
class Image:
    """One key of the inbox bucket, as its latest upload left it.

    place: `pending#<event time>#<sequencer>`, `batch#0001`, `imported#<import>`, `rejected` or
    `duplicate#<content>`.
    event_time: S3's, ISO 8601. registered_at: when it was written down here, ISO 8601; after a backlog, much later.
    sequencer: S3's order of events on this key, padded so that text order is it.
    digest: of its bytes, SHA-256 in hex; None where they were not read. width, height: of the upright picture, as
    people see it; orientation: how EXIF says that it is stored.
    near_to: fingerprint of another content that this image looks like, and is labeled with or in the stead of.
    """

    campaign: str
    key: str
    place: str
    event_time: str
    sequencer: str
    etag: str
    size: int
    width: int = 0
    height: int = 0
    media_format: str = ""
    orientation: int = 1
    reason: str | None = None
    remedy: str | None = None
    replaced_after_batch: bool = False
    near_to: str | None = None
    registered_at: str | None = None
    digest: str | None = None

    @property
    def status(self) -> ImageStatus:
        return ImageStatus(self.place.partition("#")[0])

    @property
    def is_open(self) -> bool:
        """Whether another file under its name may still take its place: it has not been sent to people, nor labeled."""
        return self.status not in {ImageStatus.BATCH, ImageStatus.IMPORTED}

    @property
    def batch(self) -> int | None:
        return int(self.place.removeprefix("batch#")) if self.status is ImageStatus.BATCH else None

    @property
    def fingerprint(self) -> str:
        """Equal for equal content. An ETag is no name of a content on AWS: encrypted with KMS or uploaded in parts, the
        same bytes get another each time."""
        return f"{self.digest or self.etag}-{self.size}"

    def shows_the_same_as(self, other: Image) -> bool:
        """Whether both have the same bytes, as far as they were read."""
        if self.digest is None or other.digest is None:
            return self.etag == other.etag
        return self.fingerprint == other.fingerprint

    @property
    def content(self) -> str:
        """Equal for images that are labeled once: the fingerprint of the first of them."""
        return self.near_to or self.fingerprint


@dataclass(frozen=True)
class Member:
    """An image chosen for a batch, at the very place it was chosen from."""

    key: str
    place: str


@dataclass(frozen=True)
class Pending:
    """How many images wait for a batch; when the newest of them was uploaded, and when it was registered (ISO 8601).

    registered: None where there is no image, or it was registered by a version that did not write it down.
    """

    count: int
    newest: str | None
    registered: str | None = None


@dataclass(frozen=True)
class Walk:
    """How far the walk through the inbox has come.

    after: the last key that was looked at; None at its beginning. ended_at: when the walk before this one ended.
    """

    after: str | None = None
    ended_at: datetime | None = None
