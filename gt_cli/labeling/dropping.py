"""Spec and photos into the inbox: only what is new, so that the same command can be given again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gt_cli.api import Api
from gt_cli.importing import uploading
from gt_cli.labeling.photos import Photo
from gt_cli.stack import LocalStack
from gt_engine.autolabel.own_model import onnx_file
from gt_engine.autolabel.own_model.model_file import GZIP, OwnModel, names, packed, parts_of
from gt_service.campaign import parse_spec
from gt_service.errors import InvalidInput
from gt_service.objects import S3Objects, S3Uri
from gt_service.records.names import images_folder


def put_spec(api: Api, spec: Mapping[str, Any]) -> None:
    """Puts the spec in force unless it is already. Errors: SpecErrors, ApiError."""
    text = json.dumps(spec)
    wanted = parse_spec(text, filename="campaign.json").model_dump(mode="json")
    there = api.campaign(spec["name"])
    if there is None or there["spec"] != wanted:
        api.put_spec(spec["name"], text)


def model_file(model: Path, labels: Path | None) -> tuple[str, bytes]:
    """Name and content of the model as it is uploaded: the file itself, or an archive of it with its classes' names.

    Errors: `InvalidInput` where it is none.
    """
    data = model.read_bytes()
    own_model = parts_of(data, field="--model").own_model
    if own_model is not None:
        onnx_file.check(own_model.onnx, field="--model")
    if labels is None:
        ending = ".tar.gz" if data[:2] == GZIP else ".onnx"
        return hashlib.sha256(data).hexdigest()[:16] + ending, data
    if own_model is None:
        raise InvalidInput("a model that gt-engine trained has names already", remedy="Leave --model-labels out.")
    try:
        named = packed(OwnModel(own_model.onnx, names(labels.read_text("utf-8"))))
    except ValueError as problem:
        raise InvalidInput(f"{labels}: {problem}", remedy="Write one name a line.", field="--model-labels") from None
    return hashlib.sha256(named).hexdigest()[:16] + ".tar.gz", named


def drop_model(stack: LocalStack, campaign: str, model: Path, labels: Path | None) -> S3Uri:
    """Uploads a model of the user's own, under a name that follows from its content. Errors: `InvalidInput`."""
    name, body = model_file(model, labels)
    uri = S3Uri(stack.outputs["InboxBucket"], f"{campaign}/models/{name}")
    stack.session.client("s3").put_object(Bucket=uri.bucket, Key=uri.key, Body=body)
    return uri


def drop_photos(stack: LocalStack, campaign: str, photos: Sequence[Photo], done: Callable[[int], None]) -> int:
    """Uploads what is not there, or is younger here; `done` hears how many are there. Answers how many were new."""
    inbox, prefix = stack.outputs["InboxBucket"], images_folder(campaign)
    s3 = stack.session.client("s3")
    there = {one.uri.key: one for one in S3Objects(s3).list(S3Uri(inbox, prefix))}

    def is_new(photo: Photo) -> bool:
        known = there.get(prefix + photo.name)
        changed = datetime.fromtimestamp(photo.path.stat().st_mtime, UTC)
        return known is None or known.size != photo.size or changed > known.last_modified

    new = [photo for photo in photos if is_new(photo)]
    done(len(photos) - len(new))
    for count in uploading(s3, inbox, ((prefix + photo.name, photo.path) for photo in new)):
        done(len(photos) - len(new) + count)
    return len(new)
