"""A portal for tests: a server with the elements, and a task in a frame like the portal's."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.remote.webelement import WebElement

from gt_engine.portal.assets import ELEMENTS, ELEMENTS_SCRIPT, element_file
from gt_engine.portal.templates import with_elements
from gt_service.errors import NotFound

UNLINKED = "/unlinked/"  # the modules one by one, as they lie in the repository
BASE = ELEMENTS_SCRIPT.rpartition("/")[0] + "/"
AWS_SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
SANDBOX = "allow-scripts allow-forms"
POLICY = (
    "sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline' {origin}; "
    "style-src 'unsafe-inline' {origin}; img-src {origin} data: blob:; media-src {origin} data: blob:; "
    "connect-src 'none'; form-action 'none'; frame-ancestors {origin}"
)
SHELL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Portal</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>html, body { margin: 0; height: 100%%; }
iframe { display: block; border: 0; width: 100%%; height: 100%%; }</style>
<iframe sandbox="%s" src="%s" title="Task"></iframe>
<script>
  window.messages = [];
  const frame = document.querySelector("iframe");
  frame.addEventListener("load", () => {
    const channel = new MessageChannel();
    window.port = channel.port1;
    window.port.onmessage = (event) => window.messages.push(event.data);
    frame.contentWindow.postMessage({type: "connect", task: "t1"}, "*", [channel.port2]);
    frame.focus(); // as the portal does: WebKit lets no frame take the focus by itself
  });
</script>"""


@dataclass
class Site:
    """A server on this machine: the elements, and pages and files that a test puts there."""

    origin: str = ""
    pages: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def put(
        self, body: str | bytes, *, kind: str = "text/html; charset=utf-8", policy: str = "", name: str = ""
    ) -> str:
        """Serves these bytes; the address. policy: its Content-Security-Policy."""
        path = f"/pages/{next(self.numbers)}{name}"
        self.pages[path] = (kind, body.encode() if isinstance(body, str) else body, policy)
        return self.origin + path

    def put_task(self, template: str) -> str:
        """A template with the elements' script, under the policy of a task page."""
        page = template if "crowd-html-elements" in template else AWS_SCRIPT + template
        return self.put(with_elements(page, self.origin), policy=POLICY.format(origin=self.origin))

    def put_picture(self, width: int = 800, height: int = 600) -> str:
        """A picture of that size, as the portal serves it; the address."""
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        file = BytesIO()
        picture.save(file, "JPEG")
        return self.put(file.getvalue(), kind="image/jpeg", name=".jpg")


@contextmanager
def serve() -> Iterator[Site]:
    """Runs a site on a free port of this machine."""
    found = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            kind, body, policy = found.pages.get(path, ("", b"", ""))
            if path.startswith(BASE):
                with contextlib.suppress(NotFound):
                    body, kind = element_file(path.removeprefix(BASE))
            elif path.startswith(UNLINKED) and (file := ELEMENTS / path.removeprefix(UNLINKED)).is_file():
                kind, body = "text/javascript", file.read_bytes()
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class TaskPage:
    """A task in its frame, seen from the portal's page."""

    browser: webdriver.Chrome
    expects_errors: bool = False

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """What the frame has sent of that type, in order."""
        sent = self.browser.execute_script("return JSON.stringify(window.messages)")
        return [message for message in json.loads(sent) if message["type"] == kind]

    def wait(self, kind: str, *, seconds: float = 10, after: int = 0) -> dict[str, Any]:
        """The first message of that type past the first `after` ones; an error where none comes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(found := self.messages(kind)) > after:
                return found[after]
            time.sleep(0.02)
        raise AssertionError(
            f"no message {kind!r} in {seconds} s; errors: {self.messages('error')}, console: {self.console()}"
        )

    def send(self, **message: Any) -> None:
        self.browser.execute_script("window.port.postMessage(JSON.parse(arguments[0]))", json.dumps(message))

    def start(self, **fields: Any) -> None:
        """Starts the clock: `start(draft=…)`."""
        before = len(self.messages("valid"))
        self.send(type="start", **{"theme": "light", **fields})
        self.wait("valid", after=before)

    def submit(self) -> dict[str, Any]:
        """Presses the portal's Submit; the answer."""
        before = len(self.messages("submit"))
        self.send(type="submit")
        answer: dict[str, Any] = self.wait("submit", after=before)["answer"]
        return answer

    def refused(self) -> str:
        """Presses the portal's Submit where it must not go through; the reason."""
        before = len(self.messages("valid"))
        self.send(type="submit")
        message = self.wait("valid", after=before)
        assert message["canSubmit"] is False
        return str(message["message"])

    def draft(self) -> Any:
        """The draft that holds all that was done so far: the last one, when no more are coming."""
        self.wait("draft")
        count = 0
        while count != (count := len(self.messages("draft"))):
            # Longer than the frame waits for more, by its own clock: what is slow is slow for both.
            self.run("return new Promise((done) => setTimeout(done, 500))")
        return self.messages("draft")[-1]["value"]

    @contextmanager
    def inside(self) -> Iterator[webdriver.Chrome]:
        """The browser with the frame as its document."""
        self.browser.switch_to.frame(self.browser.find_element("css selector", "iframe"))
        try:
            yield self.browser
        finally:
            self.browser.switch_to.default_content()

    def run(self, script: str, *arguments: Any) -> Any:
        """A script in the frame; what it returns."""
        with self.inside() as browser:
            return browser.execute_script(script, *arguments)

    def until(self, script: str, *arguments: Any, seconds: float = 10) -> Any:
        """Waits until the script in the frame returns something true; what it returned."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.02)
        return value

    def console(self) -> list[str]:
        """Errors on the console since the last look."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]


def shadow(browser: webdriver.Chrome, *selectors: str) -> WebElement:
    """The element at the end of a way through open shadow roots: `shadow(browser, "crowd-classifier", "button")`."""
    element = browser.execute_script(
        "let at = document; for (const [index, selector] of arguments[0].entries()) {"
        " if (index) at = at.shadowRoot; at = at?.querySelector(selector); if (!at) return null; } return at",
        list(selectors),
    )
    assert element is not None, f"nothing at {' > '.join(selectors)}"
    assert isinstance(element, WebElement)
    return element
