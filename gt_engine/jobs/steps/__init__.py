"""How each piece of a labeling job's work is done. A step reads, computes and writes; it decides nothing.

A step is a function of the job and its state: done twice, it writes the same bytes to the same places. So it does not
matter where a killed engine stopped; the step is done again.
"""

from __future__ import annotations

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.state import JobState
from gt_engine.jobs.steps.ending import end
from gt_engine.jobs.steps.images import LOOK, look_ahead, look_at, prepare
from gt_engine.jobs.steps.machine import auto_label, predict, train_final
from gt_engine.jobs.steps.opening import open_manifest
from gt_engine.jobs.steps.people import with_people
from gt_engine.jobs.steps.predicting import question_of
from gt_engine.jobs.steps.simulated import ask
from gt_engine.jobs.tools import Outcome, Tools
from gt_engine.jobs.work import (
    Ask,
    AutoLabel,
    Close,
    Consolidate,
    End,
    LookAhead,
    Offer,
    Open,
    Prepare,
    Publish,
    Remind,
    TrainFinal,
    Wait,
    Work,
)
from gt_service.objects import S3Uri

__all__ = ["Outcome", "Tools", "discard", "done", "perform"]


def perform(work: Work, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Does one piece of work. Errors: `InvalidInput`, `NotFound` where the user's input is at fault."""
    match work:
        case Open():
            return open_manifest(job, state, tools)
        case Prepare():
            return prepare(work, job, state, tools)
        case LookAhead():
            return look_ahead(work, job, state, tools)
        case Ask():
            return ask(work, job, state, tools)
        case Offer() | Publish() | Close() | Remind() | Consolidate():
            return with_people(work, job, state, tools)
        case Wait():
            raise ValueError("waiting is no work")
        case AutoLabel():
            return auto_label(work, job, state, tools)
        case TrainFinal():
            return train_final(work, job, state, tools)
        case End():
            return end(work, job, state, tools)


def done(verb: str, first: int, job: JobContext, state: JobState, tools: Tools) -> tuple[S3Uri, bytes]:
    """A chunk, worked on: where its result belongs, and the result. Errors: `ValueError` for an unknown verb."""
    if verb == LOOK:
        return job.tree.looked(first), look_at(first, job, state, tools)
    question = question_of(verb)
    return job.tree.predicted(question, first), predict(question, first, job, state, tools)


def discard(work: Work, job: JobContext, tools: Tools) -> None:
    """Removes what an interrupted step may have written, for a job that will not do it any more."""
    match work:
        case Ask(iteration=iteration):
            for kind in ("request", "response"):
                tools.objects.delete_all(job.tree.consolidation_folder(kind, iteration))
            tools.objects.delete_all(job.tree.worker_responses(iteration))
        case AutoLabel(iteration=iteration) | TrainFinal(iteration=iteration):
            for file in (job.tree.auto_annotations, job.tree.certificate, job.tree.inference):
                tools.objects.delete(file(iteration))
            tools.objects.delete_all(job.tree.training(iteration))
            tools.objects.delete(job.tree.left_out_predictions)
        case _:
            pass
