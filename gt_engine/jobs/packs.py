"""Features of jobs that are too large for one machine's disk: packed, a file for each step of `Prepare`, in the job's
own folder. What is on disk is then only a cache.

A pack is NumPy's own file of one array, a row of `FEATURES` for each of the step's objects, in their order; so the
place of an object tells where its features are. The row of one that cannot be used is all zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO

from numpy.lib import format as npy

from gt_engine.autolabel.features import FEATURES, FILE_BYTES
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import PREPARE_AT_ONCE
from gt_engine.jobs.reading import engine_files
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import BYTES, Tools
from gt_service.objects import S3Uri


def has_packs(job: JobContext, tools: Tools) -> bool:
    """Whether the job's features are packed: its first step of `Prepare` decides for all."""
    return tools.objects.head(job.tree.features(0)) is not None


def write_pack(job: JobContext, first: int, keys: Sequence[str | None], tools: Tools) -> None:
    """keys: the content key of each of the step's objects, None for one that cannot be used."""

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
        wanted[object_id]: partial(_row, job.tree.features(first), row, tools)
        for first, row, object_id in _places(state)
        if object_id in wanted
    }


def _places(state: JobState) -> Iterator[tuple[int, int, str]]:
    for place, object_id in enumerate(state.images):
        row = place % PREPARE_AT_ONCE
        yield place - row, row, object_id


def _row(pack: S3Uri, row: int, tools: Tools) -> bytes:
    """Errors: `MissingFile`."""
    with engine_files():
        start = HEADER_BYTES + row * FILE_BYTES
        return tools.objects.read_range(pack, start, start + FILE_BYTES)


def _header(rows: int) -> bytes:
    file = BytesIO()
    descr = npy.dtype_to_descr(FEATURES)
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": (rows,)})
    return file.getvalue()


HEADER_BYTES = len(_header(PREPARE_AT_ONCE))
"""NumPy leaves room for the largest number of rows, so that all headers are of one length."""
