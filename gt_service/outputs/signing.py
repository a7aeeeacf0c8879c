"""Signs the GETs of many objects as boto3 signs one.

boto3 takes a quarter of a millisecond of processor time to presign an address, most of it to find the bucket's endpoint
and to derive the signing key once more. Both are the same for every object of a bucket: here they are taken from one
address that boto3 presigned. Only the path and the signature over it differ (Signature Version 4, in the query).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPIRES_SECONDS = 300
_SAMPLE = "sample"
_SIGNATURE = "X-Amz-Signature"


@dataclass(frozen=True)
class SignedBucket:
    """How the objects of a bucket are asked for, for the next `EXPIRES_SECONDS`.

    origin       scheme and host, such as https://results.s3.eu-west-1.amazonaws.com
    folder       the path that keys are appended to
    query        what every address says, sorted, without the signature
    statement    algorithm, time and scope, which begin the text that is signed
    signing_key  of the day, the region and the service
    """

    origin: str
    folder: str
    query: str
    statement: str
    signing_key: bytes

    def target(self, key: str) -> str:
        """Path and query that get the object of this key."""
        path = self.folder + quote(key, safe="/~")
        host = self.origin.partition("://")[2]
        request = f"GET\n{path}\n{self.query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        text = f"{self.statement}\n{sha256(request.encode()).hexdigest()}"
        return f"{path}?{self.query}&{_SIGNATURE}={hmac.digest(self.signing_key, text.encode(), 'sha256').hex()}"


def signed_bucket(signer: S3Client, bucket: str) -> SignedBucket | None:
    """How `signer` signs for a bucket; None where that is not how this module signs.

    The sample is signed here once more, and compared with boto3's: other kinds of signatures (version 2, for one, or
    none at all) are left to boto3.
    """
    credentials: Any = signer._request_signer._credentials  # type: ignore[attr-defined]  # botocore shows them nowhere
    asked = {"Bucket": bucket, "Key": _SAMPLE}
    try:
        address = signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=EXPIRES_SECONDS)
    except BotoCoreError:
        return None
    sample = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(sample.query).items()}
    if credentials is None or not {"X-Amz-Credential", "X-Amz-Date"} <= query.keys():
        return None
    scope = query["X-Amz-Credential"].partition("/")[2]
    key = b"AWS4" + credentials.get_frozen_credentials().secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    found = SignedBucket(
        origin=f"{sample.scheme}://{sample.netloc}",
        folder=sample.path.removesuffix(_SAMPLE),
        query="&".join(sorted(pair for pair in sample.query.split("&") if not pair.startswith(_SIGNATURE))),
        statement=f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}",
        signing_key=key,
    )
    return found if found.target(_SAMPLE).endswith(f"{_SIGNATURE}={query.get(_SIGNATURE)}") else None
