"""A model as bytes: the `model.tar.gz` that a job leaves behind and the next one starts from.

It holds `model.json` (facts) and `arrays.npz` (no pickles), and the model of the user's own that it rests on, where
there is one (gt_engine/autolabel/own_model/model_file.py). The same model gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.own_model.onnx_file import MAX_ONNX_BYTES
from gt_engine.labels import Task
from gt_service.errors import InvalidInput

VERSION = 2
"""Of what models are, and of the backbone that they see with: a model of another version is of no use."""
MAX_BYTES = 256 * 2**20
"""Of the arrays."""
FACTS, ARRAYS = "model.json", "arrays.npz"

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
    return archive({FACTS: json.dumps(described).encode(), ARRAYS: stored.getvalue()})


def archive(members: Mapping[str, bytes]) -> bytes:
    """Files in one `.tar.gz`. The same files give the same bytes."""
    out = io.BytesIO()
    with (
        # Weights hardly get smaller: to try would take longer than all the rest of the packing.
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=0, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def members_of(archived: bytes, *, only: Collection[str] | None = None) -> dict[str, bytes]:
    """The files of an archive by their names without folders, or some of them.

    No more is unpacked than the largest model has. Errors: ValueError then; where it is no such archive also what gzip
    and tarfile raise: OSError, EOFError, zlib.error, tarfile.TarError.
    """
    most = MAX_BYTES + MAX_ONNX_BYTES
    with gzip.GzipFile(fileobj=io.BytesIO(archived)) as zipped:
        data = zipped.read(most + 1)
    if len(data) > most:
        raise ValueError(f"it unpacks to more than {most >> 20} MB")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        files = {member.name.rpartition("/")[2]: member for member in tar if member.isfile()}
        wanted = files if only is None else files.keys() & only
        return {name: file.read() for name in files if name in wanted and (file := tar.extractfile(files[name]))}


@contextmanager
def reading() -> Iterator[None]:
    """Whatever is wrong with a model is the caller's. Errors: InvalidInput."""
    try:
        yield
    except InvalidInput:
        raise
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
    members = members_of(model, only=(FACTS, ARRAYS))
    described, stored = json.loads(members[FACTS]), members[ARRAYS]
    if described["version"] != VERSION:
        raise InvalidInput(
            "The model was trained by another version of this engine.",
            remedy="Start without it: the labels of the job teach a new one.",
            field="InitialActiveLearningModelArn",
        )
    _check_size(stored)
    facts = ModelFacts(
        Task(described["task"]),
        tuple(described["classes"]),
        int(described["examples"]),
        int(described["generation"]),
    )
    with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
        return facts, {name: arrays[name] for name in arrays.files}, list(described["keys"])


def is_outdated(model: bytes) -> bool:
    """Whether a model is of another version than today's. What is no model at all is for its readers to refuse."""
    with suppress(Exception):
        return bool(json.loads(members_of(model, only=(FACTS,))[FACTS])["version"] != VERSION)
    return False


def _check_size(stored: bytes) -> None:
    """Nothing of a compressed bomb is unpacked: what it declares decides, and no member may hold more than that."""
    with zipfile.ZipFile(io.BytesIO(stored)) as members:
        if sum(member.file_size for member in members.infolist()) > MAX_BYTES:
            raise ValueError("the model's arrays unpack to more than a model of this engine can have")


def model_facts(model: bytes) -> ModelFacts:
    """The facts of a model payload. Raises InvalidInput when the bytes are not a model of this engine."""
    return unpack(model)[0]
