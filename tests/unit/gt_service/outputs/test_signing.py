"""Signatures are boto3's own, for every key and every way to address a bucket; other kinds are left to boto3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from gt_service.outputs.signing import EXPIRES_SECONDS, signed_bucket

KEYS = ["x", "a b+c/Ünï.json", "n-1/2026-05-01_08:00:09.json", "z%20&<'\">~.json", "a//b/../c", "ends/", "/begins"]
NOW = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
CLIENTS: dict[str, dict[str, Any]] = {
    "us-east-1": {"region_name": "us-east-1"},
    "another region": {"region_name": "eu-west-1", "config": Config(s3={"addressing_style": "virtual"})},
    "China": {"region_name": "cn-north-1"},
    "dual stack": {"region_name": "eu-west-1", "config": Config(s3={"use_dualstack_endpoint": True})},
    "an endpoint with a port": {"region_name": "us-east-1", "endpoint_url": "http://127.0.0.1:4566"},
    "an endpoint with a path": {"region_name": "us-east-1", "endpoint_url": "https://proxy.example/s3/"},
    "a role's credentials": {"region_name": "us-east-1", "aws_session_token": "to/ken+=="},
}


def client(**options: Any) -> Any:
    config = Config(signature_version="s3v4").merge(options.pop("config", Config()))
    return boto3.client("s3", aws_access_key_id="AKID", aws_secret_access_key="se/cr+et", config=config, **options)


def parts(address: str) -> tuple[str, list[str]]:
    """The order of a query's parts says nothing: both ends sort them before they sign."""
    path, _, query = address.partition("?")
    return path, sorted(query.split("&"))


@pytest.mark.parametrize("bucket", ["results", "with.dots"])
@pytest.mark.parametrize("name", list(CLIENTS))
def test_signatures_are_boto3s_own(name: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 would refuse every request, and reports would be read slowly without a word."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW)
    signer = client(**CLIENTS[name])
    signed = signed_bucket(signer, bucket)
    assert signed is not None
    for key in KEYS:
        asked = {"Bucket": bucket, "Key": key}
        address = signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=EXPIRES_SECONDS)
        assert parts(signed.origin + signed.target(key)) == parts(address)


@pytest.mark.parametrize("version", ["s3", UNSIGNED], ids=["version 2", "not at all"])
def test_what_is_signed_otherwise_is_left_to_boto3(version: Any) -> None:
    """Requests would be signed in a way that the client was told not to use."""
    assert signed_bucket(client(region_name="us-east-1", config=Config(signature_version=version)), "results") is None
