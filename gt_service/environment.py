"""What the template sets for its functions."""

from __future__ import annotations

from collections.abc import Mapping

from gt_service.errors import InvalidInput


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
