"""What the operations on workforces and work teams answer."""

from __future__ import annotations

from typing import Any

from gt_engine.api import rules
from gt_engine.store import JobRecord
from gt_engine.workforce.teams import Workforce, Workteam

Response = dict[str, Any]


def workforce_members(workforce: Workforce, sub_domain: str) -> Response:
    members: Response = {
        "WorkforceName": workforce.name,
        "WorkforceArn": workforce.arn,
        "LastUpdatedDate": workforce.modified_at,
        "CreateDate": workforce.created_at,
        "SourceIpConfig": {"Cidrs": list(workforce.cidrs)},
        "SubDomain": sub_domain,
        "Status": "Active",
    }
    if workforce.cognito is not None:
        members["CognitoConfig"] = dict(workforce.cognito)
    if workforce.oidc is not None:
        members["OidcConfig"] = {key: value for key, value in workforce.oidc.items() if key != "ClientSecret"}
    if workforce.vpc is not None:
        members["WorkforceVpcConfig"] = dict(workforce.vpc)
    if workforce.ip_address_type is not None:
        members["IpAddressType"] = workforce.ip_address_type
    return members


def team_members(team: Workteam, workforce: Workforce | None, sub_domain: str) -> Response:
    members: Response = {
        "WorkteamName": team.name,
        "WorkteamArn": team.arn,
        "Description": team.description,
        "MemberDefinitions": list(team.members),
        "SubDomain": sub_domain,
        "CreateDate": team.created_at,
        "LastUpdatedDate": team.modified_at,
        "NotificationConfiguration": dict(team.notification or {}),
    }
    if workforce is not None:
        members["WorkforceArn"] = workforce.arn
    if team.access is not None:
        members["WorkerAccessConfiguration"] = dict(team.access)
    return members


def simulated_members(team: rules.Workteam) -> Response:
    return {
        "WorkteamName": team.name,
        "WorkteamArn": team.arn,
        "Description": "Simulated annotators, who answer from gold labels",
        "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["simulated"]}}],
    }


def job_summary(job: JobRecord, account: str) -> Response:
    counters = job.counters
    return {
        "LabelingJobName": job.name,
        "JobReferenceCode": job.reference_code,
        "WorkRequesterAccountId": account,
        "CreationTime": job.created_at,
        "LabelCounters": {
            "HumanLabeled": counters.human,
            "PendingHuman": counters.unlabeled,
            "Total": counters.total + counters.failed + counters.unlabeled,
        },
        "NumberOfHumanWorkersPerDataObject": job.request["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"],
    }
