"""Who somebody is in the words of an identity provider, and a sign-in that is under way. Pure.

Claims: developer guide, sms-workforce-create-private-oidc.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from gt_engine.workforce.members import Identity
from gt_service.errors import AccessDenied

REDIRECT_PATH = "/oauth2/idpresponse"
SIGN_IN_LIFETIME = timedelta(minutes=10)
MAX_GROUPS = 10
MAX_GROUP = 63


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


def identity(claims: Mapping[str, Any], issuer: str) -> Identity:
    """The person in a provider's claims. Errors: `AccessDenied` that names a claim."""
    said = claim(claims, "groups")
    groups = [said] if isinstance(said, str) else said
    if not isinstance(groups, list) or not groups or len(groups) > MAX_GROUPS:
        raise AccessDenied(f"the claim sagemaker:groups must be one group or a list of 1 to {MAX_GROUPS}")
    if not all(isinstance(group, str) and 0 < len(group) <= MAX_GROUP for group in groups):
        raise AccessDenied(f"a group in sagemaker:groups must have 1 to {MAX_GROUP} characters")
    sub = claim(claims, "sub") or claims.get("sub")
    name = claim(claims, "name") or claims.get("name") or sub
    if not isinstance(sub, str) or not sub or not isinstance(name, str):
        raise AccessDenied("the claim sagemaker:sub is missing")
    email = claims.get("email")
    return Identity(issuer, sub, name, frozenset(groups), email if isinstance(email, str) else None)


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """Providers that take no colon in a name write a hyphen."""
    return claims.get(f"sagemaker:{name}", claims.get(f"sagemaker-{name}"))
