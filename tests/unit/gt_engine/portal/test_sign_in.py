"""Signing in: a link works once and only by its button, a session ends when somebody ends it, guessing is slow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.portal_client import Client
from tests.portal_world import PortalWorld
from tests.unit.gt_engine.portal.conftest import ORIGIN, Visitor

HTML = {"Accept": "text/html"}


def test_looking_at_a_link_uses_nothing_up(world: PortalWorld, visitor: Visitor) -> None:
    """Mail scanners open every link, by HEAD and by GET: the person must still get in."""
    link = f"/sign-in/{world.invitation('Ada')}"
    scanner, ada = visitor(), visitor()
    for _ in range(3):
        assert scanner.head(link).status_code == 200
        assert "Welcome, Ada" in scanner.get(link, headers=HTML).text
    assert not scanner.cookies
    assert ada.post(link, headers=HTML).headers["location"] == "/jobs"
    assert ada.get("/session").json()["name"] == "Ada"


def test_one_click_brings_the_first_task(world: PortalWorld, visitor: Visitor) -> None:
    """Who labels a folder has one job; a list of one is a click for nothing."""
    world.add_job("birds-0001", count=1)

    def place(name: str) -> str:
        return visitor().post(f"/sign-in/{world.invitation(name)}", headers=HTML).headers["location"]

    assert place("Ada") == "/jobs/birds-0001"
    world.add_job("birds-0002", count=1)
    assert place("Grace") == "/jobs"


def test_a_link_works_once(world: PortalWorld, visitor: Visitor) -> None:
    link = f"/sign-in/{world.invitation()}"
    assert visitor().post(link, headers=HTML).status_code == 303
    second = visitor().post(link, headers=HTML)
    assert second.status_code == 410
    assert "does not work any more" in second.text


def test_an_old_link_is_refused(world: PortalWorld, visitor: Visitor) -> None:
    link = f"/sign-in/{world.invitation()}"
    world.clock.ahead = timedelta(hours=25)
    assert visitor().get(link, headers=HTML).status_code == 410
    assert visitor().post(link).status_code == 404


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(world: PortalWorld, visitor: Visitor) -> None:
    cookie = visitor().post(f"/sign-in/{world.invitation()}", headers=HTML).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie


def test_with_tls_the_cookie_has_the_guarded_name(world: PortalWorld) -> None:

    world.portal = replace(world.portal, public_url="https://labels.example.org")
    client = Client(world.app(), "https://labels.example.org")
    answer = client.post(f"/sign-in/{world.invitation()}", headers=HTML)
    assert answer.headers["set-cookie"].startswith("__Host-gt-session=")
    assert "Secure" in answer.headers["set-cookie"]
    assert client.get("/session").status_code == 200


def test_a_session_slides_and_ends(world: PortalWorld, visitor: Visitor) -> None:
    ada = visitor("Ada")
    for hours in (11, 22, 33):
        world.clock.ahead = timedelta(hours=hours)
        assert ada.get("/session").status_code == 200
    world.clock.ahead = timedelta(hours=46)
    assert ada.get("/session").status_code == 401


def test_signing_out_ends_the_session_on_the_server(world: PortalWorld, visitor: Visitor) -> None:
    ada = visitor("Ada")
    stolen = visitor()
    stolen.cookies.set("gt-session", ada.cookies["gt-session"])
    assert ada.post("/sign-out").status_code == 303
    assert stolen.get("/session").status_code == 401


def test_a_disabled_worker_is_out_with_the_next_request(world: PortalWorld, visitor: Visitor) -> None:
    ada = visitor("Ada")
    world.members.disable(ada.get("/session").json()["worker"])
    assert ada.get("/session").status_code == 401


def test_guessing_links_is_slow(visitor: Visitor) -> None:
    guesser, other = visitor(address="10.0.0.1"), visitor(address="10.0.0.2")
    world_is_local = {"Host": "127.0.0.1"}
    statuses = [
        guesser.post(f"/sign-in/{n}", headers={**world_is_local, "Origin": "http://127.0.0.1"}).status_code
        for n in range(12)
    ]
    assert statuses[-1] == 429
    assert other.post("/sign-in/x").status_code != 429


def test_from_another_machine_signing_in_needs_tls(world: PortalWorld, visitor: Visitor) -> None:
    """Whoever listens on the network would have the session."""
    link = f"/sign-in/{world.invitation()}"
    refused = visitor(address="192.168.1.7").get(link, headers=HTML)
    assert refused.status_code == 403
    assert "needs HTTPS" in refused.text
    world.portal = replace(world.portal, insecure_sign_in=True)
    assert visitor(address="192.168.1.7").get(link, headers=HTML).status_code == 200


def test_signing_in_leads_to_pages_of_the_portal_only(visitor: Visitor) -> None:
    ada = visitor("Ada")
    assert ada.get("/sign-in?next=/me").headers["location"] == "/me"
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "/jobs/../x", "javascript:alert(1)"):
        assert ada.get("/sign-in", params={"next": place}).headers["location"] == "/jobs"


def test_a_page_without_a_session_leads_to_signing_in(visitor: Visitor) -> None:
    answer = visitor().get("/me", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fme")


def test_a_name_that_is_not_ours_is_refused(visitor: Visitor) -> None:
    """Another site's name may be made to point at this machine (DNS rebinding)."""
    assert visitor().get("/jobs", headers={"Host": "evil.example"}).status_code == 403
    assert ORIGIN.endswith("localhost")


def test_the_log_tells_who_signed_in_and_no_token(
    world: PortalWorld, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    token = world.invitation("Ada")
    visitor().post(f"/sign-in/{token}")
    visitor().post(f"/sign-in/{token}")
    records = [(record.message, vars(record)) for record in caplog.records if record.name.startswith("gt_engine")]
    assert [message for message, _ in records] == ["signed in", "refused"]
    assert records[1][1]["route"] == "POST /sign-in/{token}"
    assert token not in str(records)
