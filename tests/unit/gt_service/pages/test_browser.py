"""What a browser is answered, and what is refused."""

from __future__ import annotations

import pytest

from gt_service.pages import browser

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        pytest.param(CHROME, True, id="a browser gets the page"),
        pytest.param("*/*", False, id="curl and boto3 get JSON"),
        pytest.param(None, False, id="no header gets JSON"),
        pytest.param("application/json", False, id="who asks for JSON gets it"),
        pytest.param("application/json, text/html;q=0.5", False, id="the greater weight counts"),
        pytest.param("text/html;q=0, */*", False, id="html refused"),
        pytest.param("text/html;q=nonsense", False, id="a broken weight is none"),
    ],
)
def test_accept_decides_between_page_and_json(accept: str | None, html: bool) -> None:
    assert browser.prefers_html(accept) is html


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/", "./"),
        ("/campaigns", "./"),
        ("/campaigns/", "../"),
        ("/campaigns/birds", "../"),
        ("/campaigns/birds/images", "../../"),
        ("/jobs/birds-0001/", "../../"),
    ],
)
def test_links_lead_to_the_root_from_every_depth(path: str, root: str) -> None:
    """A wrong root breaks every link and style of a page behind a stage or a base path."""
    from urllib.parse import urljoin

    assert browser.relative_root(path) == root
    prefix = "https://host/restapis/ab12/api/_user_request_"
    assert urljoin(f"{prefix}{path}", f"{root}static/pages.css") == f"{prefix}/static/pages.css"


def test_cookie_keeps_the_token_from_scripts_and_other_sites() -> None:
    kept = browser.token_cookie("abc.DEF-123_~", secure=True)
    assert {"HttpOnly", "SameSite=Strict", "Secure"} <= set(kept.split("; "))
    assert "Path" not in kept
    assert browser.token_from_cookie(kept.split(";")[0]) == "abc.DEF-123_~"


@pytest.mark.parametrize("header", [None, "", "other=1", "gt-service-token=", "\x00;;="])
def test_no_token_in_the_cookie_is_none(header: str | None) -> None:
    assert browser.token_from_cookie(header) is None


@pytest.mark.parametrize("token", ["", "a b", "a;Path=/", "a\r\nSet-Cookie: x=1", "ü", "a" * 513])
def test_a_token_that_could_end_the_cookie_is_refused(token: str) -> None:
    assert not browser.is_safe_token(token)


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"gt-service-page": "1", "origin": "https://host", "host": "host"}, True),
        ({"gt-service-page": "1", "origin": "http://127.0.0.1:4566", "host": "127.0.0.1:4566"}, True),
        ({"gt-service-page": "1", "sec-fetch-site": "same-origin", "host": "host"}, True),
        ({"gt-service-page": "1", "origin": "https://evil", "host": "host"}, False),
        ({"gt-service-page": "1", "origin": "null", "host": "host"}, False),
        ({"gt-service-page": "1", "host": "host"}, False),
        ({"gt-service-page": "1", "sec-fetch-site": "same-site", "host": "host"}, False),
        ({"origin": "https://host", "host": "host"}, False),
    ],
)
def test_only_our_own_pages_may_change_things_with_the_cookie(headers: dict[str, str], own: bool) -> None:
    assert browser.is_own_request(headers) is own


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("campaigns", True),
        ("campaigns/birds", True),
        ("jobs/birds-0001", True),
        ("campaigns/birds/images", True),
        ("//evil.example", False),
        ("https://evil.example", False),
        ("campaigns/../../elsewhere", False),
        ("javascript:alert(1)", False),
        ("campaigns\n", False),
    ],
)
def test_signing_in_leads_nowhere_else(place: str, own: bool) -> None:
    assert browser.is_own_place(place) is own


def test_policy_allows_no_inline_script_or_style() -> None:
    policy = browser.security_headers(("https://bucket.s3.amazonaws.com",))["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "img-src 'self' data: https://bucket.s3.amazonaws.com" in policy
