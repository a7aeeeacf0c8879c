"""The operations on the workforce, on work teams, and on a team's jobs.

A team that CreateWorkteam made is answered by people. A team that only jobs have named is simulated; it is described
and listed like the others. Sources: botocore's service model; developer guide sms-workforce-private.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gt_engine.api.listing import listed, name_contains, within
from gt_engine.request import job_tags, rules
from gt_engine.request.errors import (
    ConflictException,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ValidationException,
)
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore, JobRecord
from gt_engine.workforce.teams import TeamStore, Workforce, Workteam
from gt_service.errors import Conflict, NotFound

MAX_WORKTEAMS = 25
DEFAULT_WORKFORCE = "default"
"""Made with the first team of a user pool where no workforce is there, as the service does."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Response = dict[str, Any]

_OF_WORKFORCES = {
    "CognitoConfig": "cognito",
    "OidcConfig": "oidc",
    "WorkforceVpcConfig": "vpc",
    "IpAddressType": "ip_address_type",
}
_OF_TEAMS = {
    "Description": "description",
    "MemberDefinitions": "members",
    "NotificationConfiguration": "notification",
    "WorkerAccessConfiguration": "access",
}
"""Members of requests and answers, and of the record, which keeps them as they are."""


@dataclass(frozen=True)
class WorkforceOperations:
    """`now` is the clock."""

    settings: Settings
    store: DynamoStore
    teams: TeamStore
    now: Callable[[], datetime]

    def table(self) -> dict[str, Callable[[dict[str, Any]], Response]]:
        return {
            "CreateWorkforce": self.create_workforce,
            "UpdateWorkforce": self.update_workforce,
            "DescribeWorkforce": self.describe_workforce,
            "DeleteWorkforce": self.delete_workforce,
            "ListWorkforces": self.list_workforces,
            "CreateWorkteam": self.create_workteam,
            "UpdateWorkteam": self.update_workteam,
            "DescribeWorkteam": self.describe_workteam,
            "DeleteWorkteam": self.delete_workteam,
            "ListWorkteams": self.list_workteams,
            "ListLabelingJobsForWorkteam": self.list_labeling_jobs_for_workteam,
        }

    # --- the workforce

    def create_workforce(self, request: dict[str, Any]) -> Response:
        if ("CognitoConfig" in request) == ("OidcConfig" in request):
            raise ValidationException("Exactly one of CognitoConfig and OidcConfig is required.")
        now = self.now()
        workforce = Workforce(
            name=request["WorkforceName"],
            arn=self._arn("workforce", request["WorkforceName"]),
            created_at=now,
            modified_at=now,
            **_given(request, _OF_WORKFORCES),
        )
        try:
            self.teams.create_workforce(workforce)
        except Conflict:
            existing = self.teams.workforce()
            name = existing.name if existing else "default"
            raise ResourceInUse(
                f"A workforce already exists in this account and region ({name}); there can be only one."
            ) from None
        return {"WorkforceArn": workforce.arn}

    def update_workforce(self, request: dict[str, Any]) -> Response:
        workforce = self._workforce(request["WorkforceName"])
        if "OidcConfig" in request:
            if workforce.oidc is None:
                raise ValidationException("The workforce is one of Amazon Cognito; it has no OidcConfig to update.")
            if any(True for _ in self.teams.teams()):
                raise ConflictException("OidcConfig can be updated only while the workforce has no work teams.")
        workforce = replace(workforce, modified_at=self.now(), **_given(request, _OF_WORKFORCES))
        try:
            self.teams.put_workforce(workforce)
        except NotFound:
            raise self._no_workforce(workforce.name) from None
        return {"Workforce": self._workforce_members(workforce)}

    def describe_workforce(self, request: dict[str, Any]) -> Response:
        return {"Workforce": self._workforce_members(self._workforce(request["WorkforceName"]))}

    def delete_workforce(self, request: dict[str, Any]) -> Response:
        self._workforce(request["WorkforceName"])
        teams = sorted(team.name for team in self.teams.teams())
        if teams:
            raise ResourceInUse(f"The workforce has work teams ({', '.join(teams)}); delete them first.")
        self.teams.delete_workforce()
        return {}

    def list_workforces(self, request: dict[str, Any]) -> Response:
        workforce = self.teams.workforce()
        if workforce is None or not name_contains(workforce.name, request):
            return {"Workforces": []}
        return {"Workforces": [self._workforce_members(workforce)]}

    # --- teams

    def create_workteam(self, request: dict[str, Any]) -> Response:
        name = request["WorkteamName"]
        teams = list(self.teams.teams())
        if len(teams) >= MAX_WORKTEAMS:
            raise ResourceLimitExceeded(
                f"The account-level service limit 'Number of work teams' is {MAX_WORKTEAMS}, "
                f"with current utilization of {len(teams)}."
            )
        now = self.now()
        self._check_members(request["MemberDefinitions"], request.get("WorkforceName"))
        team = Workteam(
            name=name,
            arn=self._arn("workteam/private-crowd", name),
            created_at=now,
            modified_at=now,
            tags=job_tags.by_key(request),
            **_given(request, _OF_TEAMS),
        )
        job_tags.check_tags(request.get("Tags", ()))
        try:
            self.teams.create_team(team)
        except Conflict:
            raise ResourceInUse(f"The work team {name} exists already ({team.arn}).") from None
        return {"WorkteamArn": team.arn}

    def update_workteam(self, request: dict[str, Any]) -> Response:
        team = self._team(request["WorkteamName"])
        if "MemberDefinitions" in request:
            self._check_members(request["MemberDefinitions"], None)
        team = replace(team, modified_at=self.now(), **_given(request, _OF_TEAMS))
        try:
            self.teams.replace_team(team)
        except NotFound:
            raise self._no_team(team.name) from None
        return {"Workteam": self._team_members(team)}

    def describe_workteam(self, request: dict[str, Any]) -> Response:
        name = request["WorkteamName"]
        real = self.teams.team(name)
        if real is not None:
            return {"Workteam": self._team_members(real)}
        simulated = self._simulated().get(name)
        if simulated is None:
            raise self._no_team(name)
        return {"Workteam": _simulated_members(simulated)}

    def delete_workteam(self, request: dict[str, Any]) -> Response:
        team = self._team(request["WorkteamName"])
        busy = [job.name for job in self.store.jobs() if not job.phase.has_ended and job.workteam_arn == team.arn]
        if busy:
            raise ValidationException(
                f"The work team {team.name} is working on {', '.join(sorted(busy))}; stop the labeling job first."
            )
        self.teams.delete_team(team.name)
        return {"Success": True}

    def list_workteams(self, request: dict[str, Any]) -> Response:
        teams = {team.name: (team.created_at, self._team_members(team)) for team in self.teams.teams()}
        for name, team in self._simulated().items():
            teams.setdefault(name, (NEVER, _simulated_members(team)))
        return listed(
            "Workteams",
            [name for name in teams if name_contains(name, request)],
            request,
            lambda name: teams[name][1],
            {"CreateDate": lambda name: teams[name][0].isoformat(), "Name": lambda name: name.lower()},
        )

    def list_labeling_jobs_for_workteam(self, request: dict[str, Any]) -> Response:
        team = request["WorkteamArn"]
        of_team = [job for job in self.store.jobs() if job.workteam_arn == team]
        if not of_team and team not in {each.arn for each in self.teams.teams()}:
            raise ResourceNotFound(f"Workteam {team} was not found.")
        contains = request.get("JobReferenceCodeContains", "")
        return listed(
            "LabelingJobSummaryList",
            [j for j in of_team if contains in j.reference_code and within(j.created_at, request, "CreationTime")],
            request,
            self._job_summary,
            {"CreationTime": lambda job: job.created_at.isoformat(), "Name": lambda job: job.name},
        )

    # ---

    def _check_members(self, members: list[dict[str, Any]], workforce_name: str | None) -> None:
        """All of one kind, and of the workforce's kind; the first team of a user pool brings the workforce with it."""
        kinds = {kind for member in members for kind in member}
        if any(len(member) != 1 for member in members) or len(kinds) != 1:
            raise ValidationException(
                "Each of MemberDefinitions must have exactly one of CognitoMemberDefinition and OidcMemberDefinition, "
                "and all of a work team must be of one kind."
            )
        workforce = self.teams.workforce()
        if workforce_name is not None and (workforce is None or workforce.name != workforce_name):
            raise self._no_workforce(workforce_name)
        if kinds == {"OidcMemberDefinition"}:
            self._check_groups(members, workforce)
        else:
            self._check_pool([member["CognitoMemberDefinition"] for member in members], workforce)

    def _check_groups(self, members: list[dict[str, Any]], workforce: Workforce | None) -> None:
        if workforce is None or workforce.oidc is None:
            raise ValidationException("OidcMemberDefinition needs a workforce with OidcConfig; create it first.")
        if any(not member["OidcMemberDefinition"].get("Groups") for member in members):
            raise ValidationException("OidcMemberDefinition must name at least one group.")

    def _check_pool(self, members: list[dict[str, str]], workforce: Workforce | None) -> None:
        pools = {(member["UserPool"], member["ClientId"]) for member in members}
        if len(pools) != 1:
            raise ValidationException("All MemberDefinitions of a work team must be of one user pool and one client.")
        ((pool, client),) = pools
        if workforce is None:
            self.create_workforce(
                {"WorkforceName": DEFAULT_WORKFORCE, "CognitoConfig": {"UserPool": pool, "ClientId": client}}
            )
        elif workforce.cognito is None:
            raise ValidationException("The workforce is one of OidcConfig: its teams have OidcMemberDefinition.")
        elif workforce.cognito["UserPool"] != pool:
            raise ValidationException(
                f"User pool {pool} is not the workforce's ({workforce.cognito['UserPool']}): a workforce has one."
            )

    def _workforce(self, name: str) -> Workforce:
        workforce = self.teams.workforce()
        if workforce is None or workforce.name != name:
            raise self._no_workforce(name)
        return workforce

    def _team(self, name: str) -> Workteam:
        team = self.teams.team(name)
        if team is None:
            raise self._no_team(name)
        return team

    def _no_workforce(self, name: str) -> ValidationException:
        return ValidationException(f"There is no workforce {name} in this account and region.")

    def _no_team(self, name: str) -> ValidationException:
        return ValidationException(f"There is no work team {name} in this account and region.")

    def _simulated(self) -> dict[str, rules.Workteam]:
        """Private teams that jobs have named and nobody has created, by name."""
        arns = {job.workteam_arn for job in self.store.jobs()}
        region, account = self.settings.region, self.settings.account
        teams = (rules.parse_workteam(arn, region=region, account=account) for arn in sorted(arns))
        return {team.name: team for team in teams if not team.is_public}

    def _workforce_members(self, workforce: Workforce) -> Response:
        members: Response = {
            "WorkforceName": workforce.name,
            "WorkforceArn": workforce.arn,
            "LastUpdatedDate": workforce.modified_at,
            "CreateDate": workforce.created_at,
            "SourceIpConfig": {"Cidrs": list(workforce.cidrs)},
            "SubDomain": self._sub_domain,
            "Status": "Active",
            **_kept(workforce, _OF_WORKFORCES),
        }
        if workforce.oidc is not None:
            members["OidcConfig"] = {key: value for key, value in workforce.oidc.items() if key != "ClientSecret"}
        return members

    def _team_members(self, team: Workteam) -> Response:
        workforce = self.teams.workforce()
        return {
            "WorkteamName": team.name,
            "WorkteamArn": team.arn,
            "SubDomain": self._sub_domain,
            "CreateDate": team.created_at,
            "LastUpdatedDate": team.modified_at,
            "NotificationConfiguration": {},
            **_kept(team, _OF_TEAMS),
            **({} if workforce is None else {"WorkforceArn": workforce.arn}),
        }

    def _job_summary(self, job: JobRecord) -> Response:
        counters = job.counters
        return {
            "LabelingJobName": job.name,
            "JobReferenceCode": job.reference_code,
            "WorkRequesterAccountId": self.settings.account,
            "CreationTime": job.created_at,
            "LabelCounters": {
                "HumanLabeled": counters.human,
                "PendingHuman": counters.unlabeled,
                "Total": counters.total + counters.failed + counters.unlabeled,
            },
            "NumberOfHumanWorkersPerDataObject": job.request["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"],
        }

    @property
    def _sub_domain(self) -> str:
        """The host of the portal; callers put `https://` before it."""
        return urlsplit(self.settings.public_url).netloc

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:aws:sagemaker:{self.settings.region}:{self.settings.account}:{kind}/{name}"


def _given(request: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What a request says of a workforce or team, as members of its record."""
    cidrs = {"cidrs": tuple(request["SourceIpConfig"]["Cidrs"])} if "SourceIpConfig" in request else {}
    return cidrs | {member: request[name] for name, member in names.items() if name in request}


def _kept(record: Workforce | Workteam, names: Mapping[str, str]) -> Response:
    """What was given of it, as answers have it."""
    return {name: given for name, member in names.items() if (given := getattr(record, member)) is not None}


def _simulated_members(team: rules.Workteam) -> Response:
    return {
        "WorkteamName": team.name,
        "WorkteamArn": team.arn,
        "Description": "Simulated annotators, who answer from gold labels",
        "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["simulated"]}}],
    }
