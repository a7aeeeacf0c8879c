"""What runs in the engine's worker processes: steps of jobs, and chunks of their work."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from gt_engine import logs
from gt_engine.aws import EventBridge
from gt_engine.jobs import stepping
from gt_engine.jobs.faults import Fault, fault_of, reason_of
from gt_engine.jobs.schedule import StepReport
from gt_engine.jobs.steps import Tools, done
from gt_engine.jobs.tools import JSON
from gt_engine.jobs.wiring import tools_for
from gt_engine.settings import Settings
from gt_service.errors import Conflict

log = logging.getLogger(__name__)


def start(settings: Settings, engine: int) -> None:
    """Sets up a worker process. It ends when the engine does: nobody would count on its work any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure()
    threading.Thread(target=_end_with, args=(engine,), daemon=True).start()


def run_step(settings: Settings, name: str) -> StepReport:
    """`attempt` in a worker process."""
    try:
        return attempt(name, lambda: tools_for(settings, name))
    finally:
        _give_back_memory()


def attempt(name: str, open_tools: Callable[[], tuple[Tools, EventBridge]]) -> StepReport:
    """`stepping.take_step`; never raises, so that nothing needs to travel but words."""
    try:
        tools, events = open_tools()
        turn = stepping.take_step(name, tools, events)
        wait = None if turn.not_before is None else max(0.0, (turn.not_before - tools.now()).total_seconds())
        return StepReport(name, has_more=not turn.is_over, wait_seconds=wait)
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
    tools, _ = tools_for(settings, name)
    record = tools.store.job(name)
    if record.stop_requested or record.phase.has_ended:
        return  # nobody reads it any more, and who clears up has been there
    job = stepping.context(record, tools)
    place, result = done(verb, first, job, stepping.read_state(job, tools), tools)
    tools.objects.write(place, result, JSON)
    _give_back_memory()


def fail_job(settings: Settings, name: str, reason: str) -> StepReport:
    """`stepping.fail` in a worker process. A job that cannot even be failed is tried again."""
    try:
        tools, _ = tools_for(settings, name)
        stepping.fail(name, reason, tools)
    except Conflict:
        log.info("another process was faster", extra={"job": name})
    except Exception as trouble:  # noqa: BLE001 - as above
        return replace(_troubled(name, trouble), fault=Fault.PASSING)
    return StepReport(name, has_more=True)


def _end_with(engine: int) -> None:
    while os.getppid() == engine:
        time.sleep(0.5)
    os._exit(1)
