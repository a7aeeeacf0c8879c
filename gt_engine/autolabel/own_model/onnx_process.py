"""The process that runs a model which somebody else wrote: with limits, without credentials, and with nothing of ours.

Run as a script by `sandbox.py`: `python -I onnx_process.py <JSON of settings>`. It reads frames from its standard input
(the model, then inputs) and writes one frame for each to its standard output. A frame is the length of a JSON head, the
head, and the bytes of the arrays that the head describes.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Any, BinaryIO

HEAD = struct.Struct("<IQ")
MAX_OUTPUT_BYTES = 64 * 2**20
PR_SET_PDEATHSIG = 1


def read_frame(file: BinaryIO) -> tuple[Any, bytes]:
    """Errors: EOFError."""
    sizes = _exactly(file, HEAD.size)
    head, body = HEAD.unpack(sizes)
    return json.loads(_exactly(file, head)), _exactly(file, body)


def write_frame(file: BinaryIO, head: Any, body: bytes = b"") -> None:
    text = json.dumps(head).encode()
    file.write(HEAD.pack(len(text), len(body)) + text)
    file.write(body)
    file.flush()


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise EOFError
    return data


def limit(memory: int | None) -> None:
    """Less of everything than a model needs to do harm; where a system has no such limit, there is none."""
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]
    if memory is not None:
        limits.append((resource.RLIMIT_AS, memory))
    for what, most in limits:
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    with suppress(AttributeError, OSError):  # Linux: it ends with the engine, also in the middle of a loop
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    settings = json.loads(sys.argv[1])
    sys.path[:] = settings["path"]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    import numpy as np
    import onnxruntime

    limit(settings["memory"])
    _, model = read_frame(sys.stdin.buffer)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = settings["threads"]
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, providers=settings["providers"])
    except Exception as problem:  # noqa: BLE001 - of any kind; whoever sent the model is told
        write_frame(answers, {"error": str(problem)[:2000]})
        return
    ports = {
        "inputs": [[one.name, one.type, list(one.shape)] for one in session.get_inputs()],
        "outputs": [[one.name, one.type, list(one.shape)] for one in session.get_outputs()],
        "metadata": dict(session.get_modelmeta().custom_metadata_map),
    }
    write_frame(answers, ports)
    while True:
        try:
            head, body = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            inputs, at = {}, 0
            for name, kind, shape in head:
                size = int(np.prod(shape)) * np.dtype(kind).itemsize
                inputs[name] = np.frombuffer(body[at : at + size], kind).reshape(shape)
                at += size
            outputs = [np.asarray(one) for one in session.run(None, inputs)]
            if sum(one.nbytes for one in outputs) > MAX_OUTPUT_BYTES or any(one.dtype.hasobject for one in outputs):
                raise ValueError("its outputs are larger than any detector's, or no numbers")
        except Exception as problem:  # noqa: BLE001 - as above
            write_frame(answers, {"error": str(problem)[:2000]})
            continue
        described = [[one.dtype.str, list(one.shape)] for one in outputs]
        write_frame(answers, {"outputs": described}, b"".join(one.tobytes() for one in outputs))


if __name__ == "__main__":
    main()
