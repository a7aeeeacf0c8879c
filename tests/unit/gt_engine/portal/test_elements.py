"""The files that a task page loads: small, and what their licences say they are."""

from __future__ import annotations

import gzip
import hashlib
import re

from gt_engine.portal.assets import ELEMENTS

MAX_BYTES = 150_000  # gzipped, all elements together: a phone on a slow line loads them once


def test_vendored_files_are_the_ones_whose_licences_are_noted() -> None:
    vendor = ELEMENTS / "vendor"
    noted = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (vendor / "LICENCES.md").read_text(), re.MULTILINE))
    assert set(noted) == {path.name for path in vendor.iterdir() if path.name != "LICENCES.md"}
    for name, expected in noted.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == expected


def test_all_elements_together_are_small() -> None:
    scripts = [path for path in ELEMENTS.rglob("*") if path.suffix in {".js", ".mjs"}]
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < MAX_BYTES


def test_every_module_is_reached_from_the_entry() -> None:
    """One that nobody imports defines no element, and a template that uses it shows nothing."""
    reached, waiting = set(), [ELEMENTS / "crowd-html-elements.js"]
    while waiting:
        path = waiting.pop().resolve()
        assert path.is_file(), f"{path} is imported but is not there"
        if path not in reached:
            reached.add(path)
            names = re.findall(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""", path.read_text())
            waiting += [path.parent / name for name in names]
    assert reached == {path.resolve() for path in ELEMENTS.rglob("*") if path.suffix in {".js", ".mjs"}}


def test_nothing_in_them_needs_what_the_content_policy_forbids() -> None:
    for path in ELEMENTS.rglob("*.js"):
        text = path.read_text()
        assert not re.search(r"\beval\(|new Function\(|localStorage|sessionStorage|document\.cookie|\bfetch\(", text), (
            path
        )
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), path
