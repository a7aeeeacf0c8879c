"""The status page: the API's routes as HTML where a browser asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from chalice.app import Request, Response

from chalicelib import access
from chalicelib.observability import logger
from chalicelib.page_data import URL_SECONDS, page_data
from chalicelib.sign_in import answer
from chalicelib.views import REPORTS, VIEWS, Address, View, Visit
from gt_service.errors import GtServiceError, NotFound, UnsupportedMedia
from gt_service.etags import etag, matches
from gt_service.pages import browser


def is_page(request: Request) -> bool:
    """Whether a request is answered with a page: a browser's GET on a route that has one."""
    wanted = request.method == "GET" and browser.prefers_html(request.headers.get("accept"))
    return wanted and (request.path in VIEWS or request.path in REPORTS)


def serve(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """In front of every HTTP route: who asks, then the page where a browser wants one, and the API otherwise."""
    if access.is_public(request):
        return _in_one_shape(get_response(request))
    try:
        principal = access.check(request, page_data().token)
    except GtServiceError as error:
        return access.refusal(request, error)
    if request.method not in access.READING:
        about = {"principal": principal["principalId"], "method": request.method, "path": access.address(request)}
        logger.info("change asked for", extra=about)
    # As if the gateway's authorizer had been asked, so that the API finds it in one place.
    request.context["authorizer"] = dict(principal)
    return _page(request, principal) if is_page(request) else _in_one_shape(get_response(request))


def _in_one_shape(answer: Response) -> Response:
    """Chalice looks at the body's type before any route does, and refuses it in words of its own."""
    if answer.status_code != UnsupportedMedia.status:
        return answer
    error = UnsupportedMedia("this route takes no body of this type", remedy="Send the Content-Type that it asks for.")
    return Response(error.as_dict(), status_code=error.status)


def _page(request: Request, principal: Mapping[str, str]) -> Response:
    """The page, or 304 where the browser has it already."""
    visit = Visit(request, page_data(), may_operate=principal["role"] == "operator")
    try:
        return _report(visit) if request.path not in VIEWS else _html(VIEWS[request.path](visit), visit, principal)
    except GtServiceError as error:
        log = logger.error if error.status >= 500 else logger.info
        log("page refused", extra={"path": request.path, "code": error.code, "error": error.message})
        return _html(_problem(error), visit, principal)
    except Exception:  # noqa: BLE001 - answered as a 500, with the cause in the log
        logger.exception("page failed", extra={"path": request.path})
        return _html(_problem(GtServiceError("The service failed; its log tells more.")), visit, principal)


def _problem(error: GtServiceError) -> View:
    heading = "Not found" if isinstance(error, NotFound) else "This did not work"
    values = {"heading": heading, "message": error.message, "remedy": error.remedy}
    return View("error.html", lambda _: values, status=error.status)


def _html(view: View, visit: Visit, principal: Mapping[str, str]) -> Response:
    from gt_service.pages import render

    who = render.Principal(principal["principalId"], principal["role"])
    root = browser.relative_root(access.address(visit.request))

    def html(address: Address) -> str:
        return render.render(view.template, root=root, principal=who, section=view.section, values=view.values(address))

    # Presigned addresses differ each time, so the tag is made from the page with the plain ones, and from the clock as
    # coarsely as these addresses live.
    body = html(str)
    period = int(datetime.now(UTC).timestamp()) // (URL_SECONDS // 2) if view.images else 0
    tag = etag(f"{period}\n{body}")
    origins = tuple(sorted({_origin(visit.data.presigned(image)) for image in view.images}))
    headers = {**browser.security_headers(origins, view.uploads_to and _origin(view.uploads_to)), "ETag": tag}
    if view.status == 200 and matches(visit.request.headers.get("if-none-match"), tag):
        return answer("", 304, headers)
    body = html(visit.data.presigned) if view.images else body
    return answer(body, view.status, {**headers, "Content-Type": "text/html; charset=utf-8"})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _report(visit: Visit) -> Response:
    """A cost report's own page, as it was written: it brings its styles with it and runs nothing."""
    headers = {
        **browser.security_headers(),
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
        "Content-Type": "text/html; charset=utf-8",
    }
    return answer(REPORTS[visit.request.path](visit), 200, headers)
