"""How the HTTP API's routes are registered: one shape for errors, ETags, Idempotency-Key, and a twin for SigV4."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from chalice.app import Blueprint, IAMAuthorizer, Request, Response

from chalicelib import wiring
from chalicelib.access import SIGNED, authorize
from chalicelib.observability import logger
from gt_service.errors import GtServiceError, InvalidInput
from gt_service.etags import etag_of, matches
from gt_service.routes import route_at
from gt_service.store.requests import KeptAnswer

blueprint = Blueprint(__name__)

View = Callable[..., Any]

_LONGEST_KEY = 255

_IAM = IAMAuthorizer()


def route(path: str, method: str = "GET", **options: Any) -> Callable[[View], View]:
    """A route as `gt_service.routes` describes it, which answers errors in the API's one shape; unless anybody may use
    it with its twin for requests signed with SigV4."""
    described = route_at(method, path)
    is_public = described.needs == "anybody"

    def register(view: View) -> View:
        def whole(**arguments: str) -> Response:
            """The view's answer, with its status."""
            try:
                given = view(**arguments)
            except GtServiceError as error:
                return _refused(path, error)
            except Exception:  # noqa: BLE001 - answered as a 500, with the cause in the log
                logger.exception("request failed", extra={"path": path})
                body = {"code": "internal_error", "message": "the service failed; its log tells more"}
                return Response(body, status_code=500)
            return given if isinstance(given, Response) else Response(given)

        @wraps(view)
        def answer(**arguments: str) -> Response:
            request = blueprint.current_request
            if method == "GET":
                return _unless_known(request, whole(**arguments))
            key = request.headers.get("idempotency-key")
            if method != "POST" or key is None:
                return whole(**arguments)
            try:
                return _once(request, key, lambda: whole(**arguments))
            except GtServiceError as error:
                return _refused(path, error)

        guard = {} if is_public or described.is_browsed else {"authorizer": authorize}
        registered: View = blueprint.route(path, methods=[method], **guard, **options)(answer)
        if not is_public:
            blueprint.route(SIGNED + path, methods=[method], authorizer=_IAM, **options)(answer)
        return registered

    return register


def _refused(path: str, error: GtServiceError) -> Response:
    log = logger.error if error.status >= 500 else logger.info
    log("request refused", extra={"path": path, "code": error.code, "error": error.message})
    return Response(error.as_dict(), status_code=error.status)


def _unless_known(request: Request, answer: Response) -> Response:
    """304 in place of an answer that the caller has already, by its ETag."""
    if answer.status_code != 200:
        return answer
    tag = etag_of(answer.body)
    headers: dict[str, str | list[str]] = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(request.headers.get("if-none-match"), tag):
        return Response("", status_code=304, headers=headers)
    return Response(answer.body, status_code=200, headers={**answer.headers, **headers})


def _once(request: Request, key: str, act: Callable[[], Response]) -> Response:
    """Does what a request asks for, or answers as before where the same caller sent it with the same key before.

    A 5xx is not kept. Errors: `InvalidInput` for a key that is none, or another request's; `Conflict` while the first
    is being answered.
    """
    if not (1 <= len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        raise InvalidInput(f"a key is 1 to {_LONGEST_KEY} printable characters of ASCII", field="Idempotency-Key")
    principal = (request.context.get("authorizer") or {}).get("principalId", "")
    name = _digest(principal, key)
    body = request.raw_body if isinstance(request.raw_body, bytes) else request.raw_body.encode()
    asked = _digest(request.method, str(request.context.get("path", "")), body.hex())
    requests = wiring.requests()
    kept = requests.begin(name, asked, wiring.now())
    if kept is not None:
        return Response(json.loads(kept.body), status_code=kept.status, headers={"Idempotency-Replayed": "true"})
    answer = act()
    if answer.status_code >= 500:
        requests.forget(name, asked)
    else:
        requests.end(name, asked, KeptAnswer(answer.status_code, json.dumps(answer.body)), wiring.now())
    return answer


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def body_json() -> Any:
    """What was sent as JSON; None where that is none."""
    try:
        return json.loads(blueprint.current_request.raw_body)
    except (ValueError, RecursionError):
        return None


def query() -> Mapping[str, str]:
    return dict(blueprint.current_request.query_params or {})
