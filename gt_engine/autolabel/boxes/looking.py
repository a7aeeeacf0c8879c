"""Members of a model of boxes look at images, some at a time, on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace

from gt_engine.autolabel.boxes.calibrators import proposals_of
from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.boxes.detector import Detector, detect_closely, verdicts
from gt_engine.autolabel.boxes.material import CHUNK
from gt_engine.autolabel.boxes.projection import Projection
from gt_engine.autolabel.features import FeatureView
from gt_engine.labels import Floats, Integers

Detecting = tuple[Integers, Future[list[Detections]]]
"""Some rows, and what will be seen in them."""


def detecting(
    pool: Executor,
    members: Sequence[Detector],
    projection: Projection,
    features: FeatureView,
    ids: Sequence[str],
    rows: Integers,
    likely_from: float,
    asked: Sequence[Floats] | None = None,
) -> list[Detecting]:
    """Sets some members to look at some of the objects; asked: about which boxes of each, of one member alone."""

    def look(chunk: Integers) -> list[Detections]:
        names = [ids[i] for i in chunk]
        by_others = [proposals_of(features.opinions.get(features.content_key(one))) for one in names]
        maps = projection(features, names)
        found = detect_closely(members, maps, by_others, likely_from)
        if asked is None:
            return found
        said = verdicts(members[0], maps, [asked[i] for i in chunk])
        return [replace(one, verdict=verdict) for one, verdict in zip(found, said, strict=True)]

    chunks = (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
    return [(chunk, pool.submit(look, chunk)) for chunk in chunks]


def detected(running: Sequence[Detecting]) -> dict[int, Detections]:
    """What was seen in each row, once everyone has looked."""
    return {i: one for rows, seen in running for i, one in zip(rows.tolist(), seen.result(), strict=True)}
