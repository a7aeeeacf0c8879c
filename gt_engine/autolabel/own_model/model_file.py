"""A model of the user's own, as bytes: an ONNX file, or an archive of one with the names of its classes.

model.onnx                                          names in its own metadata, or none
model.tar.gz with model.onnx [and labels.txt]       SageMaker's form; one name a line
model.tar.gz that the engine wrote                  with model.json beside them, where it learnt on top of one
"""

from __future__ import annotations

import ast
import json
import tarfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gt_engine.autolabel.payload import FACTS, archive, members_of
from gt_service.errors import InvalidInput

ONNX, LABELS = "model.onnx", "labels.txt"
GZIP = b"\x1f\x8b"
METADATA = "gt-service"
"""The key under which a model may say more of itself than its shapes do; see docs/how-to/own-detector.md."""

_NAMES = ("names", "labels", "classes", "class_names", "id2label")
"""Where exporters put the names of the classes in an ONNX file's metadata."""


@dataclass(frozen=True)
class OwnModel:
    """onnx: the file. labels: the names of its classes in order; None where the file itself has to tell."""

    onnx: bytes
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Parts:
    """What a model's file holds: a model that the engine trained, the user's own, or both. trained: the file itself."""

    trained: bytes | None
    own_model: OwnModel | None


def parts_of(data: bytes, *, field: str = "model") -> Parts:
    """Errors: `InvalidInput` where the file holds no model."""
    if data[:2] != GZIP:
        return Parts(None, OwnModel(data))
    members = _members(data, field)
    trained = data if FACTS in members else None
    if ONNX in members:
        try:
            labels = names(members[LABELS].decode("utf-8", "replace")) if LABELS in members else None
        except ValueError as problem:
            remedy = "Write one name a line, in the order of the model's classes."
            raise InvalidInput(f"{LABELS} in the archive is wrong: {problem}", remedy=remedy, field=field) from None
        return Parts(trained, OwnModel(members[ONNX], labels))
    if trained is not None:
        return Parts(trained, None)
    raise InvalidInput(
        f"the archive holds no {ONNX}",
        remedy=f"Put the model into it as {ONNX}, or give the ONNX file itself.",
        field=field,
    )


def packed(own_model: OwnModel) -> bytes:
    """An archive of it. The same model gives the same bytes."""
    return archive(_contents(own_model))


def carried(model: bytes, own_model: OwnModel) -> bytes:
    """A model of the engine that rests on the user's, both in one file: the next job needs both."""
    trained = {name: data for name, data in _members(model, "model").items() if name not in {ONNX, LABELS}}
    return archive(trained | _contents(own_model))


def names(text: str) -> tuple[str, ...]:
    """Names of classes as people and exporters write them: a list or a dictionary by number, or one a line.

    Errors: ValueError.
    """
    text = text.strip()
    if text[:1] in "[{":
        value = _literal(text)
        if isinstance(value, dict):
            try:
                numbered = {int(number): name for number, name in value.items()}
            except (ValueError, TypeError, OverflowError):
                raise ValueError("the numbers of its classes are none") from None
            if sorted(numbered) != list(range(len(numbered))):
                raise ValueError("the numbers of its classes have gaps")
            value = [numbered[number] for number in range(len(numbered))]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError("the names of its classes are no list of names")
        return tuple(value)
    lines = text.splitlines() if "\n" in text else text.split(",")
    return tuple(one.strip() for one in lines if one.strip())


def _literal(text: str) -> Any:
    """JSON, or a literal as Python (and so Ultralytics) writes it. Errors: ValueError."""
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return read(text)
    raise ValueError("the names of its classes cannot be read")


def names_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names in an ONNX file's metadata; None where there are none. Errors: ValueError."""
    return next((names(metadata[key]) for key in _NAMES if metadata.get(key)), None)


def _contents(own_model: OwnModel) -> dict[str, bytes]:
    labels = {} if own_model.labels is None else {LABELS: json.dumps(own_model.labels).encode()}
    return {ONNX: own_model.onnx} | labels


def _members(data: bytes, field: str) -> dict[str, bytes]:
    try:
        return members_of(data)
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error) as problem:
        raise InvalidInput(
            f"the archive cannot be read: {problem}",
            remedy=f"Give an ONNX file, or a .tar.gz that holds one as {ONNX}.",
            field=field,
        ) from None
