"""What the stores of members, teams and tasks promise: DynamoDB on moto, on MiniStack, and in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gt_engine.workforce.index import JobOffer, TaskStore, Work
from gt_engine.workforce.members import Key, MemberStore, Worker
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_engine.workforce.teams import TeamStore, Workforce, Workteam
from gt_service.errors import Conflict, NotFound
from gt_service.task_types import TaskType

NOW = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC)
ANN = Worker("private.us-east-1.ANN", "sub", "Ann", "ann@example.org", frozenset({"birds", "cats"}))
TEAM = Workteam(
    name="Birders",
    arn="arn:birders",
    description="They know birds",
    members=[
        {"CognitoMemberDefinition": {"UserPool": "p", "UserGroup": "birds", "ClientId": "c"}},
        {"OidcMemberDefinition": {"Groups": ["owls", "crows"]}},
    ],
    created_at=NOW,
    modified_at=NOW,
    tags={"a": "b"},
)
OFFER = JobOffer(
    job="birds-0001",
    team="arn:birders",
    title="Birds",
    description="Which?",
    created_at=NOW,
    output="s3://bucket/output/",
    task_type=TaskType.IMAGE_CLASSIFICATION,
    labels=("Owl", "Crow"),
    workers_per_object=2,
    time_limit_seconds=300,
    until=NOW + timedelta(days=1),
)
WORK = Work("ann", "birds-0001", 3, "nonce", NOW, NOW + timedelta(seconds=9), 7.25)


class MembersContract:
    def test_what_is_written_is_what_is_read(self, members: MemberStore) -> None:
        assert members.worker(ANN.worker_id) is None
        changed = replace(ANN, email=None, groups=frozenset(), is_enabled=False, issuer="https://id", version=1)
        for worker in (ANN, changed):
            assert members.put_worker(worker)
            assert members.worker(ANN.worker_id) == worker
            assert list(members.workers()) == [worker]

    def test_of_two_changes_of_a_worker_the_second_looks_anew(self, members: MemberStore) -> None:
        assert members.put_worker(ANN)
        there = members.worker(ANN.worker_id)
        assert there is not None
        assert members.put_worker(replace(there, is_enabled=False))
        for old in (ANN, there):
            assert not members.put_worker(replace(old, name="Ann again"))
        left = members.worker(ANN.worker_id)
        assert left is not None
        assert (left.is_enabled, left.name) == (False, "Ann")

    def test_an_invitation_is_taken_by_one(self, members: MemberStore) -> None:
        key = Key("d1", ANN.worker_id, NOW)
        members.put_invitation(key)
        assert members.invitation("d1") == key
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(members.take_invitation, ["d1"] * 8))
        assert [one for one in taken if one is not None] == [key]
        assert members.invitation("d1") is None

    def test_a_session_that_was_ended_stays_ended(self, members: MemberStore) -> None:
        for digest in ("s1", "s2"):
            members.put_session(Key(digest, ANN.worker_id, NOW))
        members.put_session(Key("other", "someone else", NOW))
        members.prolong_session("s1", NOW + timedelta(hours=1))
        assert members.session("s1") == Key("s1", ANN.worker_id, NOW + timedelta(hours=1))
        members.delete_session("s1")
        members.prolong_session("s1", NOW + timedelta(hours=2))
        assert members.session("s1") is None
        members.put_invitation(Key("i1", ANN.worker_id, NOW))
        members.delete_keys_of(ANN.worker_id)
        assert members.session("s2") is None
        assert members.invitation("i1") is None
        assert members.session("other") is not None


class TeamsContract:
    def test_one_workforce(self, teams: TeamStore) -> None:
        assert teams.workforce() is None
        workforce = Workforce("people", "arn", NOW, NOW, oidc={"Issuer": "https://id", "n": 1}, cidrs=("10.0.0.0/8",))
        teams.create_workforce(workforce)
        assert teams.workforce() == workforce
        with pytest.raises(Conflict):
            teams.create_workforce(replace(workforce, name="others"))
        changed = replace(workforce, oidc=None, cognito={"UserPool": "p", "ClientId": "c"}, modified_at=NOW)
        teams.put_workforce(changed)
        assert teams.workforce() == changed
        teams.delete_workforce()
        assert teams.workforce() is None

    def test_teams(self, teams: TeamStore) -> None:
        assert list(teams.teams()) == []
        teams.create_team(TEAM)
        assert teams.team("birders") == teams.team("BIRDERS") == TEAM
        assert TEAM.groups == {"birds", "owls", "crows"}
        with pytest.raises(Conflict):
            teams.create_team(replace(TEAM, name="BIRDERS"))
        changed = replace(TEAM, description="else", notification={"NotificationTopicArn": "arn"})
        teams.replace_team(changed)
        assert list(teams.teams()) == [changed]
        teams.delete_team("Birders")
        assert teams.team("Birders") is None
        with pytest.raises(NotFound):
            teams.replace_team(TEAM)


class TasksContract:
    def test_offers(self, tasks: TaskStore) -> None:
        assert tasks.offer(OFFER.job) is None
        for offer in (OFFER, replace(OFFER, kms_key="key", first=4, asked=9)):
            tasks.put_offer(offer)
            assert tasks.offer(OFFER.job) == offer
            assert list(tasks.offers()) == [offer]
        tasks.advance(OFFER.job, 7)
        assert tasks.offer(OFFER.job) == replace(OFFER, kms_key="key", first=7, asked=9)
        tasks.delete_offer(OFFER.job)
        tasks.advance(OFFER.job, 8)
        assert list(tasks.offers()) == []

    def test_objects_come_in_the_order_of_asking_and_adding_again_wipes_out_nothing(self, tasks: TaskStore) -> None:
        objects = [ObjectOffer("birds-0001", place, str(90 - place), 0, 2) for place in range(12)]
        tasks.add(objects)
        begun = replace(
            objects[3],
            most=5,
            agreed=True,
            assignments=(
                TaskAssignment("ann", "n", Status.SUBMITTED, NOW, NOW, NOW, 7.25, 1),
                TaskAssignment("bob", "m", Status.DECLINED, NOW, reason="blurred", comment="grey"),
            ),
        )
        assert tasks.replace(begun)
        tasks.add(objects)
        assert tasks.object("birds-0001", 3) == replace(begun, version=1)
        tasks.add(ObjectOffer("birds-0001", place, f"gold-{-place}", -1, 2) for place in (-1, -2))
        assert [one.place for one in tasks.objects("birds-0001")] == list(range(12))
        assert [one.place for one in tasks.gold("birds-0001")] == [-2, -1]
        assert [one.place for one in tasks.objects("birds-0001", 9)] == [9, 10, 11]
        assert [one.place for one in tasks.objects("birds-0001", 2, at_a_time=3)] == list(range(2, 12))
        tasks.delete_objects("birds-0001")
        assert list(tasks.objects("birds-0001")) == []
        assert tasks.object("birds-0001", 3) is None

    def test_of_many_changes_at_once_one_is_written(self, tasks: TaskStore) -> None:
        one = ObjectOffer("birds-0001", 0, "0", 0, 2)
        tasks.add([one])
        changes = [replace(one, assignments=(TaskAssignment(f"w{n}", "n", Status.RESERVED, NOW),)) for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(tasks.replace, changes)) == [False] * 7 + [True]

    def test_a_worker_s_own_answers_newest_first(self, tasks: TaskStore) -> None:
        later = replace(WORK, place=4, accepted_at=NOW + timedelta(minutes=1))
        for work in (later, WORK, replace(WORK, worker_id="bob")):
            tasks.note(work)
        assert list(tasks.work_of("ann")) == [later, WORK]
        assert list(tasks.work_of("ann", most=1)) == [later]
        assert list(tasks.work_of("ann", since=NOW + timedelta(seconds=1))) == [later]
        changed = replace(WORK, submitted_at=NOW + timedelta(hours=1), active_seconds=1.5)
        tasks.note(changed)
        assert list(tasks.work_of("ann")) == [later, changed]
        corrected = replace(WORK, submitted_at=NOW + timedelta(days=2))
        tasks.note(corrected)
        assert list(tasks.work_of("ann")) == [corrected, later, changed]
        assert list(tasks.work_of("ann", since=NOW + timedelta(days=1))) == [corrected]
