"""A trained model of classes, and the bytes that it is kept as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel import logistic, network
from gt_engine.autolabel.learner import Example
from gt_engine.autolabel.payload import Arrays, ModelFacts, pack, reading, unpack
from gt_engine.labels import Floats


@dataclass(frozen=True, eq=False)
class Mix:
    """How much the opinion of others counts beside the learner's own (1: it alone), and the confidence then."""

    share: float
    confidence: logistic.Logistic


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model: input scale, one network and one confidence per fold, and the examples it learnt from.

    mixes: for each fold where others know something, how it is heeded.

    A model that learns on keeps its number of folds: with another, members would answer for what they learnt from.
    """

    facts: ModelFacts
    mean: Floats
    spread: Floats
    members: tuple[network.Parameters, ...]
    confidences: tuple[logistic.Logistic, ...]
    examples: Mapping[str, Example[int]]
    mixes: tuple[Mix | None, ...]


def packed(model: Model) -> bytes:
    """Its payload."""
    arrays: Arrays = {"mean": model.mean, "spread": model.spread}
    for fold, (member, confidence) in enumerate(zip(model.members, model.confidences, strict=True)):
        arrays.update({f"{fold}.member.{i}": one for i, one in enumerate(member)})
        arrays[f"{fold}.confidence"] = confidence.packed()
        if (mix := model.mixes[fold]) is not None:
            arrays[f"{fold}.mix"] = np.array(mix.share)
            arrays[f"{fold}.mix.confidence"] = mix.confidence.packed()
    arrays["examples.class_ids"] = np.array([one.label for one in model.examples.values()], np.int64)
    arrays["examples.human"] = np.array([one.human for one in model.examples.values()])
    return pack(model.facts, arrays, list(model.examples))


@reading()
def unpacked(payload: bytes) -> Model:
    """The model in a payload. Raises InvalidInput."""
    facts, arrays, keys = unpack(payload)
    members_in_all = sum(name.endswith(".confidence") and name.count(".") == 1 for name in arrays)

    def member(fold: int) -> Iterator[Floats]:
        i = 0
        while f"{fold}.member.{i}" in arrays:
            yield arrays[f"{fold}.member.{i}"]
            i += 1

    members = tuple(list(member(fold)) for fold in range(members_in_all))
    if not members or any(one[-1].shape != (len(facts.classes),) for one in members):
        raise ValueError("its members know other classes")
    return Model(
        facts,
        arrays["mean"],
        arrays["spread"],
        members,
        tuple(logistic.unpacked(arrays[f"{fold}.confidence"]) for fold in range(members_in_all)),
        {
            key: Example(int(class_id), bool(human))
            for key, class_id, human in zip(keys, arrays["examples.class_ids"], arrays["examples.human"], strict=True)
        },
        tuple(
            Mix(float(arrays[f"{fold}.mix"]), logistic.unpacked(arrays[f"{fold}.mix.confidence"]))
            if f"{fold}.mix" in arrays
            else None
            for fold in range(members_in_all)
        ),
    )
