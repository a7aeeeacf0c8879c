"""Which package may import which. A change deep below would reach whatever imports it, in both directions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = {
    "gt_service": (
        "errors",
        "money objects etags orientation spreadsheets listing routes",
        "regions",
        "backends manifests",
        "campaign deployment prices outputs notifications",
        "records",
        "store gallery",
        "imports exports reports",
        "ingest",
        "chain",
        "pages openapi",
    ),
    "gt_engine": (
        "settings logs labels aws",
        "autolabel connections",
        "outputs",
        "workforce",
        "store consolidation",
        "portal workers",
        "api",
        "jobs",
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


def modules(package: str) -> Iterator[tuple[str, set[str]]]:
    """Each module of a package with the modules that it imports, also those that it imports late or for types."""
    for file in sorted((ROOT / package).rglob("*.py")):
        imported = set[str]()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported |= {f"{node.module}.{name.name}" for name in node.names}
        yield ".".join(file.relative_to(ROOT).with_suffix("").parts), imported


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
