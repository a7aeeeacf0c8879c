"""Signing in by invitation: a link shows a button, and only the button uses the link up."""

from __future__ import annotations

import logging
import re

from starlette.responses import JSONResponse, RedirectResponse, Response

from gt_engine.portal.calls import Call, page
from gt_engine.portal.security import address_of
from gt_engine.portal.working import first_page
from gt_engine.workforce.members import SESSION_LIFETIME, Session
from gt_service.errors import AccessDenied, NotFound
from gt_service.pages.browser import prefers_html

log = logging.getLogger(__name__)


def front(call: Call) -> Response:
    """GET /"""
    return RedirectResponse("/jobs", 303)


def ask(call: Call) -> Response:
    """GET /sign-in: how to get in."""
    place = own_place(call.request.query_params.get("next", ""))
    if call.visitor() is not None:
        return RedirectResponse(place, 303)
    workforce = call.portal.workforce()
    has_provider = workforce is not None and workforce.oidc is not None
    return page("sign-in.html", None, {"next": place, "has_provider": has_provider})


def look(call: Call) -> Response:
    """GET and HEAD /sign-in/<token>: mail scanners open every link, so that looking must use up nothing."""
    call.portal.looks.check(call.client)
    check_way(call)
    worker = call.portal.members.invitation(call.path("token"), call.now)
    return page("invitation.html", None, {"invited": worker}, status=200 if worker else 410)


def enter(call: Call) -> Response:
    """POST /sign-in/<token>: uses the link up and begins a session."""
    call.portal.sign_ins.check(call.client)
    check_way(call)
    wants_page = prefers_html(call.request.headers.get("accept"))
    try:
        session = call.portal.members.sign_in(call.path("token"), call.now)
    except NotFound:
        if wants_page:
            return page("invitation.html", None, {"invited": None}, status=410)
        raise
    if wants_page:
        return begin(call, session, RedirectResponse(first_page(call, session.worker), 303))
    return begin(call, session, JSONResponse({"name": session.worker.name}))


def leave(call: Call) -> Response:
    """POST /sign-out."""
    if call.session_id:
        call.portal.members.sign_out(call.session_id)
    response = RedirectResponse("/sign-in", 303)
    call.delete_cookie(response, call.cookie_name)
    return response


def present(call: Call) -> Response:
    """GET /session: who is signed in; what a page asks whose session ended."""
    worker = call.worker()
    return JSONResponse({"worker": worker.worker_id, "name": worker.name})


def begin(call: Call, session: Session, response: Response) -> Response:
    """The response with the session's cookie. The server ends a session; the cookie only outlives the longest."""
    log.info("signed in", extra={"worker": session.worker.worker_id, "client": call.client})
    call.set_cookie(response, call.cookie_name, session.id, 30 * SESSION_LIFETIME)
    return response


def check_way(call: Call) -> None:
    """A session's cookie is safe on its way with TLS, or where it does not leave the machine. Errors: `AccessDenied`
    where it could be overheard."""
    client = address_of(call.request)
    stays_here = client is not None and client.is_loopback
    if not (call.is_secure or stays_here or call.portal.insecure_sign_in):
        raise AccessDenied(
            "signing in from another machine needs HTTPS",
            remedy="Put the engine behind TLS (--public-url https://…), or start it with --insecure-sign-in in a "
            "network that you trust.",
        )


def own_place(place: str) -> str:
    """A page of the portal, or the list of jobs for whatever else was asked."""
    return place if re.fullmatch(r"/(jobs|me|team)(/[A-Za-z0-9][A-Za-z0-9_.-]*){0,2}", place) else "/jobs"
