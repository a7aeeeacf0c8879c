"""Just enough of ONNX's protobuf to write a convolutional graph, so that the `onnx` package is not needed.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_FLOAT, _UINT8 = 1, 2
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7


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


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _ATTRIBUTE_INTS)


def _tensor(name: str, array: NDArray[np.float32]) -> bytes:
    dims = b"".join(_number(1, size) for size in array.shape)
    raw = np.ascontiguousarray(array, "<f4").tobytes()
    return dims + _number(2, _FLOAT) + _text(8, name) + _bytes(9, raw)


def _value_info(name: str, element: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, d) if isinstance(d, int) else _text(2, d)) for d in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, element) + _bytes(2, dims)))


@dataclass
class Graph:
    """A graph under construction: add nodes and constants in order, then `model`."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def constant(self, name: str, array: NDArray[np.float32]) -> str:
        """Adds a float32 constant; returns its name."""
        self.constants.append(_tensor(name, array))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]) -> str:
        """Adds one operator; returns the name of its output."""
        body = b"".join(_text(1, one) for one in inputs) + _text(2, output) + _text(4, operator)
        body += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
        self.nodes.append(body)
        return output

    def model(self, image: Sequence[int | str], outputs: Mapping[str, Sequence[int | str]]) -> bytes:
        """The file: `image` is the uint8 input's shape, `outputs` the shape of each output."""
        graph = b"".join(_bytes(1, one) for one in self.nodes) + _text(2, "backbone")
        graph += b"".join(_bytes(5, one) for one in self.constants)
        graph += _bytes(11, _value_info("image", _UINT8, image))
        graph += b"".join(_bytes(12, _value_info(name, _FLOAT, shape)) for name, shape in outputs.items())
        return _number(1, 8) + _text(2, "gt-engine") + _bytes(8, _number(2, 13)) + _bytes(7, graph)
