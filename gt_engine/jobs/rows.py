"""Rows of a large file, read by where they lie: neighbours with one request, strangers each with its own.

So a step pays for the rows that it needs, and never for more than one pass over the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gt_engine.aws import Objects, in_parallel
from gt_service.objects import S3Uri

NEAR_BYTES = 256 * 1024
"""Rows that lie closer are read together: what lies between costs less than another request."""
MOST_BYTES = 4 * 1024 * 1024
"""Of one request: a few of them are in memory at once."""

Span: TypeAlias = tuple[int, int]
"""The first byte of a row, and the first after it."""


def read_rows(objects: Objects, uri: S3Uri, spans: Sequence[Span]) -> Iterator[bytes]:
    """The rows at these places, which ascend. Errors: `NotFound`."""
    groups = together(spans)
    bodies = in_parallel(lambda group: objects.read_range(uri, group[0][0], group[-1][1]), groups)
    for group, body in zip(groups, bodies, strict=True):
        start = group[0][0]
        for first, end in group:
            yield body[first - start : end - start]


def together(spans: Sequence[Span]) -> list[list[Span]]:
    """Spans in groups that are worth one request each. Pure."""
    groups: list[list[Span]] = []
    for first, end in spans:
        group = groups[-1] if groups else None
        if group and first - group[-1][1] <= NEAR_BYTES and end - group[0][0] <= MOST_BYTES:
            group.append((first, end))
        else:
            groups.append([(first, end)])
    return groups
