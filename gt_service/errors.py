"""Every error that gt-service raises on purpose.

GtServiceError                code, message, remedy, field
├── InvalidInput        422   what the user wrote is wrong: names the field or the file
│   └── SpecErrors      422   several at once, one per field
├── NotFound            404
├── Conflict            409   not legal in the present state
│   └── Contention      409   too many writers at once (gt_service/store/writing.py)
├── Outdated            412   what is to be replaced has been replaced since it was read
├── Unauthenticated     401   no token, or one that does not hold
├── AccessDenied        403
├── UnsupportedMedia    415   a body of a type that the route does not take
├── NotReady            503   something the service needs does not answer
└── UnknownState        500   a value that this version does not know: never guessed, never swallowed
"""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from typing import Any, ClassVar

_LONGEST_SHOWN = 80
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _LONGEST_SHOWN


def shown(text: str, limit: int = _LONGEST_SHOWN) -> str:
    """What a stranger wrote, short enough for a message and free of what UTF-8 cannot hold."""
    whole = text if len(text) <= limit else text[: limit - 1] + "…"
    return whole.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(value: object) -> str:
    """A value that a stranger gave, as Python writes it, in as few characters; of any value, however long or deep."""
    try:
        return shown(_SHORT.repr(value))
    except (ValueError, RecursionError):  # ValueError: a whole number of more digits than Python writes
        return f"this {type(value).__name__}"


class GtServiceError(Exception):
    """An error with a machine code and a remedy for the person who reads it."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, remedy: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.field = field

    def as_dict(self) -> dict[str, Any]:
        """The one JSON shape of errors: code, message, and where known remedy and field."""
        shape: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.remedy:
            shape["remedy"] = self.remedy
        if self.field is not None:
            shape["field"] = self.field
        return shape


class InvalidInput(GtServiceError):
    """What the user wrote is wrong; `field` names the field or the file."""

    code = "invalid_input"
    status = 422


class SpecErrors(InvalidInput):
    """A campaign spec with one error or more, each naming its field."""

    code = "invalid_spec"

    def __init__(self, errors: Sequence[InvalidInput]) -> None:
        super().__init__(
            f"{len(errors)} error(s) in the campaign spec: " + "; ".join(f"{e.field}: {e.message}" for e in errors),
            remedy="Correct the fields named and drop the spec again.",
        )
        self.errors = tuple(errors)

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "errors": [error.as_dict() for error in self.errors]}


class NotFound(GtServiceError):
    """There is no such campaign, batch, job, image or object."""

    code = "not_found"
    status = 404


class Conflict(GtServiceError):
    """Not legal in the present state."""

    code = "conflict"
    status = 409


class Outdated(GtServiceError):
    """What is to be replaced is not what the caller has read any more."""

    code = "outdated"
    status = 412


class Unauthenticated(GtServiceError):
    """No token, or one that is unknown or has expired."""

    code = "unauthenticated"
    status = 401


class AccessDenied(GtServiceError):
    """The caller may not do this."""

    code = "access_denied"
    status = 403


class UnsupportedMedia(GtServiceError):
    """The Content-Type is none that this route takes."""

    code = "unsupported_media_type"
    status = 415


class NotReady(GtServiceError):
    """Something that the service needs does not answer now."""

    code = "not_ready"
    status = 503


class UnknownState(GtServiceError):
    """A status, record or response that this version does not know."""

    code = "unknown_state"
