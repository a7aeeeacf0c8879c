"""Whether a worker takes care, from hidden objects whose answer is known. Pure.

After each of them Wald's sequential probability ratio test weighs two workers against each other: a careful one, right
on 95 % of them (less at a pass mark under 0.8), and a careless one, right so much more rarely that the pass mark lies
where the test is undecided. What speaks for care is remembered up to a credit, as in Page's test: else a worker who was
careful for a year would be careless for a month unseen. A. Wald, Sequential Analysis (1947); E. S. Page, Biometrika 41
(1954).

Of 1,000 simulated workers at the pass mark of 0.8: who clicks one of two classes blindly is caught within 20 known
objects in 98.2 %, one of four within 10 in 99.7 %; a worker right on 95 % is paused within 20 in 0.1 %, within 100 in
0.5 %, within 1,000 in 2.8 %. One right on 90 % is paused within 50 in 4 %, on 80 % in 55 %, on 70 % within 20 in 66 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

CAREFUL = 0.95
SURE = 200.0
"""How much more probable a careless worker has to be than a careful one."""
RIGHT_FROM = 0.75
"""An answer that agrees so far with the known one is right: one box in three may be missing."""
PASS_MARK = 0.8
CREDIT = 20.0
"""So much more probable than a careless one a careful worker may become: who grows careless is noticed all the same."""
MOST_PASS_MARK = 0.9


@dataclass(frozen=True)
class CareRule:
    """How care is looked after: the share of known objects among what people are shown, the pass mark, and whether
    workers see how many they had right."""

    share: float
    pass_mark: float = PASS_MARK
    is_shown: bool = False

    @property
    def careful(self) -> float:
        """How often the careful worker is right: at a low pass mark they may err more."""
        return min(CAREFUL, self.pass_mark + 0.75 * (1 - self.pass_mark))

    @cached_property
    def careless(self) -> float:
        """How often the careless worker is right who is as far from the pass mark as the careful one."""
        low, high = 1e-6, self.pass_mark
        for _ in range(60):
            middle = (low + high) / 2
            # A worker at the mark: what right answers take away, wrong ones add.
            right, wrong = self._weights(middle)
            drift = self.pass_mark * right + (1 - self.pass_mark) * wrong
            low, high = (middle, high) if drift < 0 else (low, middle)
        return low

    def _weights(self, careless: float) -> tuple[float, float]:
        """What a right and a wrong answer say for carelessness."""
        return math.log(careless / self.careful), math.log((1 - careless) / (1 - self.careful))

    def is_careless(self, grades: Iterable[bool]) -> bool:
        """Whether so many wrong answers among these, in order, are more than a careful worker gives."""
        right, wrong = self._weights(self.careless)
        weight = 0.0
        for is_right in grades:
            weight = max(-math.log(CREDIT), weight + (right if is_right else wrong))
            if weight >= math.log(SURE):
                return True
        return False
