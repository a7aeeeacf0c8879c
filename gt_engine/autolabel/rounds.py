"""The plan of a labeling job: whom to ask next, when to train, what the machine may label.

Pure: `next_step(plan, progress)` says what to do, the caller does it and appends what happened to the progress.
Every choice follows from the plan's seed, so a job that was killed goes on as if nothing had happened.

    cold   10 probes · 190 training · 200 validation · (train, auto-label, ask people) …
    warm   10 probes · 190 validation ·                (train, auto-label, ask people) …

    progress = Progress(objects=...)
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AskPeople):
            ... people answer, labels are consolidated ...
            progress = progress.with_human(step, labeled=[...], unlabeled=[...])
        else:
            outcome = run_round(learner, features, plan, progress, labels, initial=...)
            progress = progress.with_round(outcome.round)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias


class Purpose(StrEnum):
    """What a human batch is for."""

    PROBE = "probe"
    TRAINING = "training"
    VALIDATION = "validation"
    ROUND = "round"


@dataclass(frozen=True)
class Guarantee:
    """With confidence 1 - delta, the mean loss of the whole machine-labeled set is at most 1 - target.

    loss    f1 | mean-iou (boxes), error (classes)
    method  student-t (asymptotic, default) | finite-sample (betting bound, exact binomial for 0/1 losses)
    """

    loss: str
    target: float
    delta: float = 0.1
    method: str = "student-t"


@dataclass(frozen=True)
class JobPlan:
    """What is fixed when a job starts.

    seed            from the job's name; every random choice follows from it
    warm            an initial model was given (and accepted)
    auto_labeling   False: people label everything
    max_concurrent  MaxConcurrentTaskCount: the largest human batch
    probe           size of the first sample
    guarantee       what the machine's labels must meet
    """

    seed: int
    warm: bool
    auto_labeling: bool = True
    max_concurrent: int = 200
    probe: int = 10
    guarantee: Guarantee = field(default_factory=lambda: Guarantee("f1", 0.9))


@dataclass(frozen=True)
class HumanBatch:
    """One batch that people have answered."""

    purpose: Purpose
    labeled: tuple[str, ...]
    unlabeled: tuple[str, ...] = ()


@dataclass(frozen=True)
class Round:
    """One auto-labeling decision.

    threshold   the lowest confidence that the machine may label at; None when it may label nothing
    machine     object ids labeled by the machine in this round
    retired     human-labeled ids whose confidence is above the threshold: no longer a sample of what is left
    losses      their losses: the certificate of this round's machine labels
    fell_back   the initial model did worse than none on the first labels and was dropped
    """

    number: int
    threshold: float | None
    machine: tuple[str, ...]
    retired: tuple[str, ...]
    losses: tuple[float, ...]
    fell_back: bool = False


@dataclass(frozen=True)
class Progress:
    """What has happened so far in a job; `objects` are the ids in manifest order, `failed` cannot be labeled."""

    objects: tuple[str, ...]
    failed: frozenset[str] = frozenset()
    batches: tuple[HumanBatch, ...] = ()
    rounds: tuple[Round, ...] = ()

    def with_human(
        self, step: AskPeople, *, labeled: tuple[str, ...], unlabeled: tuple[str, ...] = ()
    ) -> Progress:
        """The progress after a human batch; `unlabeled` got no answer and are not asked again."""
        return replace(self, batches=(*self.batches, HumanBatch(step.purpose, labeled, unlabeled)))

    def with_round(self, round_: Round) -> Progress:
        """The progress after an auto-labeling round."""
        return replace(self, rounds=(*self.rounds, round_))


@dataclass(frozen=True)
class AskPeople:
    """Send these objects to people."""

    purpose: Purpose
    object_ids: tuple[str, ...]


@dataclass(frozen=True)
class AutoLabel:
    """Train on all human labels so far, then let the machine label what it may (see `run_round`)."""

    number: int


@dataclass(frozen=True)
class Finish:
    """Nothing is left. `train`: train the final model first, on labels that no round has seen yet."""

    train: bool


Step: TypeAlias = AskPeople | AutoLabel | Finish


def next_step(plan: JobPlan, progress: Progress) -> Step:
    """What comes next."""
    raise NotImplementedError
