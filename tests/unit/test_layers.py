"""Which package may import which. A change deep below would reach whatever imports it, in both directions."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT = re.compile(r"^ *(?:from|import) ([\w.]+)(?: import (\w+))?", re.MULTILINE)
FLOORS = {
    "gt_service": (
        "errors",
        "documents job_tags money parallel signals time_limit objects etags orientation spreadsheets routes templates",
        "task_types listing",
        "regions backends manifests",
        "campaign deployment prices outputs notifications",
        "records computing",
        "store",
        "corrections",
        "gallery",
        "imports exports reports",
        "estimates ingest",
        "chain",
        "pages openapi",
    ),
    "gt_engine": (
        "settings logs labels own_key",
        "autolabel connections",
        "outputs",
        "aws",
        "workforce",
        "store consolidation",
        "portal workers request",
        "api",
        "jobs assemble",
        "functions server",
        "main",
    ),
}
"""From the ground up: a package imports what is on floors below its own, and nothing beside or above it."""
ABOVE = {
    "gt_service": {"gt_engine", "gt_cli", "chalicelib", "chalice"},
    "gt_engine": {"gt_cli", "chalicelib", "chalice"},
    "gt_cli": {"chalicelib"},
    "chalicelib": {"gt_engine", "gt_cli"},
}


@cache
def modules(package: str) -> list[tuple[str, set[str]]]:
    """Each module of a package with what it imports, also late or for types."""
    return [
        (
            ".".join(file.relative_to(ROOT).with_suffix("").parts),
            {f"{module}.{name}" for module, name in IMPORT.findall(file.read_text())},
        )
        for file in sorted((ROOT / package).rglob("*.py"))
    ]


@pytest.mark.parametrize("package", FLOORS)
def test_a_package_imports_what_is_below_it(package: str) -> None:
    floors = {name: floor for floor, names in enumerate(FLOORS[package]) for name in names.split()}
    wrong = []
    for module, imported in modules(package):
        here = module.split(".")[1]
        for name in imported:
            there = name.split(".")[1] if name.startswith(f"{package}.") else here
            if there not in {here, "__version__"} and floors[there] >= floors[here]:
                wrong.append(f"{module} imports {name}")
    assert not wrong


@pytest.mark.parametrize("package", ABOVE)
def test_nothing_imports_the_rooms_above_it(package: str) -> None:
    """The app would carry the engine into Lambda, or the domain a web framework."""
    wrong = [
        f"{module} imports {name}"
        for module, imported in modules(package)
        for name in imported
        if name.split(".")[0] in ABOVE[package]
    ]
    assert not wrong
