"""A trained model of boxes, and the bytes that it is kept as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel import logistic, network
from gt_engine.autolabel.boxes import grid
from gt_engine.autolabel.boxes.calibrators import Calibrator
from gt_engine.autolabel.boxes.detector import Detector
from gt_engine.autolabel.boxes.projection import Projection
from gt_engine.autolabel.folds import FOLDS
from gt_engine.autolabel.learner import Example
from gt_engine.autolabel.payload import Arrays, ModelFacts, pack, reading, unpack
from gt_engine.labels import BoxLabel, box_label

STAGES = ("proposer", "refiner", "edges")


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model: shared projection, one detector and one calibrator per fold, and the examples it learnt from.

    calibrators_of_others: for each fold where others are better, what makes a confidence of their scores.
    """

    facts: ModelFacts
    projection: Projection
    detectors: tuple[Detector, ...]
    calibrators: tuple[Calibrator, ...]
    examples: Mapping[str, Example[BoxLabel]]
    calibrators_of_others: tuple[Calibrator | None, ...] = (None,) * FOLDS


def packed(model: Model) -> bytes:
    """Its payload."""
    arrays: Arrays = {f"projection.{name}": one for name, one in vars(model.projection).items()}
    for fold, (detector, own) in enumerate(zip(model.detectors, model.calibrators, strict=True)):
        for part in STAGES:
            arrays.update({f"{fold}.{part}.{i}": one for i, one in enumerate(getattr(detector, part))})
        arrays[f"{fold}.grid"] = np.array(detector.grid.side)
        arrays[f"{fold}.cut"] = np.array(own.cut)
        arrays[f"{fold}.judge"] = own.confidence.packed()
        if (other := model.calibrators_of_others[fold]) is not None:
            arrays[f"{fold}.others.cut"] = np.array(other.cut)
            arrays[f"{fold}.others.judge"] = other.confidence.packed()
    labels = [one.label for one in model.examples.values()]
    arrays["examples.human"] = np.array([one.human for one in model.examples.values()])
    arrays["examples.count"] = np.array([len(one) for one in labels], np.int64)
    arrays["examples.boxes"] = np.concatenate([one.boxes for one in labels])
    arrays["examples.class_ids"] = np.concatenate([one.class_ids for one in labels])
    arrays["examples.sizes"] = np.array([one.image_size for one in labels], np.int64)
    return pack(model.facts, arrays, list(model.examples))


@reading()
def unpacked(payload: bytes) -> Model:
    """The model in a payload. Raises InvalidInput."""
    facts, arrays, keys = unpack(payload)

    def parameters(prefix: str) -> network.Parameters:
        names = [name for name in arrays if name.startswith(prefix)]
        return [arrays[f"{prefix}{i}"] for i in range(len(names))]

    def detector(fold: int) -> Detector:
        side = f"{fold}.grid"  # models of before there were two grids have none
        looks_at = grid.GRIDS[int(arrays[side])] if side in arrays else grid.ROUGH
        proposer, refiner, sides = (parameters(f"{fold}.{part}.") for part in STAGES)
        return Detector(proposer, refiner, sides, looks_at)

    detectors = tuple(detector(fold) for fold in range(FOLDS))
    if any(one.refiner[-1].shape != (len(facts.classes) + 5,) for one in detectors):
        raise ValueError("its members know other classes")

    def calibrator_at(prefix: str) -> Calibrator | None:
        if f"{prefix}.cut" not in arrays:
            return None
        return Calibrator(float(arrays[f"{prefix}.cut"]), logistic.unpacked(arrays[f"{prefix}.judge"]))

    calibrators = tuple(one for fold in range(FOLDS) if (one := calibrator_at(str(fold))) is not None)
    if len(calibrators) != FOLDS:
        raise ValueError("a member has no calibrator")
    others = tuple(calibrator_at(f"{fold}.others") for fold in range(FOLDS))
    ends = np.cumsum(arrays["examples.count"])[:-1]
    examples = {
        key: Example(box_label(boxes, class_ids, (int(size[0]), int(size[1]), int(size[2]))), bool(human))
        for key, boxes, class_ids, size, human in zip(
            keys,
            np.split(arrays["examples.boxes"], ends),
            np.split(arrays["examples.class_ids"], ends),
            arrays["examples.sizes"],
            arrays["examples.human"],
            strict=True,
        )
    }
    projection = Projection(**{name[11:]: one for name, one in arrays.items() if name.startswith("projection.")})
    return Model(facts, projection, detectors, calibrators, examples, others)
