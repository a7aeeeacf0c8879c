"""The two steps of signing in by an identity provider: there, and back.

The protocol's libraries are read when somebody signs in this way: time that no other start need spend.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import RedirectResponse, Response

from gt_engine.portal.calls import Call
from gt_engine.portal.sign_in import begin, check_way, own_place
from gt_service.errors import AccessDenied, NotFound

REDIRECT_PATH = "/oauth2/idpresponse"
SIGN_IN_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Attempt:
    """One sign-in under way. The browser keeps it, signed, so that nobody else's answer can be slipped in."""

    state: str
    nonce: str
    verifier: str
    place: str

    @classmethod
    def new(cls, place: str) -> Attempt:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), place)

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Attempt:
        return cls(**json.loads(text))


def leave_for(call: Call) -> Response:
    """GET /sign-in/with-provider: on to the provider's own page."""
    from gt_engine.portal.oidc import authorization_url

    call.portal.looks.check(call.client)
    check_way(call)
    attempt = Attempt.new(own_place(call.request.query_params.get("next", "")))
    response = RedirectResponse(authorization_url(_config(call), call.origin, attempt), 303)
    sealed = call.portal.signer.seal(attempt.dump(), call.now + SIGN_IN_LIFETIME)
    call.set_cookie(response, _cookie(call), sealed, SIGN_IN_LIFETIME)
    return response


def come_back(call: Call) -> Response:
    """GET /oauth2/idpresponse: the provider's answer, by way of the browser."""
    from gt_engine.portal.oidc import identify

    call.portal.sign_ins.check(call.client)
    check_way(call)
    sealed = call.request.cookies.get(_cookie(call), "")
    try:
        attempt = Attempt.load(call.portal.signer.open(sealed, call.now))
    except AccessDenied:
        raise AccessDenied("this sign-in was not begun here, or it took too long", remedy="Sign in again.") from None
    person = identify(_config(call), call.origin, attempt, call.request.query_params, call.now)
    session = call.portal.members.sign_in_with(person, call.now)
    response = begin(call, session, RedirectResponse(attempt.place, 303))
    call.delete_cookie(response, _cookie(call))
    return response


def _config(call: Call) -> Mapping[str, Any]:
    workforce = call.portal.workforce()
    if workforce is None or workforce.oidc is None:
        raise NotFound("this workforce has no identity provider", remedy="Ask for a link.")
    return workforce.oidc


def _cookie(call: Call) -> str:
    return "__Host-gt-sign-in" if call.is_secure else "gt-sign-in"
