"""Labels that a person put right: a file for each correction, and the last one of an image is its label.

    <campaign>/corrections/<SHA-256 of source-ref>/<UTC time>-<token>.json

A file is never written over, so an image's corrections are its history. No table knows of them: whoever reads a
campaign's labels lays them over what its jobs wrote (`laid_over`). A correction is of a picture, not of a name: of
another one that came under it, it says nothing (`of_their_pictures`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from gt_service.documents import parse_time
from gt_service.errors import InvalidInput, UnknownState
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import UNREADABLE, JsonObject, manifest_object, metadata_key

FOLDER = "corrections"


@dataclass(frozen=True)
class Correction:
    """A new label for one image.

    name      of its file without the suffix; names sort by time
    source    the image's `source-ref`
    label     in Ground Truth's form: the label attribute and its metadata; None takes the image's label out
    by, why   who put it right: an owner, a worker or a job; and what for, where they say so
    replaces  what it put right: `job` and `label`, where known, and `correction`, the name of the one before
    picture   the fingerprint of the image; empty where it is not known
    """

    name: str
    source: str
    label: JsonObject | None
    by: str
    at: datetime
    why: str
    replaces: JsonObject
    picture: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "source-ref": self.source,
            "label": self.label,
            "by": self.by,
            "at": self.at.isoformat(),
            "why": self.why,
            "replaces": self.replaces,
            "picture": self.picture,
        }


Corrections = Mapping[str, tuple[Correction, ...]]
"""By `source-ref`, oldest first; the last one holds."""


def write_correction(
    objects: ObjectStore,
    campaign: S3Uri,
    *,
    source: str,
    label: JsonObject | None,
    by: str,
    at: datetime,
    token: str,
    why: str = "",
    replaces: JsonObject | None = None,
    picture: str = "",
) -> Correction:
    """Keeps a correction of an image; see `Correction`. campaign: the campaign's folder in the results bucket.

    token: tells two of the same moment apart in their files' names, so that neither writes over the other.
    Writes nothing but the file: have the campaign's labels written anew behind it (`Signals.ask_labels`).
    Errors: `InvalidInput` for a label that is not one attribute with its metadata.
    """
    if label is not None:
        label_attribute(label)
    name = f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{token}"
    correction = Correction(name, source, label, by, at, why, replaces or {}, picture)
    body = json.dumps(correction.as_dict(), ensure_ascii=False).encode()
    objects.write(_folder(campaign, source) / f"{name}.json", body, "application/json")
    return correction


def read_corrections(objects: ObjectStore, campaign: S3Uri) -> Corrections:
    """All corrections of a campaign. Errors: `UnknownState` for a file that is none: nobody's work is passed over."""
    return _read(objects, campaign / f"{FOLDER}/")


def count_corrections(objects: ObjectStore, campaign: S3Uri) -> int:
    """How many there are of a campaign. None is ever taken away, so that as many are the same."""
    return sum(1 for _ in _files(objects, campaign / f"{FOLDER}/"))


def corrections_of(objects: ObjectStore, campaign: S3Uri, source: str) -> tuple[Correction, ...]:
    """Those of one image, oldest first. Errors: `UnknownState`."""
    return _read(objects, S3Uri(campaign.bucket, f"{_folder(campaign, source).key}/")).get(source, ())


def of_their_pictures(corrections: Corrections, pictures: Mapping[str, str]) -> Corrections:
    """Those of the pictures that are there. pictures: fingerprints by `source-ref`, as far as they are known."""
    kept = {
        source: tuple(each for each in own if each.picture in {"", pictures.get(source, each.picture)})
        for source, own in corrections.items()
    }
    return {source: own for source, own in kept.items() if own}


def label_attribute(label: JsonObject) -> str:
    """The attribute of a label in Ground Truth's form. Errors: `InvalidInput`."""
    names = [name for name in label if metadata_key(name) in label]
    if len(names) != 1 or len(label) != 2 or not isinstance(label[metadata_key(names[0])], Mapping):
        raise InvalidInput("a label is one attribute and its metadata, as in an output manifest", field="label")
    return names[0]


class Labeled(NamedTuple):
    """A manifest line, and the attribute under which it has its label."""

    line: JsonObject
    attribute: str


def laid_over(line: JsonObject, attribute: str, corrections: Corrections) -> Labeled | None:
    """The line with the label that holds now; None where the image's label was taken out.

    attribute: under which the line has its own label.
    """
    own = corrections.get(str(line.get("source-ref")))
    if own is None:
        return Labeled(line, attribute)
    label = own[-1].label
    if label is None:
        return None
    passed_on = {name: value for name, value in line.items() if name not in {attribute, metadata_key(attribute)}}
    return Labeled({**passed_on, **label}, label_attribute(label))


def _folder(campaign: S3Uri, source: str) -> S3Uri:
    return campaign / f"{FOLDER}/{sha256(source.encode()).hexdigest()}"


def _read(objects: ObjectStore, prefix: S3Uri) -> Corrections:
    uris = list(_files(objects, prefix))
    by_source = defaultdict[str, list[Correction]](list)
    for correction in _parsed(zip(uris, objects.read_many(uris), strict=True)):
        by_source[correction.source].append(correction)
    return {source: tuple(sorted(own, key=lambda each: each.name)) for source, own in by_source.items()}


def _files(objects: ObjectStore, prefix: S3Uri) -> Iterator[S3Uri]:
    return (each.uri for each in objects.list(prefix) if each.uri.key.endswith(".json"))


def _parsed(files: Iterable[tuple[S3Uri, bytes]]) -> Iterable[Correction]:
    for uri, body in files:
        try:
            yield _correction(uri, manifest_object(body))
        except UNREADABLE as error:
            raise UnknownState(
                f"{uri} is no correction ({error})", remedy="Correct the file, or move it out of the folder."
            ) from None


def _correction(uri: S3Uri, record: JsonObject) -> Correction:
    at, label = parse_time(record["at"]), record["label"]
    if at is None or not isinstance(record["source-ref"], str) or not isinstance(label, Mapping | None):
        raise ValueError("it lacks its time, its image or its label")
    name = uri.key.rsplit("/", 1)[-1].removesuffix(".json")
    return Correction(
        name,
        record["source-ref"],
        label,
        str(record.get("by", "")),
        at,
        str(record.get("why", "")),
        record.get("replaces") or {},
        str(record.get("picture", "")),
    )
