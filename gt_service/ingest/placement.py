"""Where an uploaded image goes, given what is there already: the pure part of registration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gt_service.store.records import Image, ImageStatus


@dataclass(frozen=True)
class Content:
    """Which key stands for a content. twins: how many duplicates were ever registered for it."""

    fingerprint: str
    owner: str | None
    twins: int


@dataclass(frozen=True)
class Seen:
    """What the table holds around an upload; empty for the common case that nothing does.

    image: the same key's earlier state. content: of the new upload. former: content that `image` had.
    heir: a duplicate of `former` that takes over when `image` no longer stands for it.
    """

    image: Image | None = None
    content: Content | None = None
    former: Content | None = None
    heir: Image | None = None


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
    """Everything that must be written together."""

    image: ImageChange
    heir: ImageChange | None = None
    contents: tuple[ContentChange, ...] = ()


def placement(found: Image, seen: Seen, *, skip_duplicates: bool) -> Placement | None:
    """What to write for an upload; None where a later upload of the same key is registered already.

    found: the upload, pending or rejected. skip_duplicates: whether equal content is sent to people only once.
    """
    before = seen.image
    if before is not None and before.sequencer >= found.sequencer:
        return None
    if before is not None and before.batch is not None:
        # Its manifest is written and people may be at work: the image stays, and its owner is told.
        replaced = before.replaced_after_batch or before.etag != found.etag
        return Placement(ImageChange(before, replace(before, sequencer=found.sequencer, replaced_after_batch=replaced)))
    if found.status is not ImageStatus.PENDING or not skip_duplicates:
        return _with_former(Placement(ImageChange(before, found)), seen)
    content = seen.content or Content(found.fingerprint, None, 0)
    if content.owner in {None, found.key}:
        claimed = ContentChange(seen.content, replace(content, owner=found.key))
        return _with_former(Placement(ImageChange(before, found), contents=(claimed,)), seen)
    duplicate = replace(found, place=f"{ImageStatus.DUPLICATE}#{found.fingerprint}")
    counted = ContentChange(seen.content, replace(content, twins=content.twins + 1))
    return _with_former(Placement(ImageChange(before, duplicate), contents=(counted,)), seen)


def _with_former(placed: Placement, seen: Seen) -> Placement:
    """The former content of a key that changed goes to an heir, so that its duplicates are still labeled."""
    former, image = seen.former, placed.image.after
    keeps = former is not None and image.status is ImageStatus.PENDING and image.fingerprint == former.fingerprint
    if former is None or former.owner != image.key or keeps:
        return placed
    heir = seen.heir
    freed = ContentChange(former, replace(former, owner=heir.key if heir else None))
    promoted = None if heir is None else ImageChange(heir, replace(heir, place=pending_place(heir)))
    return replace(placed, heir=promoted, contents=(*placed.contents, freed))


def pending_place(image: Image) -> str:
    """Sorts by time of upload, and is another with every upload of the same key."""
    return f"{ImageStatus.PENDING}#{image.event_time}#{image.sequencer}"
