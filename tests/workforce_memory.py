"""Members, teams and tasks in dictionaries: the same rules as the tables (tests/workforce_store_contract.py)."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gt_engine.workforce.index import JobOffer, Work
from gt_engine.workforce.members import Key, Worker
from gt_engine.workforce.offers import ObjectOffer
from gt_engine.workforce.teams import Workforce, Workteam
from gt_service.errors import Conflict, NotFound


class MemoryMembers:
    """`MemberStore` in dictionaries."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._invitations: dict[str, Key] = {}
        self._sessions: dict[str, Key] = {}

    def put_worker(self, worker: Worker) -> bool:
        there = self._workers.get(worker.worker_id)
        if worker.version != (there.version if there else 0):
            return False
        self._workers[worker.worker_id] = replace(worker, version=worker.version + 1)
        return True

    def worker(self, worker_id: str) -> Worker | None:
        return self._workers.get(worker_id)

    def workers(self) -> Iterable[Worker]:
        return list(self._workers.values())

    def put_invitation(self, key: Key) -> None:
        self._invitations[key.digest] = key

    def invitation(self, digest: str) -> Key | None:
        return self._invitations.get(digest)

    def take_invitation(self, digest: str) -> Key | None:
        return self._invitations.pop(digest, None)

    def put_session(self, key: Key) -> None:
        self._sessions[key.digest] = key

    def session(self, digest: str) -> Key | None:
        return self._sessions.get(digest)

    def prolong_session(self, digest: str, expires: datetime) -> None:
        if digest in self._sessions:
            self._sessions[digest] = replace(self._sessions[digest], expires=expires)

    def delete_session(self, digest: str) -> None:
        self._sessions.pop(digest, None)

    def delete_keys_of(self, worker_id: str) -> None:
        for keys in (self._sessions, self._invitations):
            for found in [key.digest for key in keys.values() if key.worker_id == worker_id]:
                del keys[found]


class MemoryTasks:
    """`TaskStore` in dictionaries."""

    def __init__(self) -> None:
        self._offers: dict[str, JobOffer] = {}
        self._objects: dict[str, dict[int, ObjectOffer]] = {}
        self._work: dict[str, dict[tuple[datetime, str, int], Work]] = {}
        self._lock = threading.Lock()

    def __deepcopy__(self, memo: dict[int, object]) -> MemoryTasks:
        """As a backup has them."""
        copy = MemoryTasks()
        copy._offers, copy._work = dict(self._offers), {worker: dict(work) for worker, work in self._work.items()}
        copy._objects = {job: dict(objects) for job, objects in self._objects.items()}
        return copy

    def put_offer(self, offer: JobOffer) -> None:
        self._offers[offer.job] = offer

    def offer(self, job: str) -> JobOffer | None:
        return self._offers.get(job)

    def offers(self) -> Iterable[JobOffer]:
        return list(self._offers.values())

    def advance(self, job: str, first: int) -> None:
        if job in self._offers:
            self._offers[job] = replace(self._offers[job], first=first)

    def delete_offer(self, job: str) -> None:
        self._offers.pop(job, None)

    def add(self, objects: Iterable[ObjectOffer]) -> None:
        for one in objects:
            self._objects.setdefault(one.job, {}).setdefault(one.place, one)

    def object(self, job: str, place: int) -> ObjectOffer | None:
        return self._objects.get(job, {}).get(place)

    def objects(self, job: str, first: int = 0, *, at_a_time: int | None = None) -> Iterable[ObjectOffer]:
        with self._lock:
            return [one for place, one in sorted(self._objects.get(job, {}).items()) if place >= first]

    def gold(self, job: str) -> Iterable[ObjectOffer]:
        with self._lock:
            return [one for place, one in sorted(self._objects.get(job, {}).items()) if place < 0]

    def replace(self, changed: ObjectOffer) -> bool:
        with self._lock:
            there = self.object(changed.job, changed.place)
            if there is None or there.version != changed.version:
                return False
            self._objects[changed.job][changed.place] = replace(changed, version=changed.version + 1)
            return True

    def delete_objects(self, job: str) -> None:
        self._objects.pop(job, None)

    def note(self, work: Work) -> None:
        self._work.setdefault(work.worker_id, {})[(work.listed_at, work.job, work.place)] = work

    def work_of(self, worker_id: str, *, since: datetime | None = None, most: int | None = None) -> Iterable[Work]:
        listed = sorted(self._work.get(worker_id, {}).items(), reverse=True)
        return [work for (time, _, _), work in listed if since is None or time >= since][:most]


class MemoryTeams:
    """`TeamStore` in dictionaries."""

    def __init__(self) -> None:
        self._workforce: Workforce | None = None
        self._teams: dict[str, Workteam] = {}

    def create_workforce(self, workforce: Workforce) -> None:
        if self._workforce is not None:
            raise Conflict("there is a workforce already")
        self._workforce = workforce

    def workforce(self) -> Workforce | None:
        return self._workforce

    def put_workforce(self, workforce: Workforce) -> None:
        self._workforce = workforce

    def delete_workforce(self) -> None:
        self._workforce = None

    def create_team(self, team: Workteam) -> None:
        if team.name.lower() in self._teams:
            raise Conflict(f"there is a work team {team.name!r} already")
        self._teams[team.name.lower()] = team

    def team(self, name: str) -> Workteam | None:
        return self._teams.get(name.lower())

    def teams(self) -> Iterable[Workteam]:
        return list(self._teams.values())

    def replace_team(self, team: Workteam) -> None:
        if team.name.lower() not in self._teams:
            raise NotFound(f"there is no work team {team.name!r}")
        self._teams[team.name.lower()] = team

    def delete_team(self, name: str) -> None:
        self._teams.pop(name.lower(), None)

    def portal(self) -> str | None:
        return "https://portal.example"
