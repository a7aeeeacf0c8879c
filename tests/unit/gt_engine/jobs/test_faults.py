"""Whose fault it is: every code that AWS is known to send is in one of the three, and most of them pass."""

from __future__ import annotations

import errno
import http.client

import pytest
from botocore import exceptions as botocore
from botocore.exceptions import ClientError
from urllib3.exceptions import ProtocolError

from gt_engine.jobs.faults import Fault, MissingFile, NotTaken, fault_of
from gt_service.errors import AccessDenied, InvalidInput, NotFound, UnknownState


def client_error(code: str, status: int, operation: str = "GetObject") -> ClientError:
    answer = {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "operation", ["GetObject", "PutObject", "HeadObject", "UpdateItem", "PutLogEvents", "PutEvents"]
)
@pytest.mark.parametrize(
    ("code", "status"),
    [
        # credentials that expired, were rotated, or cannot be read at this moment
        ("ExpiredToken", 400),
        ("ExpiredTokenException", 400),
        ("RequestExpired", 400),
        ("InvalidAccessKeyId", 403),
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 400),
        ("InvalidToken", 400),
        ("SignatureDoesNotMatch", 403),
        ("InvalidSignatureException", 400),
        ("IncompleteSignature", 400),
        ("TokenRefreshRequired", 400),
        # clocks
        ("RequestTimeTooSkewed", 403),
        ("RequestInTheFuture", 403),
        # throttling
        ("Throttling", 400),
        ("ThrottlingException", 400),
        ("ThrottledException", 400),
        ("RequestThrottled", 400),
        ("RequestThrottledException", 400),
        ("RequestLimitExceeded", 503),
        ("TooManyRequestsException", 429),
        ("ProvisionedThroughputExceededException", 400),
        ("BandwidthLimitExceeded", 503),
        ("LimitExceededException", 400),
        ("SlowDown", 503),
        ("PriorRequestNotComplete", 400),
        ("TransactionInProgressException", 400),
        ("EC2ThrottledException", 400),
        # their own troubles
        ("InternalError", 500),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
        ("RequestTimeout", 400),
        ("RequestTimeoutException", 400),
        ("BadDigest", 400),
        ("IncompleteBody", 400),
        ("NoSuchUpload", 404),
        ("OperationAborted", 409),
        ("ResourceNotFoundException", 400),
        ("SomethingNew", 418),
    ],
)
def test_what_passes(operation: str, code: str, status: int) -> None:
    """A code that passes and is taken for the user's fault ends a job that was paid for."""
    assert fault_of(client_error(code, status, operation)) is Fault.PASSING


@pytest.mark.parametrize(
    "problem",
    [
        botocore.EndpointConnectionError(endpoint_url="x"),
        botocore.ConnectTimeoutError(endpoint_url="x"),
        botocore.ReadTimeoutError(endpoint_url="x"),
        botocore.ConnectionClosedError(endpoint_url="x"),
        botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        botocore.ResponseStreamingError(error="x"),
        botocore.NoCredentialsError(),
        botocore.PartialCredentialsError(provider="x", cred_var="y"),
        botocore.CredentialRetrievalError(provider="x", error_msg="y"),
        ProtocolError("broken"),
        http.client.IncompleteRead(b""),
        ConnectionResetError(),
        TimeoutError(),
        NotTaken("no"),
        OSError(errno.ENOSPC, "No space left on device"),
        client_error("AccessDeniedException", 400, "UpdateItem"),
        client_error("AccessDenied", 403, "PutLogEvents"),
    ],
    ids=repr,
)
def test_what_else_passes(problem: Exception) -> None:
    assert fault_of(problem) is Fault.PASSING


@pytest.mark.parametrize(
    "problem",
    [
        InvalidInput("no"),
        NotFound("gone"),
        AccessDenied("no"),
        client_error("AccessDenied", 403, "PutObject"),
        client_error("AccessDenied", 403, "CreateMultipartUpload"),
        client_error("403", 403, "HeadObject"),
        client_error("NoSuchKey", 404),
        client_error("NoSuchBucket", 404, "ListObjectsV2"),
        client_error("KMS.DisabledException", 400, "PutObject"),
        client_error("InvalidObjectState", 403),
    ],
    ids=repr,
)
def test_what_the_user_must_correct(problem: Exception) -> None:
    assert fault_of(problem) is Fault.USERS


@pytest.mark.parametrize(
    "problem",
    [
        KeyError("x"),
        MemoryError(),
        OSError(errno.EACCES, "Permission denied"),
        MissingFile("the checkpoint"),
        UnknownState("the item"),
        botocore.ParamValidationError(report="x"),
        client_error("ValidationException", 400, "UpdateItem"),
        client_error("MalformedXML", 400, "PutObject"),
    ],
    ids=repr,
)
def test_what_is_the_engines_own(problem: Exception) -> None:
    """Waiting would leave the job without an end and its owner without a word."""
    assert fault_of(problem) is Fault.ENGINES
