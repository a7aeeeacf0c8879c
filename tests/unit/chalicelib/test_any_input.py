"""Whatever is asked, the answer is a plain one: no route fails over what a caller sent.

A 500 tells an operator of a fault of ours, counts as one in the alarms, and leaves the caller without a word. The
table behind is as strict about keys as DynamoDB.
"""

from __future__ import annotations

import base64
import json
import warnings
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from chalice.test import Client, HTTPResponse
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from gt_service.openapi import OPERATIONS
from gt_service.records import Token
from gt_service.store.notifications import Notifications
from gt_service.store.tokens import digest
from tests.world import REGION, World, spec_document

DEEP = "[" * 5_000
DIGITS = "9" * 5_000
KNOWN = ("birds", "birds-0001")

some = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def asked(client: Client, wired: World, monkeypatch: pytest.MonkeyPatch) -> Asked:
    soon = wired.now() + timedelta(days=3650)
    for role in ("viewer", "operator"):
        wired.store.tokens.add(Token(digest(f"gts_{role}"), f"a {role}", role, soon))
    log = Notifications("notifications", REGION)
    log._items.create_table(wait=True)
    monkeypatch.setattr(wiring, "notifications", lambda: log)
    monkeypatch.setattr(wiring, "settings", lambda: SimpleNamespace(deployment=wired.deployment))
    wired.campaign()
    wired.images(5)
    wired.advance()
    return Asked(client)


class Asked:
    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> HTTPResponse:
        sent = {"Authorization": "Bearer gts_operator", "Content-Type": "application/json", **headers}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metrics without values
            answer = self._client.http.request(method.upper(), path, headers=sent, body=body)
        assert answer.status_code < 500, (method, path[:200], answer.body[:300])
        return answer


def token(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


NAMES = st.sampled_from(KNOWN) | st.sampled_from(["a-" + DIGITS, "a" * 3000, "-", "a-0001-r" + DIGITS, "birds-٠٠٠١"])
ANY_NAMES = NAMES | st.text(min_size=1, max_size=60)
VALUES = (
    st.text(max_size=40)
    | st.sampled_from(
        [
            DIGITS,
            "-1",
            "inf",
            "NaN",
            "1e999",
            "\x00",
            "é" * 600,
            token([1e999, "rejected", "k"]),
            token([0, "batch#0001", "birds/images/0001.png"]),
            token([0, None, None]),
            token([[0], {}, True]),
            token([99, "rejected", "k"]),
            token([0, "rejected", "k" * 3000]),
            token([0, "rejected", "\ud800"]),
            token(None),
            base64.urlsafe_b64encode(DEEP.encode()).decode(),
            base64.urlsafe_b64encode(b"\xff\xfe").decode(),
            base64.urlsafe_b64encode(b"x" * 3000).decode(),
            "1E+999999",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
        ]
    )
    | st.tuples(st.integers(-1, 20) | st.floats(), st.text(max_size=20), st.text(max_size=20)).map(token)
)
PARAMETERS = sorted({parameter.name for operation in OPERATIONS for parameter in operation.query} | {"hx-request"})
QUERIES = st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=3)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SPECS = st.dictionaries(st.sampled_from([*sorted(spec_document()), "budget", "price_per_task"]), _JSON, max_size=3)
BODIES = (
    st.binary(max_size=60)
    | _JSON.map(lambda value: json.dumps(value).encode())
    | SPECS.map(lambda changes: json.dumps(spec_document() | changes).encode())
    | st.builds(
        lambda objects, spec, campaign: json.dumps({"objects": objects, "spec": spec, "campaign": campaign}).encode(),
        _JSON | st.just(10),
        SPECS.map(lambda changes: {"name": "birds", **spec_document(), **changes}) | _JSON,
        st.none() | st.text(max_size=20) | st.just("birds"),
    )
    | st.sampled_from(
        [
            DEEP.encode(),
            b'{"objects": 5, "spec": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
            b'{"objects": ' + DIGITS.encode() + b"}",
            b'{"objects": 10000000, "spec": '
            + json.dumps(spec_document() | {"name": "x", "batch": {"size": 1}}).encode()
            + b"}",
            b"token=%ff%fe&next=%00",
            b"token=" + b"x" * 10_000,
            b"\xff\xfe",
        ]
    )
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.sampled_from(
            ["", "Bearer", "Bearer ", "Bearer \xa0", "Basic x", "Bearer gts_viewer", "Bearer " + "x" * 5000, "Bearer é"]
        ),
        "Accept": st.sampled_from(["text/html", "*/*", "application/json;q=x", "", "text/html;q=0.1;q=9"]),
        "Content-Type": st.sampled_from(["application/yaml", "text/xml", "", "application/x-www-form-urlencoded"]),
        "Cookie": st.sampled_from(["gt-service-token=gts_operator", "gt-service-token=\x1f", 'a="', "é"]),
        "Origin": st.sampled_from(["https://evil.example", "null", "http://[::1", "https://"]),
        "Idempotency-Key": st.sampled_from(["k", "é", "", "k" * 300]),
        "If-None-Match": st.sampled_from(["*", '"', "W/", "é"]),
    },
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_no_route_fails_over_what_is_asked(operation: Any, asked: Asked) -> None:
    @some
    @example("birds", {"NextToken": token([1e999, "rejected", "k"])}, DEEP.encode(), {})
    @example("birds-" + DIGITS, {"objects": DIGITS}, b"", {"Accept": "text/html"})
    @given(ANY_NAMES, QUERIES, BODIES, HEADERS)
    def ask(name: str, query: dict[str, str], body: bytes, headers: dict[str, str]) -> None:
        path = operation.path.replace("{name}", quote(name, safe="", errors="replace"))
        if query:
            path += "?" + urlencode(query, errors="replace")
        asked(operation.method, path, b"" if operation.method == "get" else body, **headers)

    ask()


@pytest.mark.parametrize("bearer", ["Bearer ", "Bearer \xa0", "Bearer \x1f", "bearer"])
def test_an_empty_header_lifts_no_check_of_who_asks_with_a_cookie(asked: Asked, bearer: str) -> None:
    """Another site could send it along with the browser's cookie."""
    answer = asked(
        "POST",
        "/campaigns/birds/pause",
        Authorization=bearer,
        Cookie="gt-service-token=gts_operator",
        Origin="https://evil.example",
    )
    assert answer.status_code in {401, 403}
    assert asked("GET", "/campaigns/birds").json_body["status"] == "active"


def test_another_site_signs_nobody_out(asked: Asked) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "here.example"}
    assert asked("POST", "/logout", Origin="https://evil.example", **form).status_code == 403
    assert asked("POST", "/logout", Origin="https://here.example", **form).status_code == 303


def test_an_estimate_of_more_jobs_than_can_be_listed_is_refused(asked: Asked) -> None:
    """A viewer's question would keep a function busy until it is ended."""
    spec = spec_document() | {"name": "birds", "batch": {"size": 1}}
    answer = asked("POST", "/estimates", json.dumps({"objects": 10_000_000, "spec": spec}).encode())
    assert (answer.status_code, answer.json_body["field"]) == (422, "objects")
