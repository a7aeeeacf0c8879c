"""How often each worker's answers are what the label turned out to be: what a team's next job starts from. Pure.

Counts, so that those of two batches add up. Only objects with two answers or more teach anything: a label made of one
answer agrees with it whatever it is worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gt_engine.autolabel.boxes.geometry import same_places
from gt_engine.consolidation.boxes import squared_sides
from gt_engine.labels import BoxLabel, ClassLabel, Label

MOST_REMEMBERED = 400.0
"""Answers of a kind that are handed on: people change, so the past may not outweigh the present for ever."""


@dataclass(frozen=True)
class Skill:
    """One worker's record.

    right, wrong  answers by the class that the label has; of boxes those around things
    sides         drawn sides that were compared with the label's
    squares       the sum of their squared distances, as shares of the box's extent
    overlooked    boxes of labels that the worker did not draw
    mistaken      boxes that the worker drew and no label has
    """

    right: Mapping[str, float] = field(default_factory=dict)
    wrong: Mapping[str, float] = field(default_factory=dict)
    sides: float = 0.0
    squares: float = 0.0
    overlooked: float = 0.0
    mistaken: float = 0.0

    def of(self, kind: str) -> tuple[float, float]:
        """(right, wrong) answers where this class was right."""
        return self.right.get(kind, 0.0), self.wrong.get(kind, 0.0)

    @property
    def found(self) -> float:
        """Boxes of labels that the worker drew, whatever class they were given."""
        return self.sides / 4


Skills: TypeAlias = Mapping[str, Skill]
"""By worker id."""


def learn(answers: Mapping[str, Sequence[tuple[str, Label]]], labels: Mapping[str, Label]) -> Skills:
    """What (worker id, answer) of each object shows, compared with its label."""
    skills: dict[str, Skill] = {}
    for key, given in answers.items():
        label = labels.get(key)
        if len(given) < 2 or label is None:
            continue
        for worker, answer in given:
            skills[worker] = _sum(skills.get(worker, Skill()), _compared(answer, label))
    return skills


def together(several: Iterable[Skills]) -> Skills:
    """The sums of all of them."""
    total: dict[str, Skill] = {}
    for skills in several:
        for worker, skill in skills.items():
            total[worker] = _sum(total.get(worker, Skill()), skill)
    return total


def handed_on(skills: Skills) -> Skills:
    """What the next job starts from."""
    return {worker: _limited(skill) for worker, skill in skills.items()}


def dump_skills(skills: Skills) -> dict[str, Any]:
    """As JSON; `load_skills` reads it."""
    return {
        worker: {
            "right": _rounded(skill.right),
            "wrong": _rounded(skill.wrong),
            "sides": skill.sides,
            "squares": skill.squares,
            "overlooked": skill.overlooked,
            "mistaken": skill.mistaken,
        }
        for worker, skill in sorted(skills.items())
    }


def load_skills(document: Mapping[str, Mapping[str, Any]]) -> Skills:
    """Errors: `TypeError`, `ValueError`, `AttributeError` for what `dump_skills` never wrote."""
    return {worker: Skill(**members) for worker, members in document.items()}


def _compared(answer: Label, label: Label) -> Skill:
    if isinstance(answer, ClassLabel) and isinstance(label, ClassLabel):
        kind, is_right = str(label.class_id), answer.class_id == label.class_id
        sure = {kind: round(label.confidence, 4)}
        return Skill(right=sure) if is_right else Skill(wrong=sure)
    if isinstance(answer, BoxLabel) and isinstance(label, BoxLabel):
        pairs = same_places(answer, label)
        counts: dict[bool, dict[str, float]] = {True: defaultdict(float), False: defaultdict(float)}
        for i, j, _ in pairs:
            counts[bool(answer.class_ids[i] == label.class_ids[j])][str(label.class_ids[j])] += 1
        squares = round(squared_sides(answer, label, pairs), 6)
        overlooked, mistaken = float(len(label) - len(pairs)), float(len(answer) - len(pairs))
        return Skill(counts[True], counts[False], 4.0 * len(pairs), squares, overlooked, mistaken)
    raise TypeError(f"labels of two kinds: {type(answer).__name__} and {type(label).__name__}")


def _sum(a: Skill, b: Skill) -> Skill:
    return Skill(
        _added(a.right, b.right),
        _added(a.wrong, b.wrong),
        a.sides + b.sides,
        a.squares + b.squares,
        a.overlooked + b.overlooked,
        a.mistaken + b.mistaken,
    )


def _added(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float, a)
    for kind, count in b.items():
        total[kind] += count
    return dict(total)


def _limited(skill: Skill) -> Skill:
    kinds = {*skill.right, *skill.wrong}
    shares = {kind: min(1.0, MOST_REMEMBERED / max(sum(skill.of(kind)), 1.0)) for kind in kinds}
    boxes = min(1.0, MOST_REMEMBERED / max(skill.found + skill.overlooked + skill.mistaken, 1.0))
    return Skill(
        {kind: count * shares[kind] for kind, count in skill.right.items()},
        {kind: count * shares[kind] for kind, count in skill.wrong.items()},
        skill.sides * boxes,
        skill.squares * boxes,
        skill.overlooked * boxes,
        skill.mistaken * boxes,
    )


def _rounded(counts: Mapping[str, float]) -> dict[str, float]:
    return {kind: round(count, 4) for kind, count in sorted(counts.items())}
