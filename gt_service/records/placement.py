"""Where an uploaded image goes, given what is there already: the pure part of registration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gt_service.records.images import Image, ImageStatus
from gt_service.records.likeness import Likeness
from gt_service.task_types import TaskType

MOST_IN_A_BAND = 100
"""Pictures of which so many share a band are as good as all alike: more are not remembered, and not found by it."""


_REPLACED = "another file came under this name after its batch was closed; the one before is labeled"
_RELABELED = "another file came under this name after its label was imported; the label is that of the one before"


@dataclass(frozen=True)
class Content:
    """Which key stands for a content, and for pictures like it. twins: how many duplicates were ever registered."""

    fingerprint: str
    owner: str | None
    twins: int


@dataclass(frozen=True)
class Search:
    """Asks for near-duplicates of an upload. task: the labels that twins would share."""

    likeness: Likeness
    task: TaskType


@dataclass(frozen=True)
class Look:
    """How the content of a fingerprint looks."""

    fingerprint: str
    likeness: Likeness


@dataclass(frozen=True)
class Band:
    """Pictures whose hashes are equal in one band. version: grows with every change; 0 where nothing is written yet."""

    key: str
    looks: tuple[Look, ...] = ()
    version: int = 0


@dataclass(frozen=True)
class Seen:
    """What the table holds around an upload; empty for the common case that nothing does.

    image: the same key's earlier state. content: of the new upload, or of a picture that it is near to.
    former: content that `image` stood for. heir: a duplicate of `former` that takes over when `image` no longer
    stands for it. bands: those of the new upload; none where near-duplicates are not looked for.
    """

    image: Image | None = None
    content: Content | None = None
    former: Content | None = None
    heir: Image | None = None
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True)
class ImageChange:
    before: Image | None
    after: Image


@dataclass(frozen=True)
class ContentChange:
    before: Content | None
    after: Content


@dataclass(frozen=True)
class Placement:
    """Everything that must be written together. bands: each one version after the one that was seen."""

    image: ImageChange
    heir: ImageChange | None = None
    contents: tuple[ContentChange, ...] = ()
    bands: tuple[Band, ...] = ()


def placement(image: Image, seen: Seen, *, skip_duplicates: bool, search: Search | None = None) -> Placement | None:
    """What to write for an upload; None where a later upload of the same key is registered already.

    image: the upload, pending or rejected. skip_duplicates: whether equal content is sent to people only once.
    search: where near-duplicates are looked for; `seen` then holds the bands.
    """
    before = seen.image
    if before is not None and before.sequencer >= image.sequencer:
        return None
    if before is not None and not before.is_open:
        # Its manifest is written and people may be at work, or it has its label: it stays, and its owner is told.
        after = replace(before, sequencer=image.sequencer)
        if before.replaced_after_batch or not before.shows_the_same_as(image):
            reason = _RELABELED if before.batch is None else _REPLACED
            after = replace(after, replaced_after_batch=True, reason=reason, remedy="Upload it under another name.")
        elif before.digest is not None:
            # The same bytes under another ETag: who compares the inbox with what is known here must not find it again.
            after = replace(after, etag=image.etag)
        return Placement(ImageChange(before, after))
    if image.status is not ImageStatus.PENDING or not skip_duplicates:
        return _with_former(Placement(ImageChange(before, image)), seen)
    content = seen.content or Content(image.fingerprint, None, 0)
    image = replace(image, near_to=content.fingerprint if content.fingerprint != image.fingerprint else None)
    if content.owner in {None, image.key}:
        claimed = ContentChange(seen.content, replace(content, owner=image.key))
        look = None if seen.content or search is None else Look(image.fingerprint, search.likeness)
        # A full band is written as well: its version tells of this picture whoever looked at the same time.
        bands = tuple(
            Band(band.key, (*band.looks, look)[:MOST_IN_A_BAND], band.version + 1) for band in seen.bands if look
        )
        return _with_former(Placement(ImageChange(before, image), contents=(claimed,), bands=bands), seen)
    duplicate = replace(image, place=f"{ImageStatus.DUPLICATE}#{content.fingerprint}")
    counted = ContentChange(seen.content, replace(content, twins=content.twins + 1))
    return _with_former(Placement(ImageChange(before, duplicate), contents=(counted,)), seen)


def rejection(before: Image, seen: Seen, *, reason: str, remedy: str) -> Placement:
    """What to write where a pending image is put aside after all: what it stood for goes to an heir."""
    rejected = replace(before, place=ImageStatus.REJECTED.value, reason=reason, remedy=remedy)
    return _with_former(Placement(ImageChange(before, rejected)), seen)


def nearest(search: Search, bands: tuple[Band, ...]) -> Look | None:
    """The picture most like this one of those near to it; the same for whoever asks."""
    look = search.likeness
    known = {other for band in bands for other in band.looks if look.is_near(other.likeness, search.task)}
    return min(known, key=lambda other: (look.distance(other.likeness), other.fingerprint), default=None)


def _with_former(placed: Placement, seen: Seen) -> Placement:
    """The former content of a key that changed goes to an heir, so that its duplicates are still labeled."""
    former, image = seen.former, placed.image.after
    keeps = former is not None and image.status is ImageStatus.PENDING and image.content == former.fingerprint
    if former is None or former.owner != image.key or keeps:
        return placed
    heir = seen.heir
    freed = ContentChange(former, replace(former, owner=heir.key if heir else None))
    promoted = None if heir is None else ImageChange(heir, replace(heir, place=pending_place(heir)))
    return replace(placed, heir=promoted, contents=(*placed.contents, freed))


def pending_place(image: Image) -> str:
    """Sorts by time of upload, and is another with every upload of the same key."""
    return f"{ImageStatus.PENDING}#{image.event_time}#{image.sequencer}"
