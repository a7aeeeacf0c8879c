"""Images: one item per key of the inbox bucket, spread over 16 partitions per campaign.

An image is in exactly one place at any time, and moves by conditional writes alone. That it is in at most one batch,
and in that one for good, follows from `still_at`.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from itertools import chain, groupby, islice
from typing import Any, TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from gt_service.parallel import in_parallel
from gt_service.records import Image, ImageStatus, Member, Pending
from gt_service.records.likeness import Likeness, Shape
from gt_service.records.placement import (
    Band,
    BandChange,
    Content,
    ContentChange,
    ImageChange,
    Look,
    Placement,
    Search,
    Seen,
    nearest,
    placement,
    rejection,
)
from gt_service.store.models import BandItem, ContentItem, ImageItem, Tables
from gt_service.store.writing import (
    Contention,
    Lost,
    band_unchanged,
    content_unchanged,
    image_unchanged,
    is_new,
    lost_if_refused,
    still_at,
    transaction,
)

_T = TypeVar("_T")

SHARDS = 16
_ATTEMPTS = 8
_PAGE = 500
_LONGEST_KEY = 1024
"""Bytes of a range key in DynamoDB, and of a key in S3."""
_AT_ONCE = 100
"""Keys of one BatchGetItem."""
_LOOKED_THROUGH = 1_000
"""Items of one query for images in batches, which no index sorts out."""


Cursor = tuple[int, str, str]
"""Shard, place and key of the last image of a page."""


def is_cursor(shard: Any, place: Any, key: Any, status: ImageStatus) -> bool:
    """Whether a page of images of this status can go on from there: DynamoDB refuses places that no key can be at."""
    if type(shard) is not int or not isinstance(place, str) or not isinstance(key, str):
        return False
    lengths = [len(text.encode("utf-8", "surrogatepass")) for text in (place, key)]
    is_text = not any("\ud800" <= character <= "\udfff" for character in place + key)
    return 0 <= shard < SHARDS and place.startswith(status) and is_text and max(lengths) <= _LONGEST_KEY and key != ""


@dataclass(frozen=True)
class ImagePage:
    images: tuple[Image, ...]
    next_after: Cursor | None
    """Where to go on; None on the last page."""


class Images:
    def __init__(self, tables: Tables, *, writers: int = 8) -> None:
        """writers: how many images are moved into a batch at the same time."""
        self._images, self._contents, self._bands = tables.images, tables.contents, tables.bands
        self._connection = tables.connection
        self._writers = writers

    # ------------------------------------------------------------ registration

    def register(self, image: Image, *, skip_duplicates: bool, search: Search | None = None) -> Image | None:
        """Writes an upload down; None where a later one of the same key is registered already.

        The common case, a new key, is one conditional write (with its content where duplicates are skipped) and
        no read. A search for near-duplicates reads a few items by their keys first. Errors: `Contention`.
        """
        seen = Seen() if search is None else self._look(image, search)
        for _ in range(_ATTEMPTS):
            placed = placement(image, seen, skip_duplicates=skip_duplicates, search=search)
            if placed is None:
                return None
            try:
                self._write(image.campaign, placed)
            except Lost:
                seen = self._look(image, search)
            else:
                return placed.image.after
        raise Contention(f"image {image.key!r}")

    def get(self, campaign: str, key: str) -> Image | None:
        try:
            return _image(self._images.get(_shard(campaign, key), key, consistent_read=True))
        except self._images.DoesNotExist:
            return None

    def get_many(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Image]:
        """Those of the images (campaign, key) that are there."""
        found = dict[tuple[str, str], Image]()
        for some in _in_groups(iter(keys), _AT_ONCE):
            wanted = [(_shard(campaign, key), key) for campaign, key in some]
            images = map(_image, self._images.batch_get(wanted, consistent_read=True))
            found |= {(image.campaign, image.key): image for image in images}
        return found

    def _look(self, found: Image, search: Search | None) -> Seen:
        image = self.get(found.campaign, found.key)
        bands = () if search is None else self._bands_of(found.campaign, search.likeness)
        content = self._content(found.campaign, found.fingerprint)
        near = None if search is None or content is not None else nearest(search, bands)
        if near is not None:
            content = self._content(found.campaign, near.fingerprint)
        return replace(self._around(image), content=content, bands=bands)

    def _around(self, image: Image | None) -> Seen:
        """What else is written when this image leaves its place."""
        former = None if image is None else self._content(image.campaign, image.content)
        heir = None
        if image is not None and former is not None and former.owner == image.key:
            twins = self._at(image.campaign, f"{ImageStatus.DUPLICATE}#{former.fingerprint}")
            heir = min(twins, key=lambda twin: (twin.event_time, twin.key), default=None)
        return Seen(image=image, former=former, heir=heir)

    def _bands_of(self, campaign: str, likeness: Likeness) -> tuple[Band, ...]:
        keys = [(_band_shard(campaign, band), band) for band in likeness.bands]
        bands = {item.key: _band(item) for item in self._bands.batch_get(keys, consistent_read=True)}
        return tuple(bands.get(band, Band(band)) for band in likeness.bands)

    def _content(self, campaign: str, fingerprint: str) -> Content | None:
        try:
            item = self._contents.get(_content_shard(campaign, fingerprint), fingerprint, consistent_read=True)
        except self._contents.DoesNotExist:
            return None
        return Content(fingerprint, item.owner, item.twins)

    def _write(self, campaign: str, placed: Placement) -> None:
        images = [placed.image, *([placed.heir] if placed.heir else [])]
        if len(images) == 1 and not placed.contents:
            with lost_if_refused():
                self._item(placed.image.after).save(condition=self._unchanged(placed.image))
            return
        with transaction(self._connection) as writes:
            for change in images:
                writes.save(self._item(change.after), condition=self._unchanged(change))
            for content in placed.contents:
                writes.save(self._content_item(campaign, content), condition=self._content_unchanged(content))
            for band in placed.bands:
                writes.save(self._band_item(campaign, band.after), condition=self._band_unchanged(band))

    def _unchanged(self, change: ImageChange) -> Condition:
        if change.before is None:
            return is_new(self._images)
        return image_unchanged(change.before.place, change.before.sequencer)

    def _content_unchanged(self, change: ContentChange) -> Condition:
        if change.before is None:
            return is_new(self._contents)
        return content_unchanged(change.before.owner, change.before.twins)

    def _content_item(self, campaign: str, change: ContentChange) -> ContentItem:
        after = change.after
        shard = _content_shard(campaign, after.fingerprint)
        return self._contents(shard=shard, key=after.fingerprint, owner=after.owner, twins=after.twins)

    def _band_unchanged(self, change: BandChange) -> Condition:
        return band_unchanged(change.before.version) if change.before.version else is_new(self._bands)

    def _band_item(self, campaign: str, band: Band) -> BandItem:
        looks = [[look.fingerprint, look.likeness.hexadecimal, *astuple(look.likeness.shape)] for look in band.looks]
        return self._bands(shard=_band_shard(campaign, band.key), key=band.key, looks=looks, version=band.version)

    def _item(self, image: Image) -> ImageItem:
        return self._images(
            shard=_shard(image.campaign, image.key),
            key=image.key,
            place=image.place,
            open_place=_open_place(image),
            event_time=image.event_time,
            sequencer=image.sequencer,
            etag=image.etag,
            size=image.size,
            width=image.width or None,
            height=image.height or None,
            media_format=image.media_format or None,
            orientation=image.orientation if image.orientation != 1 else None,
            reason=image.reason,
            remedy=image.remedy,
            replaced_after_batch=image.replaced_after_batch or None,
            near_to=image.near_to,
            registered_at=image.registered_at,
            digest=image.digest,
        )

    # ------------------------------------------------------------ batches

    def pending(self, campaign: str) -> Iterator[Image]:
        """Images without a batch, by time of upload and then by key; read as far as the caller goes."""
        prefix = f"{ImageStatus.PENDING}#"
        shards = [self._starting_with(shard, prefix) for shard in _shards(campaign)]
        for _, same_time in groupby(heapq.merge(*shards, key=_event_time), key=_event_time):
            yield from sorted(same_time, key=lambda image: image.key)

    def pending_summary(self, campaign: str, *, most: int | None = None) -> Pending:
        """most: counting ends there; a plan need not know by how much a batch is overfull, of a million images."""
        prefix = f"{ImageStatus.PENDING}#"
        newest = [
            item
            for shard in _shards(campaign)
            for item in self._images.query(
                shard,
                ImageItem.open_place.startswith(prefix),
                index_name="open_places",
                consistent_read=True,
                scan_index_forward=False,
                limit=1,
            )
        ]
        if not newest:
            return Pending(0, None)
        if most is None:
            count = self.count(campaign, ImageStatus.PENDING)
        else:
            count = sum(1 for _ in islice(self._places(campaign, prefix, most), most))
        # Of each shard's newest: a queue gives the last upload last, more or less.
        registered = max((item.registered_at for item in newest if item.registered_at), default=None)
        return Pending(count, max(item.event_time for item in newest), registered)

    def take(self, campaign: str, members: Iterable[Member], batch: int) -> None:
        """Moves images into a batch; those that have left the place they were chosen from stay where they are.

        Errors: `Contention`.
        """
        moved: list[Action] = [ImageItem.place.set(batch_place(batch)), ImageItem.open_place.remove()]

        def move(member: Member) -> None:
            item = self._images(shard=_shard(campaign, member.key), key=member.key)
            for _ in range(_ATTEMPTS):
                try:
                    with lost_if_refused():
                        # Closes: an image that was uploaded anew since goes into the batch that was planned without it.
                        item.update(actions=moved, condition=still_at(member.place))
                    return
                except Lost:
                    # Left for good where it is elsewhere. Where it is not, a transaction was at it that may yet come to
                    # nothing; given up, the image might be moved by a slower handler when the manifest is written.
                    now = self.get(campaign, member.key)
                    if now is None or now.place != member.place:
                        return
            raise Contention(f"image {member.key!r}")

        for _ in in_parallel(move, members, workers=self._writers):
            pass  # to raise what failed

    def keep_label(self, image: Image, name: str) -> bool:
        """Takes an image out of those that wait for a batch: its label came with the import `name`. False where it has
        left its place; who asks looks again."""
        kept: list[Action] = [ImageItem.place.set(imported_place(name)), ImageItem.open_place.remove()]
        try:
            with lost_if_refused():
                # Closes: an image that a batch has just taken, or that was uploaded anew, counts as labeled.
                self._images(shard=_shard(image.campaign, image.key), key=image.key).update(
                    actions=kept, condition=still_at(image.place)
                )
        except Lost:
            return False
        return True

    def reject(self, image: Image, reason: str, remedy: str) -> None:
        """Puts aside an image that the campaign's task cannot take after all; a duplicate of it may take its place.

        Errors: `Contention`.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._write(image.campaign, rejection(image, self._around(image), reason=reason, remedy=remedy))
            except Lost:
                if self.get(image.campaign, image.key) != image:
                    return  # taken, put aside or uploaded anew since
            else:
                return
        raise Contention(f"image {image.key!r}")

    def taken(self, campaign: str, members: Iterable[Member], batch: int) -> list[str]:
        """The keys of those that are in the batch now, sorted.

        Only members that were chosen for a batch are ever moved there, so this is all that it holds.
        """

        def read(some: list[Member]) -> list[str]:
            keys = [(_shard(campaign, member.key), member.key) for member in some]
            items = self._images.batch_get(keys, consistent_read=True, attributes_to_get=["key", "place"])
            return [item.key for item in items if item.place == batch_place(batch)]

        groups = _in_groups(iter(members), _AT_ONCE)
        return sorted(chain.from_iterable(in_parallel(read, groups, workers=self._writers)))

    # ------------------------------------------------------------ looking

    def count(self, campaign: str, status: ImageStatus) -> int:
        prefix = ImageItem.open_place.startswith(status.value)
        return sum(
            self._images.count(shard, prefix, index_name="open_places", consistent_read=True)
            for shard in _shards(campaign)
        )

    def page(self, campaign: str, status: ImageStatus, *, limit: int, after: Cursor | None = None) -> ImagePage:
        """Up to `limit` images of a status, in no order that means anything, from `after` on."""
        shards = list(_shards(campaign))
        found: list[tuple[int, Image]] = []
        for number in range(after[0] if after else 0, SHARDS):
            start = after if after and after[0] == number else None
            items = self._with_status(shards[number], status, limit=limit + 1 - len(found), after=start)
            found += [(number, image) for image in items]
            if len(found) > limit:
                number, last = found[limit - 1]
                place = _open_place(last) or last.place
                return ImagePage(tuple(image for _, image in found[:limit]), (number, place, last.key))
        return ImagePage(tuple(image for _, image in found), None)

    def replaced(self, campaign: str) -> frozenset[str]:
        """The keys of images whose file is another one since they were sent to people, or labeled."""
        shards = (self._starting_with(shard, ImageStatus.REPLACED.value) for shard in _shards(campaign))
        return frozenset(image.key for image in chain.from_iterable(shards))

    def twin_of(self, image: Image) -> str | None:
        """The key that is labeled in a duplicate's stead."""
        content = self._content(image.campaign, image.content)
        return None if content is None else content.owner

    def duplicates(self, campaign: str) -> Iterator[tuple[Image, str]]:
        """Every duplicate with the key that is labeled in its stead."""
        every = (self._starting_with(shard, ImageStatus.DUPLICATE.value) for shard in _shards(campaign))
        for some in _in_groups(chain.from_iterable(every), _AT_ONCE):
            keys = {(_content_shard(campaign, image.content), image.content) for image in some}
            owners = {item.key: item.owner for item in self._contents.batch_get(list(keys), consistent_read=True)}
            yield from ((image, owner) for image in some if (owner := owners.get(image.content)) is not None)

    def _at(self, campaign: str, place: str) -> Iterator[Image]:
        for shard in _shards(campaign):
            condition = ImageItem.open_place == place
            for item in self._images.query(shard, condition, index_name="open_places", consistent_read=True):
                yield _image(item)

    def _with_status(self, shard: str, status: ImageStatus, *, limit: int, after: Cursor | None) -> Iterator[Image]:
        start = None if after is None else {"shard": {"S": shard}, "key": {"S": after[2]}}
        if status in {ImageStatus.BATCH, ImageStatus.IMPORTED}:
            in_batch = ImageItem.place.startswith(status.value)
            items = self._images.query(
                shard,
                filter_condition=in_batch,
                consistent_read=True,
                limit=limit,
                page_size=_LOOKED_THROUGH,
                last_evaluated_key=start,
            )
        else:
            items = self._images.query(
                shard,
                ImageItem.open_place.startswith(status.value),
                index_name="open_places",
                consistent_read=True,
                limit=limit,
                last_evaluated_key=None if after is None else {**(start or {}), "open_place": {"S": after[1]}},
            )
        return (_image(item) for item in items)

    def _places(self, campaign: str, prefix: str, most: int) -> Iterator[str]:
        condition = ImageItem.open_place.startswith(prefix)
        for shard in _shards(campaign):
            for item in self._images.query(
                shard,
                condition,
                index_name="open_places",
                consistent_read=True,
                limit=most,
                attributes_to_get=["place"],
            ):
                yield item.place

    def _starting_with(self, shard: str, prefix: str) -> Iterator[Image]:
        condition = ImageItem.open_place.startswith(prefix)
        # Small pages: who closes a batch of a thousand goes a little way into each of sixteen shards.
        for item in self._images.query(
            shard, condition, index_name="open_places", consistent_read=True, page_size=_PAGE
        ):
            yield _image(item)


def _in_groups(things: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while group := list(islice(things, size)):
        yield group


def batch_place(batch: int) -> str:
    return f"{ImageStatus.BATCH}#{batch:04}"


def imported_place(name: str) -> str:
    return f"{ImageStatus.IMPORTED}#{name}"


def _open_place(image: Image) -> str | None:
    """Where the image is listed as one that its owner may have to look at."""
    if image.is_open:
        return image.place
    return f"{ImageStatus.REPLACED}#{image.batch or 0:04}" if image.replaced_after_batch else None


def _event_time(image: Image) -> str:
    return image.event_time


def _shard_number(text: str) -> int:
    return zlib.crc32(text.encode()) % SHARDS


def _shard(campaign: str, key: str) -> str:
    return f"{campaign}#{_shard_number(key):x}"


def _shards(campaign: str) -> Iterator[str]:
    return (f"{campaign}#{number:x}" for number in range(SHARDS))


def _content_shard(campaign: str, fingerprint: str) -> str:
    return f"{campaign}#contents#{_shard_number(fingerprint):x}"


def _band_shard(campaign: str, band: str) -> str:
    return f"{campaign}#bands#{_shard_number(band):x}"


def _band(item: BandItem) -> Band:
    looks = (
        Look(fingerprint, Likeness(int(bits, 16), Shape(width, height)))
        for fingerprint, bits, width, height in item.looks
    )
    return Band(item.key, tuple(looks), item.version)


def _image(item: ImageItem) -> Image:
    return Image(
        campaign=item.shard.rpartition("#")[0],
        key=item.key,
        place=item.place,
        event_time=item.event_time,
        sequencer=item.sequencer,
        etag=item.etag,
        size=item.size,
        width=item.width or 0,
        height=item.height or 0,
        media_format=item.media_format or "",
        orientation=item.orientation or 1,
        reason=item.reason,
        remedy=item.remedy,
        replaced_after_batch=bool(item.replaced_after_batch),
        near_to=item.near_to,
        registered_at=item.registered_at,
        digest=item.digest,
    )
