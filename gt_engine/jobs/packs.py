"""Features of jobs that are too large for one machine's disk: packed, a file for each step of `Prepare`, in the job's
own folder. What is on disk is then only a cache.

A pack is an .npy file of numpy (NEP 1), which every reader of arrays can read: a row for each of the step's objects, in
their order (`gt_engine.autolabel.features.ROW`); so the place of an object tells where its features are.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from gt_engine.autolabel.features import FILE_BYTES, ROW
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import PREPARE_AT_ONCE
from gt_engine.jobs.reading import engine_files
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import BYTES, Tools
from gt_service.errors import NotFound


def has_packs(job: JobContext, tools: Tools) -> bool:
    """Whether the job's features are packed: its first step of `Prepare` decides for all.

    Packs of another version of the engine are as if they were not there.
    """
    try:
        header = tools.objects.read_range(job.tree.features(0), 0, _HEADER_BYTES)
    except NotFound:
        return False
    return header.startswith(_DESCRIBED)


def write_pack(job: JobContext, first: int, keys: Sequence[str | None], tools: Tools) -> None:
    """keys: the content key of each of the step's objects, None for one that cannot be used: its row is all zeros."""

    def parts() -> Iterator[bytes]:
        yield _header(len(keys))
        for key in keys:
            yield bytes(FILE_BYTES) if key is None else tools.features.packed(key)

    tools.objects.write_stream(job.tree.features(first), parts(), BYTES)


def packed_features(
    job: JobContext, state: JobState, wanted: Mapping[str, str], tools: Tools
) -> dict[str, Callable[[], bytes]]:
    """What to call for the features of each content; wanted: content keys by object id."""
    return {
        wanted[object_id]: partial(_features, place, job, tools)
        for place, object_id in enumerate(state.images)
        if object_id in wanted
    }


def _features(place: int, job: JobContext, tools: Tools) -> bytes:
    """Errors: `MissingFile`."""
    row = place % PREPARE_AT_ONCE
    start = _HEADER_BYTES + row * FILE_BYTES
    with engine_files():
        return tools.objects.read_range(job.tree.features(place - row), start, start + FILE_BYTES)


def _header(rows: int) -> bytes:
    """As long for any number of rows: numpy leaves room for the number to grow."""
    file = io.BytesIO()
    about = {"descr": np.lib.format.dtype_to_descr(ROW), "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_1_0(file, about)
    return file.getvalue()


_HEADER_BYTES = len(_header(PREPARE_AT_ONCE))
_DESCRIBED = _header(0).partition(b"'shape'")[0]
"""What the header of every pack of today's rows begins with; the number of rows comes after it."""
