"""Whose fault it is that a step did not get done. Pure.

The user's          the job fails and says what is wrong with its input
nobody's for long   AWS's troubles, credentials, clocks, a full disk: waited out, however long they last
the engine's own    tried again a few times; then the job fails as the engine's failure
"""

from __future__ import annotations

import errno
import http.client
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from urllib3.exceptions import HTTPError

from gt_engine.aws import error_code
from gt_service.errors import AccessDenied, GtServiceError, InvalidInput, NotFound


class Fault(StrEnum):
    USERS = "the user's"
    PASSING = "it will pass"
    ENGINES = "the engine's"
    DEATH = "the worker process died"


class MissingFile(GtServiceError):
    """A file that the engine wrote is gone or damaged: no fault of the user's."""

    code = "engine_file_missing"


class NotTaken(GtServiceError):
    """EventBridge refused an event; it is sent again."""

    code = "event_not_taken"


_OF_OBJECTS = frozenset(
    {
        "403",  # what HEAD says: its answers have no body
        "404",
        "AccessDenied",
        "AllAccessDisabled",
        "InvalidBucketName",
        "InvalidObjectState",  # archived
        "InvalidRequest",  # encrypted with the customer's own key
        "KeyTooLongError",
        "NoSuchBucket",
        "NoSuchKey",
        "NotFound",
        "PermanentRedirect",
    }
)
"""What S3 says of an object or a bucket that it will say again tomorrow."""

_OF_REQUESTS = frozenset(
    {
        "EntityTooLarge",
        "InvalidArgument",
        "InvalidParameterException",
        "InvalidParameterValue",
        "ItemCollectionSizeLimitExceededException",
        "MalformedXML",
        "MethodNotAllowed",
        "MissingParameter",
        "NotImplemented",
        "SerializationException",
        "UnknownOperationException",
        "ValidationException",
    }
)
"""What AWS says of a request that the engine should not have sent."""

_PASSING = (BotoCoreError, NotTaken, ConnectionError, TimeoutError, HTTPError, http.client.HTTPException)
_FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
_S3_OPERATIONS = ("Object", "Bucket", "Upload", "Part")


def fault_of(problem: BaseException) -> Fault:
    """Whose fault it is. What AWS says passes unless it is known not to: a job that waits can still be saved."""
    if isinstance(problem, MissingFile | ParamValidationError):
        return Fault.ENGINES
    if isinstance(problem, InvalidInput | NotFound | AccessDenied):
        return Fault.USERS
    if isinstance(problem, ClientError):
        if is_of_object(problem):
            return Fault.USERS
        return Fault.ENGINES if error_code(problem) in _OF_REQUESTS else Fault.PASSING
    if is_full_disk(problem):
        return Fault.PASSING
    return Fault.PASSING if isinstance(problem, _PASSING) else Fault.ENGINES


def is_full_disk(problem: BaseException) -> bool:
    """Whether there was no room on the engine's own disk."""
    return isinstance(problem, OSError) and problem.errno in _FULL_DISK


def is_of_object(problem: ClientError) -> bool:
    """Whether S3 speaks of this object or bucket for good: not there, not allowed, not to be read."""
    code = error_code(problem)
    of_s3 = any(word in problem.operation_name for word in _S3_OPERATIONS)
    return of_s3 and (code in _OF_OBJECTS or code.startswith("KMS."))


def reason_of(problem: BaseException) -> str:
    """A failure in words: what it is, and what it says."""
    message = problem.message if isinstance(problem, GtServiceError) else str(problem)
    return f"{type(problem).__name__}: {message}"
