"""Tiny ONNX models that really detect: they find the red and the blue rectangle of a picture by their colours."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SIDE = 64
CELLS = 64 + 16 + 4
CLASSES = ("red", "blue")
COLOURS = ((230, 30, 30), (30, 30, 230))


def picture(number: int, size: tuple[int, int] = (96, 72), *, objects: int | None = None) -> tuple[bytes, np.ndarray]:  # type: ignore[type-arg]
    """A PNG with a red, a blue or both rectangles on grey noise, and rows of left, top, right, bottom, class."""
    rng = np.random.default_rng(number)
    width, height = size
    pixels = rng.integers(90, 150, (height, width, 1), dtype=np.uint8).repeat(3, 2)
    kinds = [0, 1] if (objects or int(rng.integers(1, 3))) == 2 else [int(rng.integers(0, 2))]
    rows = []
    for place, kind in enumerate(kinds):  # side by side: nothing hides anything
        room = width // len(kinds)
        w, h = int(rng.integers(room // 3, room * 3 // 4)), int(rng.integers(height // 4, height * 3 // 4))
        left = place * room + int(rng.integers(0, room - w))
        top = int(rng.integers(0, height - h))
        pixels[top : top + h, left : left + w] = COLOURS[kind]
        rows.append((left, top, left + w, top + h, kind))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue(), np.array(rows, np.float32)


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, kind), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def named(self, name: str, value: str) -> str:
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        return name

    def model(
        self,
        inputs: Mapping[str, tuple[int, Sequence[Any]]],
        outputs: Mapping[str, int],
        metadata: Mapping[str, str],
        *,
        opset: int = 17,
        domains: Sequence[str] = (),
    ) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "tiny",
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()],
            self.constants,
        )
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(one, 1) for one in domains)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        helper.set_model_props(model, dict(metadata))
        return model.SerializeToString()


def _found(graph: _Graph, image: str, scale: float, order: str) -> tuple[str, str]:
    """Rows of middle and size in input pixels [2, 4], and how sure [2, 2] (row by class), of NCHW colours."""
    middles, sures = [], []
    strong, weak = (graph.constant(value * scale) for value in (190.0, 80.0))
    axis = np.arange(SIDE, dtype=np.float32)
    across, down = graph.constant(axis.reshape(1, SIDE)), graph.constant(axis.reshape(SIDE, 1))
    channels = [graph.node("Gather", image, graph.constant(i, np.int64), axis=1) for i in range(3)]
    red, blue = (0, 2) if order == "rgb" else (2, 0)
    for own, other in ((red, blue), (blue, red)):
        mask = graph.node(
            "And",
            graph.node("Greater", channels[own], strong),
            graph.node("Less", channels[other], weak),
        )
        sides = []
        for coordinate in (across, down):
            low = graph.node("ReduceMin", graph.node("Where", mask, coordinate, graph.constant(1e4)), keepdims=0)
            high = graph.node("ReduceMax", graph.node("Where", mask, coordinate, graph.constant(-1e4)), keepdims=0)
            sides.append((low, graph.node("Add", high, graph.constant(1.0))))
        there = graph.node("ReduceMax", graph.node("Cast", mask, to=TensorProto.FLOAT), keepdims=0)
        one = graph.constant([1], np.int64)
        row = []
        for combine, factor in (("Add", 0.5), ("Sub", 1.0)):
            for low, high in sides:
                value = graph.node("Mul", graph.node(combine, high, low), graph.constant(factor))
                row.append(graph.node("Reshape", graph.node("Mul", value, there), one))
        middles.append(graph.node("Concat", *row, axis=0))
        sures.append(graph.node("Reshape", graph.node("Mul", there, graph.constant(0.9)), one))
    rows = graph.node("Reshape", graph.node("Concat", *middles, axis=0), graph.constant([2, 4], np.int64))
    sure = graph.node("Concat", *sures, axis=0)
    spread = graph.node("Mul", graph.node("Unsqueeze", sure, graph.constant([1], np.int64)), graph.constant(np.eye(2)))
    return rows, spread


def detector(form: str, *, metadata: Mapping[str, str] | None = None, breaks: str = "") -> bytes:
    """A colour detector in one of the forms: yolox, yolox-raw, yolo, detr, detr-one, boxes.

    breaks: `nan` puts a number that is none into each answer.
    """
    graph = _Graph()
    scale, order = (1.0, "bgr") if form.startswith("yolox") else (1 / 255, "rgb")
    rows, sure = _found(graph, "images", scale, order)
    if breaks == "nan":
        rows = graph.node("Add", rows, graph.constant(np.nan))
    inputs: dict[str, tuple[int, Sequence[Any]]] = {"images": (TensorProto.FLOAT, [1, 3, SIDE, SIDE])}
    outputs = {"output": TensorProto.FLOAT}
    rest = CELLS - 2
    ones = graph.constant(np.ones((2, 1)))
    match form:
        case "yolox" | "yolox-raw":
            padding = np.zeros((rest, 7))
            if form == "yolox-raw":  # the two cells at (0, 0) and (1, 0) of stride 8
                middle = graph.node("Gather", rows, graph.constant([0, 1], np.int64), axis=1)
                middle = graph.node(
                    "Sub", graph.node("Mul", middle, graph.constant(1 / 8)), graph.constant([[0, 0], [1, 0]])
                )
                extent = graph.node("Gather", rows, graph.constant([2, 3], np.int64), axis=1)
                extent = graph.node("Max", extent, graph.constant(1e-3))
                extent = graph.node("Log", graph.node("Mul", extent, graph.constant(1 / 8)))
                rows = graph.node("Concat", middle, extent, axis=1)
            else:
                padding[:, :2] = np.arange(rest)[:, None] % SIDE
            whole = graph.node("Concat", rows, ones, sure, axis=1)
            whole = graph.node("Concat", whole, graph.constant(padding), axis=0)
            graph.named("output", graph.node("Unsqueeze", whole, graph.constant([0], np.int64)))
        case "yolo":
            whole = graph.node("Concat", rows, sure, axis=1)
            whole = graph.node("Concat", whole, graph.constant(np.zeros((rest, 6))), axis=0)
            whole = graph.node("Transpose", whole, perm=[1, 0])
            graph.named("output", graph.node("Unsqueeze", whole, graph.constant([0], np.int64)))
        case "detr" | "detr-one":
            shares = graph.node("Mul", rows, graph.constant(1 / SIDE))
            logits = graph.node("Sub", graph.node("Mul", sure, graph.constant(8.0)), graph.constant(5.0))
            front = graph.constant([0], np.int64)
            if form == "detr":
                graph.named("pred_boxes", graph.node("Unsqueeze", shares, front))
                graph.named("logits", graph.node("Unsqueeze", logits, front))
                outputs = {"logits": TensorProto.FLOAT, "pred_boxes": TensorProto.FLOAT}
            else:
                graph.named("output", graph.node("Unsqueeze", graph.node("Concat", shares, sure, axis=1), front))
        case "boxes":
            half = graph.node("Mul", graph.node("Gather", rows, graph.constant([2, 3], np.int64), axis=1), "half")
            graph.constants.append(numpy_helper.from_array(np.array(0.5, np.float32), "half"))
            middle = graph.node("Gather", rows, graph.constant([0, 1], np.int64), axis=1)
            corners = graph.node("Concat", graph.node("Sub", middle, half), graph.node("Add", middle, half), axis=1)
            width = graph.node("Cast", "orig_target_sizes", to=TensorProto.FLOAT)
            ratio = graph.node("Mul", graph.node("Concat", width, width, axis=1), graph.constant(1 / SIDE))
            front = graph.constant([0], np.int64)
            graph.named("boxes", graph.node("Unsqueeze", graph.node("Mul", corners, ratio), front))
            score = graph.node("ReduceMax", sure, axes=[1], keepdims=0)
            graph.named("scores", graph.node("Unsqueeze", score, front))
            graph.named("labels", graph.constant([[0, 1]], np.int64))
            inputs["orig_target_sizes"] = (TensorProto.INT64, [1, 2])
            outputs = {"labels": TensorProto.INT64, "boxes": TensorProto.FLOAT, "scores": TensorProto.FLOAT}
        case _:
            raise ValueError(form)
    said = {"names": "{0: 'red', 1: 'blue'}"} if metadata is None else metadata
    return graph.model(inputs, outputs, said)


def classifier(*, metadata: Mapping[str, str] | None = None) -> bytes:
    """Which of red and blue there is more of: logits [1, 2] of an open-sized image with ImageNet's colours."""
    graph = _Graph()
    mean = graph.node("ReduceMean", "pixels", axes=[2, 3], keepdims=0)
    chosen = graph.node("Gather", mean, graph.constant([0, 2], np.int64), axis=1)
    graph.named("logits", graph.node("Mul", chosen, graph.constant(20.0)))
    said = {"labels": json.dumps(CLASSES)} if metadata is None else metadata
    inputs = {"pixels": (TensorProto.FLOAT, ["n", 3, "height", "width"])}
    return graph.model(inputs, {"logits": TensorProto.FLOAT}, said)


def endless(*, at_once: bool) -> bytes:
    """A model that never ends: while it is loaded (its loop is a constant, which is folded), or while it runs."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["goes_on"]),
            helper.make_node("Add", ["value", "one"], ["more"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, []),
        ],
        [numpy_helper.from_array(np.array(1, np.float32), "one")],
    )
    graph = _Graph()
    most = graph.constant(np.iinfo(np.int64).max, np.int64)
    start = graph.constant(0.0) if at_once else graph.node("ReduceMean", "images", keepdims=0)
    graph.constants.append(numpy_helper.from_array(np.array(True), "true"))
    graph.nodes.append(helper.make_node("Loop", [most, "true", start], ["looped"], body=body))
    zeros = graph.constant(np.zeros((1, 6, CELLS)))
    graph.named("output", graph.node("Add", zeros, "looped"))
    return graph.model({"images": (TensorProto.FLOAT, [1, 3, SIDE, SIDE])}, {"output": TensorProto.FLOAT}, {})


def hungry() -> bytes:
    """A model that asks for 64 GB when it runs."""
    graph = _Graph()
    small = graph.node("ReduceMean", "images", axes=[0, 1, 2, 3], keepdims=1)
    whole = graph.node("Expand", small, graph.constant([1, 16, 32_000, 32_000], np.int64))
    graph.named("output", graph.node("Mul", whole, whole))
    return graph.model({"images": (TensorProto.FLOAT, [1, 3, SIDE, SIDE])}, {"output": TensorProto.FLOAT}, {})


def custom() -> bytes:
    """A model with an operator of somebody's own."""
    graph = _Graph()
    graph.nodes.append(helper.make_node("Secret", ["images"], ["output"], domain="com.example"))
    inputs = {"images": (TensorProto.FLOAT, [1, 3, SIDE, SIDE])}
    return graph.model(inputs, {"output": TensorProto.FLOAT}, {}, domains=("com.example",))


def external(path: str) -> bytes:
    """A model whose weights are said to lie in another file."""
    model = onnx.load_from_string(detector("yolo"))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=path)
    return model.SerializeToString()


def of_opset(opset: int) -> bytes:
    model = onnx.load_from_string(detector("yolo"))
    model.opset_import[0].version = opset
    return model.SerializeToString()


def shaped(*shape: int) -> bytes:
    """A model that answers zeros of a shape."""
    graph = _Graph()
    small = graph.node("ReduceMean", "images", axes=[0, 1, 2, 3], keepdims=0)
    graph.named("output", graph.node("Mul", graph.constant(np.zeros(shape)), small))
    return graph.model({"images": (TensorProto.FLOAT, [1, 3, SIDE, SIDE])}, {"output": TensorProto.FLOAT}, {})
