"""The parts as the functions put them together, and what they sign their calls with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import obstore
import pytest

from chalicelib import wiring
from gt_service.errors import InvalidInput

NAME = "/gt-service-prod/engine-keys"
POLICIES = Path(__file__).parents[3] / ".chalice"


@pytest.fixture
def ssm(aws: None) -> Any:
    return boto3.client("ssm", region_name="us-east-1")


def test_the_pair_is_what_the_engine_was_given(ssm: Any) -> None:
    """One file for both sides: what is written for the engine is what goes into the parameter."""
    ssm.put_parameter(Name=NAME, Type="SecureString", Value=json.dumps({"GTENGINE01": "secret"}))
    assert wiring.engine_keys(ssm, NAME) == ("GTENGINE01", "secret")


@pytest.mark.parametrize("value", [None, "GTENGINE01:hidden", "{}", '["hidden"]'])
def test_a_parameter_without_a_pair_is_named_and_not_shown(ssm: Any, value: str | None) -> None:
    if value is not None:
        ssm.put_parameter(Name=NAME, Type="SecureString", Value=value)
    with pytest.raises(InvalidInput) as refused:
        wiring.engine_keys(ssm, NAME)
    assert refused.value.field == NAME
    assert "hidden" not in str(refused.value)


def test_only_functions_that_call_the_engine_may_read_its_keys() -> None:
    """Somebody who takes over the authorizer must not be able to start jobs."""
    readers, callers = set(), set()
    for path in POLICIES.glob("policy-*.json"):
        statements = json.loads(path.read_text())["Statement"]
        actions = {action for statement in statements for action in statement["Action"]}
        callers |= {path.stem} if any(action.startswith("sagemaker:") for action in actions) else set()
        for statement in statements:
            if "ssm:GetParameter" in statement["Action"] and "engine-keys" in json.dumps(statement["Resource"]):
                assert statement["Resource"]["Fn::Sub"].endswith(":parameter/${AWS::StackName}/engine-keys")
                readers.add(path.stem)
    assert readers == callers
    assert "policy-authorize" not in readers


@pytest.fixture
def in_ireland(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    caches = (wiring.s3, wiring.signer, wiring.bulk_objects)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


@pytest.mark.usefixtures("in_ireland")
def test_reports_read_encrypted_objects_in_any_region_at_the_first_try() -> None:
    """Signed otherwise, S3 refuses or redirects each of a job's thousands of files before it is read slowly."""
    objects = wiring.bulk_objects()
    store = objects._store("results", "birds/output/a.json")
    assert store is not None
    address = obstore.sign(store, "GET", "birds/output/a.json", timedelta(minutes=1))
    print(address)
    assert address.startswith("https://s3.eu-west-1.amazonaws.com/results/birds/output/a.json?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in address
