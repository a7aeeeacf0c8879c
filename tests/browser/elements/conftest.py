"""Crowd elements in a real browser, in a frame like the portal's: opaque origin, strict content policy, one port."""

from __future__ import annotations

import http.server
import mimetypes
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium import webdriver

from tests.browser.elements.tasks import ELEMENTS, SANDBOX, SHELL, Site, TaskPage

Open = Callable[..., webdriver.Chrome]
OpenTask = Callable[..., TaskPage]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    found = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            kind, body, policy = found.pages.get(path, ("", b"", ""))
            if path.startswith("/elements/"):
                file = (ELEMENTS / path.removeprefix("/elements/")).resolve()
                if file.is_relative_to(ELEMENTS) and file.is_file():
                    kind = (
                        "text/javascript"
                        if file.suffix in {".js", ".mjs"}
                        else mimetypes.guess_type(file.name)[0] or ""
                    )
                    body = file.read_bytes()
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


@pytest.fixture(scope="session")
def browser(open_browser: Open) -> webdriver.Chrome:
    """One browser for all these tests."""
    return open_browser(width=1280, height=820)


@pytest.fixture
def open_task(browser: webdriver.Chrome, site: Site) -> OpenTask:
    """Opens a template as a task, loaded and started: `open_task("<crowd-form>…</crowd-form>", draft=…)`."""

    def start(template: str, *, using: webdriver.Chrome | None = None, **fields: Any) -> TaskPage:
        page = TaskPage(using or browser)
        page.console()
        page.browser.get(site.put(SHELL % (SANDBOX, site.put_task(template))))
        page.wait("ready")
        page.start(**fields)
        return page

    return start
