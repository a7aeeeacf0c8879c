"""Who is let in, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gt_engine.workforce.members import SESSION_LIFETIME, Identity, Members, Pause, Worker
from gt_service.errors import Conflict, InvalidInput, NotFound
from tests.workforce_memory import MemoryMembers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEAMS = {"arn:birders": {"birds", "owls"}, "arn:cats": {"cats"}}


@pytest.fixture
def members() -> Members:
    return Members(MemoryMembers(), lambda: TEAMS, region="us-east-1")


def test_a_link_lets_in_once_and_looking_at_it_burns_nothing(members: Members) -> None:
    invitation = members.invite("Ann", groups=["birds"], now=NOW)
    for _ in range(3):
        assert members.invitation(invitation.token, NOW) == invitation.worker
    session = members.sign_in(invitation.token, NOW)
    assert members.session(session.id, NOW) == invitation.worker
    with pytest.raises(NotFound):
        members.sign_in(invitation.token, NOW)
    assert members.invitation(invitation.token, NOW) is None


def test_an_old_link_is_refused(members: Members) -> None:
    invitation = members.invite("Ann", groups=["birds"], now=NOW)
    again = members.sign_in_link(invitation.worker.worker_id, NOW)
    for token, lifetime in ((invitation.token, timedelta(hours=24)), (again.token, timedelta(minutes=15))):
        assert members.invitation(token, NOW + lifetime * 0.99) == invitation.worker
        assert members.invitation(token, NOW + lifetime) is None
        with pytest.raises(NotFound):
            members.sign_in(token, NOW + lifetime)


def test_a_sign_in_link_is_for_who_may_sign_in_by_one(members: Members) -> None:
    ann = members.invite("Ann", groups=["birds"], now=NOW).worker
    bob = members.sign_in_with(Identity("idp", "1", "Bob", frozenset({"birds"})), NOW).worker
    assert members.sign_in(members.sign_in_link(ann.worker_id, NOW).token, NOW).worker == ann
    members.disable(ann.worker_id)
    for worker in (ann, bob):
        with pytest.raises(Conflict):
            members.sign_in_link(worker.worker_id, NOW)


def test_a_session_slides_and_ends(members: Members) -> None:
    session = members.sign_in(members.invite("Ann", groups=[], now=NOW).token, NOW)
    now = NOW
    for _ in range(3):
        now += SESSION_LIFETIME * 0.9
        assert members.session(session.id, now) is not None
    assert members.session(session.id, now + SESSION_LIFETIME) is None
    members.sign_out(session.id)
    assert members.session(session.id, now) is None


def test_a_disabled_worker_is_out_at_the_next_request(members: Members) -> None:
    session = members.sign_in(members.invite("Ann", groups=["birds"], now=NOW).token, NOW)
    open_link = members.invite("Ann", groups=["birds"], now=NOW).token
    members.disable(session.worker.worker_id)
    assert members.session(session.id, NOW) is None
    assert not any(one.is_member_of(TEAMS["arn:birders"]) for one in members.workers())
    with pytest.raises(Conflict):
        members.invite("Ann", groups=["birds"], now=NOW)
    with pytest.raises(NotFound):
        members.sign_in(open_link, NOW)
    members.enable(session.worker.worker_id)
    assert members.session(session.id, NOW) is None
    assert [one for one in members.workers() if one.is_member_of(TEAMS["arn:birders"])] == [session.worker]
    with pytest.raises(NotFound):  # given out before: let in again is who gets a new link
        members.sign_in(open_link, NOW)


class Meanwhile(MemoryMembers):
    """Members of whom somebody else changes one just before a change is written."""

    def __init__(self) -> None:
        super().__init__()
        self.then: Callable[[], None] | None = None

    def put_worker(self, worker: Worker) -> bool:
        then, self.then = self.then, None
        if then is not None:
            then()
        return super().put_worker(worker)


@pytest.mark.parametrize("is_forgotten", [True, False])
def test_who_is_shown_out_stays_out_whatever_else_is_written_at_that_moment(is_forgotten: bool) -> None:
    """The pause, written last, would bring back the name and the way in."""
    store = Meanwhile()
    members = Members(store, lambda: TEAMS, region="us-east-1")
    ann = members.invite("Ann", groups=["birds"], now=NOW).worker.worker_id
    store.then = lambda: (members.forget if is_forgotten else members.disable)(ann)
    members.pause(ann, Pause(NOW, "birds-0001", 3, 9))
    assert not members.worker(ann).is_enabled
    assert members.worker(ann).name == ("(forgotten)" if is_forgotten else "Ann")
    assert members.worker(ann).pause is not None


def test_a_sign_in_lets_nobody_in_who_is_disabled_at_that_moment() -> None:
    store = Meanwhile()
    members = Members(store, lambda: TEAMS, region="us-east-1")
    identity = Identity("idp", "1", "Bob", frozenset({"birds"}))
    bob = members.sign_in_with(identity, NOW).worker.worker_id
    store.then = lambda: members.disable(bob)
    with pytest.raises(NotFound):
        members.sign_in_with(identity, NOW)
    assert not members.worker(bob).is_enabled


def test_a_second_invitation_is_for_the_same_person(members: Members) -> None:
    first = members.invite("Ann  Lee", groups=["birds"], email="ann@example.org", now=NOW).worker
    second = members.invite(" Ann Lee", groups=["cats"], now=NOW).worker
    assert second.worker_id == first.worker_id
    assert (second.email, second.groups) == ("ann@example.org", {"birds", "cats"})
    assert members.teams_of(second) == set(TEAMS)
    assert len(members.workers()) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_names_that_are_none(members: Members, name: str) -> None:
    with pytest.raises(InvalidInput):
        members.invite(name, groups=[], now=NOW)


def test_an_identity_provider_says_who_somebody_is_and_in_which_groups(members: Members) -> None:
    identity = Identity("https://id.example.org", "42", "Ann", frozenset({"birds"}))
    worker = members.sign_in_with(identity, NOW).worker
    assert members.teams_of(worker) == {"arn:birders"}
    again = Identity("https://id.example.org", "42", "Ann Lee", frozenset({"cats"}))
    session = members.sign_in_with(again, NOW)
    assert session.worker.worker_id == worker.worker_id
    assert members.teams_of(session.worker) == {"arn:cats"}
    assert members.sign_in_with(Identity("https://other", "42", "Ann", frozenset()), NOW).worker != worker
    members.disable(worker.worker_id)
    with pytest.raises(NotFound):
        members.sign_in_with(again, NOW)


def test_ids_have_the_services_form(members: Members) -> None:
    worker = members.invite("Ann", groups=["managers"], now=NOW).worker
    prefix, region, rest = worker.worker_id.split(".")
    assert (prefix, region, len(rest)) == ("private", "us-east-1", 26)
    assert worker.is_manager


def test_who_is_forgotten_leaves_an_id_and_nothing_else(members: Members) -> None:
    session = members.sign_in(members.invite("Ann", groups=["birds"], email="ann@example.org", now=NOW).token, NOW)
    members.forget(session.worker.worker_id)
    (left,) = members.workers()
    assert (left.worker_id, left.sub) == (session.worker.worker_id, session.worker.sub)
    assert (left.name, left.email, left.groups, left.is_enabled) == ("(forgotten)", None, frozenset(), False)
    assert members.session(session.id, NOW) is None
    assert members.invite("Ann", groups=["birds"], now=NOW).worker.worker_id != left.worker_id
    with pytest.raises(InvalidInput):
        members.invite("(forgotten)", groups=[], now=NOW)
