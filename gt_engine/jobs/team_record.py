"""What a team's jobs with the same labels hand on from one to the next: how right each worker is, and who has seen
which gold item. One file; of two jobs that end at once the later one's stays."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gt_engine.consolidation import Skills, dump_skills, load_skills
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.tools import JSON, Tools

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TeamRecord:
    """gold_shown: workers by the digest of the item."""

    skills: Skills = field(default_factory=dict)
    gold_shown: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_record(job: JobContext, tools: Tools) -> TeamRecord:
    """A file that is missing or damaged is no reason not to begin."""
    if tools.objects.head(job.skills) is None:
        return TeamRecord()
    try:
        document = json.loads(tools.objects.read(job.skills))
        return TeamRecord(
            load_skills(document["workers"]),
            {digest: tuple(map(str, workers)) for digest, workers in document["gold"].items()},
        )
    except (ValueError, TypeError, AttributeError, KeyError):
        log.warning("the team's record cannot be read", extra={"job": job.record.name, "file": str(job.skills)})
        return TeamRecord()


def write_record(record: TeamRecord, job: JobContext, tools: Tools) -> None:
    document = {"workers": dump_skills(record.skills), "gold": record.gold_shown}
    tools.objects.write(job.skills, json.dumps(document, separators=(",", ":"), sort_keys=True).encode(), JSON)
