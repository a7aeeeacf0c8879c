"""What the deployment decides, and no campaign; and how its functions read what the template sets for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gt_service.backends import GROUND_TRUTH, Backend
from gt_service.errors import InvalidInput


@dataclass(frozen=True)
class Deployment:
    """Where uploads arrive and results go. role_arn: that labeling jobs assume unless a spec names another.

    job_mark: stands at the end of its labeling jobs' names (`gt_service.records.names.stage_mark`).
    backend: what labels, behind the SageMaker API.
    """

    inbox_bucket: str
    results_bucket: str
    region: str
    role_arn: str
    job_mark: str = ""
    backend: Backend = GROUND_TRUTH


def variable(environment: Mapping[str, str], name: str) -> str:
    """Errors: `InvalidInput` naming a variable that is missing."""
    try:
        return environment[name]
    except KeyError:
        raise InvalidInput(
            f"the environment has no {name}", remedy="Deploy with gt-service; it sets it.", field=name
        ) from None


def region(environment: Mapping[str, str]) -> str:
    """Errors: as `variable`."""
    return variable(environment, "AWS_REGION" if "AWS_REGION" in environment else "AWS_DEFAULT_REGION")
