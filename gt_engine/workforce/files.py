"""What people did, as files in the job's folder. A file is durable before anybody is told "saved".

    <root> = OutputConfig.S3OutputPath + LabelingJobName
    people/offers/<first place>.jsonl.gz               the objects of an offer with their manifest lines
    people/answers/<object id>/<worker>.json           an answer as it was submitted
    people/discarded/<object id>/<worker>.json         an answer that was taken back by whoever runs the team
    people/returned/<object id>/<worker>/<time>.json   an answer that its worker was to correct, with the comment
    people/declines/<object id>/<worker>.json          a decline with its reason
    people/drafts/<object id>/<worker>                 work that is not submitted
    people/gold.json                                   the known answers of gold items, by object id
    people/ended.json                                  figures of the people, when the job has ended

One worker has at most one answer to an object, so a repeated write is the same answer again. The tables that the
portal asks can be made anew from these files (gt_engine/workforce/asking.py).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from gt_engine.aws import EngineObjects, in_parallel
from gt_engine.outputs.records import compact
from gt_engine.outputs.tree import JobTree
from gt_service.documents import value_of
from gt_service.errors import NotFound
from gt_service.objects import S3Uri

JSON = "application/json"
_NAMES = {
    "content": "answerContent",
    "worker_id": "workerId",
    "accepted_at": "acceptanceTime",
    "submitted_at": "submissionTime",
    "active_seconds": "activeSeconds",
    "declined_at": "declineTime",
}
"""Of members of answers and declines, as their files have them."""

T = TypeVar("T")


@dataclass(frozen=True)
class OfferedLine:
    """A data object as it is offered; `size` is (width, height, channels) of an image as people see it, `proposal` what
    they see of the machine's label of it."""

    place: int
    object_id: str
    line: str
    source: str
    size: tuple[int, int, int] | None = None
    proposal: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class AnswerFile:
    """An answer: `content` is the answerContent, byte for byte what the page submitted."""

    worker_id: str
    sub: str
    issuer: str | None
    content: Mapping[str, Any]
    accepted_at: datetime
    submitted_at: datetime
    active_seconds: float


@dataclass(frozen=True)
class DeclineFile:
    worker_id: str
    declined_at: datetime
    reason: str
    comment: str


@dataclass(frozen=True)
class ReturnedFile:
    """An answer that whoever runs the team sent back to its worker."""

    returned_at: datetime
    comment: str


@dataclass(frozen=True)
class WorkFiles:
    """The files of one job; `root` is that of its tree."""

    root: S3Uri
    objects: EngineObjects

    @classmethod
    def of(cls, tree: JobTree, objects: EngineObjects) -> WorkFiles:
        return cls(tree.root, objects)

    # --- offers

    def write_offer(self, first: int, lines: Iterable[OfferedLine]) -> None:
        body = b"".join(json.dumps(_written(line, object_id="id")).encode() + b"\n" for line in lines)
        self.objects.write(self._part(first), gzip.compress(body, mtime=0), "application/gzip")

    def offer(self, first: int) -> dict[int, OfferedLine]:
        """The objects of a part by their places."""
        return _offered(self.objects.read(self._part(first)))

    def corrected(self, parts: Iterable[int]) -> set[int]:
        """The places in these parts whose workers see the machine's proposal: that they agree with it, and so with each
        other, tells nothing of them."""
        found = in_parallel(self.offer, sorted({*parts}))
        return {line.place for part in found for line in part.values() if line.proposal is not None}

    def offers(self) -> Iterator[tuple[int, OfferedLine]]:
        """Every object ever offered, with the first place of its part."""
        for found in self.objects.list(self._folder("offers")):
            first = int(found.uri.key.rpartition("/")[2].partition(".")[0])
            yield from ((first, line) for line in _offered(self.objects.read(found.uri)).values())

    # --- gold items

    def write_gold(self, items: Mapping[str, Mapping[str, Any]]) -> None:
        self.objects.write(self._gold, compact(items), JSON)

    def gold(self) -> dict[str, Mapping[str, Any]]:
        """By object id: the known `answer`, how many `answers` are wanted, and to whom the item was `shownTo` in jobs
        before. Nothing where the job has none."""
        body = self._read(self._gold)
        return {} if body is None else dict(json.loads(body))

    # --- answers and declines

    def write_answer(self, object_id: str, answer: AnswerFile) -> None:
        document = _written(answer, **_NAMES)
        self.objects.write(self._file("answers", object_id, answer.worker_id), compact(document), JSON)

    def answer(self, object_id: str, worker_id: str) -> AnswerFile | None:
        body = self._read(self._file("answers", object_id, worker_id))
        return None if body is None else _read(AnswerFile, json.loads(body), **_NAMES)

    def answered(self) -> Iterator[tuple[str, str]]:
        """(object id, worker id) of every answer file."""
        return self._pairs("answers")

    def set_aside(self, object_id: str, worker_id: str) -> None:
        """An answer that does not count is kept apart from those that do. Done again it changes nothing."""
        body = self._read(self._file("answers", object_id, worker_id))
        if body is not None:
            self.objects.write(self._file("discarded", object_id, worker_id), body, JSON)
            self.remove_answer(object_id, worker_id)

    def keep_returned(self, object_id: str, worker_id: str, comment: str, by: str, now: datetime) -> None:
        """An answer as it was when it came back: none is written over."""
        answer = json.loads(self._read(self._file("answers", object_id, worker_id)) or b"null")
        document = {"answer": answer, "comment": comment, "by": by, "time": now.isoformat()}
        uri = self.root / f"people/returned/{object_id}/{worker_id}/{now:%Y%m%dT%H%M%S%f}.json"
        self.objects.write(uri, compact(document), JSON)

    def returned(self, object_id: str, worker_id: str) -> ReturnedFile | None:
        """The last time that an answer of the worker's came back; None where none did. The answer's own file stays: one
        that is older than this was not corrected."""
        folder = self.root / f"people/returned/{object_id}/{worker_id}/"
        last = max((found.uri for found in self.objects.list(folder)), key=lambda uri: uri.key, default=None)
        return None if last is None else _read(ReturnedFile, json.loads(self.objects.read(last)), returned_at="time")

    def all_returned(self) -> set[tuple[str, str]]:
        """(object id, worker id) of every answer that came back, corrected or not."""
        found = (found.uri.key.rsplit("/", 3) for found in self.objects.list(self._folder("returned")))
        return {(object_id, worker) for _, object_id, worker, _ in found}

    def remove_answer(self, object_id: str, worker_id: str) -> None:
        self.objects.delete(self._file("answers", object_id, worker_id))

    def remove_undone(self, object_id: str, worker_id: str, given_back: datetime) -> None:
        """The answer of a task that was undone and then given back. Not one that came after: the worker may have taken
        the object again, in another tab."""
        answer = self.answer(object_id, worker_id)
        if answer is not None and answer.submitted_at <= given_back:
            self.remove_answer(object_id, worker_id)

    def write_decline(self, object_id: str, decline: DeclineFile) -> None:
        document = _written(decline, **_NAMES)
        self.objects.write(self._file("declines", object_id, decline.worker_id), compact(document), JSON)

    def decline(self, object_id: str, worker_id: str) -> DeclineFile | None:
        body = self._read(self._file("declines", object_id, worker_id))
        return None if body is None else _read(DeclineFile, json.loads(body), **_NAMES)

    def declined(self) -> Iterator[tuple[str, str]]:
        """(object id, worker id) of every decline file."""
        return self._pairs("declines")

    # --- the end

    def write_ended(self, body: bytes) -> None:
        self.objects.write(self._ended, body, JSON)

    def ended(self) -> bytes | None:
        return self._read(self._ended)

    # --- drafts

    def write_draft(self, object_id: str, worker_id: str, body: bytes) -> None:
        self.objects.write(self._draft(object_id, worker_id), body, "application/octet-stream")

    def draft(self, object_id: str, worker_id: str) -> bytes | None:
        return self._read(self._draft(object_id, worker_id))

    def remove_draft(self, object_id: str, worker_id: str) -> None:
        self.objects.delete(self._draft(object_id, worker_id))

    # ---

    def _pairs(self, kind: str) -> Iterator[tuple[str, str]]:
        for found in self.objects.list(self._folder(kind)):
            _, object_id, name = found.uri.key.rsplit("/", 2)
            yield object_id, name.removesuffix(".json")

    def _read(self, uri: S3Uri) -> bytes | None:
        try:
            return self.objects.read(uri)
        except NotFound:
            return None

    @property
    def _gold(self) -> S3Uri:
        return self.root / "people/gold.json"

    @property
    def _ended(self) -> S3Uri:
        return self.root / "people/ended.json"

    def _folder(self, kind: str) -> S3Uri:
        return self.root / f"people/{kind}/"

    def _part(self, first: int) -> S3Uri:
        return self.root / (f"people/offers/{first:09}.jsonl.gz" if first >= 0 else "people/offers-of-gold.jsonl.gz")

    def _file(self, kind: str, object_id: str, worker_id: str) -> S3Uri:
        return self.root / f"people/{kind}/{object_id}/{worker_id}.json"

    def _draft(self, object_id: str, worker_id: str) -> S3Uri:
        return self.root / f"people/drafts/{object_id}/{worker_id}"


def _offered(body: bytes) -> dict[int, OfferedLine]:
    lines = (_read(OfferedLine, json.loads(line), object_id="id") for line in gzip.decompress(body).splitlines())
    return {line.place: line for line in lines}


def _written(value: Any, **names: str) -> dict[str, Any]:
    """A value as its file has it, without what is at its default; names: of members that are called otherwise there."""
    return {
        names.get(field.name, field.name): member.isoformat() if isinstance(member, datetime) else member
        for field in fields(value)
        if (member := getattr(value, field.name)) != field.default
    }


def _read(kind: type[T], document: Mapping[str, Any], **names: str) -> T:
    """What `_written` made a document of."""
    members = {written: name for name, written in names.items()}
    return value_of(kind, {members.get(name, name): member for name, member in document.items()})
