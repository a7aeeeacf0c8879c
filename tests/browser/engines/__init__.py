"""Browsers of three engines behind selenium: Chromium's Blink, Firefox's Gecko and, as Safari has it, WebKit.

`GT_BROWSER=firefox` or `webkit` runs the tests of `tests/browser` there; `make browsers` does both.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.engines.chromium import Chromium
from tests.browser.engines.firefox import Firefox
from tests.browser.engines.webkit import WebKit

ENGINE = os.environ.get("GT_BROWSER", "chromium")
KINDS = {"chromium": Chromium, "firefox": Firefox, "webkit": WebKit}


def start(folder: Path, size: tuple[int, int] = (1280, 900), **options: bool) -> Any:
    """A browser of the engine that is asked for, with its profile in the folder; skips the test where it is missing.

    dark: its color scheme; for_several: makes contexts of cookies of their own (Chromium alone).
    """
    return KINDS[ENGINE](folder, size, **options)


def screens(*wanted: tuple[int, bool]) -> list[tuple[int, bool]]:
    """Of widths and whether they are dark, those that an open browser can be given."""
    return [one for one in wanted if ENGINE != "webkit" or one == (1280, False)]


def not_in(engine: str, why: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(engine == ENGINE, reason=f"{engine}: {why}")


MUTED = not_in("webkit", "scripts of a sandboxed page learn no more of an error than that there was one")
NO_FINGERS = not_in("webkit", "its driver has no fingers")
