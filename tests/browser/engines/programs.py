"""Where a browser is on this machine."""

from __future__ import annotations

import shutil

import pytest


def program(*names: str, install: str) -> str:
    """The first of the names that is installed; else the test is skipped, with the Debian packages to install."""
    found = next(filter(None, map(shutil.which, names)), None)
    return found or pytest.skip(f"{' or '.join(names)} is not installed (Debian: {install})")
