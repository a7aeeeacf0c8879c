"""One step of one job, from the record to the next record; it may die anywhere, and is done again."""

from __future__ import annotations

import gzip
import logging
import resource
import sys
import time
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gt_engine.aws import EventBridge
from gt_engine.jobs.chunks import NotYet
from gt_engine.jobs.context import JobContext, context_of
from gt_engine.jobs.faults import Fault, MissingFile, NotTaken, fault_of, is_full_disk, reason_of
from gt_engine.jobs.life_cycle import next_work
from gt_engine.jobs.notices import tell_team
from gt_engine.jobs.own_model import knowing
from gt_engine.jobs.situation import Answers, Situation
from gt_engine.jobs.state import JobState, dump, load
from gt_engine.jobs.steps import Outcome, Tools, discard, perform
from gt_engine.jobs.tools import ARCHIVE
from gt_engine.jobs.watching import look
from gt_engine.jobs.work import End, Prepare, Wait, Work
from gt_engine.outputs.events import state_change
from gt_engine.store import JobRecord, Phase
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.supervision import keep_ended
from gt_service.errors import GtServiceError, NotFound

JOB_LOG_GROUP = "/aws/sagemaker/LabelingJobs"
MAX_FAILURE_REASON = 1024
QUICKLY = 1
"""How hard a checkpoint is compressed: the hardest took thirty times as long, for a tenth of its bytes."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NextTurn:
    """When the next step of a job is due.

    not_before  people are at work, or chunks of images elsewhere, and unless they do something there is nothing to do
                before; None where there is something to do now
    is_over     there is nothing left to do at all
    """

    not_before: datetime | None = None
    is_over: bool = False


AT_ONCE, OVER = NextTurn(), NextTurn(is_over=True)


def take_step(name: str, tools: Tools, events: EventBridge) -> NextTurn:
    """Does the next step of a job and writes down that it is done; when its next one is due.

    A step that was interrupted anywhere before `advance` is done again, and writes the same files again.
    """
    record = tools.store.job(name)
    if record.phase.has_ended:
        _announce(record, tools, events)
        return OVER
    job, state, work = None, None, None
    try:
        job = context(record, tools)
        state = read_state(job, tools)
        job = knowing(job, state)
        answers = look(job, state, tools) if record.by_people else None
        work = _next(job, state, answers, stop_requested=record.stop_requested)
        if isinstance(work, Wait):
            return NextTurn(work.until)
        if record.stop_requested:
            discard(_next(job, state, answers, stop_requested=False), job, tools)
        began = time.monotonic()
        outcome = perform(work, job, state, tools)
        log.info("step", extra={"job": name, "work": type(work).__name__, **_used(began)})
    except NotYet as pending:
        due = work.until if isinstance(work, Prepare) else None
        return NextTurn(min(pending.until, due or pending.until))
    except Exception as problem:
        if is_full_disk(problem):
            tools.logs.append(JOB_LOG_GROUP, record.name, ["The engine's disk is full; the job waits for room on it."])
        if fault_of(problem) is not Fault.USERS:
            raise
        why = problem.message if isinstance(problem, GtServiceError) else problem
        end = End(Phase.FAILED, f"ClientError: {why}")
        if job is not None and state is not None and state.counters.total:
            perform(end, job, state, tools)
        tools.logs.append(JOB_LOG_GROUP, record.name, [end.reason or end.phase.value])
        _finish(record, end, state, tools)
        return AT_ONCE
    tools.logs.append(JOB_LOG_GROUP, record.name, outcome.log)
    if isinstance(work, End):
        _finish(record, work, state, tools)
    else:
        _commit(record, job, outcome, tools)
    return AT_ONCE


def fail(name: str, reason: str, tools: Tools) -> None:
    """Ends a job that the engine itself cannot go on with. What it has labeled stays where it is, and is counted."""
    record = tools.store.job(name)
    if record.phase.has_ended:
        return
    end = End(Phase.FAILED, reason)
    try:
        job = context(record, tools)
        perform(end, job, read_state(job, tools), tools)
    except Exception as trouble:
        if fault_of(trouble) is Fault.PASSING:
            raise
        log.exception("a job that failed has no output manifest", extra={"job": name})
    _finish(record, end, None, tools)


def context(record: JobRecord, tools: Tools) -> JobContext:
    """What follows from a job's request. Errors: those of the request."""
    return context_of(record, tools.objects, region=tools.settings.region, account=tools.settings.account)


def _used(began: float) -> dict[str, float]:
    """What a step took: seconds, and the most memory that this process has ever had, in MB (for sizing machines)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes; bytes on macOS
    return {
        "seconds": round(time.monotonic() - began, 2),
        "peak_mb": peak >> (20 if sys.platform == "darwin" else 10),
    }


def _next(job: JobContext, state: JobState, answers: Answers | None, *, stop_requested: bool) -> Work:
    now = Situation(job.plan, job.conditions, state, answers)
    return next_work(now, looks_at_images=job.looks_at_images, stop_requested=stop_requested)


def _commit(record: JobRecord, job: JobContext, outcome: Outcome, tools: Tools) -> None:
    """The state first, then the record that points to it by its version, then the state before the last is let go, and
    the team is told what it is to know."""
    version, state = record.version + 1, outcome.state
    tools.objects.write(job.tree.checkpoint(version), gzip.compress(dump(state), QUICKLY, mtime=0), ARCHIVE)
    tools.store.advance(
        replace(
            record,
            phase=Phase.INITIALIZING if state.counters.total == 0 else Phase.IN_PROGRESS,
            counters=state.counters,
            final_model_arn=_final_model(record, state),
            modified_at=datetime.now(UTC),
        ),
        unless_stop_requested=False,
    )
    tools.objects.delete(job.tree.checkpoint(record.version - 1))
    notice = tell_team(outcome.notice, job, tools) if outcome.notice else None
    if notice:
        tools.logs.append(JOB_LOG_GROUP, record.name, [notice])


def _finish(record: JobRecord, end: End, state: JobState | None, tools: Tools) -> None:
    ended = replace(
        record,
        phase=end.phase,
        counters=state.counters if state else record.counters,
        failure_reason=end.reason[:MAX_FAILURE_REASON] if end.reason else None,
        modified_at=datetime.now(UTC),
    )
    # A stop that was asked for while the last step ran is honoured: the job then ends as Stopped, in its next step.
    tools.store.advance(ended, unless_stop_requested=end.phase is Phase.COMPLETED)


def _announce(record: JobRecord, tools: Tools, events: EventBridge) -> None:
    """Sends the event, clears up, and only then writes that both are done: a crash between them repeats them."""
    if record.announced:
        _withdraw(record, tools)
        return
    if not events.send(state_change(record.arn, record.status, record.modified_at)):
        raise NotTaken(f"EventBridge did not take the event of {record.name}")
    tools.objects.delete_all(record.tree.temp)
    if record.by_people:
        _keep_figures(record, WorkFiles.of(record.tree, tools.objects), tools)
    _withdraw(record, tools)
    tools.store.mark_announced(record.name)
    log.info("ended", extra={"job": record.name, "status": record.status})


def _withdraw(record: JobRecord, tools: Tools) -> None:
    """Nobody is offered anything of a job that has ended. Closes the race with a step that outlived its engine and put
    the job's objects on offer once more: it loses its version, and so comes by here."""
    if record.by_people:
        tools.people.delete_offer(record.name)
        tools.people.delete_objects(record.name)


def _keep_figures(record: JobRecord, files: WorkFiles, tools: Tools) -> None:
    """What whoever runs the team reads of the job from now on. A job's end waits for no more than S3."""
    try:
        keep_ended(record.name, record.modified_at, tools.people, files)
    except Exception as trouble:
        if fault_of(trouble) is Fault.PASSING:
            raise
        log.exception("the figures of a job's people are not kept", extra={"job": record.name})


def read_state(job: JobContext, tools: Tools) -> JobState:
    """The state that the record points to. Where its file is gone or damaged, the one before: the step that led to
    the lost one is then done again, and writes the same files. Errors: `MissingFile` where both are."""
    version = job.record.version
    troubles = []
    for number in (version, version - 1)[: version + 1]:
        if number == 0:
            # Virtual time begins with the second of the creation: Ground Truth's files know no smaller unit.
            return JobState(clock=job.record.created_at.replace(microsecond=0))
        try:
            return load(gzip.decompress(tools.objects.read(job.tree.checkpoint(number))))
        except (NotFound, EOFError, OSError, zlib.error, ValueError, KeyError, TypeError) as trouble:
            if fault_of(trouble) is Fault.PASSING:
                raise
            log.warning("a checkpoint cannot be read", extra={"job": job.record.name, "reason": reason_of(trouble)})
            troubles.append(reason_of(trouble))
    raise MissingFile(f"the checkpoints of versions {version} and {version - 1} cannot be read: {'; '.join(troubles)}")


def _final_model(record: JobRecord, state: JobState) -> str | None:
    if not state.trainings:
        return record.final_model_arn
    prefix = record.arn.rpartition(":labeling-job/")[0]
    return f"{prefix}:model/{state.trainings[-1].model_name}"
