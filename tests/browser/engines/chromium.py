"""Chromium or Chrome, by chromedriver."""

from __future__ import annotations

import base64
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.browser.engines.programs import program

Size = tuple[int, int]


class Chromium(webdriver.Chrome):
    def __init__(self, folder: Path, size: Size, *, dark: bool = False, for_several: bool = False) -> None:
        packages = "chromium, chromium-driver"
        options = Options()
        options.binary_location = program("chromium", "google-chrome", install=packages)
        driver = program("chromedriver", install=packages)
        for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-proxy-server"):
            options.add_argument(f"--{argument}")
        options.add_argument(f"--user-data-dir={folder}")
        options.enable_bidi = for_several  # it makes contexts of cookies of their own
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        super().__init__(options=options, service=Service(executable_path=driver))
        self.as_screen(size, dark=dark)

    def as_screen(self, size: Size, *, dark: bool = False, ratio: float = 1) -> None:
        """As developer tools do it: a headless window is no narrower than 500 px."""
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": ratio, "mobile": size[0] < 500}
        self.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})

    def whole_page(self) -> bytes:
        """A picture of it as PNG."""
        shot = self.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        return base64.b64decode(shot["data"])

    def set_offline(self, is_offline: bool) -> None:
        self.execute_cdp_cmd("Network.enable", {})
        self.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )
