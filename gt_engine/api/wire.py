"""The JSON 1.1 protocol: from an HTTP request to an operation and back, with the caller's signature checked."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gt_engine.api.operations import Operations
from gt_engine.api.shapes import parse_input
from gt_engine.api.signature import Claim, check_signature, read_claim
from gt_engine.aws import error_code
from gt_engine.outputs.records import compact
from gt_engine.portal.calls import TooLarge, read_body
from gt_engine.request.errors import (
    AccessDeniedException,
    ApiError,
    InternalFailure,
    SerializationException,
    UnknownOperationException,
    ValidationException,
)
from gt_engine.settings import Settings
from gt_service.documents import strict_json
from gt_service.errors import AccessDenied

TARGET_PREFIX = "SageMaker."
CONTENT_TYPE = "application/x-amz-json-1.1"
MAX_BODY_BYTES = 4 * 1024 * 1024

log = logging.getLogger(__name__)


def api(operations: Operations, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The engine's HTTP side: `POST /` for SageMaker's operations, `GET /health` for whoever watches it.

    routes: the portal's.
    """
    table = operations.table()

    async def call(request: Request) -> Response:
        request_id = str(uuid4())
        try:
            claim = _claim(operations.settings, request)
            body = await _body(request)
            # The operations wait for AWS; in a thread they hold up nobody else.
            answer = await run_in_threadpool(_answer, operations, table, request, claim, body)
        except ApiError as error:
            log.info("refused", extra={"code": type(error).__name__, "reason": error.message, "request_id": request_id})
            return _respond(error.as_dict(), error.status, request_id)
        except ClientDisconnect:
            raise  # nobody is there to be answered
        except Exception:
            log.exception("an operation failed", extra={"request_id": request_id})
            return _respond(InternalFailure("The engine failed; its log says why.").as_dict(), 500, request_id)
        return _respond(answer, 200, request_id)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    own = [Route("/", call, methods=["POST"]), Route("/health", health, methods=["GET"])]
    return Starlette(routes=[*own, *routes])


def _answer(
    operations: Operations,
    table: dict[str, Callable[[dict[str, Any]], dict[str, Any]]],
    request: Request,
    claim: Claim | None,
    body: bytes,
) -> dict[str, Any]:
    if claim is not None:
        check_signature(
            claim,
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
            secrets=operations.settings.secrets,
        )
    name = request.headers.get("x-amz-target", "")
    operation = table.get(name.removeprefix(TARGET_PREFIX)) if name.startswith(TARGET_PREFIX) else None
    if operation is None:
        raise UnknownOperationException(f"The requested operation '{name}' is not offered by this engine.")
    try:
        document = strict_json(body or b"{}")
        if b"\\u" in body:
            compact(document)  # half of a surrogate pair is no character: no file of the job could have it
    except ValueError:
        raise SerializationException("The request body is not JSON.") from None
    if not isinstance(document, dict):
        raise SerializationException("The request body is not a JSON object.")
    try:
        return operation(parse_input(name.removeprefix(TARGET_PREFIX), document))
    except ClientError as error:
        if error_code(error) in {"AccessDenied", "AccessDeniedException", "403", "Forbidden"}:
            raise ValidationException(f"The engine may not reach what the request names: {error}") from error
        raise
    except (ParamValidationError, AccessDenied) as error:
        raise ValidationException(f"The request cannot be carried out: {error}") from error
    except BotoCoreError as error:
        raise InternalFailure(f"AWS cannot be reached: {error}") from error


def _claim(settings: Settings, request: Request) -> Claim | None:
    """Who says to call; None where anybody may. Errors: AccessDeniedException for a page of another site in a browser,
    which reaches what listens on this machine, and says where it comes from."""
    if not settings.secrets:
        if "origin" in request.headers:
            raise AccessDeniedException("Pages in a browser may not call this engine.")
        return None
    headers = dict(request.headers)
    return read_claim(headers, secrets=settings.secrets, region=settings.region, now=datetime.now(UTC))


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, MAX_BODY_BYTES)
    except TooLarge:
        raise SerializationException(f"The request body is larger than {MAX_BODY_BYTES} bytes.") from None


def _respond(members: dict[str, Any], status: int, request_id: str) -> Response:
    body = json.dumps(members, default=_epoch).encode()
    headers = {"x-amzn-RequestId": request_id}
    if status != 200 and "__type" in members:
        headers["x-amzn-ErrorType"] = members["__type"]
    return Response(body, status, headers, media_type=CONTENT_TYPE)


def _epoch(value: Any) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} has no place in a response")
