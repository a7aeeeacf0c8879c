"""Looking after what people were offered: what is answered, what ran out of time, and what the tables have lost; where
the answers to an object do not make its label yet, one more is asked for; and how people are getting on is a small file
for who owns the job, which gt-service's pages read."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from gt_engine.aws import in_parallel
from gt_engine.consolidation import Skills
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.situation import Answers
from gt_engine.jobs.state import JobState, OpenBatch
from gt_engine.jobs.tools import JSON, Tools
from gt_engine.settings import Settings
from gt_engine.workforce import Answer, offers
from gt_engine.workforce.asking import is_behind, ready_at, restore
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.gold import put_gold_on_offer
from gt_engine.workforce.index import JobOffer, written_off
from gt_engine.workforce.offers import GRACE, ObjectOffer, Status
from gt_engine.workforce.progress import AT_WORK, DECLINE_REASONS, JobProgress, at_work, progress_of
from gt_service.errors import Conflict, InvalidInput
from gt_service.outputs.layout import PEOPLE_NOW

EVERY = timedelta(minutes=1)
OBJECTS_A_MINUTE = 2_000
"""Every object on offer is read for the figures: so of a job with more they are written more rarely."""
FIGURES = (
    "at_work",
    "offered",
    "in_work",
    "done",
    "given_up",
    "answers",
    "last_hour",
    "active_seconds",
    "workers_per_object",
    "least_workers",
)

log = logging.getLogger(__name__)


def look(job: JobContext, state: JobState, tools: Tools) -> Answers:
    """How far people are; from time to time it is told to the job's owner, too. On the way it writes off what ran out
    of time, and repairs the tables from the files."""
    answers = _answers(job, state, tools, tools.now())
    _publish_figures(job, tools, answers.now)
    return answers


def _answers(job: JobContext, state: JobState, tools: Tools, now: datetime) -> Answers:
    if not state.open_batches:
        return Answers(now, gold_until=_gold_until(job, tools, now))
    currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    if _is_behind(job, state, currents, tools):
        _repair(job, state, tools)
        currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    if any(item.is_undecided for current in currents for item in current):
        _ask_on((item for current in currents for item in current), job, state.skills_but(), tools)
        currents = [_current(job, batch, tools, now) for batch in state.open_batches]
    window = tools.settings.correction_window
    changes: list[datetime] = []
    answers: Answers | None = None
    present_ones: list[ObjectOffer] = []
    for batch, current in zip(state.open_batches, currents, strict=True):
        present_ones += current
        moments = {item.object_id: ready_at(item, batch.until, window, now) for item in current}
        ready = {object_id: moment for object_id, moment in moments.items() if moment <= now}
        changes += [moment for moment in moments.values() if moment > now]
        if ready and answers is None:
            answers = Answers(
                now=now,
                batch=batch.first,
                ready=tuple(item for item in batch.object_ids if item in ready),
                ready_since=min(ready.values()),
                is_all=len(ready) == len(batch.left),
            )
    return replace(
        answers or Answers(now),
        next_change=min(changes, default=None),
        unsettled=sum(not item.is_settled for item in present_ones),
        free=_free(present_ones, now),
        workers=len(at_work(present_ones, now)),
    )


def _free(items: Collection[ObjectOffer], now: datetime) -> int:
    """The places that the worker who has the fewest could take: nobody takes a second one of an object. Everybody who
    took one counts, for who comes back and finds nothing leaves no trace."""
    total, gone = 0, Counter[str]()
    for item in items:
        free = item.free(now)
        total += free
        gone.update({mine.worker: free for mine in item.assignments if not item.may_return_to(mine.worker)})
    return total - max(gone.values(), default=0)


def _current(job: JobContext, batch: OpenBatch, tools: Tools, now: datetime) -> list[ObjectOffer]:
    """The objects without an outcome, with what has run out of time written off."""
    places, files = _places(batch), files_of(job, tools)
    objects = tools.people.objects(job.record.name, min(places, default=0)) if places else ()
    return [
        written_off(item, files, now, tools.people) or present(job, tools, item.place)
        for item in objects
        if item.place in places
    ]


def _gold_until(job: JobContext, tools: Tools, now: datetime) -> datetime | None:
    """How long somebody may still be at a gold item: it is paid as all work, but no job waits for it for long."""
    items = tools.people.gold(job.record.name) if job.care else ()
    begun = [mine for item in items for mine in item.with_status(Status.ACCEPTED) if mine.accepted_at]
    ends = [min(mine.expires_at + GRACE, (mine.accepted_at or now) + AT_WORK) for mine in begun]
    return max((end for end in ends if end > now), default=None)


def _places(batch: OpenBatch) -> set[int]:
    """Where its objects on offer are that have no outcome."""
    left, on_offer = set(batch.left), batch.object_ids[: batch.published]
    return {place for place, item in enumerate(on_offer, start=batch.first) if item in left}


def is_ready(item: ObjectOffer, batch: OpenBatch, settings: Settings, now: datetime) -> bool:
    """Whether labels may be made of its answers."""
    return ready_at(item, batch.until, settings.correction_window, now) <= now


def job_offer(job: JobContext, state: JobState, until: datetime) -> JobOffer:
    """The job as the portal knows it."""
    config = job.record.request["HumanTaskConfig"]
    first = min((batch.first for batch in state.open_batches), default=state.asked)
    return JobOffer(
        job=job.record.name,
        team=job.record.workteam_arn,
        title=config["TaskTitle"],
        description=config["TaskDescription"],
        created_at=job.record.created_at,
        output=job.record.request["OutputConfig"]["S3OutputPath"],
        task_type=job.task,
        labels=job.classes,
        workers_per_object=job.crowd.workers_per_object,
        least_workers=job.crowd.least_workers,
        gold_share=job.care.share if job.care else 0.0,
        pass_mark=job.care.pass_mark if job.care else 0.0,
        shows_accuracy=job.care is not None and job.care.is_shown,
        time_limit_seconds=job.crowd.time_limit_seconds,
        until=until,
        kms_key=job.record.kms_key,
        first=first,
        asked=state.asked,
    )


def files_of(job: JobContext, tools: Tools) -> WorkFiles:
    return WorkFiles.of(job.tree, tools.objects)


def present(job: JobContext, tools: Tools, place: int) -> ObjectOffer:
    """Errors: `Conflict` where the tables lost it since they were looked at: the next look repairs them."""
    item = tools.people.object(job.record.name, place)
    if item is None:
        raise Conflict(f"data object {place} of {job.record.name} is not in the table")
    return item


def _is_behind(job: JobContext, state: JobState, currents: Collection[Collection[ObjectOffer]], tools: Tools) -> bool:
    """Whether anything that is on offer is missing from the tables; at a process's first look at a job also whether
    they are older than the files, as after a restored backup."""
    name = job.record.name
    if sum(map(len, currents)) < sum(len(_places(batch)) for batch in state.open_batches):
        return True
    if name not in tools.compared:
        tools.compared.add(name)
        if is_behind((item for current in currents for item in current), files_of(job, tools)):
            return True
    return tools.people.offer(name) is None


def _repair(job: JobContext, state: JobState, tools: Tools) -> None:
    """Makes the tables again from the files."""
    closed = {item for batch in state.open_batches for item in (*batch.labeled, *batch.failed, *batch.abandoned)}
    closed |= set(state.closing.workers if state.closing else ())
    offer = job_offer(job, state, state.open_batches[-1].until)
    put_gold_on_offer(offer, files_of(job, tools), tools.people)
    restore(offer, tools.people, files_of(job, tools), closed=closed)


def _ask_on(objects: Iterable[ObjectOffer], job: JobContext, skills: Skills, tools: Tools) -> None:
    """Decides on every undecided object. What was decided in an instant is in the table, and whoever changes an answer
    after that undoes it. Objects that people correct are asked of as many as at most."""
    files = files_of(job, tools)
    undecided = [item for item in objects if item.is_undecided]
    corrected = files.corrected(item.part for item in undecided) if job.proposals is not None else set[int]()
    for item, is_enough in zip(
        undecided,
        in_parallel(lambda it: it.place not in corrected and _is_enough(it, job, skills, files), undecided),
        strict=True,
    ):
        # Closes the race with an answer that is changed meanwhile: the object is looked at again.
        tools.people.replace(offers.decide(item, is_enough=is_enough))


def _is_enough(item: ObjectOffer, job: JobContext, skills: Skills, files: WorkFiles) -> bool:
    given = []
    for mine in item.answers:
        answer = files.answer(item.object_id, mine.worker)
        if answer is None:
            log.error("an answer is gone", extra={"job": job.record.name, "object": item.object_id})
            continue
        try:
            label = read_answer(job.task, answer.content, job.classes, None)
        except InvalidInput:
            continue  # told when labels are made
        given.append(Answer(mine.worker, label, answer.accepted_at, answer.submitted_at))
    return job.crowd.is_enough(item.object_id, given, skills)


def _publish_figures(job: JobContext, tools: Tools, now: datetime) -> None:
    """Writes the figures where those that this process wrote last are old. No worker is named in them."""
    name = job.record.name
    if now < tools.figures_due.get(name, now):
        return
    offer = tools.people.offer(name)
    if offer is None:
        return
    tools.figures_due[name] = now + max(EVERY, EVERY * offer.asked / OBJECTS_A_MINUTE)
    figures = progress_of(offer, list(tools.people.objects(name)), now)
    portal = tools.settings.public_url or tools.teams.portal() or ""
    tools.objects.write(job.tree.root / PEOPLE_NOW, _dump(figures, _members(offer.team, tools), portal, now), JSON)


def _members(arn: str, tools: Tools) -> int | None:
    """How many people the work team has; None where that is not known."""
    team = next((team for team in tools.teams.teams() if team.arn == arn), None)
    if team is None or team.is_of_a_provider:
        return None
    return sum(worker.is_member_of(team.groups) for worker in tools.members.workers())


def _dump(progress: JobProgress, members: int | None, portal: str, now: datetime) -> bytes:
    """The figures, the size of the team, why people declined, and where the portal is that says more to those who may
    know."""
    declines = Counter(DECLINE_REASONS.get(decline.reason, decline.reason) for decline in progress.declines)
    figures = {name: getattr(progress, name) for name in FIGURES}
    about = {"members": members, "declines": dict(declines.most_common()), "portal": portal}
    return json.dumps({"at": now.isoformat(), **figures, **about}).encode()
