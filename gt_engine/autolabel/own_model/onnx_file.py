"""What an ONNX file holds, read without running it: enough to refuse what no process should be given.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gt_service.errors import InvalidInput

MAX_ONNX_BYTES = 192 * 2**20
"""Of one file: the largest detectors in use have 130 MB. It travels inside each model that learns on top of it."""
MAX_DEPTH = 8
"""Of graphs in graphs."""
MAX_FIELDS = 2_000_000
MAX_KEY = 2**32 - 1
"""Of a field. Of a larger one onnxruntime's reader takes the lower 32 bits: what is hidden here would be seen there."""

OWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Of operators that the standard describes; the others need libraries that nobody here has."""


@dataclass(frozen=True)
class _Field:
    tag: int
    value: memoryview | int


class _Reader:
    """Walks messages; whatever is no protobuf is a ValueError."""

    def __init__(self) -> None:
        self.fields = 0

    def fields_of(self, message: memoryview) -> Iterator[_Field]:
        at = 0
        while at < len(message):
            self.fields += 1
            if self.fields > MAX_FIELDS:
                raise ValueError("it has too many parts")
            key, at = _varint(message, at)
            if key > MAX_KEY:
                raise ValueError("it is no protobuf")
            tag, kind = key >> 3, key & 7
            if kind == 0:
                value, at = _varint(message, at)
                yield _Field(tag, value)
                continue
            if kind == 2:
                size, at = _varint(message, at)
            elif kind in {1, 5}:
                size = 8 if kind == 1 else 4
            else:
                raise ValueError("it is no protobuf")
            if at + size > len(message):
                raise ValueError("it ends too early")
            yield _Field(tag, message[at : at + size])
            at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("it is no protobuf")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


_PARTS: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node of a function"},
    "node": {5: "attribute"},
    "node of a function": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse tensor", 23: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
}
"""What each kind of message may hold that has to be looked at, by its field."""

_DOMAIN = {"node": 7, "opset": 1}
"""The field that says whose operators are meant. The nodes of a model's own functions may mean its own."""

_DATA_LOCATION, _EXTERNAL, _EXTERNAL_DATA = 14, 1, 13
"""Of a tensor: that its data lie elsewhere, or where: a path, which could be any file of the engine's machine."""


def check(data: bytes, *, field: str) -> None:
    """Whether a file is an ONNX model that stands alone. Errors: `InvalidInput` that says what is wrong with it."""
    if len(data) > MAX_ONNX_BYTES:
        raise _wrong(field, f"has {len(data) >> 20} MB; {MAX_ONNX_BYTES >> 20} MB are allowed", "Bring a smaller one.")
    try:
        reader, model = _Reader(), memoryview(data)
        kinds = [_PARTS["model"].get(part.tag) for part in reader.fields_of(model)]
        if kinds.count("graph") != 1 or "opset" not in kinds:
            raise ValueError("it holds no graph of ONNX")
        _check_message(reader, "model", model, field)
    except (ValueError, UnicodeDecodeError) as problem:
        raise _wrong(field, f"is not an ONNX file: {problem}", "Export the model again with torch.onnx.") from None


def _check_message(reader: _Reader, kind: str, message: memoryview, field: str, depth: int = 0) -> None:
    """depth: of graphs in graphs."""
    if depth > MAX_DEPTH:
        raise ValueError("its graphs lie too deep in each other")
    for part in reader.fields_of(message):
        if part.tag == _DOMAIN.get(kind):
            _check_domain(bytes(_message(part)).decode(), field)
        if kind == "tensor" and (
            part.tag == _EXTERNAL_DATA or (part.tag == _DATA_LOCATION and part.value == _EXTERNAL)
        ):
            raise _wrong(
                field,
                "keeps its weights in other files",
                "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
            )
        inner = _PARTS.get(kind, {}).get(part.tag)
        if inner is not None:
            _check_message(reader, inner, _message(part), field, depth + (inner == "graph"))


def _check_domain(domain: str, field: str) -> None:
    if domain not in OWN_DOMAINS:
        raise _wrong(
            field,
            f"needs operators of {domain!r}, which are not ONNX's own",
            "Export it with standard operators only.",
        )


def _message(part: _Field) -> memoryview:
    if isinstance(part.value, int):
        raise ValueError("it is no protobuf")
    return part.value


def _wrong(field: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"the model {what}", remedy=remedy, field=field)
