"""Labels that a user has already, into a campaign: the labels first and the images behind them, so that none of these
is ever taken for one without a label. Only what is new, so that the same command can be given again."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gt_cli.api import Api, JsonObject, known_campaign
from gt_cli.datasets import read_boxes
from gt_cli.datasets.classes import read_classes
from gt_cli.datasets.huggingface import NAME as METADATA
from gt_cli.datasets.labeled import BoxesError, ImageFolder, media_type
from gt_cli.label_lines import Labeled, as_manifest, check_classes, label_line, renamed, without
from gt_service.errors import GtServiceError, InvalidInput
from gt_service.objects import S3Uri
from gt_service.outputs.records import manifest_object
from gt_service.parallel import in_parallel
from gt_service.task_types import TaskType

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOOK_EVERY_SECONDS = 1.0
PATIENCE_SECONDS = 300.0
"""So long without any movement, and the service is left to go on by itself."""
MANIFESTS = frozenset({".manifest", ".jsonl"})
CLASS_TASKS = frozenset({TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL})
_STATUSES = ("pending", "batch", "imported", "duplicate", "rejected")


class ImportFailed(GtServiceError):
    """The service refused the labels; the message says where in them."""

    code = "import_refused"


@dataclass(frozen=True)
class Brought:
    """Labels to import. name: of the import, another for other labels. images: the files that they are of, by the name
    that each has below the campaign's images; empty where they are in the bucket. unlabeled: the others in the
    folder, by their names."""

    name: str
    manifest: bytes
    images: Mapping[str, Path]
    labels: int
    unlabeled: Mapping[str, Path] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"labels/{self.name}.manifest"


@dataclass(frozen=True)
class Wanted:
    """path: the labels, or the folder of labels and images; images: the folder of images where it is another.

    described_in: for COCO results, the COCO JSON with their images. predictions: they are a model's, not for certain.
    renamed: the campaign's names of classes that the file calls otherwise. skipped: what the file has as classes and is
    none, such as a folder of images that nobody has sorted. keeps_folders: images keep their whole path; else a folder
    that holds them all, as YOLO's `images` does, is no part of their names.
    """

    path: Path
    images: Path
    described_in: Path | None = None
    predictions: bool = False
    renamed: Mapping[str, str] | None = None
    skipped: frozenset[str] = frozenset()
    keeps_folders: bool = False


def read_wanted(wanted: Wanted, campaign: JsonObject) -> Brought:
    """The user's labels as a manifest of the campaign. Errors: `BoxesError`, `InvalidInput`: file, place, remedy."""
    spec, folder = campaign["spec"], campaign["inbox_s3_uri"]
    if spec is None:
        raise InvalidInput(f"campaign {campaign['name']} has no spec", remedy="Drop its campaign.yaml first.")
    if wanted.path.name == METADATA:  # of Hugging Face, which is read with its folder
        wanted = replace(wanted, path=wanted.path.parent)
    if wanted.path.suffix.lower() in MANIFESTS and wanted.path.is_file():
        return _of_manifest(wanted, folder)
    task, names = TaskType(spec["task"]), wanted.renamed or {}
    if task is TaskType.OBJECT_DETECTION:
        boxes = read_boxes(wanted.path, wanted.images, described_in=wanted.described_in)
        read: list[Labeled] = [*boxes.images]
        left_out = boxes.left_out
    elif task in CLASS_TASKS:
        classes = read_classes(wanted.path, wanted.images)
        read = [*classes.images]
        left_out = classes.left_out
    else:
        raise InvalidInput(f"labels of {task} cannot be imported", remedy="Boxes and classes can.", field="task")
    kept = {each.name: without(each, wanted.skipped) for each in read}
    images = [renamed(image, names) for image in kept.values() if image is not None]
    left_out = (*left_out, *(name for name, image in kept.items() if image is None))
    check_classes(images, spec["labels"], wanted.path)
    outer = "" if wanted.keeps_folders else _outer([*(each.name for each in images), *left_out])
    images = [replace(each, name=each.name.removeprefix(outer)) for each in images]
    lines = [
        label_line(image, f"{folder}images/", task, predictions=wanted.predictions, path=wanted.path)
        for image in images
    ]
    manifest = as_manifest(lines)
    return Brought(
        _name(wanted.path, manifest),
        manifest,
        {each.name: each.path for each in images},
        len(images),
        {name.removeprefix(outer): wanted.images / name for name in left_out},
    )


def drop(
    api: Api,
    s3: S3Client,
    campaign: str,
    brought: Brought,
    *,
    more: Sequence[tuple[str, Path]] = (),
    say: Callable[[str], None] = lambda _: None,
) -> int:
    """Labels, then the images that are not there; answers how many were new. more: images without labels, last.

    Labels that the service has refused are dropped again: its spec may take them now.
    """
    here = known_campaign(api, campaign)
    inbox = S3Uri.parse(here["inbox_s3_uri"])
    known = {each["name"]: each for each in here["imports"]}.get(brought.name)
    if known is None or known["status"] == "refused":
        answer = s3.put_object(
            Bucket=inbox.bucket,
            Key=f"{inbox.key}{brought.key}",
            Body=brought.manifest,
            ContentType="application/jsonlines",
        )
        _until_read(api, campaign, brought, answer["ETag"].strip('"'))
    sizes = {each["key"]: each["size"] for status in _STATUSES for each in api.images(campaign, status)}
    wanted = [*brought.images.items(), *more]
    new = [(f"{inbox.key}images/{name}", path) for name, path in wanted]
    new = [(key, path) for key, path in new if sizes.get(key) != path.stat().st_size]

    for count in uploading(s3, inbox.bucket, new):
        say(f"uploading images: {count:,} of {len(new):,}")
    return len(new)


def uploading(s3: S3Client, bucket: str, images: Iterable[tuple[str, Path]]) -> Iterator[int]:
    """Puts images under their keys, several at once; how many are there, after each."""

    def put(image: tuple[str, Path]) -> None:
        key, path = image
        with path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=media_type(path))

    yield from (count for count, _ in enumerate(in_parallel(put, images), start=1))


def wait(api: Api, campaign: str, brought: Brought, say: Callable[[str], None] = lambda _: None) -> JsonObject:
    """How the import stands once every label has found its image, or nothing has moved for a while."""
    last, moved = -1, time.monotonic()
    while True:
        imports = known_campaign(api, campaign)["imports"]
        now: JsonObject = next(each for each in imports if each["name"] == brought.name)
        if not now["waiting"] or time.monotonic() - moved > PATIENCE_SECONDS:
            return now
        if now["waiting"] != last:
            last, moved = now["waiting"], time.monotonic()
        say(f"{now['held']:,} of {now['labels']:,} labels are the campaign's")
        time.sleep(LOOK_EVERY_SECONDS)


def _until_read(api: Api, campaign: str, brought: Brought, etag: str) -> None:
    """Errors: `ImportFailed` with what the service says of the labels."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_SECONDS:
        known = known_campaign(api, campaign)["imports"]
        # By its ETag: what was refused before has the same name.
        dropped = next((each for each in known if (each["name"], each["etag"]) == (brought.name, etag)), None)
        if dropped is not None and dropped["status"] == "read":
            return
        if dropped is not None and dropped["status"] == "refused":
            problem = dropped["problem"]
            raise ImportFailed(
                f"{brought.key}: {problem['message']}",
                remedy=problem.get("remedy", ""),
                field=problem.get("field"),
            )
        time.sleep(LOOK_EVERY_SECONDS)
    raise ImportFailed(
        f"the service has not read {brought.key} in {PATIENCE_SECONDS:.0f} seconds",
        remedy="The same command goes on; `gt-service status` tells how the campaign stands.",
    )


# ---------------------------------------------------------------- what is brought


def _of_manifest(wanted: Wanted, folder: str) -> Brought:
    """Lines of a manifest; images are those in the bucket, or found in the folder by what the lines call them."""
    lines, images, local = list[JsonObject](), dict[str, Path](), None
    for number, text in enumerate(wanted.path.read_bytes().splitlines(), start=1):
        if not text.strip():
            continue
        where = f"{wanted.path} line {number}"
        try:
            line = dict(manifest_object(text.removeprefix(b"\xef\xbb\xbf")))
        except GtServiceError:
            raise BoxesError(f"{where} is not a JSON object", remedy="Correct the line.", field="path") from None
        source = line.get("source-ref")
        if not isinstance(source, str):
            raise BoxesError(f"{where} has no source-ref", remedy="Name its image.", field="source-ref")
        if not source.startswith(folder):
            local = local or ImageFolder(wanted.images)
            name = local.find(re.sub(r"^s3://[^/]*/", "", source), where=where)
            images[name] = wanted.images / name
            line["source-ref"] = f"{folder}images/{name}"
        lines.append(line)
    manifest = as_manifest(lines)
    return Brought(_name(wanted.path, manifest), manifest, images, len(lines))


def _name(path: Path, manifest: bytes) -> str:
    """Told apart by what is in it: the same labels are the same import."""
    stem = re.sub(r"[^a-zA-Z0-9._-]+", "-", path.resolve().stem).strip(".-_")[:40] or "labels"
    return f"{stem}-{hashlib.sha256(manifest).hexdigest()[:12]}"


def _outer(names: Sequence[str]) -> str:
    """The folders that all images are in, with the slash behind them."""
    folders = [name.split("/")[:-1] for name in names]
    shared = 0
    while all(len(each) > shared and each[shared] == folders[0][shared] for each in folders):
        shared += 1
    return "".join(f"{part}/" for part in folders[0][:shared])
