"""A job whose waking was lost is woken by whoever asks about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from gt_engine.api.operations import QUIET, Operations
from gt_engine.store import Phase
from tests.engine import MemoryEngineObjects, MemoryStore, job_record, request, settings

NAME = "birds-0001"


@pytest.mark.parametrize(
    ("changes", "quiet", "woken"),
    [
        ({}, QUIET + timedelta(seconds=1), True),
        ({}, QUIET, False),
        ({"phase": Phase.COMPLETED}, timedelta(hours=1), True),
        ({"phase": Phase.COMPLETED, "announced": True}, timedelta(hours=1), False),
    ],
)
def test_a_job_that_has_work_and_does_not_move_is_woken(
    tmp_path: Path, changes: dict[str, Any], quiet: timedelta, woken: bool
) -> None:
    """Without a server nobody looks for it otherwise; the app asks about running jobs every few minutes."""
    store, calls = MemoryStore(), list[str]()
    job = replace(job_record(request(NAME)), **changes)
    store.create_job(job)
    operations = Operations(
        settings(tmp_path),
        store,
        cast(Any, None),
        MemoryEngineObjects({}),
        calls.append,
        now=lambda: job.modified_at + quiet,
    )
    operations.describe_labeling_job({"LabelingJobName": NAME})
    assert calls == ([NAME] if woken else [])
