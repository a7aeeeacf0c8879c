"""From an HTTP request to a call with a known caller, and from errors to pages or JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, quote

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gt_engine.aws import EngineObjects
from gt_engine.portal.assets import HERE, static
from gt_engine.portal.security import PORTAL_HEADERS, RateLimit, Signer, address_of, check_own_request, origin_of
from gt_engine.workforce.members import Members, Worker
from gt_engine.workforce.supervision import EndedJob
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.teams import Workforce
from gt_service.documents import strict_json
from gt_service.errors import AccessDenied, GtServiceError, InvalidInput, NotFound
from gt_service.pages.browser import prefers_html
from gt_service.reports.amounts import duration
from gt_service.templates import templates_in

MAX_BODY_BYTES = 64 * 1024

log = logging.getLogger(__name__)


def _nothing_kept(job: str) -> EndedJob:
    raise NotFound(f"there is no labeling job {job!r} that people work on or have worked on")


@dataclass(frozen=True, eq=False)
class Portal:
    """What the portal's pages stand on.

    public_url             where browsers reach the engine; a request may also name localhost or an address
    insecure_sign_in       sessions also over plain HTTP from other machines
    workforce              that of the account: its identity provider, and where people may come from
    ended_jobs             names and titles of the last jobs that people worked on and that have ended
    ended                  what stays of such a job's people; it raises NotFound where there is nothing
    largest_answer_bytes   larger files of a task are fetched from S3 itself; None: all come from here
    """

    members: Members
    tasks: Tasks
    objects: EngineObjects
    signer: Signer
    public_url: str = ""
    insecure_sign_in: bool = False
    workforce: Callable[[], Workforce | None] = lambda: None
    ended_jobs: Callable[[], list[tuple[str, str]]] = list
    ended: Callable[[str], EndedJob] = _nothing_kept
    largest_answer_bytes: int | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    looks: RateLimit = field(default_factory=lambda: RateLimit(60, 60))
    sign_ins: RateLimit = field(default_factory=lambda: RateLimit(10, 60))


class SignedOut(GtServiceError):
    """Nobody is signed in, or the session has ended."""

    code = "signed_out"
    status = 401


@dataclass(frozen=True)
class Call:
    """One request. `origin` is the portal's own, as this browser knows it."""

    portal: Portal
    request: Request
    body: bytes
    origin: str
    now: datetime

    @property
    def is_secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def cookie_name(self) -> str:
        """With TLS a name that browsers guard: no other host and no plain page can set it."""
        return "__Host-gt-session" if self.is_secure else "gt-session"

    @property
    def session_id(self) -> str:
        return self.request.cookies.get(self.cookie_name, "")

    def set_cookie(self, response: Response, name: str, value: str, lifetime: timedelta) -> None:
        age = int(lifetime.total_seconds())
        response.set_cookie(name, value, max_age=age, secure=self.is_secure, httponly=True, samesite="lax")

    def delete_cookie(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self.is_secure, httponly=True, samesite="lax")

    @property
    def client(self) -> str:
        return self.request.client.host if self.request.client else ""

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """Errors: `NotFound` for what is no number, or one that no table could hold."""
        text = self.path(name)
        if not text.isdecimal() or len(text) > 9:
            raise NotFound("there is no such page")
        return int(text)

    def visitor(self) -> Worker | None:
        return self.portal.members.session(self.session_id, self.now) if self.session_id else None

    def worker(self) -> Worker:
        """Who is signed in. Errors: `SignedOut`."""
        worker = self.visitor()
        if worker is None:
            raise SignedOut("you are not signed in, or your session has ended", remedy="Sign in again.")
        return worker

    def manager(self) -> Worker:
        """Errors: `SignedOut`; `AccessDenied` for people who label only."""
        worker = self.worker()
        if not worker.is_manager:
            raise AccessDenied("this page is for those who run the team")
        return worker

    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50))

    def json(self) -> dict[str, Any]:
        """Text that a page has cut within a character ends with U+FFFD: half of one is none. Errors: `InvalidInput`."""
        try:
            document = strict_json(self.body or b"{}")
            if b"\\u" in self.body:
                whole = json.dumps(document, ensure_ascii=False).encode("utf-16", "surrogatepass")
                document = json.loads(whole.decode("utf-16", "replace"))
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise InvalidInput("the request body is not a JSON object", field="body")
        return document


Answer = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(portal: Portal, answer: Answer, *, max_body: int = MAX_BODY_BYTES) -> Endpoint:
    """Serves `answer` in a thread: what it asks waits for AWS. Changes are taken from the portal's own pages only."""

    async def serve(request: Request) -> Response:
        try:
            body = await read_body(request, max_body)
            return await run_in_threadpool(_answer, portal, request, body, answer)
        except GtServiceError as error:
            # By the route, for an address may hold the token of a link.
            log.info("refused", extra={"code": error.code, "reason": error.message, "route": _route(request)})
            return problem(request, error)
        except Exception:
            log.exception("a page of the portal failed", extra={"route": _route(request)})
            return problem(request, GtServiceError("The engine failed; its log says why.", remedy="Try again."))

    return serve


def _route(request: Request) -> str:
    return f"{request.method} {getattr(request.scope.get('route'), 'path', '')}"


def _answer(portal: Portal, request: Request, body: bytes, answer: Answer) -> Response:
    if request.method not in {"GET", "HEAD"}:
        check_own_request(request)
    _check_source(portal, request)
    response = answer(Call(portal, request, body, origin_of(request, portal.public_url), portal.now()))
    for name, value in PORTAL_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _check_source(portal: Portal, request: Request) -> None:
    """Errors: `NotFound` for an address outside the workforce's SourceIpConfig, as the service model has it."""
    workforce = portal.workforce()
    if workforce is None or not workforce.cidrs:
        return
    client = address_of(request)
    if client is None or not any(client in ip_network(cidr, strict=False) for cidr in workforce.cidrs):
        raise NotFound("Not Found")


async def read_body(request: Request, most: int) -> bytes:
    """Errors: `TooLarge`."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLarge(f"the request has more than {most:,} bytes")
    return bytes(body)


class TooLarge(GtServiceError):
    """The request's body is too large."""

    code = "too_large"
    status = 413


def problem(request: Request, error: GtServiceError) -> Response:
    """An error as the caller wants it: a page, a way to sign in, or JSON."""
    if not prefers_html(request.headers.get("accept")):
        return JSONResponse(error.as_dict(), error.status, headers=dict(PORTAL_HEADERS))
    if isinstance(error, SignedOut):
        place = quote(request.url.path if request.method == "GET" else "/jobs", safe="")
        return RedirectResponse(f"/sign-in?next={place}", 303, headers=dict(PORTAL_HEADERS))
    shown = {"message": error.message, "remedy": error.remedy, "status": error.status}
    return page("error.html", None, shown, status=error.status)


def page(
    template: str, worker: Worker | None, values: Mapping[str, Any], *, section: str = "", status: int = 200
) -> Response:
    """One page for `worker` (None: nobody is signed in); `section` is marked in the menu."""
    made = _pages().get_template(template)
    html = made.render(worker=worker, section=section, static=static, **values)
    return HTMLResponse(html, status, headers=dict(PORTAL_HEADERS))


@cache
def _pages() -> Environment:
    return templates_in(HERE / "html", duration=duration, moment=moment)


def moment(when: datetime) -> str:
    return when.strftime("%d %b %Y, %H:%M UTC").lstrip("0")
