"""`pip install .`: the wheel holds all that the commands need, and asks for what they import."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PACKAGES = ("gt_service", "gt_engine", "gt_cli", "chalicelib")
DISTRIBUTIONS = {"yaml": "pyyaml", "PIL": "pillow", "aws_lambda_powertools": "aws-lambda-powertools"}
DISTRIBUTIONS |= {"liquid": "python-liquid", "pydantic_core": "pydantic"}
DISTRIBUTIONS |= dict.fromkeys(("botocore", "urllib3"), "boto3") | {"markupsafe": "jinja2"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_every_file_of_the_packages_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """A page without its script, or a report without its template, is found by users only."""
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(tracked.stdout.split()) - set(wheel.namelist()) == set()
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.startswith("tests")]


def test_what_lambda_gets_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    shared = {name.partition("share/gt-service/")[2] for name in wheel.namelist() if "share/gt-service/" in name}
    assert {
        "app.py",
        "requirements.txt",
        "requirements/engine.txt",
        ".chalice/config.json",
        ".chalice/infrastructure.yaml",
    } <= shared


def test_the_wheel_asks_for_everything_that_is_imported(wheel: zipfile.ZipFile) -> None:
    """`gt-service --help` ended with `No module named 'boto3'`."""
    asked = _asked(wheel)
    always = {requirement.name.lower() for requirement in asked if requirement.marker is None}
    missing = {
        name
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for name in _imported(path)
        if DISTRIBUTIONS.get(name, name).lower().replace("_", "-") not in always
    }
    # Large, and needed by one form of export alone, which says so.
    assert missing == {"pyarrow"}
    assert [str(one.marker) for one in asked if one.name == "pyarrow"] == ['extra == "parquet"']


def _imported(path: Path) -> set[str]:
    """Other distributions' packages that a module imports, but for type checking."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - set(PACKAGES)


def test_who_uses_it_gets_all_that_it_needs_and_no_tools_for_development(wheel: zipfile.ZipFile) -> None:
    """A demo would wait for linters and drivers of browsers, or miss what a command imports; and the lists drift."""
    use, dev = (_locked(name) for name in ("requirements/use.txt", "requirements-dev.txt"))
    assert {asked.name.lower() for asked in _asked(wheel) if asked.marker is None} <= set(use)
    assert not {"pytest", "ruff", "mypy", "moto", "selenium", "hypothesis"} & set(use)
    assert use.items() <= dev.items()


def _asked(wheel: zipfile.ZipFile) -> list[Requirement]:
    (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    lines = message_from_string(wheel.read(metadata).decode()).get_all("Requires-Dist", [])
    return [Requirement(line) for line in lines]


def _locked(name: str) -> dict[str, set[str]]:
    """Versions by package: of a package for several versions of Python there are two."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            package, version = line.split()[0].split("==")
            found.setdefault(package, set()).add(version)
    return found
