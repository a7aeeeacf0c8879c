"""Members, teams and tasks on DynamoDB: `MemberStore`, `TeamStore` and `TaskStore` of gt_engine/workforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from gt_engine.aws import in_parallel
from gt_engine.store.tables import (
    AnswerItem,
    OfferItem,
    SessionItem,
    Tables,
    TaskItem,
    WorkerItem,
    WorkteamItem,
)
from gt_engine.store.writing import aws_errors, offer_is_there, session_is_there, task_at, workteam_is_there
from gt_engine.workforce.index import JobOffer, Work
from gt_engine.workforce.members import Key, Pause, Worker
from gt_engine.workforce.offers import ObjectOffer, dump_assignments, load_assignments
from gt_engine.workforce.teams import Workforce, Workteam
from gt_service.errors import Conflict, NotFound
from gt_service.regions import TaskType
from gt_service.store.writing import Lost, is_new, lost_if_refused

_WORKFORCE = "workforce"
_PORTAL = "portal"
_TEAM = "team/"
_SESSION, _INVITATION = "session/", "invitation/"


class DynamoTeams:
    """`TeamStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.workteams

    def create_workforce(self, workforce: Workforce) -> None:
        self._create(_WORKFORCE, _document(workforce), "there is a workforce already")

    def workforce(self) -> Workforce | None:
        item = self._item(_WORKFORCE)
        return None if item is None else Workforce(**_record(Workforce, item.document))

    def put_workforce(self, workforce: Workforce) -> None:
        """Errors: `NotFound` where it was deleted meanwhile."""
        self._replace(_WORKFORCE, _document(workforce), "there is no workforce")

    def delete_workforce(self) -> None:
        with aws_errors():
            self._items(key=_WORKFORCE).delete()

    def create_team(self, team: Workteam) -> None:
        self._create(_key(team.name), _document(team), f"there is a work team {team.name!r} already")

    def team(self, name: str) -> Workteam | None:
        item = self._item(_key(name))
        return None if item is None else Workteam(**_record(Workteam, item.document))

    def teams(self) -> Iterator[Workteam]:
        with aws_errors():
            for item in self._items.scan(consistent_read=True):
                if item.key.startswith(_TEAM):
                    yield Workteam(**_record(Workteam, item.document))

    def replace_team(self, team: Workteam) -> None:
        self._replace(_key(team.name), _document(team), f"there is no work team {team.name!r}")

    def delete_team(self, name: str) -> None:
        with aws_errors():
            self._items(key=_key(name)).delete()

    def put_portal(self, url: str) -> None:
        """Where the portal is reached: links of invitations begin with it."""
        with aws_errors():
            self._items(key=_PORTAL, document={"url": url}).save()

    def portal(self) -> str | None:
        item = self._item(_PORTAL)
        return None if item is None else str(item.document["url"])

    def _item(self, key: str) -> WorkteamItem | None:
        with aws_errors():
            try:
                return self._items.get(key, consistent_read=True)
            except self._items.DoesNotExist:
                return None

    def _create(self, key: str, document: dict[str, Any], taken: str) -> None:
        try:
            with aws_errors(), lost_if_refused():
                self._items(key=key, document=document).save(condition=is_new(self._items))
        except Lost:
            raise Conflict(taken) from None

    def _replace(self, key: str, document: dict[str, Any], missing: str) -> None:
        try:
            with aws_errors(), lost_if_refused():
                self._items(key=key, document=document).save(condition=workteam_is_there())
        except Lost:
            raise NotFound(missing) from None


class DynamoMembers:
    """`MemberStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._workers, self._sessions = tables.workers, tables.sessions

    def put_worker(self, worker: Worker) -> None:
        members = asdict(worker) | {"groups": sorted(worker.groups)}
        members["pause"] = None if worker.pause is None else _document(worker.pause)
        with aws_errors():
            self._workers(key=members.pop("worker_id"), **members).save()

    def worker(self, worker_id: str) -> Worker | None:
        with aws_errors():
            try:
                return _worker(self._workers.get(worker_id, consistent_read=True))
            except self._workers.DoesNotExist:
                return None

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
        actions: list[Action] = [SessionItem.until.set(expires), SessionItem.expires.set(int(expires.timestamp()))]
        try:
            with aws_errors(), lost_if_refused():
                self._sessions(key=_SESSION + digest).update(actions, session_is_there())
        except Lost:
            return  # ended meanwhile: it stays ended

    def delete_session(self, digest: str) -> None:
        with aws_errors():
            self._sessions(key=_SESSION + digest).delete()

    def delete_sessions_of(self, worker_id: str) -> None:
        with aws_errors():
            for item in list(self._sessions.scan(SessionItem.worker == worker_id, consistent_read=True)):
                if item.key.startswith(_SESSION):
                    item.delete()

    def _put(self, kind: str, key: Key) -> None:
        item = self._sessions(
            key=kind + key.digest, worker=key.worker_id, until=key.expires, expires=int(key.expires.timestamp())
        )
        with aws_errors():
            item.save()

    def _get(self, kind: str, digest: str) -> Key | None:
        with aws_errors():
            try:
                return _session_key(self._sessions.get(kind + digest, consistent_read=True))
            except self._sessions.DoesNotExist:
                return None


class DynamoTasks:
    """`TaskStore` on DynamoDB."""

    def __init__(self, tables: Tables) -> None:
        self._offers, self._tasks, self._answers = tables.offers, tables.tasks, tables.answers

    def put_offer(self, offer: JobOffer) -> None:
        document = _document(offer)
        for name in ("job", "until", "first", "asked"):
            del document[name]
        with aws_errors():
            self._offers(
                key=offer.job, document=document, until=offer.until, first=offer.first, asked=offer.asked
            ).save()

    def offer(self, job: str) -> JobOffer | None:
        with aws_errors():
            try:
                return _offer(self._offers.get(job, consistent_read=True))
            except self._offers.DoesNotExist:
                return None

    def offers(self) -> Iterator[JobOffer]:
        with aws_errors():
            yield from map(_offer, self._offers.scan(consistent_read=True))

    def advance(self, job: str, first: int) -> None:
        try:
            with aws_errors(), lost_if_refused():
                self._offers(key=job).update([OfferItem.first.set(first)], offer_is_there())
        except Lost:
            return  # the job has ended meanwhile

    def delete_offer(self, job: str) -> None:
        with aws_errors():
            self._offers(key=job).delete()

    def add(self, objects: Iterable[ObjectOffer]) -> None:
        """The condition closes the race of two engines that offer the same objects: the slower one would wipe out what
        people have begun."""

        def put(one: ObjectOffer) -> None:
            try:
                with lost_if_refused():
                    self._task_item(one).save(condition=is_new(self._tasks))
            except Lost:
                return

        with aws_errors():
            for _ in in_parallel(put, objects):
                pass

    def object(self, job: str, place: int) -> ObjectOffer | None:
        with aws_errors():
            try:
                return _object(self._tasks.get(job, place, consistent_read=True))
            except self._tasks.DoesNotExist:
                return None

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
        try:
            with aws_errors(), lost_if_refused():
                item.save(condition=task_at(changed.version))
        except Lost:
            return False
        return True

    def delete_objects(self, job: str) -> None:
        with aws_errors(), self._tasks.batch_write() as batch:
            for item in self._tasks.query(job, attributes_to_get=["job", "place"]):
                batch.delete(item)

    def note(self, work: Work) -> None:
        item = self._answers(
            worker=work.worker_id,
            moment=f"{_moment(work.accepted_at)}/{work.job}/{work.place}",
            job=work.job,
            place=work.place,
            object_id=work.object_id,
            nonce=work.nonce,
            accepted_at=work.accepted_at,
            submitted_at=work.submitted_at,
            milliseconds=round(work.active_seconds * 1000),
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
        return self._tasks(
            job=item.job,
            place=item.place,
            object_id=item.object_id,
            part=item.part,
            wanted=item.wanted,
            assignments=dump_assignments(item.assignments),
            closed=item.closed,
            version=item.version,
            most=item.most,
            agreed=item.agreed,
        )


def _key(name: str) -> str:
    return _TEAM + name.lower()


def _moment(time: datetime) -> str:
    """Sorts as time does."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _document(record: Any) -> dict[str, Any]:
    members = asdict(record)
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in members.items()
        if value is not None
    }


def _record(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a record: times and tuples are again what they were."""
    members: dict[str, Any] = {}
    for member in fields(kind):
        if member.name not in document:
            continue
        value = document[member.name]
        if "datetime" in str(member.type):
            value = datetime.fromisoformat(value).astimezone(UTC)
        elif "tuple" in str(member.type):
            value = tuple(value)
        members[member.name] = value
    return members


def _worker(item: WorkerItem) -> Worker:
    return Worker(
        item.key,
        item.sub,
        item.name,
        item.email,
        frozenset(item.groups),
        item.is_enabled,
        item.issuer,
        None if item.pause is None else Pause(**_record(Pause, item.pause)),
    )


def _session_key(item: SessionItem) -> Key:
    return Key(item.key.partition("/")[2], item.worker, item.until)


def _offer(item: OfferItem) -> JobOffer:
    members = _record(JobOffer, item.document)
    members["task_type"] = TaskType(members["task_type"])
    return JobOffer(job=item.key, until=item.until, first=item.first, asked=item.asked, **members)


def _object(item: TaskItem) -> ObjectOffer:
    return ObjectOffer(
        job=item.job,
        place=item.place,
        object_id=item.object_id,
        part=item.part,
        wanted=item.wanted,
        assignments=load_assignments(item.assignments),
        closed=item.closed,
        version=item.version,
        most=item.most or item.wanted,
        agreed=bool(item.agreed),
    )


def _work(item: AnswerItem) -> Work:
    return Work(
        worker_id=item.worker,
        job=item.job,
        place=item.place,
        object_id=item.object_id,
        nonce=item.nonce,
        accepted_at=item.accepted_at,
        submitted_at=item.submitted_at,
        active_seconds=item.milliseconds / 1000,
    )
