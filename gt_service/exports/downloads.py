"""A campaign's labels as one file to download, made when somebody asks for it and kept until the labels change.

    <campaign>/exports/<format>.zip          the files of the export
    <campaign>/exports/<format>.json         what it was made from, or why it cannot be made
    <campaign>/exports/<format>.asked.json   that it was asked for

A function has minutes and little memory for it: the archive is streamed to S3, part by part, and the browser fetches it
from there.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gt_service.campaign import CampaignSpec
from gt_service.errors import InvalidInput, NotFound
from gt_service.exports.export import Export, Format
from gt_service.exports.writers.form import Written
from gt_service.objects import ObjectStore, S3Uri, read_json, write_json
from gt_service.records.names import Places, images_folder
from gt_service.task_types import TaskType

PATIENCE = timedelta(minutes=15)
"""After so long, whoever was to make it has died, and it may be asked for again."""
_CHUNK = 1024 * 1024
_BOXES = (Format.COCO, Format.YOLO, Format.VOC)


@dataclass(frozen=True)
class Download:
    """state: `ready`, `making`, `refused` with the `problem`, or `none` where nobody has asked for it."""

    form: Format
    state: Literal["ready", "making", "refused", "none"]
    file: S3Uri
    problem: str = ""


def forms_of(task: TaskType) -> tuple[Format, ...]:
    """The formats that can hold the labels of a task, and that functions can write."""
    forms = tuple(form for form in Format if form is not Format.PARQUET)
    if task is TaskType.OBJECT_DETECTION:
        return tuple(form for form in forms if form is not Format.FOLDERS)
    if task is TaskType.IMAGE_CLASSIFICATION:
        return tuple(form for form in forms if form not in _BOXES)
    return tuple(form for form in forms if form not in {*_BOXES, Format.FOLDERS})


class Downloads:
    def __init__(self, objects: ObjectStore, places: Places) -> None:
        self._objects, self._places = objects, places

    def states(self, forms: Sequence[Format], now: datetime) -> list[Download]:
        """How downloads of the labels as they are now stand. Errors: `NotFound` where there are no labels yet."""
        labels = self._labels()
        return [self._state(form, labels, now) for form in forms]

    def ask(self, form: Format, now: datetime) -> bool:
        """Notes that a download is to be made; False where it is there or being made. Asked for twice in the same
        moment it is made twice, with the same content."""
        labels = self._labels()
        if self._state(form, labels, now).state != "none":
            return False
        write_json(self._objects, self._file(form, "asked.json"), {"made_from": labels, "at": now.isoformat()})
        return True

    def make(self, form: Format, spec: CampaignSpec) -> None:
        """Makes it of the labels as they are now; why they do not fit the format is kept in its stead."""
        labels, problem = self._labels(), None
        export = Export(
            lambda: self._objects.lines(self._places.labels),
            spec.label_attribute,
            tuple(spec.labels),
            form,
            prefix=images_folder(self._places.campaign),
        )
        try:
            self._objects.write_stream(self._file(form, "zip"), archive(export), "application/zip")
        except InvalidInput as error:
            problem = f"{error.message} {error.remedy}".strip()
        write_json(self._objects, self._file(form, "json"), {"made_from": labels, "problem": problem})

    def _state(self, form: Format, labels: str, now: datetime) -> Download:
        file = self._file(form, "zip")
        made = read_json(self._objects, self._file(form, "json")) or {}
        if made.get("made_from") == labels:
            problem = made.get("problem") or ""
            return Download(form, "refused" if problem else "ready", file, problem)
        asked = read_json(self._objects, self._file(form, "asked.json")) or {}
        is_making = asked.get("made_from") == labels and now - datetime.fromisoformat(asked["at"]) < PATIENCE
        return Download(form, "making" if is_making else "none", file)

    def _labels(self) -> str:
        """What tells the labels as they are from those of another time."""
        for file in self._objects.list(self._places.labels):
            if file.uri == self._places.labels:
                return file.etag
        raise NotFound("there are no labels yet", remedy="They are written when a job has ended.", field="name")

    def _file(self, form: Format, suffix: str) -> S3Uri:
        return self._places.root / f"exports/{form.value}.{suffix}"


def archive(export: Export) -> Iterator[bytes]:
    """The files of an export as a zip file, in pieces. Held in memory: a piece, and the names of the files."""
    written = Written()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as whole:
        for file in export.files():
            # Of the same labels the same bytes: no file has the time at which it was made.
            entry = zipfile.ZipInfo(file.path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with whole.open(entry, "w", force_zip64=True) as opened:
                for chunk in file.chunks:
                    opened.write(chunk)
                    if len(written.held) >= _CHUNK:
                        yield written.taken()
    yield written.taken()
