"""A model as bytes: the `model.tar.gz` that a job leaves behind and the next one starts from.

It holds `model.json` (facts) and `arrays.npz` (no pickles). The same model gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.given.onnx_file import MAX_ONNX_BYTES
from gt_engine.labels import Task
from gt_service.errors import InvalidInput

VERSION = 1
MAX_BYTES = 256 * 2**20
"""Of the arrays; the user's own model may come along (gt_engine/autolabel/given/brought.py)."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class ModelFacts:
    """What a model says of itself.

    task            what it labels
    classes         the job's label categories in order; a model of other classes must be refused
    examples        number of human labels that it learnt from, those of earlier jobs included
    generation      1 for a cold start, one more for each training after it
    """

    task: Task
    classes: tuple[str, ...]
    examples: int
    generation: int


def pack(facts: ModelFacts, arrays: Mapping[str, NDArray[Any]], keys: Sequence[str]) -> bytes:
    """The payload; `keys` are the content keys of the examples, in the order of the arrays that speak of them."""
    described = {
        "version": VERSION,
        "task": facts.task.value,
        "classes": list(facts.classes),
        "examples": facts.examples,
        "generation": facts.generation,
        "keys": list(keys),
    }
    stored = io.BytesIO()
    np.savez(stored, allow_pickle=False, **dict(arrays))
    out = io.BytesIO()
    with (
        # Weights hardly get smaller: to try would take longer than all the rest of the packing.
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=0, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, data in (("model.json", json.dumps(described).encode()), ("arrays.npz", stored.getvalue())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


@contextmanager
def reading() -> Iterator[None]:
    """Whatever is wrong with a model is the caller's. Errors: InvalidInput."""
    try:
        yield
    except Exception as error:
        # Whatever tarfile, zipfile, zlib, numpy and json find to say of bytes that somebody else wrote.
        raise InvalidInput(
            "The model is not one that this engine has trained.",
            remedy="Give the FinalActiveLearningModelArn of an earlier job with automated data labeling.",
            field="InitialActiveLearningModelArn",
        ) from error


@reading()
def unpack(model: bytes) -> tuple[ModelFacts, Arrays, list[str]]:
    """(facts, arrays, content keys of the examples). Raises InvalidInput when it is not a model of this engine."""
    described, stored = _members(model)
    _check_size(stored)
    facts = ModelFacts(
        Task(described["task"]),
        tuple(described["classes"]),
        int(described["examples"]),
        int(described["generation"]),
    )
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        return facts, {name: arrays[name] for name in arrays.files}, list(described["keys"])


def _check_size(stored: bytes) -> None:
    """Nothing of a compressed bomb is unpacked: what it declares decides, and no member may hold more than that."""
    with zipfile.ZipFile(io.BytesIO(stored)) as members:
        if sum(member.file_size for member in members.infolist()) > MAX_BYTES:
            raise ValueError("the model's arrays unpack to more than a model of this engine can have")


def model_facts(model: bytes) -> ModelFacts:
    """The facts of a model payload. Raises InvalidInput when the bytes are not a model of this engine."""
    return unpack(model)[0]


def _members(model: bytes) -> tuple[dict[str, Any], bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(model)) as zipped:
        data = zipped.read(MAX_BYTES + MAX_ONNX_BYTES + 1)
    if len(data) > MAX_BYTES + MAX_ONNX_BYTES:
        raise ValueError("the model unpacks to more than a model of this engine can have")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r") as tar:
        described, stored = tar.extractfile("model.json"), tar.extractfile("arrays.npz")
        if described is None or stored is None:
            raise ValueError("the model has no readable members")
        facts = json.loads(described.read())
        if facts["version"] != VERSION:
            raise ValueError(f"version {facts['version']}")
        return facts, stored.read()
