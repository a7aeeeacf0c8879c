"""Contents and bands of perceptual hashes, in the images table: which key stands for what, and what looks like it."""

from __future__ import annotations

from dataclasses import astuple

from pynamodb.expressions.condition import Condition

from gt_service.records.likeness import Likeness, Shape
from gt_service.records.placement import Band, Content, ContentChange, Look
from gt_service.store.models import BandItem, ContentItem, Tables, item_of
from gt_service.store.shards import shard_number
from gt_service.store.writing import band_unchanged, content_unchanged, is_new


class Contents:
    def __init__(self, tables: Tables) -> None:
        self._contents, self._bands = tables.contents, tables.bands

    def get(self, campaign: str, fingerprint: str) -> Content | None:
        item = item_of(self._contents, _content_shard(campaign, fingerprint), fingerprint)
        return None if item is None else Content(fingerprint, item.owner, item.twins)

    def owners(self, campaign: str, fingerprints: set[str]) -> dict[str, str | None]:
        """By content, the key that stands for it."""
        keys = [(_content_shard(campaign, fingerprint), fingerprint) for fingerprint in fingerprints]
        return {item.key: item.owner for item in self._contents.batch_get(keys, consistent_read=True)}

    def bands(self, campaign: str, likeness: Likeness) -> tuple[Band, ...]:
        keys = [(_band_shard(campaign, band), band) for band in likeness.bands]
        bands = {item.key: _band(item) for item in self._bands.batch_get(keys, consistent_read=True)}
        return tuple(bands.get(band, Band(band)) for band in likeness.bands)

    def write(self, campaign: str, change: ContentChange) -> tuple[ContentItem, Condition]:
        """The item to put, and under which condition."""
        before, after = change.before, change.after
        shard = _content_shard(campaign, after.fingerprint)
        item = self._contents(shard=shard, key=after.fingerprint, owner=after.owner, twins=after.twins)
        return item, is_new(self._contents) if before is None else content_unchanged(before.owner, before.twins)

    def write_band(self, campaign: str, band: Band) -> tuple[BandItem, Condition]:
        """The item to put, and under which condition."""
        looks = [[look.fingerprint, look.likeness.hexadecimal, *astuple(look.likeness.shape)] for look in band.looks]
        item = self._bands(shard=_band_shard(campaign, band.key), key=band.key, looks=looks, version=band.version)
        return item, band_unchanged(band.version - 1) if band.version > 1 else is_new(self._bands)


def _content_shard(campaign: str, fingerprint: str) -> str:
    return f"{campaign}#contents#{shard_number(fingerprint):x}"


def _band_shard(campaign: str, band: str) -> str:
    return f"{campaign}#bands#{shard_number(band):x}"


def _band(item: BandItem) -> Band:
    looks = (
        Look(fingerprint, Likeness(int(bits, 16), Shape(width, height)))
        for fingerprint, bits, width, height in item.looks
    )
    return Band(item.key, tuple(looks), item.version)
