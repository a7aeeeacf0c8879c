"""The end of a job: its output manifest, and what it has learnt of the workers for the next one."""

from __future__ import annotations

import json

from gt_engine.consolidation import dump_skills, handed_on
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import End
from gt_engine.jobs.reading import output_lines
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import JSON, LINES, Outcome, Tools


def end(work: End, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    if state.lines is not None:
        tools.objects.write_stream(job.tree.output_manifest, output_lines(job, state, tools), LINES)
    skills = state.skills_but()
    if skills:
        body = json.dumps(dump_skills(handed_on(skills)), separators=(",", ":")).encode()
        tools.objects.write(job.skills, body, JSON)
    counters = state.counters
    log = (
        f"{work.phase.value}: {counters.human} labeled by people, {counters.machine} by machine, "
        f"{counters.failed} failed, {counters.unlabeled} unlabeled." + (f" {work.reason}" if work.reason else ""),
    )
    return Outcome(state, log)
