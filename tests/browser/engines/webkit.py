"""WebKit, Safari's engine, as WebKitGTK's small browser on a screen of its own, by the driver that comes with it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.engines.programs import program
from tests.waiting import soon

Size = tuple[int, int]


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
        keys = tuple(key.replace("\n", Keys.ENTER) for key in keys)
        try:
            super().send_keys(*keys)
        except ElementNotInteractableException:
            ActionChains(self.parent, duration=0).send_keys(Keys.SHIFT).perform()
            super().send_keys(*keys)


class WebKit(webdriver.Remote):
    _web_element_cls = WebKitElement

    def __init__(self, folder: Path, size: Size, *, dark: bool = False, for_several: bool = False) -> None:
        if for_several:
            pytest.skip("contexts of cookies of their own are made in Chromium")
        packages = "webkit2gtk-driver, xvfb"
        driver, screen = program("WebKitWebDriver", install=packages), program("Xvfb", install=packages)
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
        options.binary_location = str(browsers[-1])
        options.add_argument("--automation")
        theme = "Adwaita:dark" if dark else "Adwaita"
        environment = {
            **os.environ,
            "GTK_THEME": theme,
            "DISPLAY": f":{display}",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
        }
        self.service = webdriver.WebKitGTKService(driver, env=environment)
        self.service.start()
        self.is_dark = dark
        try:
            super().__init__(RemoteConnection(client_config=ClientConfig(self.service.service_url)), options=options)
            self.as_screen(size, dark=dark)
        except BaseException:  # a skip, too
            self.quit()
            raise

    def get(self, url: str) -> None:
        """The driver comes back before all of a page's scripts ran."""
        super().get(url)
        soon(lambda: self.execute_script("return document.readyState") == "complete")

    def as_screen(self, size: Size, *, dark: bool = False, ratio: float = 1) -> None:
        if ratio != 1 or dark is not self.is_dark:
            pytest.skip("WebKit's screen and scheme stay as they were at its start")
        self.set_window_size(*size)
        inner = self.execute_script("return [innerWidth, innerHeight]")
        self.set_window_size(2 * size[0] - inner[0], 2 * size[1] - inner[1])
        if (width := self.execute_script("return innerWidth")) != size[0]:
            pytest.skip(f"its window is no narrower than {width} px")

    def whole_page(self) -> bytes:
        return self.get_screenshot_as_png()

    def get_log(self, _: str) -> list[dict[str, Any]]:
        return []  # neither its driver nor, while driven, its output tells of the console

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
