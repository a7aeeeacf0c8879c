"""What stays of a job's people when it has ended, for whoever runs the team: figures, declines, agreement.

people/ended.json   written before the job leaves the tables, from what they hold then
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from gt_engine.workforce.agreement import Agreement
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.index import TaskStore
from gt_engine.workforce.progress import Declined, JobProgress, WorkerProgress, progress_of
from gt_engine.workforce.supervision import agreement_in


@dataclass(frozen=True)
class EndedJob:
    """at: when the job ended; its figures are those of that moment."""

    at: datetime
    progress: JobProgress
    agreement: Agreement


def keep(job: str, at: datetime, store: TaskStore, files: WorkFiles) -> None:
    """Writes down what the tables know of a job's people; nothing where the job has left them already."""
    offer = store.offer(job)
    if offer is None:
        return
    progress = progress_of(offer, list(store.objects(job)), at, gold=list(store.gold(job)))
    files.write_ended(dump(EndedJob(at, progress, agreement_in(offer, store, files))))


def read(files: WorkFiles) -> EndedJob | None:
    """None where nothing was kept: nobody worked on it, or the engine was older."""
    body = files.ended()
    return None if body is None else load(body)


def dump(ended: EndedJob) -> bytes:
    document = asdict(ended) | {"at": ended.at.isoformat()}
    until = ended.progress.until
    document["progress"]["until"] = until.isoformat() if until else None
    return json.dumps(document, separators=(",", ":")).encode()


def load(body: bytes) -> EndedJob:
    """What `dump` wrote."""
    document = json.loads(body)
    return EndedJob(_moment(document["at"]), _progress(**document["progress"]), Agreement(**document["agreement"]))


def _progress(
    workers: list[Mapping[str, Any]], declines: list[Mapping[str, Any]], until: str | None, **figures: Any
) -> JobProgress:
    return JobProgress(
        workers=tuple(WorkerProgress(**one) for one in workers),
        declines=tuple(Declined(**one) for one in declines),
        until=_moment(until) if until else None,
        **figures,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
