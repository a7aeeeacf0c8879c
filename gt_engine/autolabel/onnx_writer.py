"""Just enough of ONNX's protobuf to write the engine's graphs, so that the `onnx` package is not needed.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOAT, _UINT8, _INT64 = 1, 2, 7
_ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 2, 3, 7
_ELEMENTS = {"<f4": _FLOAT, "<i8": _INT64}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(value)) + value


def _text(tag: int, value: str) -> bytes:
    return _bytes(tag, value.encode())


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _ATTRIBUTE_STRING)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    kind = "<i8" if array.dtype.kind == "i" else "<f4"
    raw = np.ascontiguousarray(array, kind).tobytes()
    return dims + _number(2, _ELEMENTS[kind]) + _text(8, name) + _bytes(9, raw)


def _value_info(name: str, element: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _text(2, d)) for d in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, element) + _bytes(2, dims)))


@dataclass
class Graph:
    """A graph under construction: add nodes and constants in order, then `model`."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Adds a constant, float32 or int64; returns its name."""
        self.constants.append(_tensor(name, array))
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        output: str,
        *,
        extra: str = "",
        **attributes: int | str | Sequence[int],
    ) -> str:
        """Adds one operator; returns the name of its output. extra: that of a second one."""
        body = b"".join(_text(1, one) for one in inputs) + _text(2, output)
        body += (_text(2, extra) if extra else b"") + _text(4, operator)
        body += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self.nodes.append(body)
        return output

    def model(
        self,
        image: Sequence[int | str],
        outputs: Mapping[str, Sequence[int | str]],
        *,
        opset: int = 13,
        integers: Sequence[str] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> bytes:
        """The file: `image` is the uint8 input's shape, `outputs` each output's shape, `integers` those of int64."""
        graph = b"".join(_bytes(1, one) for one in self.nodes) + _text(2, "backbone")
        graph += b"".join(_bytes(5, one) for one in self.constants)
        graph += _bytes(11, _value_info("image", _UINT8, image))
        for name, shape in outputs.items():
            graph += _bytes(12, _value_info(name, _INT64 if name in integers else _FLOAT, shape))
        properties = b"".join(_bytes(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
        return _number(1, 8) + _text(2, "gt-engine") + _bytes(8, _number(2, opset)) + _bytes(7, graph) + properties
