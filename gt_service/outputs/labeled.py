"""What a labeling job labeled, as manifest lines, and the same label for an image's twin. Streams; nothing is listed
where the output manifest is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from gt_service.errors import NotFound
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import layout, records
from gt_service.outputs.files import find_files
from gt_service.outputs.labels import whole_pixels
from gt_service.outputs.records import UNREADABLE, JsonObject, LabelRecord

DUPLICATE_OF = "duplicate-of"
"""In the line of a duplicate: the image that was labeled in its stead."""

_T = TypeVar("_T")


class LabeledObjects:
    """The objects that one job labeled, found by `source-ref` and never by a line's place.

    manifest: the job's input. description: of DescribeLabelingJob, or just the name, the label attribute and
    S3OutputPath. Where the output manifest is not whole, or there is none since the job failed before it wrote one, the
    consolidations and machine labels make up for it. Held in memory: a number for each of the input's sources.

    given: the objects that came with their label, by their number in the input; none of them is among the job's labels.
    problems: what the output lacks or has too much of, known when `lines` has come to its end; what cannot be read is
    named there and passed over.
    """

    def __init__(self, objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any]) -> None:
        self._objects, self._manifest, self._description = objects, manifest, description
        self._attribute: str = description["LabelAttributeName"]
        self.problems: list[str] = []
        self.given: set[int] = set()
        self.input_is_gone = False

    def lines(self) -> Iterator[tuple[int, JsonObject]]:
        """The number of each labeled object in the input, from 0, and its line with the label.

        In the order of the output manifest, and after it what only the other files hold. Where the input is gone, the
        output manifest alone counts. Errors: `UnknownState` where the input is not JSON.
        """
        try:
            numbers = dict[str | None, int]()
            for number, line in self._input():
                if records.label_record(line, self._attribute):
                    self.given.add(number)
                numbers[records.source(line)] = number
        except NotFound as error:
            self.input_is_gone = True
            self.problems.append(error.message)
            yield from self._unjudged()
            return
        uri, lines = self._output_manifest()
        labeled = set[int]()
        for number, line in self._known(lines, uri, numbers):
            if number not in self.given and records.label_record(line, self._attribute):
                labeled.add(number)
                yield number, line
        if uri is not None and not self.problems:
            return
        labels = {number: label for number, label in self._from_parts().items() if number not in labeled}
        for number, line in self._input() if labels else ():
            if number in labels:
                record = labels[number]
                label = {self._attribute: record.value, records.metadata_key(self._attribute): record.metadata}
                yield number, {**line, **label}

    def _unjudged(self) -> Iterator[tuple[int, JsonObject]]:
        uri, lines = self._output_manifest()
        for place, text in enumerate(lines, start=1):
            line = self._parsed(records.manifest_object, text, f"line {place} of {uri}") if text.strip() else None
            record = None if line is None else records.label_record(line, self._attribute)
            # Without the input nothing else tells what came with its label: imported, or put right.
            if line is not None and record and record.job_name in {None, self._description["LabelingJobName"].lower()}:
                yield place - 1, line

    def _input(self) -> Iterator[tuple[int, JsonObject]]:
        lines = enumerate(self._objects.lines(self._manifest))
        return ((number, records.manifest_object(line)) for number, line in lines if line.strip())

    def _output_manifest(self) -> tuple[S3Uri | None, Iterator[bytes]]:
        for root in layout.possible_roots(self._description):
            uri = root / layout.OUTPUT_MANIFEST
            try:
                lines = iter(self._objects.lines(uri))
                return uri, chain([next(lines, b"")], lines)
            except NotFound:
                continue
        return None, iter(())

    def _known(
        self, lines: Iterator[bytes], uri: S3Uri | None, numbers: Mapping[str | None, int]
    ) -> Iterator[tuple[int, JsonObject]]:
        """The lines of the output manifest that are of objects of the input, each of these once."""
        seen = set[int]()
        for place, text in enumerate(lines, start=1):
            line = self._parsed(records.manifest_object, text, f"line {place} of {uri}") if text.strip() else None
            number = None if line is None else numbers.get(records.source(line))
            if line is None:
                continue
            if number is None or number in seen:
                self.problems.append(f"line {place} of {uri} is of no object of the input, or of one that was there")
                continue
            seen.add(number)
            yield number, line
        if uri is not None and len(seen) < len(numbers):
            self.problems.append(f"{len(numbers) - len(seen):,} of {len(numbers):,} objects are missing in {uri}")

    def _from_parts(self) -> dict[int, LabelRecord]:
        """The labels in the consolidations and the machine's files, by the object's number in the input."""
        labels = dict[int, LabelRecord]()
        files = find_files(self._objects, self._description)
        for file in files.responses:
            body = self._objects.read(file.uri)
            labels |= self._parsed(self._consolidated, body, str(file.uri)) or {}
        for _, uri in files.machine:
            for place, text in enumerate(self._objects.lines(uri), start=1):
                labels |= self._parsed(self._machine, text, f"line {place} of {uri}") or {}
        return labels

    def _consolidated(self, body: bytes) -> dict[int, LabelRecord]:
        return {int(number): record for number, record in records.consolidated(body, self._attribute)}

    def _machine(self, text: bytes) -> dict[int, LabelRecord]:
        parsed = records.auto_label(text)
        record = None if parsed is None else records.label_record(parsed[1], self._attribute)
        return {} if parsed is None or record is None else {int(parsed[0]): record}

    def _parsed(self, parse: Callable[[bytes], _T], body: bytes, what: str) -> _T | None:
        try:
            return parse(body)
        except UNREADABLE as error:
            self.problems.append(f"{what} cannot be read ({error})")
            return None


def labeled_lines(objects: ObjectStore, manifest: S3Uri, description: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The lines of the objects that a job labeled, with their labels; see `LabeledObjects`."""
    return (line for _, line in LabeledObjects(objects, manifest, description).lines())


def twin_line(line: JsonObject, attribute: str, twin: S3Uri, size: tuple[int, int]) -> dict[str, Any]:
    """The line of an image that was not sent to people, from that of its twin. size: its width and height in pixels.

    Boxes are scaled from the size of the image that was labeled.
    """
    value = line[attribute]
    return {
        **line,
        "source-ref": str(twin),
        attribute: _scaled(value, size) if isinstance(value, Mapping) else value,
        DUPLICATE_OF: line["source-ref"],
    }


def _scaled(value: Mapping[str, Any], size: tuple[int, int]) -> Mapping[str, Any]:
    sizes = value.get("image_size")
    if not isinstance(sizes, list) or not sizes or (sizes[0]["width"], sizes[0]["height"]) == size:
        return value
    width, height = size
    across, down = width / sizes[0]["width"], height / sizes[0]["height"]
    boxes = [_scaled_box(box, across, down, size) for box in value.get("annotations") or ()]
    return {**value, "image_size": [{**sizes[0], "width": width, "height": height}], "annotations": boxes}


def _scaled_box(box: Mapping[str, Any], across: float, down: float, size: tuple[int, int]) -> dict[str, Any]:
    """Edges are rounded, not extents, so that a box never reaches out of its image; nor does it lose its area."""
    left, right = whole_pixels(box["left"] * across, box["width"] * across, size[0])
    top, bottom = whole_pixels(box["top"] * down, box["height"] * down, size[1])
    return {**box, "left": left, "top": top, "width": right - left, "height": bottom - top}
