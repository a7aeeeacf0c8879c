"""Firefox, driven by what it speaks itself."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.options import ArgOptions

from tests.browser.engines.marionette import Marionette
from tests.browser.engines.programs import program
from tests.waiting import soon

Size = tuple[int, int]
# The console's complaints on pages of servers since the last look: scripts, styles and the content policy.
COMPLAINTS = """
const of = Services.console.getMessageArray().filter((one) => one instanceof Ci.nsIScriptError);
Services.console.reset();
return of.filter((one) => one.sourceName.startsWith("http") || one.innerWindowID)
  .filter((one) => !one.category.startsWith("chrome") && !one.sourceName.startsWith("chrome:"))
  .map((one) => ({level: one.flags & one.infoFlag ? "INFO" : one.flags & one.warningFlag ? "WARNING" : "SEVERE",
    message: `${one.category}: ${one.sourceName}:${one.lineNumber} ${one.errorMessage}`}));
"""
AS_SCREEN = """
const [width, height, scheme, ratio] = arguments;
const { style, browsingContext } = gBrowser.selectedBrowser;
for (const [name, size] of Object.entries({width, height}))
  for (const edge of ["min", "max"]) style.setProperty(`${edge}-${name}`, `${size}px`);
Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", scheme);
browsingContext.overrideDPPX = ratio;
"""


class Firefox(webdriver.Remote):
    def __init__(self, folder: Path, size: Size, *, dark: bool = False, for_several: bool = False) -> None:
        if for_several:
            pytest.skip("contexts of cookies of their own are made in Chromium")
        settings: dict[str, Any] = {
            "marionette.port": 0,  # a free one, written into the profile
            "network.proxy.type": 0,
            "network.disable-localhost-when-offline": True,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
        (folder / "user.js").write_text("".join(lines))
        firefox = program("firefox-esr", "firefox", install="firefox-esr")
        window = [f"--width={size[0]}", f"--height={size[1] + 100}"]
        options = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", *window]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [firefox, *options, "--profile", str(folder)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        port = folder / "MarionetteActivePort"
        soon(lambda: port.exists() and port.read_text().strip())
        super().__init__(Marionette(int(port.read_text())), options=FirefoxOptions())  # type: ignore[arg-type]
        self.as_screen(size, dark=dark)

    def as_screen(self, size: Size, *, dark: bool = False, ratio: float = 1) -> None:
        self.in_browser(AS_SCREEN, *size, 0 if dark else 1, ratio)

    def whole_page(self) -> bytes:
        return base64.b64decode(self.execute("screenshot", {"full": True})["value"])

    def in_browser(self, script: str, *arguments: Any) -> Any:
        """A script in the browser itself rather than in its page."""
        self.command_executor.send("Marionette:SetContext", {"value": "chrome"})  # type: ignore[union-attr]
        try:
            return self.execute_script(script, *arguments)
        finally:
            self.command_executor.send("Marionette:SetContext", {"value": "content"})  # type: ignore[union-attr]

    def get_cookie(self, name: str) -> Any:
        return next((cookie for cookie in self.get_cookies() if cookie["name"] == name), None)

    def get_log(self, _: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.in_browser(COMPLAINTS)
        return found

    def set_offline(self, is_offline: bool) -> None:
        self.in_browser(
            "Services.io.offline = arguments[0]; Services.obs.notifyObservers(null, 'net:prune-all-connections')",
            is_offline,
        )

    def quit(self) -> None:
        self.command_executor.send("Marionette:Quit", {"flags": ["eForceQuit"]})  # type: ignore[union-attr]
        self.command_executor.close()
        self.process.wait(30)


class FirefoxOptions(ArgOptions):
    @property
    def default_capabilities(self) -> dict[str, Any]:
        return {}
