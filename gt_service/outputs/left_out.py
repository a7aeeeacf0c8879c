"""What a job's model says of the labels of people that it never saw; gt-engine leaves it, Ground Truth does not."""

from __future__ import annotations

from collections.abc import Iterator

from gt_service.errors import NotFound
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.layout import LEFT_OUT_PREDICTIONS
from gt_service.outputs.records import JsonObject, manifest_objects


def left_out_predictions(objects: ObjectStore, root: S3Uri) -> Iterator[JsonObject]:
    """Of the job whose output is below `root`, one for each label: `source-ref`, the model's `label`, `confidence`,
    `loss`, `suspicion`, `mistake`. None where it left none."""
    try:
        yield from manifest_objects(objects.lines(root / LEFT_OUT_PREDICTIONS))
    except NotFound:
        return
