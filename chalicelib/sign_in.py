"""Signing in and out of the pages, the way to them, and the files that they load."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs

from chalice.app import Blueprint, Request, Response

from chalicelib.observability import logger
from chalicelib.page_data import page_data
from gt_service.errors import NotFound
from gt_service.pages import browser

STATIC_KEPT = "public, max-age=31536000, immutable"

blueprint = Blueprint(__name__)

_FORM = ["application/x-www-form-urlencoded"]


def query(request: Request) -> Mapping[str, str]:
    """The query's fields, the last of each; empty where the address has none."""
    return dict(request.query_params or {})


def answer(body: str, status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status_code=status, headers={**headers})


@blueprint.route("/")
def start() -> Response:
    """To the campaigns; relative, and right with and without a slash at the end of the stage's address."""
    asked = str(blueprint.current_request.context.get("path", "/"))
    place = "campaigns" if asked.endswith("/") else f"{asked.rsplit('/', 1)[-1]}/campaigns"
    return answer("", 303, {"Location": place})


@blueprint.route("/static/{name}")
def static(name: str) -> Response:
    """A file that pages load; its address changes with its content, so it may be kept for ever."""
    from gt_service.pages import render

    content = render.static_file(name)
    if content is None:
        return Response(NotFound(f"there is no file {name!r}").as_dict(), status_code=404)
    headers = {
        "Content-Type": render.STATIC_TYPES[name],
        "Cache-Control": STATIC_KEPT,
        "X-Content-Type-Options": "nosniff",
    }
    return answer(content, 200, headers)


@blueprint.route("/login")
def login_form() -> Response:
    """Where a person gives their token."""
    return _login_page(_safe_place(query(blueprint.current_request).get("next")))


@blueprint.route("/login", methods=["POST"], content_types=_FORM)
def login() -> Response:
    """Keeps the token in a cookie that no script can read."""
    request = blueprint.current_request
    body = request.raw_body
    text = body if isinstance(body, str) else body.decode(errors="replace")
    form = {name: values[0] for name, values in parse_qs(text).items()}
    place, token = _safe_place(form.get("next")), form.get("token", "").strip()
    if not browser.is_same_origin(request.headers):
        return _login_page(place, error="The form came from another site. Sign in here.", status=403)
    known = page_data().token(token, datetime.now(UTC)) if browser.is_safe_token(token) else None
    if known is None:
        logger.warning("sign-in refused")
        return _login_page(place, error="This token is not known, or it has expired.", status=401)
    return _moved(place, browser.token_cookie(token, secure=_is_https(request)))


@blueprint.route("/logout", methods=["POST"], content_types=_FORM)
def logout() -> Response:
    """Forgets the token in this browser; `gt-service token revoke` ends it everywhere."""
    if not browser.is_same_origin(blueprint.current_request.headers):
        return _login_page("campaigns", error="The form came from another site.", status=403)
    return _moved("login", browser.token_cookie("", secure=_is_https(blueprint.current_request), seconds=0))


def _login_page(place: str, *, error: str = "", status: int = 200) -> Response:
    from gt_service.pages import render

    body = render.render("login.html", root="./", principal=None, values={"next": place, "error": error})
    headers = {**browser.security_headers(), "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
    return answer(body, status, headers)


def _moved(place: str, cookie: str) -> Response:
    return answer("", 303, {"Location": place, "Set-Cookie": cookie, "Cache-Control": "no-store"})


def _safe_place(place: str | None) -> str:
    """Where to go after signing in: a page of ours, relative to the API's root, or the list of campaigns."""
    return place if place and browser.is_own_place(place) else "campaigns"


def _is_https(request: Request) -> bool:
    """API Gateway always says https here; only the local stack, which has no TLS, says nothing."""
    return bool(request.headers.get("x-forwarded-proto") == "https")
