"""Asking people: a batch is offered; what is answered is closed, and labels are made of it.

Nothing here waits for anybody. Between the steps the job has none to take, until people do something or time passes
(gt_engine/jobs/watching.py).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.notices import remind_at
from gt_engine.jobs.proposing import proposals_of, propose, shown_on_page
from gt_engine.jobs.reading import read_facts, read_lines, read_own
from gt_engine.jobs.state import Closing, JobState, OpenBatch
from gt_engine.jobs.steps.consolidating import as_written, each_failed, learnt, told, write_intermediate, write_labels
from gt_engine.jobs.steps.gold import offer_gold
from gt_engine.jobs.tools import ONE_SECOND, Happening, Notice, Outcome, Tools
from gt_engine.jobs.watching import files_of, is_ready, job_offer, present
from gt_engine.jobs.work import Close, Consolidate, Offer, Publish, Remind
from gt_engine.outputs import records
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.workforce import Answer, offers
from gt_engine.workforce.asking import put_on_offer
from gt_engine.workforce.files import AnswerFile, OfferedLine
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import change, closed_by_force
from gt_engine.workforce.offers import ObjectOffer
from gt_engine.workforce.proposals import Proposal, without_planted
from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri

DECLINED = "Declined: as many workers declined it as were asked for."
NO_ANSWER = "NoAnswer: no worker answered in time; the task expired."

log = logging.getLogger(__name__)


def with_people(
    work: Offer | Publish | Close | Remind | Consolidate, job: JobContext, state: JobState, tools: Tools
) -> Outcome:
    match work:
        case Offer():
            return offer(work, job, state, tools)
        case Publish():
            return publish(job, state, tools)
        case Close():
            return close(work, job, state, tools)
        case Remind():
            return remind(work, state)
        case Consolidate():
            return consolidate(job, state, tools)


def offer(work: Offer, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Objects that cannot be shown fail at once; the others get places in the job's order of asking. Nothing is written
    but the state: what it says is then put on offer, the same however often that is tried."""
    shown = tuple(object_id for object_id in work.step.object_ids if object_id not in state.problems)
    failed = {object_id: state.problems[object_id] for object_id in work.step.object_ids if object_id in state.problems}
    now = tools.now()
    until = now + job.crowd.lifetime
    ahead = state.ahead or OpenBatch(work.iteration, work.step.purpose, state.asked, (), until)
    batch = replace(
        ahead,
        purpose=work.step.purpose,
        object_ids=(*ahead.object_ids, *shown),
        until=until,
        remind_at=remind_at(until, job.crowd.lifetime),
        failed={**ahead.failed, **failed},
        is_ahead=work.is_ahead,
        uncertifying=ahead.uncertifying if work.certifies else (*ahead.uncertifying, *shown),
    )
    after = state.after(clock=max(state.clock, _second(now)), asked=state.asked + len(shown)).with_open(batch)
    purpose = "ahead of the next batch" if work.is_ahead else batch.purpose.value
    message = f"Iteration {batch.iteration}: {len(shown)} data objects for people ({purpose})."
    return Outcome(after, (message, *each_failed(failed)))


def publish(job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Puts on offer what is not yet."""
    batch = next(batch for batch in state.open_batches if batch.published < len(batch.object_ids))
    fresh = batch.object_ids[batch.published :]
    lines = {str(line.number): line for line in read_lines(job, tools, set(fresh))}
    sizes = read_facts(job, tools, fresh).sizes
    first = batch.first + batch.published
    blind = state.progress.by_people
    to_correct = {
        object_id: lines[object_id] for object_id in fresh if object_id in batch.uncertifying and object_id not in blind
    }
    proposals = propose(batch.iteration, first, job, state, to_correct, sizes, tools)
    offered = [
        OfferedLine(
            place,
            object_id,
            lines[object_id].text.decode("utf-8-sig"),
            lines[object_id].source,
            sizes.get(object_id),
            shown_on_page(job, proposals.get(object_id)),
        )
        for place, object_id in enumerate(fresh, start=first)
    ]
    on_offer = job_offer(job, state, batch.until)
    message = offer_gold(on_offer, job, state, tools) if first == 0 else None
    put_on_offer(on_offer, offered, tools.people, files_of(job, tools))
    after = state.with_open(replace(batch, published=len(batch.object_ids)))
    notice = Notice(Happening.AVAILABLE, batch.until) if first == 0 else None
    return Outcome(after, () if message is None else (message,), notice)


def remind(work: Remind, state: JobState) -> Outcome:
    """Once for each offer: the state says that it is done before anybody is told."""
    batch = next(batch for batch in state.open_batches if batch.first == work.first)
    return Outcome(state.with_open(replace(batch, remind_at=None)), (), Notice(Happening.EXPIRING, batch.until))


def close(work: Close, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """From here on nobody changes an answer. Who was faster with another one keeps the object open.

    By force (a stop) the batch ends here: what nobody has answered stays unlabeled, and of an answer that somebody has
    open again the old one stands.
    """
    batch = next(batch for batch in state.open_batches if batch.first == work.first)
    on_offer = batch.object_ids[: batch.published]
    places = {object_id: place for place, object_id in enumerate(on_offer, start=batch.first)}
    now, files = tools.now(), files_of(job, tools)

    def shut(item: ObjectOffer) -> ObjectOffer:
        if work.by_force:
            return closed_by_force(item, files)
        return offers.close(item) if is_ready(item, batch, tools.settings, now) else item

    wanted = [places[object_id] for object_id in work.object_ids if object_id in places]
    # Else a label might be made while an answer is changed.
    shuts = in_parallel(lambda place: change(present(job, tools, place), shut, tools.people), wanted)
    closed = [item for item in shuts if item is not None and item.closed]
    # Who answered, first to last.
    answers = {item.object_id: sorted(item.answers, key=lambda it: (it.ended_at or now, it.worker)) for item in closed}
    workers = {object_id: tuple(one.worker for one in given) for object_id, given in answers.items()}
    if work.by_force:
        workers = {object_id: who for object_id, who in workers.items() if who}
        batch = replace(
            batch, is_ahead=False, abandoned=tuple(object_id for object_id in batch.left if object_id not in workers)
        )
    time = max(_second(now), state.clock + ONE_SECOND)
    closing = Closing(time, workers) if workers else None
    return Outcome(state.after(closing=closing).with_open(batch))


def consolidate(job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """One label for each closed object that has an answer; what was labeled of the batch before helps to weigh the
    workers."""
    closing = state.closing
    if closing is None:
        raise ValueError("nothing is closed")
    batch = next(batch for batch in state.open_batches if next(iter(closing.workers)) in batch.object_ids)
    sizes = read_facts(job, tools, batch.object_ids).sizes
    proposals = proposals_of(batch.iteration, job, tools)
    answers, failed = _read_answers(job, closing, batch, sizes, proposals, tools)
    written = {object_id: [as_written(job, file) for file, _ in given] for object_id, given in answers.items()}
    known = _known(job, batch, sizes, proposals, tools)
    all_given = known | {object_id: [given for _, given in both] for object_id, both in answers.items()}
    labels = job.crowd.consolidate(all_given, state.skills_but(batch.first))
    labeled = (*batch.labeled, *answers)
    lines = {str(line.number): line for line in read_lines(job, tools, set(labeled))}
    files = write_labels(batch.iteration, job, lines, labels, written, proposals, closing.time, tools)
    write_intermediate(batch.iteration, job, (lines[object_id] for object_id in labeled), tools)
    batch = replace(
        batch,
        labeled=labeled,
        failed={**batch.failed, **failed},
        requests=(*batch.requests, *files.requests),
        responses=(*batch.responses, *files.responses),
        skills=learnt(job, all_given, labels, proposals),
    )
    clock, spent = max(state.clock, files.ended + ONE_SECOND), state.people_seconds + files.people_seconds
    after = state.after(clock=clock, closing=None, people_seconds=spent).with_open(batch)
    tools.people.advance(job.record.name, _first_open(after))
    return Outcome(after, told(batch.iteration, batch.purpose, written, failed, f"; {len(batch.left)} to go"))


def _read_answers(
    job: JobContext,
    closing: Closing,
    batch: OpenBatch,
    sizes: Mapping[str, tuple[int, int, int]],
    proposals: Mapping[str, Proposal],
    tools: Tools,
) -> tuple[dict[str, list[tuple[AnswerFile, Answer]]], dict[str, str]]:
    """The answers of each closed object, and why the others have none."""
    files = files_of(job, tools)
    wanted = [(object_id, worker) for object_id, workers in closing.workers.items() for worker in workers]
    read = zip(wanted, in_parallel(lambda pair: files.answer(*pair), wanted), strict=True)
    answers: dict[str, list[tuple[AnswerFile, Answer]]] = {}
    for (object_id, worker), file in read:
        if file is None:
            log.error("an answer is gone", extra={"job": job.record.name, "object": object_id, "worker": worker})
            continue
        label = _label(job, object_id, file.content, sizes, proposals)
        if label is not None:
            given = Answer(worker, label, file.accepted_at, file.submitted_at)
            answers.setdefault(object_id, []).append((file, given))
    failed = {}
    for object_id, workers in closing.workers.items():
        if object_id not in answers:
            place = batch.first + batch.object_ids.index(object_id)
            is_given_up = not workers and present(job, tools, place).is_given_up
            failed[object_id] = DECLINED if is_given_up else NO_ANSWER
    return {object_id: answers[object_id] for object_id in closing.workers if object_id in answers}, failed


def _known(
    job: JobContext,
    batch: OpenBatch,
    sizes: Mapping[str, tuple[int, int, int]],
    proposals: Mapping[str, Proposal],
    tools: Tools,
) -> dict[str, Sequence[Answer]]:
    """The answers to what was labeled of the batch before."""
    known: dict[str, Sequence[Answer]] = {}
    for body in in_parallel(lambda name: read_own(tools, S3Uri.parse(name)), batch.requests):
        for object_id, given in records.read_consolidation_request(body).items():
            labels = ((worker, _label(job, object_id, content, sizes, proposals)) for worker, content in given)
            until = batch.until
            known[object_id] = [Answer(worker, label, until, until) for worker, label in labels if label is not None]
    return known


def _label(
    job: JobContext,
    object_id: str,
    content: Mapping[str, object],
    sizes: Mapping[str, tuple[int, int, int]],
    proposals: Mapping[str, Proposal],
) -> AnyLabel | None:
    """The label in an answer; None where it is none: it was checked when it came, and the job has changed since."""
    try:
        label = read_answer(job.task, content, job.classes, sizes.get(object_id))
    except InvalidInput as problem:
        log.error("an answer cannot be read", extra={"job": job.record.name, "reason": problem.message})
        return None
    return without_planted(proposals.get(object_id), label)


def _first_open(state: JobState) -> int:
    """The lowest place that people may still work on."""
    places = (
        place
        for batch in state.open_batches
        for place, object_id in enumerate(batch.object_ids, start=batch.first)
        if object_id not in batch.labeled and object_id not in batch.failed
    )
    return min(places, default=state.asked)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
