"""The end of a job: its output manifest."""

from __future__ import annotations

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import End
from gt_engine.jobs.reading import output_lines
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import LINES, Outcome, Tools


def end(work: End, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    if state.lines is not None:
        tools.objects.write_stream(job.tree.output_manifest, output_lines(job, state, tools), LINES)
    counters = state.counters
    log = (
        f"{work.phase.value}: {counters.human} labeled by people, {counters.machine} by machine, "
        f"{counters.failed} failed, {counters.unlabeled} unlabeled." + (f" {work.reason}" if work.reason else ""),
    )
    return Outcome(state, log)
