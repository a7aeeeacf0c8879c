"""Simulated annotators: what they see is the gold label, what they answer is human.

Everything about a worker follows from (seed, worker number), everything about an answer from (seed, object id):
a replay gives the same answers, in whatever order the objects come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gt_engine.labels import Label
from gt_engine.workforce.answers import Answer, Assignment


@dataclass(frozen=True)
class SimulatedWorkforce:
    """A crowd of annotators with skill, misses, spurious boxes, sloppiness, absence and speed.

    seed            everything follows from it
    workers         how many there are
    sloppy_share    share of the workers who are careless
    declining_share share of the offers that a worker declines
    expiring_share  share of the accepted tasks that are never submitted
    absent_share    share of the workers who never accept anything
    """

    seed: int
    workers: int = 30
    sloppy_share: float = 0.15
    declining_share: float = 0.02
    expiring_share: float = 0.005
    absent_share: float = 0.1
    time_limit_seconds: int = 300
    classes: int = 1

    def answer(self, object_id: str, gold: Label, workers_per_object: int, start: datetime) -> list[Answer]:
        """The submitted answers for one object, by time; fewer than asked when too few workers are there."""
        return [one.answer for one in self.assignments(object_id, gold, workers_per_object, start) if one.answer]

    def assignments(
        self, object_id: str, gold: Label, workers_per_object: int, start: datetime
    ) -> Sequence[Assignment]:
        """Every assignment for one object on a virtual clock that begins at `start`: submitted, declined, expired."""
        raise NotImplementedError
