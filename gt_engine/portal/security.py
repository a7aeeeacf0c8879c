"""What keeps the portal's pages and the pages of tasks apart, and strangers out."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request

from gt_service.errors import AccessDenied, GtServiceError
from gt_service.pages.browser import is_same_origin

PORTAL_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": forms would then be sent with the Origin "null", and no longer be known as our own.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FILE_HEADERS: Mapping[str, str] = {
    # Whatever a file turns out to be, opened by its address it has no script, no origin and no network.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The frame's origin is opaque: it asks as "null", without cookies, and may read nothing without this.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, max-age=3600",
}


def frame_headers(origin: str, elsewhere: Sequence[str] = ()) -> dict[str, str]:
    """Headers of a task's page. The sandbox stands here too, so that opening the page by its address is harmless.

    elsewhere: other origins that its images may come from.
    """
    images = " ".join((origin, *elsewhere))
    policy = (
        f"sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline' {origin}; "
        f"style-src 'unsafe-inline' {origin}; img-src {images} data: blob:; media-src {images} data: blob:; "
        f"font-src {origin} data:; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors {origin}"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def origin_of(request: Request, public_url: str) -> str:
    """Where browsers reach the portal: as configured, else as this request came.

    A Host header is taken at its word for addresses and localhost only: a name could be another site's, made to point
    here. Errors: `AccessDenied`.
    """
    host = request.headers.get("host", "")
    if urlsplit(public_url).netloc == host:
        return public_url
    name = urlsplit(f"//{host}").hostname or ""
    if name != "localhost" and _address(name) is None:
        raise AccessDenied(
            f"this engine is not known as {host!r}", remedy=f"Start it with --public-url https://{host}."
        )
    return f"{request.url.scheme}://{host}"


def address_of(request: Request) -> IPv4Address | IPv6Address | None:
    """From where a request comes; IPv4 as such, also where it came to a socket of IPv6. None: not by the internet."""
    address = _address(request.client.host if request.client else "")
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None


def check_own_request(request: Request) -> None:
    """Errors: `AccessDenied` for a change that does not come from one of the portal's own pages."""
    if not is_same_origin(request.headers):
        raise AccessDenied("this request does not come from the portal's own pages")


class TooManyRequests(GtServiceError):
    """Too many tries from one address."""

    code = "too_many_requests"
    status = 429


@dataclass
class RateLimit:
    """So many tries per address in so many seconds; in memory, so each process counts its own."""

    tries: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, list[float]] = field(default_factory=dict)

    def check(self, address: str) -> None:
        """Errors: `TooManyRequests`."""
        now = self.clock()
        if len(self._seen) > 10_000:
            # Of a copy: other threads count meanwhile.
            self._seen = {who: times for who, times in [*self._seen.items()] if times[-1] > now - self.seconds}
        times = [moment for moment in self._seen.get(address, ()) if moment > now - self.seconds]
        if len(times) >= self.tries:
            raise TooManyRequests("too many tries", remedy=f"Wait {int(self.seconds)} seconds.")
        self._seen[address] = [*times, now]


@dataclass(frozen=True)
class Signer:
    """Signs with one key what works for a while: addresses for one worker and one task, for what a task's frame loads
    brings no cookie; and words that a browser keeps. The same key must be known to all that answer them."""

    key: bytes = field(repr=False)

    def address(self, path: str, worker_id: str, expires: datetime) -> str:
        """`path` with whom it is for, until when, and the signature."""
        until = str(int(expires.timestamp()))
        signature = self._signature(path, worker_id, until)
        return f"{path}?{urlencode({'worker': worker_id, 'until': until, 'signature': signature})}"

    def worker_of(self, path: str, query: Mapping[str, str], now: datetime) -> str:
        """Whom a signed address is for. Errors: `AccessDenied` for one that is forged, changed or too old."""
        worker_id, until = query.get("worker", ""), query.get("until", "")
        self._check(query.get("signature", ""), now, path, worker_id, until)
        return worker_id

    def seal(self, text: str, expires: datetime) -> str:
        """Words that a browser may keep for the portal and cannot change. They are not secret to it."""
        until = str(int(expires.timestamp()))
        body = urlsafe_b64encode(text.encode()).decode()
        return f"{body}.{until}.{self._signature('seal', body, until)}"

    def open(self, sealed: str, now: datetime) -> str:
        """What was sealed. Errors: `AccessDenied` for what is forged, changed or too old."""
        body, _, rest = sealed.partition(".")
        until, _, signature = rest.partition(".")
        self._check(signature, now, "seal", body, until)
        return urlsafe_b64decode(body).decode()

    def _check(self, signature: str, now: datetime, *parts: str) -> None:
        """The last part says until when. Errors: `AccessDenied`."""
        if not hmac.compare_digest(self._signature(*parts).encode(), signature.encode()):
            raise AccessDenied("this is not what the portal gave out")
        if now.timestamp() >= int(parts[-1]) + 1:
            raise AccessDenied("this is too old", remedy="Load the page anew.")

    def _signature(self, *parts: str) -> str:
        return hmac.new(self.key, "\n".join(parts).encode(), sha256).hexdigest()
