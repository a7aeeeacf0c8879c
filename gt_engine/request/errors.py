"""The errors that callers of the engine see, with the codes and HTTP statuses of the SageMaker API.

Source: "Common Error Types" of the SageMaker API reference; botocore's service model for the first of each kind.
"""

from __future__ import annotations

from typing import Any, ClassVar

from gt_service.errors import GtServiceError


class ApiError(GtServiceError):
    """An error as the JSON 1.1 protocol carries it: the class's name is the error code."""

    message_key: ClassVar[str] = "message"

    def __init_subclass__(cls, *, status: int = 400, message_key: str = "message") -> None:
        cls.status, cls.message_key = status, message_key

    def as_dict(self) -> dict[str, Any]:
        return {"__type": type(self).__name__, self.message_key: self.message}


class ValidationException(ApiError):
    """The request breaks a rule of the service model or of the service."""


class SerializationException(ApiError, message_key="Message"):
    """The body is not JSON, or a value has the wrong type."""


class ResourceInUse(ApiError, message_key="Message"):
    """The name is taken."""


class ResourceNotFound(ApiError, message_key="Message"):
    """There is no such labeling job."""


class ConflictException(ApiError, message_key="Message"):
    """Not while other resources depend on it."""


class ResourceLimitExceeded(ApiError, message_key="Message"):
    """Too many jobs at once."""


class UnknownOperationException(ApiError, status=404):
    """An operation that the engine does not offer."""


class AccessDeniedException(ApiError, message_key="Message"):
    """The role or account may not be used."""


class MissingAuthenticationTokenException(ApiError, status=403):
    """No signature, and the engine asks for one."""


class IncompleteSignatureException(ApiError, status=403):
    """A signature without the parts that make one."""


class InvalidSignatureException(ApiError, status=403):
    """A signature that is wrong or too old."""


class UnrecognizedClientException(ApiError, status=403):
    """An access key that the engine does not know."""


class InternalFailure(ApiError, status=500):
    """The engine itself failed; its log has the reason."""
