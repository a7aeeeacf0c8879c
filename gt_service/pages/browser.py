"""What a browser needs besides the page: which answer it wants, where links start, headers, the cookie."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

COOKIE = "gt-service-token"
# Sent by the pages' own script with every change. Another site cannot send it: a custom header makes the browser ask
# first, and the API answers no such question (no CORS).
PAGE_HEADER = "gt-service-page"
COOKIE_SECONDS = 12 * 3600


def prefers_html(accept: str | None) -> bool:
    """Whether the Accept header names HTML above JSON. Tools (curl, boto3, `*/*`) get JSON; browsers name text/html."""
    weights = dict(_weighted(accept or ""))
    html = max(weights.get("text/html", 0.0), weights.get("application/xhtml+xml", 0.0))
    return html > 0 and html >= weights.get("application/json", 0.0)


def _weighted(accept: str) -> list[tuple[str, float]]:
    types = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        types.append((name, float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 0.0))
    return types


def relative_root(path: str) -> str:
    """The way from a page back to the API's root as a relative link: "../../" from /campaigns/birds/jobs.

    Relative because the function never sees the whole of its address: API Gateway puts the stage in front of the path,
    a custom domain a base path, the local stack `/restapis/<id>/<stage>/_user_request_`. The browser knows them all.
    """
    return "../" * (path.strip("/").count("/") + (path != "/" and path.endswith("/"))) or "./"


def security_headers(image_origins: tuple[str, ...] = (), upload_origin: str | None = None) -> dict[str, str]:
    """Headers of every page. `image_origins` are where the presigned images are fetched from (`https://host[:port]`),
    `upload_origin` is where files are sent to."""
    images = " ".join(("'self'", "data:", *image_origins))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": images,
        "connect-src": " ".join(("'self'", *filter(None, (upload_origin,)))),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        # The answer differs by who asks and for what; it may be kept, but only if asked for again (If-None-Match).
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Cookie",
    }


def token_from_cookie(header: str | None) -> str | None:
    """The bearer token that the login page stored, from a Cookie header; None where there is none."""
    try:
        morsel = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None


def token_cookie(token: str, *, secure: bool, seconds: int = COOKIE_SECONDS) -> str:
    """The Set-Cookie header that keeps `token` (forgets it where `seconds` is 0).

    It names no Path: the browser then takes the folder of the address it logged in at, which is the API's root with
    whatever stands in front of it (see `relative_root`).
    """
    flags = "; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")
    return f"{COOKIE}={token}; Max-Age={seconds}{flags}"


def is_safe_token(token: str) -> bool:
    """Whether `token` may stand in a cookie as it is: the token alphabet of RFC 6750, and no longer than 512."""
    return re.fullmatch(r"[A-Za-z0-9._~+/-]{1,512}=*", token) is not None


def is_own_request(headers: Mapping[str, str]) -> bool:
    """Whether a change asked for with the cookie comes from one of our own pages. headers: found in lower case.

    Three locks, any one of which stops another site: the cookie is SameSite=Strict, the page's script sends
    `PAGE_HEADER`, and the Origin, which no script can forge, must be the host that was asked.
    """
    return bool(headers.get(PAGE_HEADER)) and is_same_origin(headers)


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether Origin (or, where a browser leaves it out, Sec-Fetch-Site) says that the page is of this very host."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    # The gateway says which scheme it was asked with; only the local stack says nothing.
    is_same_scheme = parts.scheme == headers.get("x-forwarded-proto", parts.scheme)
    return is_same_scheme and parts.netloc != "" and parts.netloc == headers.get("host")


def is_own_place(place: str) -> bool:
    """Whether `place` is a page of ours, relative to the API's root, and can lead nowhere else."""
    return re.fullmatch(r"(campaigns|jobs|estimates|new-campaign)(/[A-Za-z0-9-]+){0,2}", place) is not None
