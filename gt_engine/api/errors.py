"""The errors that callers of the engine see, with the codes and HTTP statuses of the SageMaker API.

Source: "Common Error Types" of the SageMaker API reference; botocore's service model for the first of each kind.
"""

from __future__ import annotations

from typing import Any

from gt_service.errors import GtServiceError


class ApiError(GtServiceError):
    """An error as the JSON 1.1 protocol carries it: the class's name is the error code."""

    status = 400
    message_key = "message"

    def as_dict(self) -> dict[str, Any]:
        return {"__type": type(self).__name__, self.message_key: self.message}


class ValidationException(ApiError):
    """The request breaks a rule of the service model or of the service."""


class SerializationException(ApiError):
    """The body is not JSON, or a value has the wrong type."""

    message_key = "Message"


class ResourceInUse(ApiError):
    """The name is taken."""

    message_key = "Message"


class ResourceNotFound(ApiError):
    """There is no such labeling job."""

    message_key = "Message"


class ConflictException(ApiError):
    """Not while other resources depend on it."""

    message_key = "Message"


class ResourceLimitExceeded(ApiError):
    """Too many jobs at once."""

    message_key = "Message"


class UnknownOperationException(ApiError):
    """An operation that the engine does not offer."""

    status = 404


class AccessDeniedException(ApiError):
    """The role or account may not be used."""

    message_key = "Message"


class MissingAuthenticationTokenException(ApiError):
    """No signature, and the engine asks for one."""

    status = 403


class IncompleteSignatureException(ApiError):
    """A signature without the parts that make one."""

    status = 403


class InvalidSignatureException(ApiError):
    """A signature that is wrong or too old."""

    status = 403


class UnrecognizedClientException(ApiError):
    """An access key that the engine does not know."""

    status = 403


class InternalFailure(ApiError):
    """The engine itself failed; its log has the reason."""

    status = 500
