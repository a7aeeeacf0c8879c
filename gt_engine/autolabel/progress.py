"""What has happened so far in a labeling job: who labeled what, and what each decision of the machine rested on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from gt_engine.autolabel.certify import Stratum


class Purpose(StrEnum):
    """What a human batch is for."""

    PROBE = "probe"
    TRAINING = "training"
    VALIDATION = "validation"
    ROUND = "round"


@dataclass(frozen=True)
class AskPeople:
    """Send these objects to people."""

    purpose: Purpose
    object_ids: tuple[str, ...]


@dataclass(frozen=True)
class HumanBatch:
    """One batch that people have answered; `unlabeled` got no answer and are not asked again."""

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
    validation  number of labeled objects that the decision rests on
    score       1 - their mean loss: how well the model does on everything that was left
    fell_back   the initial model did worse than none on the first labels and was dropped
    passed_over  those of `Progress.ahead` that the machine would have labeled: people do, but they are no sample of
                what is left
    human       how many objects people had labeled
    """

    number: int
    threshold: float | None
    machine: tuple[str, ...]
    retired: tuple[str, ...]
    losses: tuple[float, ...]
    validation: int
    score: float
    fell_back: bool = False
    passed_over: tuple[str, ...] = ()
    human: int = 0


@dataclass(frozen=True)
class Progress:
    """What has happened so far in a job; `objects` are the ids in manifest order, `failed` cannot be labeled, and
    people are asked about those of `ahead` at this moment. `labeled_before` came with their labels and are none of the
    objects: the job starts warm from them, and since nobody drew them by chance they certify nothing. `by_people` are
    labeled by people whatever the machine may, once nothing else is left to ask: they check labels from before, and
    were drawn from other objects than the rest, so they certify nothing either."""

    objects: tuple[str, ...]
    failed: frozenset[str] = frozenset()
    labeled_before: tuple[str, ...] = ()
    by_people: frozenset[str] = frozenset()
    batches: tuple[HumanBatch, ...] = ()
    rounds: tuple[Round, ...] = ()
    ahead: tuple[str, ...] = ()

    def with_human(self, step: AskPeople, *, labeled: tuple[str, ...], unlabeled: tuple[str, ...] = ()) -> Progress:
        """The progress after a human batch."""
        return replace(self, batches=(*self.batches, HumanBatch(step.purpose, labeled, unlabeled)))

    def with_round(self, round_: Round) -> Progress:
        """The progress after an auto-labeling round."""
        return replace(self, rounds=(*self.rounds, round_))

    def human(self) -> tuple[str, ...]:
        """Every object that people have labeled, in the order asked."""
        return tuple(one for batch in self.batches for one in batch.labeled)

    def machine(self) -> tuple[str, ...]:
        """Every object that the machine has labeled."""
        return tuple(one for round_ in self.rounds for one in round_.machine)

    def pool(self) -> tuple[str, ...]:
        """Every object still to be labeled, by people or by machine, in manifest order."""
        return tuple(one for one in self._left() if one not in self.by_people)

    def for_people(self) -> tuple[str, ...]:
        """Every object still to be labeled that the machine is not to label."""
        return tuple(one for one in self._left() if one in self.by_people)

    def _left(self) -> Iterator[str]:
        gone = {one for batch in self.batches for one in (*batch.labeled, *batch.unlabeled)}
        gone.update(self.machine(), self.failed, self.ahead)
        return (one for one in self.objects if one not in gone)

    def validation(self) -> tuple[str, ...]:
        """Human-labeled objects that are still a fair sample of the pool."""
        retired = {one for round_ in self.rounds for one in (*round_.retired, *round_.passed_over)}
        return tuple(one for one in self.human() if one not in retired)

    def strata(self) -> list[Stratum]:
        """The certificates of the rounds so far."""
        return [Stratum(len(one.machine), one.losses, one.human) for one in self.rounds if one.machine]
