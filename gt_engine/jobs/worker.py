"""One step of one job, from the record to the next record. This is what runs in the engine's worker processes."""

from __future__ import annotations

import ctypes
import gzip
import logging
import os
import resource
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache

from gt_engine import logs
from gt_engine.autolabel import FeatureStore
from gt_engine.aws import CloudWatchLogs, EngineObjects, EventBridge, KmsKey, SnsTopics, client, s3_client
from gt_engine.jobs.chunks import Chunks, ChunksHere, MappedChunks, NotYet
from gt_engine.jobs.context import JobContext, context_of
from gt_engine.jobs.faults import Fault, MissingFile, NotTaken, fault_of, is_full_disk, reason_of
from gt_engine.jobs.life_cycle import next_work
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.notices import tell_team
from gt_engine.jobs.own_model import knowing
from gt_engine.jobs.schedule import StepReport
from gt_engine.jobs.situation import Answers, Situation
from gt_engine.jobs.state import JobState, dump, load
from gt_engine.jobs.steps import Outcome, Tools, discard, done, perform
from gt_engine.jobs.tools import ARCHIVE, JSON
from gt_engine.jobs.watching import look
from gt_engine.jobs.work import End, Prepare, Wait, Work
from gt_engine.outputs.events import state_change
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore, JobRecord, Phase
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.supervision import keep_ended
from gt_service.errors import Conflict, GtServiceError, NotFound

JOB_LOG_GROUP = "/aws/sagemaker/LabelingJobs"
MAX_FAILURE_REASON = 1024
QUICKLY = 1
"""How hard a checkpoint is compressed: the hardest took thirty times as long, for a tenth of its bytes."""

log = logging.getLogger(__name__)


def take_step(name: str, tools: Tools, events: EventBridge) -> bool | datetime:
    """Does the next step of a job and writes down that it is done; whether the job has more. A time: people are at
    work, or chunks of images elsewhere, and unless they do something there is nothing to do before it.

    A step that was interrupted anywhere before `advance` is done again, and writes the same files again.
    """
    record = tools.store.job(name)
    if record.phase.has_ended:
        _announce(record, tools, events)
        return False
    job, state, work = None, None, None
    try:
        job = _context(record, tools)
        state = _read_state(job, tools)
        job = knowing(job, state)
        answers = look(job, state, tools) if record.by_people else None
        work = _next(job, state, answers, stop_requested=record.stop_requested)
        if isinstance(work, Wait):
            return work.until
        if record.stop_requested:
            discard(_next(job, state, answers, stop_requested=False), job, tools)
        began = time.monotonic()
        outcome = perform(work, job, state, tools)
        log.info("step", extra={"job": name, "work": type(work).__name__, **_used(began)})
    except NotYet as pending:
        due = work.until if isinstance(work, Prepare) else None
        return min(pending.until, due or pending.until)
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
        return True
    tools.logs.append(JOB_LOG_GROUP, record.name, outcome.log)
    if isinstance(work, End):
        _finish(record, work, state, tools)
    else:
        _commit(record, job, outcome, tools)
    return True


def fail(name: str, reason: str, tools: Tools) -> None:
    """Ends a job that the engine itself cannot go on with. What it has labeled stays where it is, and is counted."""
    record = tools.store.job(name)
    if record.phase.has_ended:
        return
    end = End(Phase.FAILED, reason)
    try:
        job = _context(record, tools)
        perform(end, job, _read_state(job, tools), tools)
    except Exception as trouble:
        if fault_of(trouble) is Fault.PASSING:
            raise
        log.exception("a job that failed has no output manifest", extra={"job": name})
    _finish(record, end, None, tools)


def _context(record: JobRecord, tools: Tools) -> JobContext:
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


def _read_state(job: JobContext, tools: Tools) -> JobState:
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


# --- in a worker process -----------------------------------------------------------------------------------------


def start(settings: Settings, engine: int) -> None:
    """Sets up a worker process. It ends when the engine does: nobody would count on its work any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure()
    threading.Thread(target=_end_with, args=(engine,), daemon=True).start()


def run_step(settings: Settings, name: str) -> StepReport:
    """`attempt` in a worker process."""
    try:
        return attempt(name, lambda: _tools(settings, name))
    finally:
        _give_back_memory()


def attempt(name: str, open_tools: Callable[[], tuple[Tools, EventBridge]]) -> StepReport:
    """`take_step`; never raises, so that nothing needs to travel but words."""
    try:
        tools, events = open_tools()
        more = take_step(name, tools, events)
        wait = max(0.0, (more - tools.now()).total_seconds()) if isinstance(more, datetime) else None
        return StepReport(name, has_more=bool(more), wait_seconds=wait)
    except Conflict as moved_on:
        log.info("another process was faster", extra={"job": name, "reason": moved_on.message})
        return StepReport(name, has_more=True)
    except Exception as trouble:  # noqa: BLE001 - logged and reported, whatever it is
        return _troubled(name, trouble)


def _troubled(name: str, trouble: Exception) -> StepReport:
    # What is the user's to correct ends the job in its step. Here it could not: that is the engine's to bear.
    fault = Fault.PASSING if fault_of(trouble) is Fault.PASSING else Fault.ENGINES
    log.exception("a step failed", extra={"job": name, "fault": fault.value})
    return StepReport(name, has_more=True, trouble=reason_of(trouble), fault=fault)


def _give_back_memory() -> None:
    """Hands what a training has freed to the system: glibc would keep it, a little more after each training."""
    with suppress(AttributeError, OSError):  # other C libraries have no such call, nor the need
        ctypes.CDLL(None).malloc_trim(0)


def work_on_chunk(settings: Settings, name: str, verb: str, first: int) -> None:
    """A chunk of a job, for whoever asked: what came of it is a file. Errors: those of the verb."""
    tools, _ = _tools(settings, name)
    record = tools.store.job(name)
    if record.stop_requested or record.phase.has_ended:
        return  # nobody reads it any more, and who clears up has been there
    job = _context(record, tools)
    place, result = done(verb, first, job, _read_state(job, tools), tools)
    tools.objects.write(place, result, JSON)
    _give_back_memory()


def fail_job(settings: Settings, name: str, reason: str) -> StepReport:
    """`fail` in a worker process. A job that cannot even be failed is tried again."""
    try:
        tools, _ = _tools(settings, name)
        fail(name, reason, tools)
    except Conflict:
        log.info("another process was faster", extra={"job": name})
    except Exception as trouble:  # noqa: BLE001 - as above
        return replace(_troubled(name, trouble), fault=Fault.PASSING)
    return StepReport(name, has_more=True)


def _tools(settings: Settings, name: str) -> tuple[Tools, EventBridge]:
    kms_key = _store(settings.table_prefix, settings.region).job(name).kms_key
    return _tools_with_key(settings, kms_key), EventBridge(_client("events", settings.region))


@lru_cache(maxsize=8)
def _tools_with_key(settings: Settings, kms_key: str | None) -> Tools:
    """One set of tools per key and process: clients, the feature store and what it has loaded are kept."""
    region = settings.region
    store = _store(settings.table_prefix, region)
    objects = EngineObjects(_s3(region, settings.buckets), kms_key)
    chunks: Chunks = ChunksHere()
    if settings.chunks_arn:
        machine = _client("stepfunctions", region)
        chunks = MappedChunks(machine, settings.chunks_arn, objects, at_least=settings.chunks_from)
    return Tools(
        settings=settings,
        store=store,
        objects=objects,
        logs=CloudWatchLogs(_client("logs", region)),
        features=FeatureStore(
            settings.state_dir / "features",
            threads=settings.processes,
            most_bytes=settings.cache_bytes,
            providers=settings.onnx_providers,
        ),
        machine=LearningMachine(threads=settings.processes, shorten_training=settings.shorten_training),
        people=DynamoTasks(store.tables),
        teams=DynamoTeams(store.tables),
        members=DynamoMembers(store.tables),
        topics=SnsTopics(_client("sns", region)),
        chunks=chunks,
        signer=KmsKey(_client("kms", region), settings.certificate_key) if settings.certificate_key else None,
    )


_client, _s3, _store = cache(client), cache(s3_client), cache(DynamoStore)
"""One of each kind per process: to make one takes as long as a hundred calls."""


def _end_with(engine: int) -> None:
    while os.getppid() == engine:
        time.sleep(0.5)
    os._exit(1)
