"""Signing in by an identity provider: its people get in, with its groups; what is forged, old or another's does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gt_engine.workforce.teams import Workforce
from tests.identity_provider import IdentityProvider, rsa_key
from tests.portal_client import Client
from tests.portal_world import PortalWorld
from tests.unit.gt_engine.portal.conftest import Visitor
from tests.waiting import PATIENCE

GROUPS = {"sagemaker:groups": ["birders"], "sagemaker:name": "Ada L.", "sagemaker:sub": "ada-1"}


@pytest.fixture
def provider(world: PortalWorld) -> Iterator[IdentityProvider]:
    with IdentityProvider(claims=dict(GROUPS)).served() as served:
        now = world.clock()
        world.workforce = Workforce("default", "arn", now, now, oidc=served.config)
        yield served


def sign_in(client: Client, **changed: str) -> httpx.Response:
    """There and back; `changed`: of what the provider sends back by the browser."""
    there = client.get("/sign-in/with-provider?next=/me").headers["location"]
    back = urlsplit(httpx.get(there, follow_redirects=False, timeout=PATIENCE).headers["location"])
    query = {name: values[0] for name, values in parse_qs(back.query).items()}
    return client.get(back.path, params={**query, **changed})


def test_people_of_the_provider_get_in_with_its_groups(
    world: PortalWorld, visitor: Visitor, provider: IdentityProvider
) -> None:
    world.add_job()
    ada = visitor()
    assert "Sign in with your organization" in ada.get("/sign-in").text
    assert sign_in(ada).headers["location"] == "/me"
    assert ada.get("/session").json()["name"] == "Ada L."
    assert "Draw a box" in ada.get("/jobs").text
    (worker,) = world.members.workers()
    assert (worker.sub, worker.issuer) == ("ada-1", provider.url)
    asked, exchanged = provider.asked
    assert asked["code_challenge_method"] == "S256"
    assert exchanged["code_verifier"]


def test_groups_are_those_of_each_sign_in(world: PortalWorld, visitor: Visitor, provider: IdentityProvider) -> None:
    world.add_job()
    sign_in(visitor())
    provider.claims["sagemaker:groups"] = "fishers"
    ada = visitor()
    sign_in(ada)
    assert "No work right now" in ada.get("/jobs").text
    assert len(world.members.workers()) == 1


def test_claims_may_come_from_the_user_info_and_with_hyphens(
    world: PortalWorld, visitor: Visitor, provider: IdentityProvider
) -> None:
    provider.claims = {}
    provider.user_info = {"sagemaker-groups": ["birders"], "name": "Ada"}
    sign_in(visitor())
    (worker,) = world.members.workers()
    assert (worker.name, worker.groups) == ("Ada", {"birders"})


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "others"},
    "too old": {"exp": int(time.time()) - 3600},
    "no end": {"exp": None},
    "another sign-in": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "no groups": {"sagemaker:groups": None},
    "too many groups": {"sagemaker:groups": ["g"] * 11},
    "groups that are none": {"sagemaker:groups": [1]},
    "a long group": {"sagemaker:groups": ["g" * 64]},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_is_not_right_is_refused(
    world: PortalWorld, visitor: Visitor, provider: IdentityProvider, lie: dict[str, Any]
) -> None:
    provider.claims |= lie
    ada = visitor()
    assert sign_in(ada).status_code == 403
    assert ada.get("/session").status_code == 401
    assert world.members.workers() == []


def test_a_token_signed_by_somebody_else_is_refused(visitor: Visitor, provider: IdentityProvider) -> None:
    provider.signs_with = rsa_key("a stranger's")
    assert sign_in(visitor()).status_code == 403


def test_user_info_about_somebody_else_is_refused(visitor: Visitor, provider: IdentityProvider) -> None:
    provider.claims = {}
    provider.user_info = {"sub": "eve", "sagemaker:groups": ["birders"]}
    assert sign_in(visitor()).status_code == 403


def test_an_answer_to_another_sign_in_is_refused(visitor: Visitor, provider: IdentityProvider) -> None:
    """Else a stranger's account could be slipped into somebody's browser."""
    assert sign_in(visitor(), state="guessed").status_code == 403
    there = visitor().get("/sign-in/with-provider").headers["location"]
    back = urlsplit(httpx.get(there, follow_redirects=False, timeout=PATIENCE).headers["location"])
    assert visitor().get(f"{back.path}?{back.query}").status_code == 403


def test_a_sign_in_that_took_too_long_is_refused(
    world: PortalWorld, visitor: Visitor, provider: IdentityProvider
) -> None:
    ada = visitor()
    there = ada.get("/sign-in/with-provider").headers["location"]
    back = urlsplit(httpx.get(there, follow_redirects=False, timeout=PATIENCE).headers["location"])
    world.clock.ahead = timedelta(minutes=11)
    assert ada.get(f"{back.path}?{back.query}").status_code == 403


def test_a_disabled_worker_does_not_get_in(world: PortalWorld, visitor: Visitor, provider: IdentityProvider) -> None:
    sign_in(visitor())
    world.members.disable(world.members.workers()[0].worker_id)
    assert sign_in(visitor()).status_code == 404


def test_a_provider_that_does_not_answer_is_told_as_such(world: PortalWorld, visitor: Visitor) -> None:
    with IdentityProvider(claims=dict(GROUPS)).served() as provider:
        now = world.clock()
        world.workforce = Workforce("default", "arn", now, now, oidc=provider.config)
        ada = visitor()
        there = ada.get("/sign-in/with-provider").headers["location"]
        back = urlsplit(httpx.get(there, follow_redirects=False, timeout=PATIENCE).headers["location"])
    assert ada.get(f"{back.path}?{back.query}").status_code == 503


def test_without_a_provider_there_is_no_such_way(visitor: Visitor) -> None:
    assert visitor().get("/sign-in/with-provider").status_code == 404


def test_only_addresses_of_the_workforce_get_an_answer(world: PortalWorld, visitor: Visitor) -> None:
    now = world.clock()
    world.workforce = Workforce("default", "arn", now, now, cidrs=("10.0.0.0/8", "fd00::/8"))
    assert visitor(address="10.1.2.3").get("/sign-in").status_code == 200
    assert visitor(address="fd00::1").get("/sign-in").status_code == 200
    assert visitor(address="::ffff:10.1.2.3").get("/sign-in").status_code == 200  # to a socket of IPv6
    for elsewhere in ("11.0.0.1", "::ffff:11.0.0.1", "unix socket"):
        assert visitor(address=elsewhere).get("/sign-in").status_code == 404
