"""What stays of a job's people when it has ended, for whoever runs the team: figures, declines, agreement.

people/ended.json   written before the job leaves the tables, from what they hold then
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from gt_engine.workforce.agreement import Agreement
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.index import TaskStore
from gt_engine.workforce.progress import JobProgress, progress_of
from gt_engine.workforce.supervision import agreement_in
from gt_service.documents import document_of, value_of


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
    ended = EndedJob(at, progress, agreement_in(offer, store, files))
    files.write_ended(json.dumps(document_of(ended), separators=(",", ":")).encode())


def read(files: WorkFiles) -> EndedJob | None:
    """None where nothing was kept: nobody worked on it, or the engine was older."""
    body = files.ended()
    return None if body is None else value_of(EndedJob, json.loads(body))
