"""What a team's jobs with the same labels hand on from one to the next: how right each worker is, and who has seen
which gold item. One file, to which each job adds what it has learnt when it ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gt_engine.consolidation import Skills, dump_skills, handed_on, load_skills, together
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.tools import JSON, Tools
from gt_service.errors import Conflict, NotFound

JOBS_NAMED = 200
MOST_TRIES = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TeamRecord:
    """gold_shown: workers by the digest of the item. jobs: the last ones whose learning is in it, so that the end of a
    job, done again, adds nothing."""

    skills: Skills = field(default_factory=dict)
    gold_shown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()

    def after(self, job: str, learnt: Skills, gold_shown: Mapping[str, Sequence[str]]) -> TeamRecord:
        """The record with what a job has learnt of the workers, and shown them."""
        if job in self.jobs:
            return self
        shown = {digest: {*self.gold_shown.get(digest, ()), *workers} for digest, workers in gold_shown.items()}
        return TeamRecord(
            handed_on(together([self.skills, learnt])),
            {**self.gold_shown, **{digest: sorted(workers) for digest, workers in shown.items()}},
            (*self.jobs, job)[-JOBS_NAMED:],
        )


def read_record(job: JobContext, tools: Tools) -> TeamRecord:
    """A file that is missing or damaged is no reason not to begin."""
    return _read(job, tools)[0]


def add_to_record(learnt: Skills, gold_shown: Mapping[str, Sequence[str]], job: JobContext, tools: Tools) -> None:
    """Errors: `Conflict` where too many jobs of the team end at once; the step is then done again."""
    for _ in range(MOST_TRIES):
        record, etag = _read(job, tools)
        after = record.after(job.record.name, learnt, gold_shown)
        if after is record:
            return
        document = {"workers": dump_skills(after.skills), "gold": after.gold_shown, "jobs": after.jobs}
        body = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        # Closes the race of two jobs of a team that end at once: who comes second adds to what the first one wrote.
        if tools.objects.write_over(job.skills, body, JSON, etag):
            return
    raise Conflict(f"too many jobs of the team of {job.record.name} end at once")


def _read(job: JobContext, tools: Tools) -> tuple[TeamRecord, str | None]:
    """The record, and the ETag of its file; None where there is no file."""
    head = tools.objects.head(job.skills)
    if head is None:
        return TeamRecord(), None
    try:
        document = json.loads(tools.objects.read(job.skills, etag=head.etag))
        record = TeamRecord(
            load_skills(document["workers"]),
            {digest: tuple(map(str, workers)) for digest, workers in document["gold"].items()},
            tuple(map(str, document.get("jobs", ()))),
        )
    except NotFound:  # replaced since
        return _read(job, tools)
    except (ValueError, TypeError, AttributeError, KeyError):
        log.warning("the team's record cannot be read", extra={"job": job.record.name, "file": str(job.skills)})
        return TeamRecord(), head.etag
    return record, head.etag
