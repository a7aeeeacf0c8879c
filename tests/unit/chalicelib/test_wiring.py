"""The parts as the functions put them together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib import wiring


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    caches = (wiring.s3, wiring.signer, wiring.bulk_objects)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()


def test_reports_read_encrypted_objects_in_any_region_at_the_first_try() -> None:
    """Signed otherwise, S3 refuses or redirects each of a job's thousands of files before it is read slowly."""
    objects = wiring.bulk_objects()
    sign = objects._signer.generate_presigned_url
    address = sign("get_object", Params={"Bucket": "results", "Key": "birds/output/a.json"})
    assert address.startswith("https://results.s3.eu-west-1.amazonaws.com/birds/output/a.json?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in address
