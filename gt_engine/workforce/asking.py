"""The job's side of people's work: objects are put on offer, looked after, closed, and given up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gt_engine.workforce.files import OfferedLine, WorkFiles
from gt_engine.workforce.offers import ObjectOffer
from gt_engine.workforce.tasks import JobOffer, TaskStore

OBJECTS_PER_PART = 100
"""Manifest lines in one file of an offer: a task page reads one file."""


def put_on_offer(offer: JobOffer, lines: Iterable[OfferedLine], store: TaskStore, files: WorkFiles) -> JobOffer:
    """Files, then objects, then the offer that leads to them. Done again it changes nothing."""
    asked = offer.asked
    ordered = sorted(lines, key=lambda one: one.place)
    for start in range(0, len(ordered), OBJECTS_PER_PART):
        part = ordered[start : start + OBJECTS_PER_PART]
        first = part[0].place
        files.write_offer(first, part)
        store.add(ObjectOffer(offer.job, one.place, one.object_id, first, offer.workers_per_object) for one in part)
        asked = max(asked, part[-1].place + 1)
    after = replace(offer, asked=asked)
    store.put_offer(after)
    return after
