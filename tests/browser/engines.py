"""Browsers of three engines behind selenium: Chromium's Blink, Firefox's Gecko and, as Safari has it, WebKit.

`GT_BROWSER=firefox` or `webkit` runs the tests of `tests/browser` there; `make browsers` does both. Firefox is spoken
to by its own protocol, Marionette (https://firefox-source-docs.mozilla.org/testing/marionette/), so that no driver
beside it has to be found; WebKit by the driver that comes with WebKitGTK.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webelement import WebElement

from tests.waiting import soon

ENGINE = os.environ.get("GT_BROWSER", "chromium")


def not_in(engine: str, why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(engine == ENGINE, reason=f"{engine}: {why}")


MUTED = not_in("webkit", "scripts of a sandboxed page learn no more of an error than that there was one")
NO_FINGERS = not_in("webkit", "its driver has no fingers")
Size = tuple[int, int]
Entry = dict[str, Any]


def start(folder: Path, size: Size, *, dark: bool = False, for_several: bool = False) -> Any:
    """A browser of the engine that is asked for, with its profile in the folder; skips the test where it is missing."""
    if ENGINE == "firefox":
        return Firefox(folder, size, dark=dark)
    if ENGINE == "webkit":
        return WebKit(folder, size)
    return Chromium(folder, size, dark=dark, for_several=for_several)


def program(*names: str, install: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    return found or pytest.skip(f"{' or '.join(names)} is not installed (Debian: {install})")


class Chromium(webdriver.Chrome):
    def __init__(self, folder: Path, size: Size, *, dark: bool, for_several: bool) -> None:
        packages = "chromium, chromium-driver"
        options = Options()
        options.binary_location = program("chromium", "google-chrome", install=packages)
        driver = program("chromedriver", install=packages)
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"):
            options.add_argument(f"--{argument}")
        options.add_argument(f"--user-data-dir={folder}")
        if dark:
            options.add_argument("--blink-settings=preferredColorScheme=0")
        options.enable_bidi = for_several  # it makes contexts of cookies of their own
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        super().__init__(options=options, service=Service(executable_path=driver))
        # A headless window is no narrower than 500 px; the phone's width is set as developer tools do it.
        self.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500},
        )

    def set_offline(self, is_offline: bool) -> None:
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )


class Other(webdriver.Remote):
    """A browser that is not Chromium. What tests do by Chromium's own protocol alone is skipped."""

    def execute_cdp_cmd(self, name: str, _: Any) -> Any:
        pytest.skip(f"{name} is Chromium's")


# What selenium calls a command, and Marionette; the rest is named alike.
COMMANDS = {
    "newSession": "NewSession",
    "quit": "DeleteSession",
    "newWindow": "NewWindow",
    "close": "CloseWindow",
    "get": "Navigate",
    "goBack": "Back",
    "goForward": "Forward",
    "refresh": "Refresh",
    "addCookie": "AddCookie",
    "getCookies": "GetCookies",
    "deleteCookie": "DeleteCookie",
    "deleteAllCookies": "DeleteAllCookies",
    "findElement": "FindElement",
    "findElements": "FindElements",
    "findChildElement": "FindElement",
    "findChildElements": "FindElements",
    "findElementFromShadowRoot": "FindElementFromShadowRoot",
    "findElementsFromShadowRoot": "FindElementsFromShadowRoot",
    "getShadowRoot": "GetShadowRoot",
    "clearElement": "ElementClear",
    "clickElement": "ElementClick",
    "sendKeysToElement": "ElementSendKeys",
    "w3cGetCurrentWindowHandle": "GetWindowHandle",
    "w3cGetWindowHandles": "GetWindowHandles",
    "w3cGetActiveElement": "GetActiveElement",
    "switchToWindow": "SwitchToWindow",
    "switchToFrame": "SwitchToFrame",
    "switchToParentFrame": "SwitchToParentFrame",
    "getCurrentUrl": "GetCurrentURL",
    "getPageSource": "GetPageSource",
    "getTitle": "GetTitle",
    "w3cExecuteScript": "ExecuteScript",
    "w3cExecuteScriptAsync": "ExecuteAsyncScript",
    "getElementText": "GetElementText",
    "getElementTagName": "GetElementTagName",
    "isElementSelected": "IsElementSelected",
    "isElementEnabled": "IsElementEnabled",
    "getElementRect": "GetElementRect",
    "getElementAttribute": "GetElementAttribute",
    "getElementProperty": "GetElementProperty",
    "getElementValueOfCssProperty": "GetElementCSSValue",
    "getElementAriaRole": "GetComputedRole",
    "getElementAriaLabel": "GetComputedLabel",
    "screenshot": "TakeScreenshot",
    "elementScreenshot": "TakeScreenshot",
    "setTimeouts": "SetTimeouts",
    "setWindowRect": "SetWindowRect",
    "getWindowRect": "GetWindowRect",
    "actions": "PerformActions",
    "clearActionState": "ReleaseActions",
    "w3cAcceptAlert": "AcceptAlert",
    "w3cDismissAlert": "DismissAlert",
    "w3cGetAlertText": "GetAlertText",
    "printPage": "Print",
}


class Marionette:
    """Selenium's commands to a Firefox, over its socket: `length:[kind, number, name, parameters]`."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self._read()  # its greeting

    def _read(self) -> Any:
        length = b""
        while (digit := self.stream.read(1)) != b":":
            assert digit, "Firefox is gone"
            length += digit
        return json.loads(self.stream.read(int(length)))

    def send(self, name: str, parameters: dict[str, Any]) -> tuple[Any, Any]:
        """The error and the result of a command."""
        self.number += 1
        body = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(body), body))
        _, number, error, result = self._read()
        assert number == self.number
        return error, result

    def execute(self, command: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
        sent = dict(parameters or {})
        if command == "newSession":
            sent = sent["capabilities"]["alwaysMatch"]
        elif command.startswith("findChild"):
            sent["element"] = sent.pop("id")
        elif command == "switchToFrame" and isinstance(sent["id"], dict):
            sent["element"] = next(iter(sent.pop("id").values()))
        elif "shadowId" in sent:
            sent["shadowRoot"] = sent.pop("shadowId")
        elif command in ("screenshot", "elementScreenshot"):
            sent.setdefault("full", False)
        error, result = self.send(f"WebDriver:{COMMANDS[command]}", sent)
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result["value"] if isinstance(result, dict) and set(result) == {"value"} else result}

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


# The console's complaints on pages of servers since the last look: scripts, styles and the content policy.
COMPLAINTS = """
const of = Services.console.getMessageArray().filter((one) => one instanceof Ci.nsIScriptError);
Services.console.reset();
return of.filter((one) => one.sourceName.startsWith("http") || one.innerWindowID)
  .filter((one) => !one.category.startsWith("chrome") && !one.sourceName.startsWith("chrome:"))
  .map((one) => ({level: one.flags & one.infoFlag ? "INFO" : one.flags & one.warningFlag ? "WARNING" : "SEVERE",
    message: `${one.category}: ${one.sourceName}:${one.lineNumber} ${one.errorMessage}`}));
"""
VIEWPORT = """
for (const [name, size] of [["width", arguments[0]], ["height", arguments[1]]])
  for (const edge of ["min", "max"]) gBrowser.selectedBrowser.style.setProperty(`${edge}-${name}`, `${size}px`);
"""


class Firefox(Other):
    def __init__(self, folder: Path, size: Size, *, dark: bool) -> None:
        settings: dict[str, Any] = {
            "marionette.port": 0,  # a free one, written into the profile
            "network.proxy.type": 0,
            "network.disable-localhost-when-offline": True,
            "layout.css.prefers-color-scheme.content-override": 0 if dark else 1,
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
        self.in_browser(VIEWPORT, *size)

    def in_browser(self, script: str, *arguments: Any) -> Any:
        """A script in the browser itself rather than in its page."""
        self.command_executor.send("Marionette:SetContext", {"value": "chrome"})  # type: ignore[union-attr]
        try:
            return self.execute_script(script, *arguments)
        finally:
            self.command_executor.send("Marionette:SetContext", {"value": "content"})  # type: ignore[union-attr]

    def get_cookie(self, name: str) -> Any:
        return next((cookie for cookie in self.get_cookies() if cookie["name"] == name), None)

    def get_log(self, _: str) -> list[Entry]:
        found: list[Entry] = self.in_browser(COMPLAINTS)
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


class WebKitElement(WebElement):
    """WebKit's driver takes what may be cut off for hidden; and in a frame no field is focused before a first key."""

    @property
    def text(self) -> str:
        found: str = self.parent.execute_script(
            "const [element] = arguments; return element.checkVisibility({visibilityProperty: true}) ?"
            "element.innerText.trim() : ''",
            self,
        )
        return found

    def send_keys(self, *keys: str) -> None:
        try:
            super().send_keys(*keys)
        except ElementNotInteractableException:
            ActionChains(self.parent, duration=0).send_keys(Keys.SHIFT).perform()
            super().send_keys(*keys)


class WebKit(Other):
    """WebKitGTK's small browser on a screen of its own. What its pages say on the console goes to its output."""

    _web_element_cls = WebKitElement

    def __init__(self, folder: Path, size: Size) -> None:
        packages = "webkit2gtk-driver, xvfb"
        driver, screen = program("WebKitWebDriver", install=packages), program("Xvfb", install=packages)
        self.log = folder / "log"
        self.read = 0
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(
            [screen, "-displayfd", str(writing), "-screen", "0", "2000x1600x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as told:
            display = told.readline().strip()
        browsers = sorted(Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser"))
        options = webdriver.WebKitGTKOptions()
        # The driver would throw away what the browser writes.
        options.binary_location = str(folder / "browser")
        Path(options.binary_location).write_text(f'#!/bin/sh\nexec stdbuf -oL {browsers[-1]} "$@" > {self.log} 2>&1\n')
        Path(options.binary_location).chmod(0o700)
        for argument in ("--automation", "--enable-write-console-messages-to-stdout=true"):
            options.add_argument(argument)
        environment = {**os.environ, "DISPLAY": f":{display}", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self.service = webdriver.WebKitGTKService(driver, env=environment)
        self.service.start()
        super().__init__(RemoteConnection(client_config=ClientConfig(self.service.service_url)), options=options)
        self.set_window_size(*size)
        inner = self.execute_script("return [innerWidth, innerHeight]")
        self.set_window_size(2 * size[0] - inner[0], 2 * size[1] - inner[1])

    def get_log(self, _: str) -> list[Entry]:
        time.sleep(0.1)  # on its way through a pipe
        with self.log.open("rb") as log:
            log.seek(self.read)
            lines = log.read().decode(errors="replace").splitlines()
            self.read = log.tell()
        levels = {"ERROR": "SEVERE", "WARN": "WARNING"}
        return [
            {"level": next((levels[word] for word in line.split() if word in levels), "INFO"), "message": line}
            for line in lines
            if "CONSOLE " in line
        ]

    def set_offline(self, is_offline: bool) -> None:
        if is_offline:
            pytest.skip("WebKit's driver cannot take the network away")

    def quit(self) -> None:
        try:
            super().quit()
        finally:
            self.service.stop()
            self.screen.terminate()
            self.screen.wait(30)
