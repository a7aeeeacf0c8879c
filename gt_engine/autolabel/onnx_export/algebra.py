"""Writing an ONNX graph as one writes numpy: operators that name their own outputs, numbers that become constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from gt_engine.autolabel.network import Parameters
from gt_engine.autolabel.onnx_writer import Graph


class Algebra:
    """Operators on a graph. A tensor is its name; any number or array stands for a constant (float32, or int64)."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._count = 0
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def op(self, operator: str, *inputs: Any, **attributes: int | str | Sequence[int]) -> str:
        names = [self._tensor(one) for one in inputs]
        self._count += 1
        return self.graph.node(operator, names, f"t{self._count}", extra="", **attributes)

    def _tensor(self, one: Any) -> str:
        return one if isinstance(one, str) else self.constant(one)

    def named(self, name: str, value: str) -> str:
        return self.graph.node("Identity", [value], name)

    def constant(self, value: Any) -> str:
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self.graph.constant(f"c{len(self._known)}", array)
        return self._known[key]

    def add(self, a: Any, b: Any) -> str:
        return self.op("Add", a, b)

    def total(self, parts: Iterable[Any]) -> str:
        """Added one after the other."""
        return reduce(self.add, map(self._tensor, parts))

    def sub(self, a: Any, b: Any) -> str:
        return self.op("Sub", a, b)

    def mul(self, a: Any, b: Any) -> str:
        return self.op("Mul", a, b)

    def div(self, a: Any, b: Any) -> str:
        return self.op("Div", a, b)

    def clip(self, a: Any, low: float, high: float) -> str:
        return self.op("Clip", a, float(low), float(high))

    def greater(self, a: Any, b: float) -> str:
        """1 where it is, 0 elsewhere."""
        return self.op("Cast", self.op("Greater", a, float(b)), to=1)

    def reshape(self, a: Any, *shape: int) -> str:
        return self.op("Reshape", a, np.array(shape))

    def transpose(self, a: Any, *order: int) -> str:
        return self.op("Transpose", a, perm=list(order))

    def take(self, a: Any, places: Any, axis: int) -> str:
        return self.op("Gather", a, places, axis=axis)

    def cut(self, a: Any, start: int, end: int, axis: int) -> str:
        return self.op("Slice", a, np.array([start]), np.array([end]), np.array([axis]))

    def concat(self, parts: Sequence[str], axis: int) -> str:
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=axis)

    def expand(self, a: Any, *axes: int) -> str:
        return self.op("Unsqueeze", a, np.array(axes))

    def mean(self, a: Any, *axes: int, keep: bool = False) -> str:
        return self.op("ReduceMean", a, axes=list(axes), keepdims=int(keep))

    def max(self, a: Any, *axes: int, keep: bool = False) -> str:
        return self.op("ReduceMax", a, axes=list(axes), keepdims=int(keep))

    def min(self, a: Any, *axes: int) -> str:
        return self.op("ReduceMin", a, axes=list(axes), keepdims=0)

    def sum(self, a: Any, *axes: int, keep: bool = False) -> str:
        return self.op("ReduceSum", a, np.array(axes), keepdims=int(keep))

    def top(self, a: str, count: Any) -> tuple[str, str]:
        """The greatest along the last axis, the greatest first, and their places; count: [1]."""
        values, places = f"{a}.values", f"{a}.places"
        return self.graph.node("TopK", [a, self._tensor(count)], values, extra=places), places

    def dense(self, parameters: Parameters, x: str) -> str:
        """`network.predict`."""
        last = len(parameters) // 2 - 1
        for layer in range(last + 1):
            x = self.add(self.op("MatMul", x, parameters[2 * layer]), parameters[2 * layer + 1])
            x = x if layer == last else self.op("Relu", x)
        return x
