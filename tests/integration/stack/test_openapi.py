"""The published description against the running API: clients are generated from it, and must not meet surprises."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gt_cli.stack import LocalStack
from gt_service.openapi import document
from tests import seeding

pytestmark = pytest.mark.integration

EXAMPLES = 4
"""Of each operation."""
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
NAME = "described"

schema = schemathesis.openapi.from_dict(document())
schema.config.generation.update(modes=list(GenerationMode), with_security_parameters=False)


@pytest.fixture(scope="module")
def seeded(stack: LocalStack) -> LocalStack:
    """With a campaign that has two batches, two jobs and a report, for the requests that are about something."""
    with pytest.MonkeyPatch.context() as environment:
        store = seeding.store_of(stack, environment)
        seeding.notebooks_chain(stack, store, NAME)
    return stack


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=timedelta(seconds=30),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_answers_as_it_is_described(case: Any, seeded: LocalStack) -> None:
    """Every second request is about the campaign and the job that are there. The gateway's limit is waited out."""
    name = case.path_parameters.get("name")
    if name is not None and len(name) % 2:
        case.path_parameters["name"] = NAME if case.path.startswith("/campaigns") else f"{NAME}-0001"
    headers = {"Accept": "application/json", **seeded.headers}
    while (answer := case.call(base_url=seeded.api_url, headers=headers)).status_code == 429:
        time.sleep(0.2)
    case.validate_response(answer, headers=headers, checks=CHECKS)
