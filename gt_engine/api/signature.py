"""Signature Version 4, checked: the request is signed again with the caller's secret and the two are compared."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from gt_engine.api.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=5)
_CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")


def check_signature(
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Mapping[str, str],
    region: str,
    now: datetime,
) -> str:
    """The access key that signed the request; `headers` has lower-case names, `query` is the raw query string.

    Errors: MissingAuthenticationToken, IncompleteSignature, UnrecognizedClient and InvalidSignature exceptions, as
    AWS sends them. Source: "Create a signed AWS API request" in the IAM user guide.
    """
    authorization = headers.get("authorization")
    if not authorization:
        raise MissingAuthenticationTokenException("Request is missing Authentication Token")
    key, scope, signed, given = _parts(authorization)
    date, scope_region, service = scope
    if key not in secrets:
        raise UnrecognizedClientException("The security token included in the request is invalid.")
    stamp = _fresh(headers.get("x-amz-date", ""), date, now)
    if (scope_region, service) != (region, "sagemaker"):
        raise InvalidSignatureException(
            f"Credential should be scoped to a valid region: '{region}', service 'sagemaker'."
        )
    missing = {"host", "x-amz-date"} - set(signed) | {name for name in signed if name not in headers}
    if missing:
        raise IncompleteSignatureException(f"Authorization header must sign {', '.join(sorted(missing))}.")
    canonical = "\n".join(
        (
            method,
            path,
            query,
            *(f"{name}:{' '.join(headers[name].split())}" for name in signed),
            "",
            ";".join(signed),
            sha256(body).hexdigest(),
        )
    )
    text = "\n".join(
        (ALGORITHM, stamp, f"{date}/{scope_region}/{service}/aws4_request", sha256(canonical.encode()).hexdigest())
    )
    if not hmac.compare_digest(_sign(secrets[key], scope, text), given):
        raise InvalidSignatureException(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        )
    return key


def _parts(authorization: str) -> tuple[str, tuple[str, str, str], list[str], str]:
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    credential = _CREDENTIAL.fullmatch(fields.get("Credential", ""))
    if algorithm != ALGORITHM or not credential or not fields.get("SignedHeaders") or not fields.get("Signature"):
        raise IncompleteSignatureException(
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of "
            f"{ALGORITHM}. Authorization={algorithm}"
        )
    key, date, region, service = credential.groups()
    return key, (date, region, service), fields["SignedHeaders"].split(";"), fields["Signature"]


def _fresh(stamp: str, date: str, now: datetime) -> str:
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise IncompleteSignatureException("Request must carry the time of signing in 'X-Amz-Date'.") from None
    if abs(now - signed_at) > CLOCK_SKEW or not stamp.startswith(date):
        raise InvalidSignatureException(
            f"Signature expired or not yet current: {stamp} is not near {now:%Y%m%dT%H%M%SZ}."
        )
    return stamp


def _sign(secret: str, scope: tuple[str, str, str], text: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), sha256).digest()
    return hmac.new(key, text.encode(), sha256).hexdigest()
