"""Members, teams and tasks on DynamoDB: `MemberStore`, `TeamStore` and `TaskStore` of gt_engine/workforce."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pynamodb.expressions.condition import Condition

from gt_engine.aws import in_parallel
from gt_engine.store.tables import (
    AnswerItem,
    M,
    OfferItem,
    SessionItem,
    Tables,
    TaskItem,
    WorkerItem,
    WorkteamItem,
    aws_errors,
)
from gt_engine.workforce.index import JobOffer, Work
from gt_engine.workforce.members import Key, Pause, Worker
from gt_engine.workforce.offers import ObjectOffer, TaskAssignment
from gt_engine.workforce.teams import Workforce, Workteam
from gt_service.documents import document_of, value_of
from gt_service.errors import Conflict, NotFound
from gt_service.store.models import item_of, record
from gt_service.store.writing import is_new, saved, updated

R = TypeVar("R")

_WORKFORCE = "workforce"
_PORTAL = "portal"
_TEAM = "team/"
_SESSION, _INVITATION = "session/", "invitation/"
_BESIDE_DOCUMENT = ("job", "until", "first", "asked")
"""Members of an offer with an attribute of their own, which change while the job runs."""
_Assignments = tuple[TaskAssignment, ...]


class DynamoTeams:
    """`TeamStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.workteams

    def create_workforce(self, workforce: Workforce) -> None:
        self._create(_WORKFORCE, document_of(workforce), "there is a workforce already")

    def workforce(self) -> Workforce | None:
        return _found(self._items, lambda item: value_of(Workforce, item.document), _WORKFORCE)

    def put_workforce(self, workforce: Workforce) -> None:
        """Errors: `NotFound` where it was deleted meanwhile."""
        self._replace(_WORKFORCE, document_of(workforce), "there is no workforce")

    def delete_workforce(self) -> None:
        with aws_errors():
            self._items(key=_WORKFORCE).delete()

    def create_team(self, team: Workteam) -> None:
        self._create(_key(team.name), document_of(team), f"there is a work team {team.name!r} already")

    def team(self, name: str) -> Workteam | None:
        return _found(self._items, lambda item: value_of(Workteam, item.document), _key(name))

    def teams(self) -> Iterator[Workteam]:
        with aws_errors():
            for item in self._items.scan(consistent_read=True):
                if item.key.startswith(_TEAM):
                    yield value_of(Workteam, item.document)

    def replace_team(self, team: Workteam) -> None:
        self._replace(_key(team.name), document_of(team), f"there is no work team {team.name!r}")

    def delete_team(self, name: str) -> None:
        with aws_errors():
            self._items(key=_key(name)).delete()

    def put_portal(self, url: str) -> None:
        """Where the portal is reached: links of invitations begin with it."""
        with aws_errors():
            self._items(key=_PORTAL, document={"url": url}).save()

    def portal(self) -> str | None:
        return _found(self._items, lambda item: str(item.document["url"]), _PORTAL)

    def _create(self, key: str, document: dict[str, Any], taken: str) -> None:
        with aws_errors():
            if not saved(self._items(key=key, document=document), is_new(self._items)):
                raise Conflict(taken)

    def _replace(self, key: str, document: dict[str, Any], missing: str) -> None:
        with aws_errors():
            # Closes: an update brings a deleted team back.
            if not saved(self._items(key=key, document=document), WorkteamItem.key.exists()):
                raise NotFound(missing)


class DynamoMembers:
    """`MemberStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._workers, self._sessions = tables.workers, tables.sessions

    def put_worker(self, worker: Worker) -> bool:
        members = {**vars(worker), "groups": sorted(worker.groups), "pause": worker.pause and document_of(worker.pause)}
        item = self._workers(key=members.pop("worker_id"), **members | {"version": worker.version + 1})
        # Closes: a sign-in, an invitation or a pause brings back somebody who was disabled or forgotten meanwhile.
        at = WorkerItem.version == worker.version if worker.version else WorkerItem.version.does_not_exist()
        with aws_errors():
            return saved(item, at)

    def worker(self, worker_id: str) -> Worker | None:
        return _found(self._workers, _worker, worker_id)

    def workers(self) -> Iterator[Worker]:
        with aws_errors():
            yield from map(_worker, self._workers.scan(consistent_read=True))

    def put_invitation(self, key: Key) -> None:
        self._put(_INVITATION, key)

    def invitation(self, digest: str) -> Key | None:
        return self._get(_INVITATION, digest)

    def take_invitation(self, digest: str) -> Key | None:
        """The answer to the delete holds what was there, so of two at once one gets it and the other nothing."""
        with aws_errors():
            answer = self._sessions._get_connection().delete_item(_INVITATION + digest, return_values="ALL_OLD")
        raw: Mapping[str, Any] | None = answer.get("Attributes")
        return _session_key(self._sessions.from_raw_data(dict(raw))) if raw else None

    def put_session(self, key: Key) -> None:
        self._put(_SESSION, key)

    def session(self, digest: str) -> Key | None:
        return self._get(_SESSION, digest)

    def prolong_session(self, digest: str, expires: datetime) -> None:
        actions = (SessionItem.until.set(expires), SessionItem.expires.set(int(expires.timestamp())))
        with aws_errors():
            # Closes: a request prolongs a session that was ended a moment ago, and so brings it back.
            updated(self._sessions(key=_SESSION + digest), *actions, condition=SessionItem.key.exists())

    def delete_session(self, digest: str) -> None:
        with aws_errors():
            self._sessions(key=_SESSION + digest).delete()

    def delete_keys_of(self, worker_id: str) -> None:
        with aws_errors():
            for item in list(self._sessions.scan(SessionItem.worker == worker_id, consistent_read=True)):
                item.delete()

    def _put(self, kind: str, key: Key) -> None:
        item = self._sessions(
            key=kind + key.digest, worker=key.worker_id, until=key.expires, expires=int(key.expires.timestamp())
        )
        with aws_errors():
            item.save()

    def _get(self, kind: str, digest: str) -> Key | None:
        return _found(self._sessions, _session_key, kind + digest)


class DynamoTasks:
    """`TaskStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._offers, self._tasks, self._answers = tables.offers, tables.tasks, tables.answers

    def put_offer(self, offer: JobOffer) -> None:
        document = {name: value for name, value in document_of(offer).items() if name not in _BESIDE_DOCUMENT}
        item = self._offers(key=offer.job, document=document, until=offer.until, first=offer.first, asked=offer.asked)
        with aws_errors():
            item.save()

    def offer(self, job: str) -> JobOffer | None:
        return _found(self._offers, _offer, job)

    def offers(self) -> Iterator[JobOffer]:
        with aws_errors():
            yield from map(_offer, self._offers.scan(consistent_read=True))

    def advance(self, job: str, first: int) -> None:
        with aws_errors():
            # Closes: a step that outlived its engine brings back the offer of a job that has ended.
            updated(self._offers(key=job), OfferItem.first.set(first), condition=OfferItem.key.exists())

    def delete_offer(self, job: str) -> None:
        with aws_errors():
            self._offers(key=job).delete()

    def add(self, objects: Iterable[ObjectOffer]) -> None:
        """The condition closes the race of two engines that offer the same objects: the slower one would wipe out what
        people have begun."""

        with aws_errors():
            for _ in in_parallel(lambda item: saved(self._task_item(item), is_new(self._tasks)), objects):
                pass

    def object(self, job: str, place: int) -> ObjectOffer | None:
        return _found(self._tasks, _object, job, place)

    def objects(self, job: str, first: int = 0, *, at_a_time: int | None = None) -> Iterator[ObjectOffer]:
        condition: Condition = TaskItem.place >= first
        with aws_errors():
            yield from map(_object, self._tasks.query(job, condition, consistent_read=True, page_size=at_a_time))

    def gold(self, job: str) -> Iterator[ObjectOffer]:
        with aws_errors():
            yield from map(_object, self._tasks.query(job, TaskItem.place < 0, consistent_read=True))

    def replace(self, changed: ObjectOffer) -> bool:
        item = self._task_item(changed)
        item.version = changed.version + 1
        with aws_errors():
            # Closes: two workers take the last place of an object, an answer comes while its time runs out, or an
            # answer is changed while its label is made. One of the two is written; the other looks again.
            return saved(item, TaskItem.version == changed.version)

    def delete_objects(self, job: str) -> None:
        with aws_errors(), self._tasks.batch_write() as batch:
            for item in self._tasks.query(job, attributes_to_get=["job", "place"], consistent_read=True):
                batch.delete(item)

    def note(self, work: Work) -> None:
        members = dict(vars(work))
        item = self._answers(
            worker=members.pop("worker_id"),
            moment=f"{_moment(work.listed_at)}/{work.job}/{work.place}",
            milliseconds=round(members.pop("active_seconds") * 1000),
            **members,
        )
        with aws_errors():
            item.save()

    def work_of(self, worker_id: str, *, since: datetime | None = None, most: int | None = None) -> Iterator[Work]:
        condition: Condition | None = AnswerItem.moment >= _moment(since) if since is not None else None
        with aws_errors():
            yield from map(
                _work,
                self._answers.query(worker_id, condition, scan_index_forward=False, limit=most, consistent_read=True),
            )

    def _task_item(self, item: ObjectOffer) -> TaskItem:
        assignments = json.dumps(document_of(item.assignments, _Assignments), separators=(",", ":"))
        return self._tasks(**{**vars(item), "assignments": assignments})


def _found(model: type[M], made: Callable[[M], R], *key: Any) -> R | None:
    """What is made of the item of a key; None where there is none."""
    with aws_errors():
        item = item_of(model, *key)
    return None if item is None else made(item)


def _key(name: str) -> str:
    return _TEAM + name.lower()


def _moment(time: datetime) -> str:
    """Sorts as time does."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _worker(item: WorkerItem) -> Worker:
    pause = None if item.pause is None else value_of(Pause, item.pause)
    members = {"groups": frozenset(item.groups), "pause": pause, "version": item.version or 0}
    return record(Worker, item, worker_id=item.key, **members)


def _session_key(item: SessionItem) -> Key:
    return Key(item.key.partition("/")[2], item.worker, item.until)


def _offer(item: OfferItem) -> JobOffer:
    beside = {"job": item.key, "until": item.until, "first": item.first, "asked": item.asked}
    return value_of(JobOffer, {**item.document, **beside})


def _object(item: TaskItem) -> ObjectOffer:
    return record(ObjectOffer, item, assignments=value_of(_Assignments, json.loads(item.assignments)))


def _work(item: AnswerItem) -> Work:
    return record(Work, item, worker_id=item.worker, active_seconds=item.milliseconds / 1000)
