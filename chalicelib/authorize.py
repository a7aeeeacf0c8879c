"""Who may call the HTTP API: bearer tokens, known by their digest, with the role viewer or operator."""

from __future__ import annotations

from chalice.app import AuthRequest, AuthResponse, AuthRoute, Blueprint

from chalicelib import wiring
from chalicelib.observability import logger

blueprint = Blueprint(__name__)

_ALLOWED = {
    "viewer": AuthRoute("*", methods=["GET"]),
    "operator": AuthRoute("*", methods=["GET", "PUT", "POST"]),
}


@blueprint.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """What the bearer of this token may do; nothing where it is unknown or has expired."""
    scheme, _, bearer = request.token.partition(" ")
    token = wiring.store().tokens.find(bearer.strip(), wiring.now()) if scheme.lower() == "bearer" else None
    if token is None or token.role not in _ALLOWED:
        logger.warning("access refused", extra={"resource": request.method_arn})
        return AuthResponse(routes=[], principal_id="unknown")
    return AuthResponse(routes=[_ALLOWED[token.role]], principal_id=token.principal, context={"role": token.role})
