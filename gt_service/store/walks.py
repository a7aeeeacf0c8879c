"""How far the walk through the inbox has come: one item, in the images table under a shard of its own."""

from __future__ import annotations

from gt_service.records import Walk
from gt_service.store.models import Tables, item_of

_SHARD, _KEY = "#walk", "inbox"


class Walks:
    def __init__(self, tables: Tables) -> None:
        self._items = tables.walks

    def get(self) -> Walk:
        item = item_of(self._items, _SHARD, _KEY)
        return Walk() if item is None else Walk(item.after, item.ended_at)

    def put(self, walk: Walk) -> None:
        """Unconditional: of two who walk at the same time the last one is believed, and some keys are read twice."""
        self._items(shard=_SHARD, key=_KEY, after=walk.after, ended_at=walk.ended_at).save()
