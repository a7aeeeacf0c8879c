"""Reads the labels that were dropped, finds the images that they are of, and hands them to whoever needs them.

Every step is safe to repeat, and to go on with by anybody: what was read is a file of its own, an image is kept from
being offered by one conditional write, and counts are written last.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.deployment import Deployment
from gt_service.errors import GtServiceError, InvalidInput, NotFound, shown
from gt_service.imports.lines import LineReader
from gt_service.manifests import CONTENT_TYPE, MOST_LEARNT, json_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.labeled import twin_line
from gt_service.outputs.records import CHECKED, IMPORTED, PROPOSAL, JsonObject, attribute_of, metadata_key
from gt_service.records import Campaign, Image, ImageStatus, Import
from gt_service.records.likeness import Shape, has_proportions_of
from gt_service.records.names import Places, drawn
from gt_service.store import Store

CHECKS, LEFT_OUT = "checks.manifest", "left-out.jsonl"
LABELS, PROPOSALS, OUTPUT = "labels.manifest", "proposals.manifest", "manifests/output/output.manifest"
NOTES = 3
"""Of an import, so many of the labels that are left out are named with their reasons; all of them in `LEFT_OUT`. A
campaign's item holds 100 imports, in 400 KB."""
MAX_BYTES = 64 * 1024 * 1024
"""Of a file of labels: some 100,000 images, and what a function can hold."""
_AT_ONCE = 100


class ImportedLabels:
    def __init__(self, store: Store, objects: ObjectStore, deployment: Deployment) -> None:
        self._store, self._objects = store, objects
        self._inbox, self._results = deployment.inbox_bucket, deployment.results_bucket

    # ------------------------------------------------------------ reading

    def read(self, campaign: Campaign, spec: CampaignSpec, dropped: Import, now: datetime) -> None:
        """Reads a file of labels by the spec that is in force; what is wrong with it is written down beside it."""
        try:
            after = self._read(campaign.name, spec, dropped)
        except (NotFound, InvalidInput) as error:
            problem: GtServiceError = error
            if isinstance(error, NotFound):
                problem = NotFound("it was deleted before it was read", remedy="Drop it again.")
            after = replace(dropped, problem={**problem.as_dict(), "file": dropped.key})
        self._store.campaigns.record_imports(campaign.name, [replace(after, revision=campaign.revision)], None, now)

    def _read(self, campaign: str, spec: CampaignSpec, dropped: Import) -> Import:
        body = self._objects.read(S3Uri(self._inbox, dropped.key), first_bytes=MAX_BYTES + 1, etag=dropped.etag)
        if len(body) > MAX_BYTES:
            raise InvalidInput(
                f"it has more than {MAX_BYTES:,} bytes", remedy="Split it into files of their own names.", field="line"
            )
        reader = partial(
            LineReader,
            spec,
            S3Uri(self._inbox, f"{campaign}/"),
            job_name=f"{IMPORTED}{dropped.name}",
            created_at=dropped.order.partition("#")[0].removesuffix("Z"),
        )
        folder, counts = Places(self._results, campaign).imported(dropped.name), []
        for name, is_label in ((LABELS, True), (PROPOSALS, False)):
            lines = _Counted(each.line for each in reader().read(io.BytesIO(body)) if each.is_label == is_label)
            self._objects.write_stream(folder / name, json_lines(lines), CONTENT_TYPE)
            counts.append(lines.count)
        if not any(counts):
            raise InvalidInput("the file has no lines", remedy="Drop it again.", field="line")
        return replace(dropped, problem=None, labels=counts[0], proposals=counts[1])

    # ------------------------------------------------------------ placing

    def place(self, campaign: Campaign, seen: str, now: datetime) -> None:
        """Finds the images of imported labels; those that wait for a batch leave it. Writes what holds."""
        taken = dict[str, str]()
        # The latest first: its labels hold, and what earlier ones say of the same images is left out.
        newest = [self._placed(campaign, each, taken, now) for each in reversed(campaign.imports) if each.is_read]
        placed = newest[::-1]
        if [each.held for each in placed] != [each.held for each in campaign.imports if each.is_read]:
            # First: killed in between, it is told again, and the labels are written once more than needed.
            self._store.campaigns.labels_changed(campaign.name)
        self._store.campaigns.record_imports(campaign.name, placed, seen, now)

    def _placed(self, campaign: Campaign, dropped: Import, taken: dict[str, str], now: datetime) -> Import:
        """taken: by the key of each image that has its label, the import that it is of."""
        folder = Places(self._results, campaign.name).imported(dropped.name)
        share = 0.0 if campaign.spec is None else campaign.spec.check_imported
        tally = _Tally(share, frozenset(_key(line) for line in self._there(folder / CHECKS)))
        lines = self._holding(campaign, dropped, self._lines(folder / LABELS), taken, tally)
        self._objects.write_stream(folder / OUTPUT, json_lines(lines), CONTENT_TYPE)
        if tally.checks or tally.sent:
            self._objects.write_stream(folder / CHECKS, json_lines(tally.checks), CONTENT_TYPE)
        if tally.left_out or dropped.left_out:
            self._objects.write_stream(folder / LEFT_OUT, json_lines(tally.left_out), CONTENT_TYPE)
        return replace(
            dropped,
            held=tally.held,
            checked=len(tally.checks),
            left_out=len(tally.left_out),
            notes=tuple(map(_note, tally.left_out[:NOTES])),
            changed_at=now.isoformat() if tally.held > dropped.held else dropped.changed_at,
        )

    def _holding(
        self, of: Campaign, dropped: Import, lines: Iterator[JsonObject], taken: dict[str, str], tally: _Tally
    ) -> Iterator[JsonObject]:
        """The lines that are labels of the campaign, each of the image that stands for its content; those that people
        are to check stay with the tally, and their images wait for a batch."""
        campaign = of.name
        while some := list(islice(lines, _AT_ONCE)):
            keys = [_key(line) for line in some]
            images = self._store.images.get_many((campaign, key) for key in keys)
            for key, line in zip(keys, some, strict=True):
                image = images.get((campaign, key))
                if image is not None and image.status is ImageStatus.DUPLICATE:
                    owner = self._store.images.twin_of(image)
                    image = None if owner is None else self._store.images.get(campaign, owner)
                if image is None or image.status is ImageStatus.REJECTED:
                    continue  # it may still come
                is_check = tally.is_check(campaign, key, image)
                why = _left_out(image, line, is_check=is_check) or _labeled_twice(taken.get(image.key), dropped)
                if why is not None:
                    tally.left_out.append({"source-ref": line["source-ref"], "why": why})
                elif is_check:
                    taken[image.key] = dropped.name
                    tally.checks.append(_of_image(line, image, self._inbox))
                elif image.status is ImageStatus.IMPORTED or self._store.images.keep_label(image, dropped.name):
                    taken[image.key] = dropped.name
                    tally.held += 1
                    yield _of_image(line, image, self._inbox)

    # ------------------------------------------------------------ what others need

    def awaited(self, campaign: Campaign) -> Collection[str]:
        """Keys of images that have their labels and are not known to have come: a batch does without them. Those that
        came and are to be labeled all the same, to check a label or because it does not fit, are none of them."""
        root = Places(self._results, campaign.name)
        waiting = [root.imported(each.name) for each in campaign.imports if each.is_read and each.waiting]
        labeled = {_key(line) for folder in waiting for line in self._lines(folder / LABELS)}
        came = (line for folder in waiting for name in (CHECKS, LEFT_OUT) for line in self._there(folder / name))
        return labeled - set(map(_key, came))

    def to_check(self, campaign: Campaign, attribute: str, keys: Collection[str]) -> Mapping[str, JsonObject]:
        """By key: the label of an image that people are asked about to check it, as the manifest holds it."""
        folders = [
            Places(self._results, campaign.name).imported(each.name) for each in campaign.imports if each.checked
        ]
        lines = (line for folder in folders for line in self._there(folder / CHECKS))
        return {_key(line): beside(line, attribute) for line in lines if _key(line) in keys}

    def to_learn_from(self, campaign: Campaign, since: datetime | None) -> list[JsonObject]:
        """Labeled lines for a job's manifest, at most `MOST_LEARNT`: every second, third, … of more.

        None where no label came after `since`."""
        changes = [each.changed_at for each in campaign.imports if each.changed_at is not None]
        if not changes or (since is not None and max(changes) <= since.isoformat()):
            return []
        replaced = self._store.images.replaced(campaign.name)
        held = held_lines(self._objects, Places(self._results, campaign.name), campaign.imports)
        lines = [line for line in held if _key(line) not in replaced]
        return lines[:: -(-len(lines) // MOST_LEARNT)] if lines else []

    def proposals(self, campaign: Campaign, attribute: str, keys: Collection[str]) -> Mapping[str, JsonObject]:
        """By key: a proposal and its metadata, of the import that was dropped last."""
        proposals, names = dict[str, JsonObject](), (attribute + PROPOSAL, metadata_key(attribute + PROPOSAL))
        for each in campaign.imports:
            if each.is_read and each.proposals:
                folder = Places(self._results, campaign.name).imported(each.name)
                for line in self._lines(folder / PROPOSALS):
                    key = _key(line)
                    if key in keys and names[0] in line:
                        proposals[key] = {name: line[name] for name in names}
        return proposals

    def _there(self, uri: S3Uri) -> Iterator[JsonObject]:
        """The lines of a file that need not be there."""
        try:
            yield from self._lines(uri)
        except NotFound:
            return

    def _lines(self, uri: S3Uri) -> Iterator[JsonObject]:
        return (json.loads(line) for line in self._objects.lines(uri) if line.strip())


def held_lines(objects: ObjectStore, places: Places, imports: Iterable[Import]) -> Iterator[JsonObject]:
    """The labels of all imports, one of each image: of the import that was dropped last.

    Held in memory: the hash of each source.
    """
    seen = set[int]()
    for each in reversed(tuple(imports)):
        if not (each.is_read and each.held):
            continue
        for text in objects.lines(places.imported(each.name) / OUTPUT):
            if text.strip():
                line = json.loads(text)
                if hash(line["source-ref"]) not in seen:
                    seen.add(hash(line["source-ref"]))
                    yield line


class _Counted:
    """Lines, counted as they go by."""

    def __init__(self, lines: Iterable[JsonObject]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[JsonObject]:
        for line in self._lines:
            self.count += 1
            yield line


def is_chosen(share: float, campaign: str, key: str) -> bool:
    """Whether people are asked about an image with an imported label, without seeing it: by the image's name alone.
    What they say holds, and the job's report tells how well both agree."""
    return drawn(f"{campaign}/{key}") < share


def beside(line: JsonObject, attribute: str) -> dict[str, Any]:
    """What goes into the manifest for the imported line of an image, under the job's label attribute."""
    name = attribute_of(line)
    return {attribute + CHECKED: {"label": line[name], "metadata": line[metadata_key(name)]}}


@dataclass
class _Tally:
    """share: of the images that people are asked about all the same. sent: keys of those that were left to a batch."""

    share: float
    sent: frozenset[str]
    held: int = 0
    left_out: list[JsonObject] = field(default_factory=list)
    checks: list[JsonObject] = field(default_factory=list)

    def is_check(self, campaign: str, key: str, image: Image) -> bool:
        """Whether people are asked about an image with a label. Not about one that is the campaign's already."""
        if image.status is ImageStatus.PENDING:
            return is_chosen(self.share, campaign, key)
        return image.batch is not None and image.key in self.sent


def _left_out(image: Image, line: JsonObject, *, is_check: bool) -> str | None:
    """Why a label is none of the campaign's, nor to be checked; None where it is."""
    if image.batch is not None and not is_check:
        return f"the image is in batch {image.batch}; what its job labels holds"
    size = _size(line)
    if size is None or has_proportions_of(Shape(*size), Shape(image.width, image.height)):
        return None
    turned = ", turned by its EXIF orientation" if size == (image.height, image.width) else ""
    return f"labeled at {size[0]} × {size[1]} pixels; people see {image.width} × {image.height}{turned}"


def _labeled_twice(by: str | None, dropped: Import) -> str | None:
    if by is None:
        return None
    return "a line before it is of the same picture" if by == dropped.name else f"{by}, which was dropped later, holds"


def _note(left_out: JsonObject) -> str:
    return f"{shown(_key(left_out), 100)}: {left_out['why']}"


def _key(line: JsonObject) -> str:
    return S3Uri.parse(line["source-ref"]).key


def _size(line: JsonObject) -> tuple[int, int] | None:
    values = (value for value in line.values() if isinstance(value, dict))
    return next(((size["width"], size["height"]) for value in values for size in value.get("image_size", ())), None)


def _of_image(line: JsonObject, image: Image, bucket: str) -> dict[str, Any]:
    """The line of the image itself, boxes in its own pixels."""
    attribute = attribute_of(line)
    own = twin_line(line, attribute, S3Uri(bucket, image.key), (image.width, image.height))
    return {name: value for name, value in own.items() if name in {"source-ref", attribute, metadata_key(attribute)}}
