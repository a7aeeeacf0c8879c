"""A chunk of a job, as the state machine's map hands it out."""

from __future__ import annotations

from typing import Any

from gt_engine.functions.setup import setup
from gt_engine.jobs import worker


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """`{"job": name, "verb": name, "first": place}`. What came of it lies in S3: a map's results must stay small."""
    worker.work_on_chunk(setup().settings, event["job"], event["verb"], event["first"])
    return {"first": event["first"]}
