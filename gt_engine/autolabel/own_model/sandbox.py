"""Runs a model which somebody else wrote in a process of its own: so long and with so much memory, and no longer.

The process has no credentials, writes no files, and is killed where it takes too long. It is a fence against models
that break, loop or grow, not a prison: who can bring a model is somebody who may create labeling jobs.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.own_model import onnx_file, onnx_process
from gt_engine.autolabel.own_model.onnx_process import MAX_OUTPUT_BYTES, read_frame, write_frame
from gt_engine.autolabel.providers import CPU
from gt_service.errors import InvalidInput

MAX_METADATA_BYTES = 2**20
KINDS = {"tensor(float)": "<f4", "tensor(float16)": "<f2", "tensor(uint8)": "|u1", "tensor(int64)": "<i8"}


@dataclass(frozen=True)
class Limits:
    """memory: bytes of address space; None where the provider maps more than any machine has (CUDA)."""

    load_seconds: float = 60.0
    run_seconds: float = 20.0
    memory: int | None = 6 * 2**30
    threads: int = 1


USUAL = Limits()


class Port(NamedTuple):
    """An input or output: None for each size that the model leaves open."""

    name: str
    kind: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Ports:
    """What a model says of itself."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


Arrays = list[NDArray[Any]]


class Sandbox:
    """A model in its process. A context manager. Errors: `InvalidInput` with what is wrong with the model."""

    def __init__(
        self,
        model: bytes,
        *,
        field: str = "model",
        limits: Limits = USUAL,
        providers: Sequence[str] = (CPU,),
    ) -> None:
        onnx_file.check(model, field=field)
        self._field = field
        self._limits = limits
        self._folder = TemporaryDirectory(prefix="gt-model-")
        memory = limits.memory if list(providers) == [CPU] else None
        settings = {
            "path": sys.path,
            "memory": memory,
            "threads": limits.threads,
            "providers": list(providers),
        }
        kept = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "PATH", "ORT_DISABLE_TELEMETRY")
        self._process = subprocess.Popen(  # noqa: S603 - our own script in our own interpreter
            [sys.executable, "-I", str(Path(onnx_process.__file__)), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env={name: os.environ[name] for name in kept if name in os.environ} | {"MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
        )
        try:
            head, _ = self._exchange({}, model, limits.load_seconds, "to be loaded")
            self.ports = self._ports(head)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                cast(Any, pipe).close()
        self._process.wait()
        self._folder.cleanup()

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> Arrays:
        """The outputs, in the model's order."""
        head = [[name, one.dtype.str, list(one.shape)] for name, one in inputs.items()]
        body = b"".join(np.ascontiguousarray(one).tobytes() for one in inputs.values())
        answer, data = self._exchange(head, body, self._limits.run_seconds, "for one image")
        outputs, at = [], 0
        try:
            for kind, shape in answer["outputs"]:
                dtype, count = np.dtype(kind), math.prod(shape)
                if dtype.hasobject or min(shape, default=0) < 0:
                    raise ValueError("no numbers")
                outputs.append(np.frombuffer(data, dtype, count, at).reshape(shape))
                at += count * dtype.itemsize
        except (ValueError, TypeError, KeyError) as problem:
            raise self.wrong("its outputs cannot be read") from problem
        return outputs

    def wrong(self, what: str, remedy: str = "") -> InvalidInput:
        """An error about the model."""
        return InvalidInput(f"the model cannot be used: {what}", remedy=remedy, field=self._field)

    def _exchange(self, head: Any, body: bytes, seconds: float, what: str) -> tuple[dict[str, Any], bytes]:
        with self._watched(seconds) as late:
            try:
                write_frame(cast(Any, self._process.stdin), head, body)
                answer, data = read_frame(cast(Any, _Capped(self._process.stdout)))
            except (OSError, EOFError, ValueError, MemoryError):
                if late.is_set():
                    raise self.wrong(f"it takes more than {seconds:g} s {what}") from None
                raise self.wrong("its process died, as when it takes more memory than it may") from None
        if not isinstance(answer, dict):
            raise self.wrong("its outputs cannot be read")
        if "error" in answer:
            raise self.wrong(f"onnxruntime says: {answer['error']}")
        return answer, data

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[threading.Event]:
        """Kills the process where it takes too long: then whoever waits for it hears of its end."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield late
        finally:
            timer.cancel()

    def _ports(self, head: Mapping[str, Any]) -> Ports:
        try:
            inputs, outputs = (
                tuple(
                    Port(str(name), str(kind), tuple(d if isinstance(d, int) and d > 0 else None for d in shape))
                    for name, kind, shape in head[side]
                )
                for side in ("inputs", "outputs")
            )
            metadata = {str(name): str(value) for name, value in head["metadata"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise self.wrong("what it says of itself cannot be read") from problem
        if sum(map(len, metadata.values())) > MAX_METADATA_BYTES:
            raise self.wrong("its metadata are larger than any model's")
        return Ports(inputs, outputs, metadata)


class _Capped:
    """A pipe from a process that is not trusted: no frame makes us take more than the largest one has."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    def read(self, size: int) -> bytes:
        if size > MAX_OUTPUT_BYTES + MAX_METADATA_BYTES:
            raise ValueError("a frame that is too large")
        return cast(bytes, self._pipe.read(size))
