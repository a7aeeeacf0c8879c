"""Who has no key must not start jobs that cost money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gt_engine.api.signature import check_signature, read_claim
from gt_engine.request.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

BODY = b'{"LabelingJobName":"birds"}'
SECRETS = {"AKIDEXAMPLE": "secret"}


def signed(*, key: str = "AKIDEXAMPLE", secret: str = "secret", region: str = "us-east-1") -> dict[str, str]:
    """The headers of a request as botocore signs it, now."""
    request = AWSRequest(
        "POST",
        "http://127.0.0.1:1234/",
        data=BODY,
        headers={"X-Amz-Target": "SageMaker.DescribeLabelingJob", "Content-Type": "application/x-amz-json-1.1"},
    )
    SigV4Auth(Credentials(key, secret, "a session token"), "sagemaker", region).add_auth(request)
    return {"host": "127.0.0.1:1234"} | {name.lower(): str(value) for name, value in request.headers.items()}


def check(headers: dict[str, str], **changes: Any) -> str:
    arguments: dict[str, Any] = {
        "method": "POST",
        "path": "/",
        "query": "",
        "headers": headers,
        "body": BODY,
        "secrets": SECRETS,
        "region": "us-east-1",
        "now": datetime.now(UTC),
    }
    arguments |= changes
    claim = read_claim(
        headers, **{name: arguments.pop(name) for name in ("region", "now")}, secrets=arguments["secrets"]
    )
    return check_signature(claim, **arguments)


def test_what_botocore_signs_is_taken() -> None:
    assert check(signed()) == "AKIDEXAMPLE"


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(InvalidSignatureException, match="does not match"):
        check(signed(), body=BODY + b" ")


def test_a_changed_header_is_refused() -> None:
    with pytest.raises(InvalidSignatureException, match="does not match"):
        check(signed() | {"x-amz-target": "SageMaker.StopLabelingJob"})


def test_another_secret_is_refused() -> None:
    with pytest.raises(InvalidSignatureException, match="does not match"):
        check(signed(secret="guessed"))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnrecognizedClientException):
        check(signed(key="AKIDOTHER"))


def test_no_signature_is_refused() -> None:
    with pytest.raises(MissingAuthenticationTokenException):
        check({"host": "127.0.0.1"})


def test_a_signature_for_another_region_is_refused() -> None:
    with pytest.raises(InvalidSignatureException, match="scoped"):
        check(signed(region="eu-west-1"))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_signature_is_refused_so_that_recorded_calls_cannot_be_replayed(minutes: int) -> None:
    with pytest.raises(InvalidSignatureException, match="expired"):
        check(signed(), now=datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic abc",
        "AWS4-HMAC-SHA256 Credential=a",
        "AWS4-HMAC-SHA256 nonsense",
        "AWS4-HMAC-SHA256 Credential=x, =, Signature=1",
    ],
)
def test_half_a_signature_is_refused(authorization: str) -> None:
    with pytest.raises(IncompleteSignatureException):
        check(signed() | {"authorization": authorization})


def test_the_host_must_be_signed() -> None:
    """Otherwise a request that was signed for another service could be sent here."""
    headers = signed()
    headers["authorization"] = headers["authorization"].replace("host;", "")
    with pytest.raises(IncompleteSignatureException, match="host"):
        check(headers)


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-security-token", "x-amz-content-sha256", "x-amz-anything"])
def test_every_header_that_amazon_gives_a_meaning_to_must_be_signed(name: str) -> None:
    """Whoever sits between could exchange ListLabelingJobs for another operation."""
    headers = signed()
    authorization = headers["authorization"]
    start = authorization.index("SignedHeaders=") + len("SignedHeaders=")
    names = authorization[start:].split(",")[0].split(";")
    left = ";".join(one for one in names if one != name)
    headers[name] = headers.get(name, "added on the way")
    headers["authorization"] = authorization[:start] + left + authorization[authorization.index(",", start) :]
    with pytest.raises(IncompleteSignatureException, match=name):
        check(headers)


@pytest.mark.parametrize("signature", ["é" * 64, "\udce9", "0" * 64, "x"])
def test_a_signature_of_any_characters_is_wrong_and_no_failure(signature: str) -> None:
    headers = signed()
    headers["authorization"] = headers["authorization"].rpartition("=")[0] + "=" + signature
    with pytest.raises(InvalidSignatureException):
        check(headers)
