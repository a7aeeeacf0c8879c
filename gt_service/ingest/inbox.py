"""Finds uploads whose messages were lost: a walk through the inbox bucket, a stretch at a time.

S3 tells of every upload at least once, but what it tells may end in the dead letters and be forgotten there. An object
of the inbox that no table knows is taken in as if S3 had just told of it. A stretch is one page of a listing and ten
reads of the images' table; a walk that has come to the end rests for a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from gt_service.ingest.events import Upload, event_time
from gt_service.ingest.intake import Intake, Taken
from gt_service.ingest.keys import Purpose, classify, import_name
from gt_service.objects import ObjectStore, ObjectSummary, S3Uri
from gt_service.records import Walk
from gt_service.store import Store

logger = logging.getLogger(__name__)

GRACE = timedelta(hours=1)
"""Whatever came later may still have its message on the way."""
REST = timedelta(hours=1)
STRETCH = 1_000
"""Keys that are looked up together: one page of a listing."""
STRETCHES = 10
"""Of one run at most."""
_FIRST = "0" * 32
"""Comes before every sequencer of S3's, so that the upload's own message, should it come, counts as the later one."""
_LATER = "~"
"""Behind a sequencer: after it, and before every later one of S3's."""


class InboxWalk:
    def __init__(self, store: Store, objects: ObjectStore, intake: Intake, inbox_bucket: str) -> None:
        self._store, self._objects, self._intake = store, objects, intake
        self._inbox = S3Uri(inbox_bucket, "")

    def go_on(self, now: datetime, *, may_go_on: Callable[[], bool] = lambda: True) -> Iterator[Taken]:
        """Walks on where the last run stopped, and tells what became of each upload that nobody knew."""
        walk = self._store.walks.get()
        if walk.after is None and walk.ended_at is not None and now - walk.ended_at < REST:
            return
        items = self._objects.list(self._inbox, after=walk.after or "")
        for _ in range(STRETCHES):
            stretch = list(islice(items, STRETCH))
            if not stretch:
                self._store.walks.put(Walk(ended_at=now))
                return
            for upload in self._unknown(stretch, now):
                # First: what kills the function that takes it in is passed by the next run, and not tried for ever.
                self._store.walks.put(Walk(upload.key, walk.ended_at))
                yield self._intake.take(upload, now)
                if not may_go_on():
                    return
            self._store.walks.put(Walk(stretch[-1].uri.key, walk.ended_at))
            if not may_go_on():
                return

    def _unknown(self, stretch: list[ObjectSummary], now: datetime) -> Iterator[Upload]:
        old = [item for item in stretch if now - item.last_modified >= GRACE]
        keys = [(item, classify(item.uri.key, item.size)) for item in old]
        images = [(key.campaign, item.uri.key) for item, key in keys if key.purpose is Purpose.IMAGE]
        known = self._store.images.get_many(images)
        for item, key in keys:
            if key.purpose is Purpose.SPEC:
                order = self._store.campaigns.last_order(key.campaign)
                # Listings tell whole seconds: one that came within the same second as the last known is taken for it.
                if order is None or order[:19] < event_time(item.last_modified)[:19]:
                    yield self._upload(item, _FIRST)
            elif key.purpose is Purpose.LABELS:
                campaign = self._store.campaigns.find(key.campaign)
                name = import_name(item.uri.key)
                imported = None if campaign is None else next((i for i in campaign.imports if i.name == name), None)
                if imported is None or (imported.etag != item.etag and imported.problem is not None):
                    yield self._upload(item, _FIRST)
            elif key.purpose is Purpose.IMAGE:
                image = known.get((key.campaign, item.uri.key))
                if image is None:
                    yield self._upload(item, _FIRST)
                elif image.etag != item.etag and not image.replaced_after_batch:
                    yield self._upload(item, image.sequencer + _LATER)

    def _upload(self, item: ObjectSummary, sequencer: str) -> Upload:
        logger.warning("an upload that nobody was told of", extra={"key": item.uri.key})
        when = event_time(item.last_modified)
        return Upload(item.uri.bucket, item.uri.key, item.etag, item.size, when, sequencer)
