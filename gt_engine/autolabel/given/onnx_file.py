"""What an ONNX file holds, read without running it: enough to refuse what no process should be given.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Iterator
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


def check(data: bytes, *, field: str) -> None:
    """Whether a file is an ONNX model that stands alone. Errors: `InvalidInput` that says what is wrong with it."""
    if len(data) > MAX_ONNX_BYTES:
        raise _wrong(field, f"has {len(data) >> 20} MB; {MAX_ONNX_BYTES >> 20} MB are allowed", "Bring a smaller one.")
    try:
        reader, graphs, opsets = _Reader(), 0, 0
        for part in reader.fields_of(memoryview(data)):
            if part.tag == 7:
                graphs += 1
                _check_graph(reader, _message(part), field, 0)
            elif part.tag == 8:
                opsets += 1
                _check_domain(_text_of(reader, _message(part), 1), field)
            elif part.tag == 25:  # a function of the model's own is made of nodes as well
                for inner in reader.fields_of(_message(part)):
                    if inner.tag == 7:
                        _check_node(reader, _message(inner), field, 1, own_domains=False)
        if graphs != 1 or not opsets:
            raise ValueError("it holds no graph of ONNX")
    except (ValueError, UnicodeDecodeError) as problem:
        raise _wrong(field, f"is not an ONNX file: {problem}", "Export the model again with torch.onnx.") from None


def _check_graph(reader: _Reader, graph: memoryview, field: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("its graphs lie too deep in each other")
    for part in reader.fields_of(graph):
        if part.tag == 1:
            _check_node(reader, _message(part), field, depth)
        elif part.tag == 5:
            _check_tensor(reader, _message(part), field)
        elif part.tag == 15:
            _check_sparse(reader, _message(part), field)


def _check_node(reader: _Reader, node: memoryview, field: str, depth: int, *, own_domains: bool = True) -> None:
    for part in reader.fields_of(node):
        if part.tag == 7 and own_domains:
            _check_domain(bytes(_message(part)).decode(), field)
        if part.tag == 5:
            for inner in reader.fields_of(_message(part)):
                if inner.tag in {5, 10}:
                    _check_tensor(reader, _message(inner), field)
                elif inner.tag in {22, 23}:
                    _check_sparse(reader, _message(inner), field)
                elif inner.tag in {6, 11}:
                    _check_graph(reader, _message(inner), field, depth + 1)


def _check_sparse(reader: _Reader, tensor: memoryview, field: str) -> None:
    for part in reader.fields_of(tensor):
        if part.tag in {1, 2}:
            _check_tensor(reader, _message(part), field)


def _check_tensor(reader: _Reader, tensor: memoryview, field: str) -> None:
    for part in reader.fields_of(tensor):
        # data_location EXTERNAL, or where that is: a path, which could be any file of the engine's machine
        if (part.tag == 14 and part.value == 1) or part.tag == 13:
            raise _wrong(
                field,
                "keeps its weights in other files",
                "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
            )


def _check_domain(domain: str, field: str) -> None:
    if domain not in OWN_DOMAINS:
        raise _wrong(
            field,
            f"needs operators of {domain!r}, which are not ONNX's own",
            "Export it with standard operators only.",
        )


def _text_of(reader: _Reader, message: memoryview, tag: int) -> str:
    return "".join(bytes(_message(part)).decode() for part in reader.fields_of(message) if part.tag == tag)


def _message(part: _Field) -> memoryview:
    if isinstance(part.value, int):
        raise ValueError("it is no protobuf")
    return part.value


def _wrong(field: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"the model {what}", remedy=remedy, field=field)
