"""The class learner's heads as a graph."""

from __future__ import annotations

from collections.abc import Sequence

from gt_engine.autolabel.classes.learner import Model
from gt_engine.autolabel.taken.algebra import Algebra


def shares_of(g: Algebra, model: Model, maps: Sequence[str]) -> str:
    """How probable each class is [1, classes]: the mean of the members' logarithms, as the engine takes it."""
    pooled = g.concat([*(g.mean(one, 2, 3) for one in maps), *(g.max(one, 2, 3) for one in maps)], 1)
    x = g.div(g.sub(pooled, model.mean), model.spread)
    opinions = [g.op("LogSoftmax", g.dense(member, x), axis=1) for member in model.members]
    total = opinions[0]
    for one in opinions[1:]:
        total = g.add(total, one)
    return g.op("Softmax", g.div(total, float(len(opinions))), axis=1)
