"""The documentation against the program: a page that shows what no longer works costs a newcomer an evening."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import botocore.session
import click
import pytest

from app import app
from gt_cli.main import cli
from gt_engine.main import main as engine
from gt_service.campaign import parse_spec

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
INDENTED = re.compile(r"^    (?P<line>(?:make|gt-service|gt-engine|\.venv).*)$", re.MULTILINE)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *kinds: str) -> Iterator[str]:
    for match in FENCE.finditer(page.read_text("utf-8")):
        if match["kind"].strip() in kinds:
            yield match["body"]


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for body in blocks(page, "sh") for line in body.splitlines()]
        lines += [match["line"] for match in INDENTED.finditer(FENCE.sub("", text))]
        yield from ((name(page), line) for line in lines if line.strip() and not line.startswith("#"))


COMMANDS = [pytest.param(line, id=f"{page}: {line}") for page, line in commands()]
SPECS = [
    pytest.param(body, kind, id=f"{name(page)} {number}")
    for page in PAGES
    for kind in ("yaml", "json")
    for number, body in enumerate(blocks(page, f"{kind} campaign"))
]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_exist_with_their_options(line: str) -> None:
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    program, *arguments = words
    checks = {"make": check_make, "gt-service": check_click, "gt-engine": check_click, "aws": check_aws}
    checks |= {"python": check_python, "curl": check_curl}
    assert Path(program).name in checks, f"no check for {program}: teach this test to check it"
    checks[Path(program).name](Path(program).name, arguments)


def check_make(_: str, arguments: list[str]) -> None:
    targets = [argument for argument in arguments if "=" not in argument and not argument.startswith("-")]
    assert set(targets) <= make_targets()
    for variable in (argument.partition("=")[0] for argument in arguments if "=" in argument):
        assert re.search(rf"\b{variable}\b", (ROOT / "Makefile").read_text("utf-8")), f"the Makefile has no {variable}"


def check_click(program: str, arguments: list[str]) -> None:
    """Parses like the program would, without running anything; files need not be there."""
    command: click.Command = cli if program == "gt-service" else engine
    while isinstance(command, click.Group):
        found = command.commands.get(arguments[0])
        assert found is not None, f"{program} has no command {arguments[0]}"
        command, arguments = found, arguments[1:]
    command.make_parser(click.Context(command)).parse_args(list(arguments))


def check_aws(_: str, arguments: list[str]) -> None:
    while arguments[0].startswith("--"):
        arguments = arguments[2:]
    assert arguments[0] in botocore.session.get_session().get_available_services()


def check_python(_: str, arguments: list[str]) -> None:
    if arguments[0] == "-m":
        assert (ROOT / arguments[1].replace(".", "/")).with_suffix(".py").exists() or arguments[1] == "pytest"
    elif arguments[0] == "-c":
        compile(arguments[1], "the page", "exec")
    else:
        assert (ROOT / arguments[0]).exists()


@pytest.mark.parametrize(("body", "kind"), SPECS)
def test_specs_shown_are_taken_by_the_service(body: str, kind: str) -> None:
    parse_spec(body, filename=f"campaign.{kind}")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_json_shown_is_json(page: Path) -> None:
    for body in blocks(page, "json", "jsonl"):
        json.loads(body)


def check_curl(_: str, arguments: list[str]) -> None:
    """To a route that is there."""
    path = "/" + arguments[-1].removeprefix("$GT_SERVICE_URL/").partition("?")[0]
    assert path in app.routes


def test_the_alarms_that_a_month_is_reckoned_with_are_those_of_the_template() -> None:
    """They are the largest part of what an idle installation costs."""
    template = (ROOT / ".chalice" / "infrastructure.yaml").read_text("utf-8")
    page = (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
    assert f"| {template.count('Type: AWS::CloudWatch::Alarm')} alarms, at [$0.10]" in page


def anchors(page: Path) -> set[str]:
    """The names that headings get on GitHub."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for match in LINK.finditer(FENCE.sub("", page.read_text("utf-8"))):
        path, _, anchor = match["target"].partition("#")
        if "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {path}, which is not there"
        assert not anchor or anchor in anchors(target), f"{name(page)} links to {path}#{anchor}, which is not there"


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, waiting = set(), [ROOT / "docs" / "README.md", ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (match["target"].partition("#")[0] for match in LINK.finditer(page.read_text("utf-8")))
        waiting += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert {name(page) for page in PAGES} <= {name(page) for page in seen}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", sorted(generator().PAGES))
def test_generated_pages_are_up_to_date(page: str) -> None:
    written = (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert written == generator().PAGES[page](), "run .venv/bin/python docs/generate.py"
