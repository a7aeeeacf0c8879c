"""Images: one item per key of the inbox bucket, spread over 16 partitions per campaign.

An image is in exactly one place at any time, and moves by conditional writes alone. That it is in at most one batch,
and in that one for good, follows from `still_at`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.pagination import ResultIterator

from gt_service.parallel import WORKERS, in_groups, in_parallel
from gt_service.records import Image, ImageStatus, Member, Pending
from gt_service.records.placement import ImageChange, Placement, Search, Seen, nearest, placement, rejection
from gt_service.store import writing
from gt_service.store.contents import Contents
from gt_service.store.models import ImageItem, Tables, item_of, members, record
from gt_service.store.shards import Cursor, shard_of, shards_of

_ATTEMPTS = 8
_PAGE = 500
_AT_ONCE = 100
"""Keys of one BatchGetItem."""
_LOOKED_THROUGH = 1_000
"""Items of one query for images in batches, which no index sorts out."""


@dataclass(frozen=True)
class ImagePage:
    images: tuple[Image, ...]
    next_after: Cursor | None
    """Where to go on; None on the last page."""


class Images:
    def __init__(self, tables: Tables) -> None:
        self._images, self._contents, self._connection = tables.images, Contents(tables), tables.connection
        self._writers = WORKERS

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
            except writing.Lost:
                seen = self._look(image, search)
            else:
                return placed.image.after
        raise writing.Contention(f"image {image.key!r}")

    def get(self, campaign: str, key: str) -> Image | None:
        item = item_of(self._images, shard_of(campaign, key), key)
        return None if item is None else _image(item)

    def get_many(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Image]:
        """Those of the images (campaign, key) that are there."""
        known = dict[tuple[str, str], Image]()
        for some in in_groups(keys, _AT_ONCE):
            wanted = [(shard_of(campaign, key), key) for campaign, key in some]
            images = map(_image, self._images.batch_get(wanted, consistent_read=True))
            known |= {(image.campaign, image.key): image for image in images}
        return known

    def _look(self, new: Image, search: Search | None) -> Seen:
        image = self.get(new.campaign, new.key)
        bands = () if search is None else self._contents.bands(new.campaign, search.likeness)
        content = self._contents.get(new.campaign, new.fingerprint)
        near = None if search is None or content is not None else nearest(search, bands)
        if near is not None:
            content = self._contents.get(new.campaign, near.fingerprint)
        return replace(self._around(image), content=content, bands=bands)

    def _around(self, image: Image | None) -> Seen:
        """What else is written when this image leaves its place."""
        former = None if image is None else self._contents.get(image.campaign, image.content)
        heir = None
        if image is not None and former is not None and former.owner == image.key:
            twins = self._at(image.campaign, f"{ImageStatus.DUPLICATE}#{former.fingerprint}")
            heir = min(twins, key=lambda twin: (twin.event_time, twin.key), default=None)
        return Seen(image=image, former=former, heir=heir)

    def _write(self, campaign: str, placed: Placement) -> None:
        images = [placed.image, *([placed.heir] if placed.heir else [])]
        if len(images) == 1 and not placed.contents:
            with writing.lost_if_refused():
                self._item(placed.image.after).save(condition=self._unchanged(placed.image))
            return
        with writing.transaction(self._connection) as writes:
            for change in images:
                writes.save(self._item(change.after), condition=self._unchanged(change))
            for content in placed.contents:
                item, condition = self._contents.write(campaign, content)
                writes.save(item, condition=condition)
            for band in placed.bands:
                band_item, condition = self._contents.write_band(campaign, band)
                writes.save(band_item, condition=condition)

    def _unchanged(self, change: ImageChange) -> Condition:
        if change.before is None:
            return writing.is_new(self._images)
        return writing.image_unchanged(change.before.place, change.before.sequencer)

    def _item(self, image: Image) -> ImageItem:
        held = {name: value for name, value in members(image).items() if name != "campaign"}
        return self._images(shard=shard_of(image.campaign, image.key), open_place=_open_place(image), **held)

    # ------------------------------------------------------------ batches

    def pending(self, campaign: str) -> Iterator[Image]:
        """Images without a batch, by time of upload and then by key; read as far as the caller goes."""
        prefix = f"{ImageStatus.PENDING}#"
        shards = [self._starting_with(shard, prefix) for shard in shards_of(campaign)]
        for _, same_time in groupby(heapq.merge(*shards, key=_event_time), key=_event_time):
            yield from sorted(same_time, key=lambda image: image.key)

    def pending_summary(self, campaign: str, *, most: int | None = None) -> Pending:
        """most: counting ends there; a plan need not know by how much a batch is overfull, of a million images."""
        prefix = f"{ImageStatus.PENDING}#"
        newest = [
            item
            for shard in shards_of(campaign)
            for item in self._open(shard, ImageItem.open_place.startswith(prefix), scan_index_forward=False, limit=1)
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
        moved = (ImageItem.place.set(batch_place(batch)), ImageItem.open_place.remove())

        def move(member: Member) -> None:
            item = self._images(shard=shard_of(campaign, member.key), key=member.key)
            for _ in range(_ATTEMPTS):
                # Closes: an image that was uploaded anew since goes into the batch that was planned without it.
                if writing.updated(item, *moved, condition=writing.still_at(member.place)):
                    return
                # Left for good where it is elsewhere. Where it is not, a transaction was at it that may yet come to
                # nothing; given up, the image might be moved by a slower handler when the manifest is written.
                now = self.get(campaign, member.key)
                if now is None or now.place != member.place:
                    return
            raise writing.Contention(f"image {member.key!r}")

        for _ in in_parallel(move, members, workers=self._writers):
            pass  # to raise what failed

    def keep_label(self, image: Image, name: str) -> bool:
        """Takes an image out of those that wait for a batch: its label came with the import `name`. False where it has
        left its place; who asks looks again."""
        item = self._images(shard=shard_of(image.campaign, image.key), key=image.key)
        kept = (ImageItem.place.set(f"{ImageStatus.IMPORTED}#{name}"), ImageItem.open_place.remove())
        # Closes: an image that a batch has just taken, or that was uploaded anew, counts as labeled.
        return writing.updated(item, *kept, condition=writing.still_at(image.place))

    def reject(self, image: Image, reason: str, remedy: str) -> None:
        """Puts aside an image that the campaign's task cannot take after all; a duplicate of it may take its place.

        Errors: `Contention`.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._write(image.campaign, rejection(image, self._around(image), reason=reason, remedy=remedy))
            except writing.Lost:
                if self.get(image.campaign, image.key) != image:
                    return  # taken, put aside or uploaded anew since
            else:
                return
        raise writing.Contention(f"image {image.key!r}")

    def taken(self, campaign: str, members: Iterable[Member], batch: int) -> list[str]:
        """The keys of those that are in the batch now, sorted.

        Only members that were chosen for a batch are ever moved there, so this is all that it holds.
        """

        def read(some: list[Member]) -> list[str]:
            keys = [(shard_of(campaign, member.key), member.key) for member in some]
            items = self._images.batch_get(keys, consistent_read=True, attributes_to_get=["key", "place"])
            return [item.key for item in items if item.place == batch_place(batch)]

        groups = in_groups(members, _AT_ONCE)
        return sorted(chain.from_iterable(in_parallel(read, groups, workers=self._writers)))

    # ------------------------------------------------------------ looking

    def count(self, campaign: str, status: ImageStatus) -> int:
        prefix = ImageItem.open_place.startswith(status.value)
        return sum(self._images.open_places.count(shard, prefix, consistent_read=True) for shard in shards_of(campaign))

    def page(self, campaign: str, status: ImageStatus, *, limit: int, after: Cursor | None = None) -> ImagePage:
        """Up to `limit` images of a status, in no order that means anything, from `after` on."""
        shards = list(shards_of(campaign))
        images: list[tuple[int, Image]] = []
        for number in range(after[0] if after else 0, len(shards)):
            start = after if after and after[0] == number else None
            items = self._with_status(shards[number], status, limit=limit + 1 - len(images), after=start)
            images += [(number, image) for image in items]
            if len(images) > limit:
                number, last = images[limit - 1]
                place = _open_place(last) or last.place
                return ImagePage(tuple(image for _, image in images[:limit]), (number, place, last.key))
        return ImagePage(tuple(image for _, image in images), None)

    def replaced(self, campaign: str) -> frozenset[str]:
        """The keys of images whose file is another one since they were sent to people, or labeled."""
        shards = (self._starting_with(shard, ImageStatus.REPLACED.value) for shard in shards_of(campaign))
        return frozenset(image.key for image in chain.from_iterable(shards))

    def twin_of(self, image: Image) -> str | None:
        """The key that is labeled in a duplicate's stead."""
        content = self._contents.get(image.campaign, image.content)
        return None if content is None else content.owner

    def duplicates(self, campaign: str) -> Iterator[tuple[Image, str]]:
        """Every duplicate with the key that is labeled in its stead."""
        every = (self._starting_with(shard, ImageStatus.DUPLICATE.value) for shard in shards_of(campaign))
        for some in in_groups(chain.from_iterable(every), _AT_ONCE):
            owners = self._contents.owners(campaign, {image.content for image in some})
            yield from ((image, owner) for image in some if (owner := owners.get(image.content)) is not None)

    def _at(self, campaign: str, place: str) -> Iterator[Image]:
        for shard in shards_of(campaign):
            yield from map(_image, self._open(shard, ImageItem.open_place == place))

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
            if after is not None:
                start = {**(start or {}), "open_place": {"S": after[1]}}
            condition = ImageItem.open_place.startswith(status.value)
            items = self._open(shard, condition, limit=limit, last_evaluated_key=start)
        return map(_image, items)

    def _places(self, campaign: str, prefix: str, most: int) -> Iterator[str]:
        condition = ImageItem.open_place.startswith(prefix)
        for shard in shards_of(campaign):
            for item in self._open(shard, condition, limit=most, attributes_to_get=["place"]):
                yield item.place

    def _starting_with(self, shard: str, prefix: str) -> Iterator[Image]:
        condition = ImageItem.open_place.startswith(prefix)
        # Small pages: who closes a batch of a thousand goes a little way into each of sixteen shards.
        return map(_image, self._open(shard, condition, page_size=_PAGE))

    def _open(self, shard: str, condition: Condition, **options: Any) -> ResultIterator[ImageItem]:
        """Images in no batch, of one shard, as they are now."""
        return self._images.open_places.query(shard, condition, consistent_read=True, **options)


def batch_place(batch: int) -> str:
    return f"{ImageStatus.BATCH}#{batch:04}"


def _open_place(image: Image) -> str | None:
    """Where the image is listed as one that its owner may have to look at."""
    if image.is_open:
        return image.place
    return f"{ImageStatus.REPLACED}#{image.batch or 0:04}" if image.replaced_after_batch else None


def _event_time(image: Image) -> str:
    return image.event_time


def _image(item: ImageItem) -> Image:
    return record(Image, item, campaign=item.shard.rpartition("#")[0])
