"""OpenID Connect with a workforce's identity provider (OidcConfig): the authorization code flow with PKCE.

What a provider says is checked before it is believed: signature by its own keys, issuer, audience, time, and the nonce
of this very sign-in. Claims: developer guide, sms-workforce-create-private-oidc.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gt_engine.portal.provider import REDIRECT_PATH, Attempt
from gt_engine.workforce.members import Identity
from gt_service.errors import AccessDenied, NotReady

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
MAX_GROUPS = 10
MAX_GROUP = 63
_PATIENCE = 10  # seconds for an answer of the provider
_LEEWAY = 60  # seconds that its clock may differ


def authorization_url(config: Mapping[str, Any], origin: str, attempt: Attempt) -> str:
    """Where the provider asks the person."""
    extra = dict(config.get("AuthenticationRequestExtraParams") or {})
    with _session(config, origin) as session:
        url, _ = session.create_authorization_url(
            config["AuthorizationEndpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
            **extra,
        )
    return str(url)


def identify(
    config: Mapping[str, Any], origin: str, attempt: Attempt, query: Mapping[str, str], now: datetime
) -> Identity:
    """Who came back from the provider.

    Errors: `AccessDenied` where the answer is not to this attempt, is not the provider's, or lacks a claim;
    `NotReady` where the provider does not answer.
    """
    if not secrets.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
        raise AccessDenied("this answer belongs to another sign-in", remedy="Sign in again.")
    if "error" in query or "code" not in query:
        raise AccessDenied("the identity provider refused the sign-in", remedy="Sign in again.")
    try:
        with _session(config, origin) as session:
            token = session.fetch_token(
                config["TokenEndpoint"],
                grant_type="authorization_code",
                code=query["code"],
                code_verifier=attempt.verifier,
                timeout=_PATIENCE,
            )
            claims = _checked(config, str(token.get("id_token", "")), attempt.nonce, now)
            if _claim(claims, "groups") is None:
                answer = session.get(config["UserInfoEndpoint"], timeout=_PATIENCE)
                answer.raise_for_status()
                claims = _joined(claims, answer.json())
    except (AuthlibBaseError, JoseError, ValueError) as error:
        raise AccessDenied(f"the identity provider's answer is not valid: {error}") from error
    except requests.RequestException as error:
        raise NotReady("the identity provider does not answer", remedy="Try again in a minute.") from error
    return _identity(claims, str(config["Issuer"]))


def _session(config: Mapping[str, Any], origin: str) -> OAuth2Session:
    return OAuth2Session(
        config["ClientId"],
        config["ClientSecret"],
        scope=config.get("Scope") or "openid",
        redirect_uri=origin + REDIRECT_PATH,
        code_challenge_method="S256",
    )


def _checked(config: Mapping[str, Any], id_token: str, nonce: str, now: datetime) -> dict[str, Any]:
    answer = requests.get(config["JwksUri"], timeout=_PATIENCE)
    answer.raise_for_status()
    claims = jwt.decode(id_token, KeySet.import_key_set(answer.json()), algorithms=ALGORITHMS).claims
    rules = jwt.JWTClaimsRegistry(
        now=lambda: int(now.timestamp()),
        leeway=_LEEWAY,
        iss={"essential": True, "value": config["Issuer"]},
        aud={"essential": True, "value": config["ClientId"]},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    rules.validate(claims)
    return dict(claims)


def _joined(claims: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Claims with those of the user info, which must be about the same person (OpenID Connect Core 5.3.2)."""
    if more.get("sub") != claims.get("sub"):
        raise ValueError("the user info is about somebody else")
    return {**more, **claims}


def _identity(claims: Mapping[str, Any], issuer: str) -> Identity:
    """The person in a provider's claims. Errors: `AccessDenied` that names a claim."""
    said = _claim(claims, "groups")
    groups = [said] if isinstance(said, str) else said
    if not isinstance(groups, list) or not groups or len(groups) > MAX_GROUPS:
        raise AccessDenied(f"the claim sagemaker:groups must be one group or a list of 1 to {MAX_GROUPS}")
    if not all(isinstance(group, str) and 0 < len(group) <= MAX_GROUP for group in groups):
        raise AccessDenied(f"a group in sagemaker:groups must have 1 to {MAX_GROUP} characters")
    sub = _claim(claims, "sub") or claims.get("sub")
    name = _claim(claims, "name") or claims.get("name") or sub
    if not isinstance(sub, str) or not sub or not isinstance(name, str):
        raise AccessDenied("the claim sagemaker:sub is missing")
    email = claims.get("email")
    return Identity(issuer, sub, name, frozenset(groups), email if isinstance(email, str) else None)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Providers that take no colon in a name write a hyphen."""
    return claims.get(f"sagemaker:{name}", claims.get(f"sagemaker-{name}"))
