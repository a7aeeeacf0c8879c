"""Signature Version 4, checked: the request is signed again with the caller's secret and the two are compared."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from gt_engine.request.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=5)
_CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Claim:
    """Who says to have signed a request, when, and what; not yet compared with the request itself."""

    key: str
    scope: tuple[str, str, str]
    signed_headers: tuple[str, ...]
    stamp: str
    signature: str


def read_claim(headers: Mapping[str, str], *, secrets: Mapping[str, str], region: str, now: datetime) -> Claim:
    """What the headers alone tell of a signature: checked before a byte of the body is waited for.

    headers: lower-case names. Errors: MissingAuthenticationToken, IncompleteSignature, UnrecognizedClient and
    InvalidSignature exceptions, as AWS sends them. Source: "Create a signed AWS API request" in the IAM user guide.
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
    # Whatever Amazon gives a meaning to must be signed: else somebody on the way exchanges one operation for another.
    required = {"host", "x-amz-date"} | {name for name in headers if name.startswith("x-amz-")}
    missing = required - set(signed) | {name for name in signed if name not in headers}
    if missing:
        raise IncompleteSignatureException(f"Authorization header must sign {', '.join(sorted(missing))}.")
    return Claim(key, scope, tuple(signed), stamp, given)


def check_signature(
    claim: Claim,
    *,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    secrets: Mapping[str, str],
) -> str:
    """The access key that signed the request. query: the raw query string.

    Errors: InvalidSignatureException where it is another request that was signed, or with another secret.
    """
    canonical = "\n".join(
        (
            method,
            path,
            query,
            *(f"{name}:{' '.join(headers[name].split())}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            sha256(body).hexdigest(),
        )
    )
    scope = "/".join((*claim.scope, "aws4_request"))
    text = "\n".join((ALGORITHM, claim.stamp, scope, sha256(canonical.encode()).hexdigest()))
    expected = _sign(secrets[claim.key], claim.scope, text)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode(errors="replace")):
        raise InvalidSignatureException(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
        )
    return claim.key


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
