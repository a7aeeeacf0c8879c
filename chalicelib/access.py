"""Who asks: one check in front of every route, for tokens in the Authorization header and in the pages' cookie.

Machines may sign with AWS credentials instead, on the same routes below `SIGNED`: there the gateway asks IAM.

API Gateway's token authorizer reads the Authorization header alone, and a browser's cookie cannot become one without a
script that could read the token. So routes that browsers use have no authorizer at the gateway, and the same check is
made here. Routes that have one arrive with its answer, which only the gateway can write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint, Request, Response

from chalicelib import wiring
from chalicelib.observability import logger
from gt_service.errors import AccessDenied, GtServiceError, Unauthenticated
from gt_service.pages import browser
from gt_service.records import Token
from gt_service.routes import route_at

blueprint = Blueprint(__name__)

READING = frozenset({"GET", "HEAD"})
ROLES = {
    "viewer": AuthRoute("*", methods=["GET"]),
    "operator": AuthRoute("*", methods=["GET", "PUT", "POST"]),
}
"""With what the gateway lets each of them ask for."""

SIGNED = "/iam"
"""Before the routes that the gateway opens to requests signed with SigV4, as far as the signer's IAM policies go."""


def is_public(request: Request) -> bool:
    """Whether nobody is asked who they are."""
    return not request.path.startswith(f"{SIGNED}/") and route_at(request.method, request.path).needs == "anybody"


def check(request: Request, find: Callable[[str, datetime], Token | None]) -> Mapping[str, str]:
    """Who asks, as the gateway's authorizer would say it: `principalId` and `role`. find: looks a bearer token up.

    Errors: `Unauthenticated`; `AccessDenied` for a viewer who would change something, for a change that another site
    asked a browser for, and for what is not signed where only signed requests may come.
    """
    if request.path.startswith(f"{SIGNED}/"):
        return _signer(request)
    authorizer = request.context.get("authorizer")
    if authorizer and authorizer.get("principalId"):
        return _allowed(request, {"principalId": authorizer["principalId"], "role": str(authorizer.get("role", ""))})
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    bearer = given.strip() if scheme.lower() == "bearer" else None
    # A header that is there decides, also an empty one: else it would lift the check of who asks with a cookie.
    token = bearer if bearer is not None else browser.token_from_cookie(request.headers.get("cookie"))
    principal = find(token, datetime.now(UTC)) if token and browser.is_safe_token(token) else None
    if principal is None and bearer:
        # As the gateway's authorizer answers on the routes that it guards.
        raise AccessDenied("this token is unknown or has expired", remedy="Ask for a new one.")
    if principal is None:
        raise Unauthenticated(
            "this needs an access token that is known and has not expired",
            remedy="Send it as `Authorization: Bearer …`, or sign in at /login.",
        )
    if bearer is None and request.method not in READING and not browser.is_own_request(request.headers):
        raise AccessDenied(
            "a change was asked for with the pages' cookie, but not by one of the pages",
            remedy="Use the page's own buttons, or send the token in the Authorization header.",
        )
    return _allowed(request, {"principalId": principal.principal, "role": principal.role})


def _signer(request: Request) -> Mapping[str, str]:
    """By ARN, who signed the request. What they may do here is in their IAM policies, and the gateway has read them.

    Only a gateway that did so names the signer: one that checks no signatures opens nothing.
    """
    identity = request.context.get("identity") or {}
    if not (identity.get("userArn") and identity.get("accessKey")):
        raise AccessDenied(
            "this takes requests that are signed with AWS credentials, and no others",
            remedy=f"Sign it for the service execute-api, or send a token and leave {SIGNED} out of the address.",
        )
    return {"principalId": identity["userArn"], "role": "iam"}


def _allowed(request: Request, principal: Mapping[str, str]) -> Mapping[str, str]:
    if principal["role"] not in ROLES:
        raise AccessDenied(f"the role {principal['role']!r} may do nothing here")
    if route_at(request.method, request.path).needs == "operator" and principal["role"] != "operator":
        raise AccessDenied("viewers may look, not change", remedy="Ask for a token with the role operator.")
    return principal


def refusal(request: Request, error: GtServiceError) -> Response:
    """A refused request, logged; a person's browser is sent to the sign-in page."""
    identity = request.context.get("identity") or {}
    about = {"code": error.code, "method": request.method, "path": request.path, "source_ip": identity.get("sourceIp")}
    logger.warning("request refused", extra=about)
    is_poll = request.headers.get("hx-request") is not None
    if isinstance(error, Unauthenticated) and browser.prefers_html(request.headers.get("accept")) and not is_poll:
        path = address(request)
        place = browser.relative_root(path) + "login?next=" + quote(path.strip("/"), safe="/")
        return Response("", status_code=303, headers={"Location": place, "Cache-Control": "no-store"})
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(error.as_dict(), status_code=error.status, headers=headers)


def address(request: Request) -> str:
    """The address that was asked for, below the API's root and as deep as the browser sees it."""
    path = request.path.format(**(request.uri_params or {}))
    return path + "/" if str(request.context.get("path", "")).endswith("/") and path != "/" else path


@blueprint.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """What the bearer of this token may do; nothing where it is unknown or has expired."""
    scheme, _, bearer = request.token.partition(" ")
    token = wiring.store().tokens.find(bearer.strip(), wiring.now()) if scheme.lower() == "bearer" else None
    if token is None or token.role not in ROLES:
        logger.warning("access refused", extra={"resource": request.method_arn})
        return AuthResponse(routes=[], principal_id="unknown")
    return AuthResponse(routes=[ROLES[token.role]], principal_id=token.principal, context={"role": token.role})
