"""Under which keys a browser's files are uploaded, by what is registered already. Pure.

A folder that is uploaded again goes on where it stopped: what is there is not sent twice. Nothing that waits for people
or was labeled is written over: another file of the same name gets a name of its own. Only a file that was refused is
replaced, as its remedy says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from gt_service.campaign.values import unusable_character
from gt_service.errors import InvalidInput, quoted
from gt_service.ingest.keys import Purpose, Rejection, classify
from gt_service.records import Image, ImageStatus
from gt_service.records.names import images_folder

MOST_FILES = 100
"""Of one request."""
_LONGEST_KEY = 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LEFT_BEHIND = Rejection("what a file manager leaves in folders, and no image", "Nothing is to be done.")


@dataclass(frozen=True)
class File:
    """path: in the folder that was chosen. digest: SHA-256 of the content, in hexadecimal digits."""

    path: str
    digest: str


@dataclass(frozen=True)
class Placed:
    """key: where the file goes; None where it is refused. image: the same file, as it is registered; it is not sent."""

    file: File
    key: str | None
    image: Image | None = None
    problem: Rejection | None = None


def files_of(given: object) -> tuple[File, ...]:
    """The files that a request names. Errors: `InvalidInput`."""
    if not isinstance(given, list) or len(given) > MOST_FILES:
        raise InvalidInput(f"give a list of at most {MOST_FILES} files", field="files")
    return tuple(_file(each, number) for number, each in enumerate(given))


def _file(given: object, number: int) -> File:
    path, digest = (given.get("path"), given.get("digest")) if isinstance(given, Mapping) else (None, None)
    if not isinstance(path, str):
        raise InvalidInput("a file has a path", field=f"files.{number}.path")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise InvalidInput(f"{quoted(digest)} is no SHA-256 in hexadecimal digits", field=f"files.{number}.digest")
    return File(path, digest)


def candidates(campaign: str, files: Iterable[File]) -> Iterator[str]:
    """Every key that one of the files may get."""
    for file in files:
        if _problem(campaign, file) is None:
            yield from _keys(campaign, file)


def placed(campaign: str, files: Iterable[File], registered: Mapping[str, Image]) -> Iterator[Placed]:
    """Each file's place. registered: what there is of `candidates`, by key."""
    given: dict[str, str] = {}
    for file in files:
        problem = _problem(campaign, file)
        if problem is not None:
            yield Placed(file, None, problem=problem)
            continue
        own, other = _keys(campaign, file)
        held = registered.get(own)
        is_free = held is None or held.digest == file.digest or held.status is ImageStatus.REJECTED
        key = own if is_free and given.setdefault(own, file.digest) == file.digest else other
        image = registered.get(key)
        yield Placed(file, key, image if image is not None and image.digest == file.digest else None)


def _keys(campaign: str, file: File) -> tuple[str, str]:
    path = PurePosixPath(file.path)
    folder = images_folder(campaign)
    return folder + file.path, folder + str(path.with_stem(f"{path.stem}-{file.digest[:8]}"))


def _problem(campaign: str, file: File) -> Rejection | None:
    segments = file.path.split("/")
    if not {"", ".", ".."}.isdisjoint(segments) or unusable_character(file.path) is not None:
        return Rejection("its name cannot be a key in S3", "Rename the file or its folder.")
    if any(len(key.encode()) > _LONGEST_KEY for key in _keys(campaign, file)):
        return Rejection(
            f"its name is too long; a key in S3 has {_LONGEST_KEY:,} bytes", "Rename the file or its folder."
        )
    key = classify(images_folder(campaign) + file.path, 1)
    return _LEFT_BEHIND if key.purpose is Purpose.OTHER else key.problem
