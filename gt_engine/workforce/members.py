"""The people who label: who they are, how they are let in, and which teams they belong to.

A worker is let in by a link that works once (an invitation or a sign-in link) or by an identity provider. A session is
an opaque id that the server keeps, so that it ends the moment somebody ends it. Tables hold digests of links and
sessions, never the words themselves.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import uuid4

from gt_service.errors import Conflict, InvalidInput, NotFound

INVITATION_LIFETIME = timedelta(hours=24)
"""It goes to a new person, by mail or chat."""
SIGN_IN_LIFETIME = timedelta(minutes=15)
"""A link for somebody who is known, to be opened at once: in a history or a log it soon is worth nothing."""
SESSION_LIFETIME = timedelta(hours=12)
"""From the last request: longer than the longest TaskTimeLimitInSeconds (8 hours)."""
SESSION_TOUCH = timedelta(minutes=5)
"""A session's time is written anew so often at most."""
MANAGERS = "managers"
"""Members of this group see the pages about teams and jobs."""
MAX_NAME = 200
FORGOTTEN = "(forgotten)"


@dataclass(frozen=True)
class Pause:
    """Of a worker who was below the pass mark of a job: `right` of the `shown` objects whose answer is known."""

    at: datetime
    job: str
    right: int
    shown: int


@dataclass(frozen=True)
class Worker:
    """A person who labels.

    worker_id  as in worker-response files: `private.<region>.<26 letters and digits>`
    sub        the identity behind it: random, or the identity provider's; it outlives name and address
    issuer     of the identity; None for people that the engine itself invited
    pause      why they get no new work for now; they stay signed in and may finish what they have begun
    version    of the item in the table
    """

    worker_id: str
    sub: str
    name: str
    email: str | None = None
    groups: frozenset[str] = frozenset()
    is_enabled: bool = True
    issuer: str | None = None
    pause: Pause | None = None
    version: int = field(default=0, compare=False)

    @property
    def is_paused(self) -> bool:
        return self.pause is not None

    @property
    def is_manager(self) -> bool:
        return MANAGERS in self.groups

    def is_member_of(self, groups: AbstractSet[str]) -> bool:
        """Whether the worker labels with the team of these groups."""
        return self.is_enabled and not groups.isdisjoint(self.groups)


@dataclass(frozen=True)
class Invitation:
    """`token` goes into the link and is shown once."""

    token: str
    worker: Worker
    expires: datetime


@dataclass(frozen=True)
class Session:
    """`id` goes into the cookie."""

    id: str
    worker: Worker
    expires: datetime


@dataclass(frozen=True)
class Identity:
    """A person as an identity provider names them (claims `sagemaker:sub`, `:name`, `:groups`)."""

    issuer: str
    sub: str
    name: str
    groups: frozenset[str]
    email: str | None = None


@dataclass(frozen=True)
class Key:
    """A secret's digest and whom it lets in until when."""

    digest: str
    worker_id: str
    expires: datetime


class MemberStore(Protocol):
    """Workers, invitations and sessions."""

    def put_worker(self, worker: Worker) -> bool:
        """Writes the next version; False where somebody else has written the version that `worker` came from."""
        ...

    def worker(self, worker_id: str) -> Worker | None: ...

    def workers(self) -> Iterable[Worker]: ...

    def put_invitation(self, key: Key) -> None: ...

    def invitation(self, digest: str) -> Key | None: ...

    def take_invitation(self, digest: str) -> Key | None:
        """Removes it; the one caller that removed it gets it."""
        ...

    def put_session(self, key: Key) -> None: ...

    def session(self, digest: str) -> Key | None: ...

    def prolong_session(self, digest: str, expires: datetime) -> None:
        """Changes a session that is still there; one that was ended stays ended."""
        ...

    def delete_session(self, digest: str) -> None: ...

    def delete_keys_of(self, worker_id: str) -> None:
        """Ends a worker's sessions, and invitations that are not used yet."""
        ...


class Members:
    """`groups_of_teams` gives the groups of every work team that has people, by its ARN."""

    def __init__(
        self, store: MemberStore, groups_of_teams: Callable[[], Mapping[str, AbstractSet[str]]], *, region: str
    ) -> None:
        self._store = store
        self._groups_of_teams = groups_of_teams
        self._region = region

    def invite(
        self,
        name: str,
        *,
        groups: Iterable[str],
        email: str | None = None,
        now: datetime,
        lifetime: timedelta = INVITATION_LIFETIME,
    ) -> Invitation:
        """An invitation; for somebody who is there already (same name) a new one, and the groups are added.

        Errors: `InvalidInput` for a name that is empty or too long; `Conflict` for a worker who is disabled.
        """
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME or name == FORGOTTEN:
            raise InvalidInput(f"a worker's name has 1 to {MAX_NAME} characters", field="name")
        known = next((one for one in self._store.workers() if one.name == name and one.issuer is None), None)

        def joined(worker: Worker) -> Worker:
            if not worker.is_enabled:
                raise Conflict(f"{name} is disabled", remedy="Enable the worker first.")
            return replace(worker, email=email or worker.email, groups=worker.groups | frozenset(groups))

        sub = str(uuid4())
        new = known or Worker(worker_id_of(sub, self._region), sub, name)
        return self._link(self._change(new.worker_id, joined, new=new), now + lifetime)

    def sign_in_link(self, worker_id: str, now: datetime) -> Invitation:
        """A link for somebody who is there, for a quarter of an hour.

        Errors: `NotFound`; `Conflict` for a worker who is disabled, or signs in with the identity provider.
        """
        worker = self.worker(worker_id)
        if worker.issuer is not None or not worker.is_enabled:
            why = "is disabled" if worker.issuer is None else "signs in with your identity provider"
            raise Conflict(f"{worker.name} {why}", remedy="Enable the worker first." if worker.issuer is None else "")
        return self._link(worker, now + SIGN_IN_LIFETIME)

    def invitation(self, token: str, now: datetime) -> Worker | None:
        """Whom a link would let in. Looks only: mail scanners open every link."""
        return self._let_in(self._store.invitation(digest(token)), now)

    def sign_in(self, token: str, now: datetime) -> Session:
        """Uses up an invitation. Errors: `NotFound` for one that was used, is too old, or is of a disabled worker."""
        worker = self._let_in(self._store.take_invitation(digest(token)), now)
        if worker is None:
            raise NotFound("this link was used already or is too old", remedy="Ask for a new one.")
        return self._begin_session(worker, now)

    def sign_in_with(self, identity: Identity, now: datetime) -> Session:
        """A person whom an identity provider vouches for; name and groups are the provider's at each sign-in.

        Errors: `NotFound` for a disabled worker.
        """
        new = Worker(
            worker_id_of(f"{identity.issuer}/{identity.sub}", self._region),
            identity.sub,
            identity.name,
            issuer=identity.issuer,
        )

        def known(worker: Worker) -> Worker:
            if not worker.is_enabled:
                raise NotFound("this worker is disabled", remedy="Ask whoever leads the team.")
            return replace(worker, name=identity.name, email=identity.email, groups=identity.groups)

        return self._begin_session(self._change(new.worker_id, known, new=new), now)

    def session(self, session_id: str, now: datetime) -> Worker | None:
        """Who is signed in; every request prolongs the session. None: signed out, disabled, too old or unknown."""
        key = self._store.session(digest(session_id))
        worker = self._let_in(key, now)
        if key is not None and worker is not None and key.expires - now < SESSION_LIFETIME - SESSION_TOUCH:
            self._store.prolong_session(key.digest, now + SESSION_LIFETIME)
        return worker

    def sign_out(self, session_id: str) -> None:
        self._store.delete_session(digest(session_id))

    def disable(self, worker_id: str) -> None:
        """No more work and no more pages, from the next request on. Errors: `NotFound`."""
        self._change(worker_id, lambda worker: replace(worker, is_enabled=False))
        self._store.delete_keys_of(worker_id)

    def enable(self, worker_id: str) -> None:
        """Errors: `NotFound`."""
        self._change(worker_id, lambda worker: replace(worker, is_enabled=True))

    def pause(self, worker_id: str, pause: Pause) -> None:
        """No new work until `resume`. Errors: `NotFound`."""
        self._change(worker_id, lambda worker: replace(worker, pause=pause))

    def resume(self, worker_id: str) -> None:
        """Errors: `NotFound`."""
        self._change(worker_id, lambda worker: replace(worker, pause=None))

    def forget(self, worker_id: str) -> None:
        """Name, address and groups are gone, for good. Ids and answers stay: files know nobody by name.

        Errors: `NotFound`.
        """
        self._change(
            worker_id,
            lambda worker: replace(worker, name=FORGOTTEN, email=None, groups=frozenset(), is_enabled=False),
        )
        self._store.delete_keys_of(worker_id)

    def worker(self, worker_id: str) -> Worker:
        """Errors: `NotFound`."""
        worker = self._store.worker(worker_id)
        if worker is None:
            raise NotFound(f"there is no worker {worker_id!r}")
        return worker

    def workers(self) -> list[Worker]:
        return sorted(self._store.workers(), key=lambda worker: (worker.name, worker.worker_id))

    def teams_of(self, worker: Worker) -> set[str]:
        """ARNs of the work teams that the worker's groups belong to."""
        return {arn for arn, groups in self._groups_of_teams().items() if groups & worker.groups}

    def _change(self, worker_id: str, decide: Callable[[Worker], Worker], *, new: Worker | None = None) -> Worker:
        """The worker after a change; new: of whom nothing is known yet. Closes the race of two changes at once: the
        second would take the first back, and let in again who was disabled or forgotten. It looks anew."""
        while True:
            worker = decide(self._store.worker(worker_id) or new or self.worker(worker_id))
            if self._store.put_worker(worker):
                return worker

    def _link(self, worker: Worker, expires: datetime) -> Invitation:
        token = secrets.token_urlsafe(32)
        self._store.put_invitation(Key(digest(token), worker.worker_id, expires))
        return Invitation(token, worker, expires)

    def _begin_session(self, worker: Worker, now: datetime) -> Session:
        session_id = secrets.token_urlsafe(32)
        self._store.put_session(Key(digest(session_id), worker.worker_id, now + SESSION_LIFETIME))
        return Session(session_id, worker, now + SESSION_LIFETIME)

    def _let_in(self, key: Key | None, now: datetime) -> Worker | None:
        if key is None or key.expires <= now:
            return None
        worker = self._store.worker(key.worker_id)
        return worker if worker is not None and worker.is_enabled else None


def worker_id_of(identity: str, region: str) -> str:
    """An id in the service's form, the same in all of the workforce's teams."""
    return f"private.{region}.{b32encode(sha256(identity.encode()).digest()).decode()[:26]}"


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
