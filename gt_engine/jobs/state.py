"""Where a labeling job stands: one frozen value, written after every step and read before the next. Pure.

The labels themselves are not in it. They are in the output files that the state lists, so that what is counted and
what is written can never differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gt_engine.autolabel.progress import AskPeople, Progress, Purpose
from gt_engine.consolidation import Skills, together
from gt_engine.store import Counters
from gt_service.documents import document_of, value_of


@dataclass(frozen=True)
class HumanWork:
    """A batch that people answered in an iteration. `failed` has the reason of each object without a label;
    `responses` are the names of the consolidation-response files, in order."""

    iteration: int
    responses: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenBatch:
    """A batch that people are working on.

    first        the place of its first object in the job's order of asking
    object_ids   those that can be shown, in that order
    abandoned    what was stopped before anybody had answered
    published    so many of them are on offer
    is_ahead     it is a part of a batch that is not decided on yet
    until        when it ends, whatever is answered by then (TaskAvailabilityLifetimeInSeconds)
    remind_at    when its team is told that it ends soon; None once that is done
    labeled      what has its label, in the order of the labels; `failed`: what has none and gets none, with the reason
    responses    the consolidation-response files so far; `requests`: the requests that they answer
    uncertifying those whose labels can take part in no certificate: people may see the machine's proposals with them
    skills       what its answers have shown of the workers
    """

    iteration: int
    purpose: Purpose
    first: int
    object_ids: tuple[str, ...]
    until: datetime
    labeled: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    abandoned: tuple[str, ...] = ()
    published: int = 0
    is_ahead: bool = False
    uncertifying: tuple[str, ...] = ()
    skills: Skills = field(default_factory=dict)
    remind_at: datetime | None = None

    @property
    def left(self) -> tuple[str, ...]:
        """Objects without an outcome."""
        gone = {*self.labeled, *self.failed, *self.abandoned}
        return tuple(object_id for object_id in self.object_ids if object_id not in gone)


@dataclass(frozen=True)
class Closing:
    """Objects whose answers are in: no one changes them, and labels are made of them next.

    time     that of the files, one second per hundred objects
    workers  by object id, in the order of the offer: who answered; nobody where it was declined or ran out of time
    """

    time: datetime
    workers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Training:
    """A training that ended with a model. `s3_uri` is its model.tar.gz."""

    iteration: int
    model_name: str
    s3_uri: str


@dataclass(frozen=True)
class JobState:
    """A labeling job between two steps.

    clock      virtual time: when the last step would have ended with real people and real training; with real people
               it is the time of the last step
    lines      lines of the manifest; None until it was read
    prepared   how many of the objects to label have been looked at (images only)
    looked_ahead  those that were looked at before their turn; none once all have been
    problems   objects that cannot be shown to anybody, with the reason
    progress   what people and machine have labeled, in the words of the auto-labeling plan
    human      the batches of people's labels, machine: the iterations with machine labels
    trainings  in order; the last one's model is the job's final model
    is_trained_to_the_end  the final training is done, or there was nothing to learn from
    open_batches  those that people are working on, in order
    closing    what of them is about to get its labels
    asked      how many objects people have been offered
    skills     what was known of the workers when the job began; learnt: what its batches that are done have shown
    predicted  how many of the objects came with a prediction in the manifest
    people_seconds  what the answers took that labels were made of
    """

    clock: datetime
    lines: int | None = None
    prepared: int = 0
    looked_ahead: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(objects=()))
    human: tuple[HumanWork, ...] = ()
    machine: tuple[int, ...] = ()
    trainings: tuple[Training, ...] = ()
    is_trained_to_the_end: bool = False
    open_batches: tuple[OpenBatch, ...] = ()
    closing: Closing | None = None
    asked: int = 0
    skills: Skills = field(default_factory=dict)
    learnt: Skills = field(default_factory=dict)
    predicted: int = 0
    people_seconds: float = 0.0

    @property
    def counters(self) -> Counters:
        human = sum(len(batch.labeled) for batch in self.progress.batches)
        human += sum(len(batch.labeled) for batch in self.open_batches)
        failed = sum(len(batch.unlabeled) for batch in self.progress.batches) + len(self.progress.failed)
        failed += sum(len(batch.failed) for batch in self.open_batches)
        machine = sum(len(round_.machine) for round_ in self.progress.rounds)
        return Counters(human, machine, failed, len(self.progress.objects) - human - machine - failed)

    @property
    def images(self) -> tuple[str, ...]:
        """Whatever is to be looked at: the objects, and those that came with their labels."""
        return (*self.progress.objects, *self.progress.labeled_before)

    @property
    def reasons(self) -> dict[str, str]:
        """Why objects have no label, by their ids: images that cannot be used, and what people could not answer."""
        failures = [
            self.problems,
            *(work.failed for work in self.human),
            *(batch.failed for batch in self.open_batches),
        ]
        return {object_id: reason for failed in failures for object_id, reason in failed.items()}

    @property
    def ahead(self) -> OpenBatch | None:
        """What was offered ahead of the next batch."""
        return next((batch for batch in self.open_batches if batch.is_ahead), None)

    @property
    def all_learnt(self) -> Skills:
        """What the job has shown of its workers."""
        return together([self.learnt, *(batch.skills for batch in self.open_batches)])

    def skills_but(self, first: int | None = None) -> Skills:
        """What is known of the workers, without what the open batch that begins at place `first` has shown."""
        return together(
            [self.skills, self.learnt, *(batch.skills for batch in self.open_batches if batch.first != first)]
        )

    @property
    def asking(self) -> Progress:
        """The progress, with what people are asked about ahead of it."""
        ahead = self.ahead
        if ahead is None:
            return self.progress
        return replace(self.progress, ahead=ahead.object_ids, failed=self.progress.failed | set(ahead.failed))

    @property
    def iteration(self) -> int:
        """The iteration that is under way or was last; 0 before the first."""
        return max([0, *(work.iteration for work in self.human), *self.machine])

    def iteration_to_ask(self) -> int:
        """The iteration of the next human batch: the one that the machine's last round began, else a new one.

        Numbers have no gaps: readers of Ground Truth's output count iterations instead of reading their numbers.
        """
        asked = max([0, *(work.iteration for work in self.human)])
        return self.iteration if self.iteration > asked else self.iteration + 1

    def after(self, **changes: Any) -> JobState:
        return replace(self, **changes)

    def with_open(self, batch: OpenBatch) -> JobState:
        """The state with a batch as it now is; one whose objects all have their outcome takes its place in the
        progress, as a batch that was answered at once does."""
        others = tuple(each for each in self.open_batches if each.first != batch.first)
        if batch.left or batch.is_ahead:
            return replace(self, open_batches=tuple(sorted((*others, batch), key=lambda each: each.first)))
        if not batch.labeled and not batch.failed:
            return replace(self, open_batches=others)
        step = AskPeople(batch.purpose, (*batch.labeled, *batch.failed))
        progress = self.progress.with_human(step, labeled=batch.labeled, unlabeled=tuple(batch.failed))
        work = HumanWork(batch.iteration, batch.responses, batch.failed)
        learnt = together([self.learnt, batch.skills])
        is_first = not self.human
        after = replace(self, open_batches=others, progress=progress, human=(*self.human, work), learnt=learnt)
        return after.without_unusable() if is_first else after

    def without_unusable(self) -> JobState:
        """The state once nobody is asked any more about objects that cannot be shown: after the first sample, where
        they count. What was asked has its outcome of its own."""
        asked = {one for batch in self.progress.batches for one in (*batch.labeled, *batch.unlabeled)}
        asked.update(one for batch in self.open_batches for one in (*batch.object_ids, *batch.failed))
        return replace(self, progress=replace(self.progress, failed=frozenset(self.problems) - asked))


def dump(state: JobState) -> bytes:
    """The state as JSON. It is written after every step, so what may be as long as the job is written short."""
    progress = state.progress
    document = document_of(replace(state, progress=Progress(objects=())))
    document["progress"] = {  # without `ahead`: it follows from the open batches
        "objects": _dump_ids(progress.objects),
        "failed": sorted(progress.failed),
        "labeled_before": _dump_ids(progress.labeled_before),
        "by_people": sorted(progress.by_people),
        "batches": [
            {"purpose": batch.purpose, "labeled": _dump_ids(batch.labeled), "unlabeled": _dump_ids(batch.unlabeled)}
            for batch in progress.batches
        ],
        "rounds": [{**vars(each_round), "machine": _dump_ids(each_round.machine)} for each_round in progress.rounds],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def load(body: bytes) -> JobState:
    """The state that `dump` wrote."""
    document = json.loads(body)
    progress = document["progress"]
    for part in (progress, *progress["batches"], *progress["rounds"]):
        part |= {name: _load_ids(part[name]) for name in _SHORT if name in part}
    return value_of(JobState, document)


_SHORT = ("objects", "labeled_before", "labeled", "unlabeled", "machine")
"""Members of a progress, its batches and rounds that `_dump_ids` wrote."""


def _dump_ids(object_ids: Sequence[str]) -> str:
    """Numbers of lines: a run of them as its ends."""
    if len(object_ids) > 1:
        run = range(int(object_ids[0]), int(object_ids[-1]) + 1)
        if len(run) == len(object_ids) and all(map(str.__eq__, object_ids, map(str, run))):
            return f"{run.start}-{run.stop - 1}"
    return " ".join(object_ids)


def _load_ids(text: str | Sequence[str]) -> tuple[str, ...]:
    """What `_dump_ids` wrote; earlier engines wrote one by one."""
    if not isinstance(text, str):
        return tuple(text)
    first, is_run, last = text.partition("-")
    return tuple(map(str, range(int(first), int(last) + 1))) if is_run else tuple(text.split())
