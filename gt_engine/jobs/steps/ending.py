"""The end of a job: its output manifest, and what it has learnt of the workers for the next one."""

from __future__ import annotations

from gt_engine.consolidation import handed_on
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import End
from gt_engine.jobs.reading import output_lines
from gt_engine.jobs.state import JobState
from gt_engine.jobs.steps.gold import write_gold_answers
from gt_engine.jobs.team_record import TeamRecord, read_record, write_record
from gt_engine.jobs.tools import LINES, Outcome, Tools


def end(work: End, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    if state.lines is not None:
        tools.objects.write_stream(job.tree.output_manifest, output_lines(job, state, tools), LINES)
    shown = write_gold_answers(job, state, tools)
    skills = handed_on(state.skills_but())
    if skills or shown:
        write_record(TeamRecord(skills, {**read_record(job, tools).gold_shown, **shown}), job, tools)
    counters = state.counters
    log = (
        f"{work.phase.value}: {counters.human} labeled by people, {counters.machine} by machine, "
        f"{counters.failed} failed, {counters.unlabeled} unlabeled." + (f" {work.reason}" if work.reason else ""),
    )
    return Outcome(state, log)
