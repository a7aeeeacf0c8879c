"""Workforce and work teams, as scripts written for SageMaker use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gt_engine.api.operations import Operations
from gt_engine.api.shapes import operation_model, parse_input
from gt_engine.request.errors import (
    ApiError,
    ConflictException,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ValidationException,
)
from gt_engine.store import Phase
from gt_engine.workforce.teams import groups_of_teams
from tests.engine import ACCOUNT, REGION, MemoryEngineObjects, MemoryStore, bird_inputs, request, settings
from tests.workforce_memory import MemoryTeams

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POOL = {"UserPool": "us-east-1_birds", "ClientId": "client"}
OIDC = {
    "ClientId": "engine",
    "ClientSecret": "secret",
    **{
        name: f"https://id.example.org/{name}"
        for name in (
            "Issuer",
            "AuthorizationEndpoint",
            "TokenEndpoint",
            "UserInfoEndpoint",
            "LogoutEndpoint",
            "JwksUri",
        )
    },
}


def cognito(*groups: str) -> list[dict[str, Any]]:
    return [{"CognitoMemberDefinition": POOL | {"UserGroup": group}} for group in groups]


class Api:
    """The operations on stand-ins, called as the wire calls them; every answer has the members that the model asks."""

    def __init__(self, directory: Path) -> None:
        self.now = NOW
        self.store, self.teams = MemoryStore(), MemoryTeams()
        objects = MemoryEngineObjects(bird_inputs(3))
        self.operations = Operations(
            settings(directory, public_url="https://label.example.org:8443"),
            self.store,
            self.teams,
            objects,
            lambda _: None,
            lambda: self.now,
        )

    def __call__(self, operation: str, **members: Any) -> dict[str, Any]:
        self.now += timedelta(seconds=1)
        answer = self.operations.table()[operation](parse_input(operation, members))
        shape = operation_model(operation).output_shape
        assert shape is not None
        assert answer.keys() <= shape.members.keys()
        for name in ("Workteam", "Workforce"):
            if name in answer:
                known = shape.members[name]
                assert answer[name].keys() <= known.members.keys()  # type: ignore[attr-defined]
                assert set(known.required_members) <= answer[name].keys()  # type: ignore[attr-defined]
        return answer

    def team(self, name: str = "birders", **members: Any) -> dict[str, Any]:
        members = {"MemberDefinitions": cognito("birds"), "Description": "Know birds"} | members
        return self("CreateWorkteam", WorkteamName=name, **members)


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


def refused(error: type[ApiError], call: Any, *arguments: Any, **members: Any) -> str:
    with pytest.raises(error) as problem:
        call(*arguments, **members)
    return problem.value.message


def test_a_cognito_workforce_from_creation_to_deletion(api: Api) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workforce/people"
    made = api("CreateWorkforce", WorkforceName="people", CognitoConfig=POOL, SourceIpConfig={"Cidrs": ["10.0.0.0/8"]})
    assert made == {"WorkforceArn": arn}
    described = api("DescribeWorkforce", WorkforceName="people")["Workforce"]
    assert (described["CognitoConfig"], described["SourceIpConfig"]) == (POOL, {"Cidrs": ["10.0.0.0/8"]})
    assert (described["SubDomain"], described["Status"]) == ("label.example.org:8443", "Active")
    updated = api("UpdateWorkforce", WorkforceName="people", SourceIpConfig={"Cidrs": ["192.168.0.0/16"]})
    assert updated["Workforce"]["SourceIpConfig"] == {"Cidrs": ["192.168.0.0/16"]}
    assert updated["Workforce"]["LastUpdatedDate"] > described["CreateDate"]
    assert [one["WorkforceName"] for one in api("ListWorkforces")["Workforces"]] == ["people"]
    assert api("ListWorkforces", NameContains="else")["Workforces"] == []
    api.team()
    assert "birders" in refused(ResourceInUse, api, "DeleteWorkforce", WorkforceName="people")
    assert api("DeleteWorkteam", WorkteamName="birders") == {"Success": True}
    assert api("DeleteWorkforce", WorkforceName="people") == {}
    assert api("ListWorkforces")["Workforces"] == []
    refused(ValidationException, api, "DescribeWorkforce", WorkforceName="people")


def test_there_is_one_workforce(api: Api) -> None:
    refused(ValidationException, api, "CreateWorkforce", WorkforceName="people")
    refused(ValidationException, api, "CreateWorkforce", WorkforceName="people", CognitoConfig=POOL, OidcConfig=OIDC)
    api("CreateWorkforce", WorkforceName="people", CognitoConfig=POOL)
    refused(ResourceInUse, api, "CreateWorkforce", WorkforceName="others", CognitoConfig=POOL)
    refused(ValidationException, api, "UpdateWorkforce", WorkforceName="people", OidcConfig=OIDC)


def test_an_identity_provider_s_secret_never_comes_back_and_its_addresses_stay_while_there_are_teams(api: Api) -> None:
    api("CreateWorkforce", WorkforceName="people", OidcConfig=OIDC | {"Scope": "openid"})
    described = api("DescribeWorkforce", WorkforceName="people")["Workforce"]
    assert described["OidcConfig"] == {k: v for k, v in OIDC.items() if k != "ClientSecret"} | {"Scope": "openid"}
    stored = api.teams.workforce()
    assert stored is not None
    assert stored.oidc == OIDC | {"Scope": "openid"}
    api("UpdateWorkforce", WorkforceName="people", OidcConfig=OIDC)
    refused(ValidationException, api.team)
    api.team(MemberDefinitions=[{"OidcMemberDefinition": {"Groups": ["birds", "owls"]}}])
    refused(ConflictException, api, "UpdateWorkforce", WorkforceName="people", OidcConfig=OIDC)
    assert groups_of_teams(api.teams) == {
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/birders": {"birds", "owls"}
    }


def test_a_team_from_creation_to_deletion(api: Api) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/birders"
    topic = {"NotificationTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:work"}
    assert api.team(NotificationConfiguration=topic, MemberDefinitions=cognito("birds", "owls")) == {"WorkteamArn": arn}
    team = api("DescribeWorkteam", WorkteamName="birders")["Workteam"]
    assert (team["WorkteamArn"], team["Description"], team["NotificationConfiguration"]) == (arn, "Know birds", topic)
    assert team["MemberDefinitions"] == cognito("birds", "owls")
    assert team["WorkforceArn"].endswith(":workforce/default")
    updated = api("UpdateWorkteam", WorkteamName="birders", MemberDefinitions=cognito("owls"))["Workteam"]
    assert (updated["MemberDefinitions"], updated["Description"]) == (cognito("owls"), "Know birds")
    assert groups_of_teams(api.teams)[arn] == {"owls"}
    refused(ResourceInUse, api.team, "Birders")
    assert api("DeleteWorkteam", WorkteamName="birders") == {"Success": True}
    for operation in ("DescribeWorkteam", "UpdateWorkteam", "DeleteWorkteam"):
        refused(ValidationException, api, operation, WorkteamName="birders")


@pytest.mark.parametrize(
    "members",
    [
        [{}],
        [*cognito("birds"), {"OidcMemberDefinition": {"Groups": ["birds"]}}],
        [{**cognito("birds")[0], "OidcMemberDefinition": {"Groups": ["birds"]}}],
        [{"OidcMemberDefinition": {"Groups": ["birds"]}}],
        [*cognito("birds"), {"CognitoMemberDefinition": POOL | {"UserGroup": "cats", "ClientId": "another"}}],
    ],
)
def test_members_that_fit_no_workforce(api: Api, members: list[dict[str, Any]]) -> None:
    refused(ValidationException, api.team, MemberDefinitions=members)
    assert api("ListWorkteams")["Workteams"] == []


def test_members_of_another_pool_than_the_workforce_s(api: Api) -> None:
    api.team()
    other = [{"CognitoMemberDefinition": {"UserPool": "us-east-1_cats", "ClientId": "c", "UserGroup": "cats"}}]
    assert "us-east-1_cats" in refused(ValidationException, api.team, "cats", MemberDefinitions=other)
    refused(ValidationException, api.team, "cats", WorkforceName="nobody")


def test_teams_are_counted_and_listed(api: Api) -> None:
    for number in range(25):
        api.team(f"team-{24 - number:02}")
    assert "25" in refused(ResourceLimitExceeded, api.team, "one-more")
    first = api("ListWorkteams", SortBy="Name", MaxResults=10)
    assert [team["WorkteamName"] for team in first["Workteams"]] == [f"team-{number:02}" for number in range(10)]
    rest = api("ListWorkteams", SortBy="Name", MaxResults=100, NextToken=first["NextToken"])
    assert (len(rest["Workteams"]), "NextToken" in rest) == (15, False)
    assert api("ListWorkteams", MaxResults=1)["Workteams"][0]["WorkteamName"] == "team-24"
    newest = api("ListWorkteams", MaxResults=1, SortOrder="Descending", NameContains="team")
    assert newest["Workteams"][0]["WorkteamName"] == "team-00"


def test_a_team_with_people_answers_its_jobs_and_one_without_needs_gold_labels(api: Api) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/birders"
    body = request(WorkteamArn=arn, PublicWorkforceTaskPrice=None, Tags=[])
    message = refused(ValidationException, api, "CreateLabelingJob", **body)
    assert "no people" in message
    assert "gt-engine workers invite" in message
    assert "gt-service:gold-labels" in message
    refused(ResourceNotFound, api, "ListLabelingJobsForWorkteam", WorkteamArn=arn)
    api.team()
    assert api("ListLabelingJobsForWorkteam", WorkteamArn=arn)["LabelingJobSummaryList"] == []
    api("CreateLabelingJob", **body)
    assert api.store.job("birds-0001").by_people
    jobs = api("ListLabelingJobsForWorkteam", WorkteamArn=arn)["LabelingJobSummaryList"]
    assert [job["LabelingJobName"] for job in jobs] == ["birds-0001"]
    assert "birds-0001" in refused(ValidationException, api, "DeleteWorkteam", WorkteamName="birders")
    api.store._change("birds-0001", phase=Phase.STOPPED)
    api("DeleteWorkteam", WorkteamName="birders")


def test_a_team_that_only_jobs_name_is_simulated(api: Api) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/robots"
    api("CreateLabelingJob", **request(WorkteamArn=arn, PublicWorkforceTaskPrice=None))
    assert not api.store.job("birds-0001").by_people
    assert "Simulated" in api("DescribeWorkteam", WorkteamName="robots")["Workteam"]["Description"]
    api.team()
    assert {team["WorkteamName"] for team in api("ListWorkteams")["Workteams"]} == {"birders", "robots"}


@pytest.mark.parametrize(
    ("group", "is_good"), [("Vögel-1", True), ("a+b/c:d", True), ("two words", False), ("", False)]
)
def test_names_of_groups(api: Api, group: str, is_good: bool) -> None:
    if is_good:
        api.team(MemberDefinitions=cognito(group))
    else:
        refused(ValidationException, api.team, MemberDefinitions=cognito(group))
