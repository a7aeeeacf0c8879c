"""The records in a labeling job's files: parsing, and nothing else. Pure.

Real output has lines without a label, boxes that are null, metadata without a label, names with and without the
`labeling-job/` prefix, and times with and without fractions. What cannot be read at all raises `UnknownState`; whoever
reads a whole job counts and reports it. Named tuples, since a job has hundreds of thousands of them: they are made in
a third of the time of a frozen dataclass.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import orjson

from gt_service.documents import parse_time
from gt_service.errors import UnknownState

JsonObject: TypeAlias = Mapping[str, Any]

CORRECTIONS_JOB = "labeling-job/corrections"
"""The job that a label names which somebody put right by hand."""
IMPORTED = "imported/"
"""Before the name of an import, where a label says which job it is of."""

UNREADABLE = (UnknownState, LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What parsing a record may raise, whatever somebody else's file holds."""


class LabelRecord(NamedTuple):
    """One object's label: `value` and `metadata` as in the manifest. `human` is None where the record does not say."""

    value: Any
    metadata: JsonObject
    human: bool | None
    job_name: str | None

    @property
    def boxes(self) -> int:
        """How many boxes the label has; 0 for labels that are no boxes."""
        annotations = self.value.get("annotations") if isinstance(self.value, dict) else None
        return len(annotations) if isinstance(annotations, list) else 0

    @property
    def created_at(self) -> datetime | None:
        return parse_time(self.metadata.get("creation-date"))


class AnswerRecord(NamedTuple):
    """One worker's answer to one object. `seconds` is None where the file does not tell how long it took."""

    worker_id: str
    content: Any
    seconds: float | None = None


def metadata_key(attribute: str) -> str:
    return f"{attribute}-metadata"


def attribute_of(line: JsonObject) -> str:
    """The label attribute of a line that has one label and no more."""
    return next(name for name in line if metadata_key(name) in line)


CHECKED = "-imported"
"""Behind a label attribute: a label from before the campaign, `{"label": …, "metadata": …}`, of an image that people
are asked about without seeing it. No `-metadata` beside it: it is no label of the line."""
PROPOSAL = "-proposal"
"""Behind a label attribute: a label that a model proposes, and that nobody has confirmed."""


def taken_out(attribute: str) -> JsonObject:
    """What a line has in the place of a label that was taken out: whoever learnt it forgets it, and nobody is asked."""
    metadata = {"taken-out": "yes", "human-annotated": "yes", "job-name": CORRECTIONS_JOB}
    return {attribute: None, metadata_key(attribute): metadata}


def is_taken_out(line: JsonObject, attribute: str) -> bool:
    metadata = line.get(metadata_key(attribute))
    return attribute in line and isinstance(metadata, dict) and metadata.get("taken-out") == "yes"


def label_record(line: JsonObject, attribute: str) -> LabelRecord | None:
    """The label of a manifest line or of a consolidated annotation's content; None where it has none."""
    if attribute not in line:
        return None
    metadata = line.get(metadata_key(attribute))
    if not isinstance(metadata, dict):
        metadata = {}
    name = metadata.get("job-name")
    return LabelRecord(
        value=line[attribute],
        metadata=metadata,
        human={"yes": True, "no": False}.get(str(metadata.get("human-annotated")).lower()),
        job_name=_plain_name(name) if isinstance(name, str) else None,
    )


@lru_cache  # a job's hundred thousand labels name the same job
def _plain_name(job_name: str) -> str:
    return job_name.removeprefix("labeling-job/").lower()


def failure_reason(line: JsonObject, attribute: str) -> str | None:
    """Why an object has no label, where the manifest line says so itself."""
    metadata = line.get(metadata_key(attribute))
    reason = metadata.get("failure-reason") if isinstance(metadata, dict) else None
    return reason if isinstance(reason, str) else None


def auto_label(line: bytes) -> tuple[str, JsonObject] | None:
    """The object id and content of a line of auto_annotator_output.txt, `<object id> {json}`; None if it is empty.

    Only the blank between the two is a separator: blanks inside the labels are the labels' own.
    """
    text = line.decode().strip()
    if not text:
        return None
    object_id, _, record = text.partition(" ")
    return object_id, manifest_object(record)


def auto_label_id(line: bytes) -> str | None:
    """The object id alone of such a line, without parsing its label; None if the line is empty."""
    parts = line.split(None, 1)
    return parts[0].decode() if parts else None


def consolidated(body: bytes, attribute: str) -> list[tuple[str, LabelRecord]]:
    """The objects and labels of a consolidation response; objects whose content holds no label are left out."""
    labels = []
    for item in _list(body):
        content = item.get("consolidatedAnnotation", {}).get("content")
        record = label_record(content, attribute) if isinstance(content, dict) else None
        if record is not None:
            labels.append((str(item["datasetObjectId"]), record))
    return labels


def requested(body: bytes) -> list[tuple[str, list[AnswerRecord]]]:
    """The objects of a consolidation request, each with its workers' answers (their content still as text)."""
    return [(str(item["datasetObjectId"]), _annotations(item)) for item in _list(body)]


def worker_answers(body: bytes) -> list[AnswerRecord]:
    """The answers of a worker-response file."""
    return [
        AnswerRecord(str(answer["workerId"]), answer.get("answerContent"), _seconds(answer))
        for answer in manifest_object(body).get("answers") or ()
    ]


def targets_of(body: bytes) -> tuple[tuple[float, int], ...]:
    """Of gt-engine's certificate of a round: (target, objects that the machine might have labeled at it)."""
    targets = manifest_object(body).get("by-target", ())
    return tuple((float(target["target"]), int(target["machine-labeled"])) for target in targets)


def answer_content(answer: AnswerRecord) -> Any:
    """What a worker submitted, without the name of the crowd element around it; None where it cannot be read.

    Consolidation requests hold it as text, worker responses as an object.
    """
    content = answer.content
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError:
            return None
    if not isinstance(content, dict) or len(content) != 1:
        return None
    return next(iter(content.values()))


def manifest_object(line: str | bytes) -> JsonObject:
    """The object of a manifest line, or of another file's record. Errors: `UnknownState` where it is no JSON object."""
    value = _json(line)
    if not isinstance(value, dict):
        raise UnknownState(f"a record is not a JSON object: {line[:80]!r}")
    return value


def source(line: JsonObject) -> str | None:
    """What a manifest line is about."""
    name = line.get("source-ref", line.get("source"))
    return name if isinstance(name, str) else None


def manifest_objects(lines: Iterable[bytes]) -> Iterator[JsonObject]:
    """The object of each line that is not empty. Errors: those of `manifest_object`."""
    return (manifest_object(line) for line in lines if line.strip())


_MARK = b"\xef\xbb\xbf"


def gold_lines(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, with their numbers from 1; without the byte order mark that some editors write."""
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(_MARK) if number == 1 else line
        if text.strip():
            yield number, text


def label_attributes(record: Mapping[str, Any]) -> list[str]:
    """The label attributes of a line that have metadata, the latest label first.

    A chain of jobs leaves one attribute each, as labels that were adjusted stand beside those they were made from. The
    creation dates decide; of equal ones, and where there are none, the attribute that comes last.
    """
    places = {name: place for place, name in enumerate(record) if isinstance(record.get(metadata_key(name)), dict)}
    return sorted(places, key=lambda name: (_created(record, name), places[name]), reverse=True)


def _created(record: Mapping[str, Any], attribute: str) -> str:
    """Dates of one form, so that their order is that of their texts; one that is missing is earlier than any."""
    return str(record[metadata_key(attribute)].get("creation-date") or "")


def _annotations(item: JsonObject) -> list[AnswerRecord]:
    return [
        AnswerRecord(str(answer["workerId"]), answer.get("annotationData", {}).get("content"))
        for answer in item.get("annotations") or ()
    ]


def _seconds(answer: JsonObject) -> float | None:
    spent = answer.get("timeSpentInSeconds")
    if isinstance(spent, int | float):
        return float(spent)
    start, end = parse_time(answer.get("acceptanceTime")), parse_time(answer.get("submissionTime"))
    return (end - start).total_seconds() if start and end else None


def _list(text: bytes) -> list[JsonObject]:
    value = _json(text)
    if not isinstance(value, list):
        raise UnknownState(f"a consolidation file is not a JSON list: {text[:80]!r}")
    return value


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        # Other writers' NaN and numbers beyond 64 bits are taken by the slower reader.
        return _slowly(text)


def _slowly(text: str | bytes) -> Any:
    try:
        return json.loads(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError):
        raise UnknownState(f"a record is not JSON: {text[:80]!r}") from None
