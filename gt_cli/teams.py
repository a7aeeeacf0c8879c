"""Work teams of gt-engine: everybody in the group of a team's name is in the team."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

USER_POOL = "gtservice"
"""CreateWorkteam wants one. There is no Cognito behind it."""


def create_team(sagemaker: Any, name: str) -> str:
    """The ARN of the team of that name, made where it is not there yet."""
    pool = f"{sagemaker.meta.region_name}_{USER_POOL}"
    member = {"UserPool": pool, "UserGroup": name, "ClientId": USER_POOL}
    try:
        answer = sagemaker.create_workteam(
            WorkteamName=name,
            Description=f"Who labels {name}",
            MemberDefinitions=[{"CognitoMemberDefinition": member}],
        )
        return str(answer["WorkteamArn"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUse":
            raise
    return str(sagemaker.describe_workteam(WorkteamName=name)["Workteam"]["WorkteamArn"])
