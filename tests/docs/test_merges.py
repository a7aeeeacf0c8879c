"""A file that was merged by half is shipped as it is: templates and pages are no code that a compiler refuses."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".chalice", "chalicelib", "gt_service", "gt_engine", "gt_cli", "docs", "tests", "benchmarks")
MARK = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


def test_no_file_holds_the_marks_of_a_conflict() -> None:
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*")]
    files += [file for file in ROOT.iterdir() if not file.name.startswith(".venv")]
    merged_by_half = [file for file in files if file.is_file() and MARK.search(file.read_bytes())]
    assert not merged_by_half
