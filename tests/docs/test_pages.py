"""The documentation against the program: a page that shows what no longer works costs a newcomer an evening."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import click
import pytest
from awscli.clidriver import CLIOperationCaller, create_clidriver
from awscli.customizations.s3.subcommands import CommandArchitecture

from app import app
from gt_cli.main import cli
from gt_engine.main import main as engine
from gt_service.campaign import parse_spec

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<kind>[^\n`]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
INDENTED = re.compile(r"^    (?P<line>(?:make|gt-service|gt-engine|\.venv).*)$", re.MULTILINE)

EXPORTED = {
    "GT_SERVICE_URL": "http://127.0.0.1:4566/api",
    "GT_SERVICE_TOKEN": "a-token",
    "INBOX": "s3://my-inbox",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
}
"""What readers have set by then."""
Check: TypeAlias = Callable[[list[str], Path, pytest.MonkeyPatch], None]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *kinds: str) -> Iterator[str]:
    for match in FENCE.finditer(page.read_text("utf-8")):
        if match["kind"].strip() in kinds:
            yield match["body"]


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for body in blocks(page, "sh") for line in body.replace("\\\n", " ").splitlines()]
        lines += [match["line"] for match in INDENTED.finditer(FENCE.sub("", text))]
        yield from ((name(page), line) for line in lines if line.strip() and not line.startswith("#"))


MENTION = re.compile(r"`((?:make|gt-service|gt-engine) [^`\n]+)`")

COMMANDS = [pytest.param(line, id=f"{page}: {line}") for page, line in commands()]
MENTIONS = [
    pytest.param(words, id=f"{name(page)}: {words}")
    for page in PAGES
    for words in sorted({match[1] for match in MENTION.finditer(FENCE.sub("", page.read_text("utf-8")))})
]
SPECS = [
    pytest.param(body, kind, id=f"{name(page)} {number}")
    for page in PAGES
    for kind in ("yaml", "json")
    for number, body in enumerate(blocks(page, f"{kind} campaign"))
]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_taken_by_their_programs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed by the programs themselves, types and all, without running anything."""
    for variable, value in EXPORTED.items():
        monkeypatch.setenv(variable, value)
    words = shlex.split(os.path.expandvars(line), comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    program, *arguments = words
    name = Path(program).name
    assert name in CHECKS, f"no check for {program}: teach this test to check it"
    CHECKS[name](arguments, tmp_path, monkeypatch)


def check_make(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make` itself looks up the targets; a variable is used where another value of it makes other commands."""
    variables = [argument.partition("=")[0] for argument in arguments if "=" in argument]
    recipe = dry_run(*arguments)
    for variable in variables:
        others = [argument for argument in arguments if not argument.startswith(f"{variable}=")]
        is_used = dry_run(*others, f"{variable}=another-value") != recipe or dry_run(*others) != recipe
        assert is_used, f"{others} makes nothing of {variable}"
    assert recipe


def dry_run(*arguments: str) -> str:
    """What `make` would run, had nothing been set up yet."""
    command = ["make", "--dry-run", "--always-make", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_click(command: click.Command) -> Check:
    def check(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # The reader's files are not here; everything else must be as the program wants it.
        monkeypatch.setattr(click.Path, "convert", lambda _, value, param, context: value)
        found = command
        while isinstance(found, click.Group):
            _, following, arguments = found.resolve_command(click.Context(found), arguments)
            assert following is not None
            found = following
        found.make_context(found.name, arguments)

    return check


def check_docker(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker need not be here: ports and volumes are held against the Dockerfile."""
    recipe = (ROOT / "Dockerfile").read_text("utf-8")
    for option, value in pairwise(arguments):
        if option == "-p":
            assert f"EXPOSE {value.partition(':')[2]}\n" in recipe
        elif option == "-v":
            assert f"VOLUME {value.partition(':')[2]}\n" in recipe


def check_aws(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the real `aws` up to where it would call the service."""
    monkeypatch.chdir(folder)
    # It looks for the files that it reads: what is written with a folder, and what `file://` names.
    for file in (word.removeprefix("file://") for word in arguments if re.match(r"(file://)?[\w-]+[/.]", word)):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).mkdir() if file.endswith("/") else (folder / file).touch()
    called = []
    monkeypatch.setattr(CLIOperationCaller, "invoke", lambda *call: called.append(call) or 0)
    monkeypatch.setattr(CommandArchitecture, "run", lambda *call: called.append(call) or 0)
    assert create_clidriver().main(arguments) == 0
    assert len(called) == 1


def check_python(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if arguments[0] == "-m":
        assert (ROOT / arguments[1].replace(".", "/")).with_suffix(".py").exists() or arguments[1] == "pytest"
    elif arguments[0] == "-c":
        assert arguments[2] == ">"
        written = subprocess.run(
            [sys.executable, "-c", arguments[1]], capture_output=True, text=True, check=True
        ).stdout
        assert written
    else:
        assert (ROOT / arguments[0]).exists()


def check_curl(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a route that is there, by a method that it has."""
    address = arguments[-1].removeprefix(EXPORTED["GT_SERVICE_URL"]).partition("?")[0]
    method = arguments[arguments.index("-X") + 1] if "-X" in arguments else "GET"
    routes = {re.sub(r"\{\w+\}", "[^/]+", route): methods for route, methods in app.routes.items()}
    assert any(re.fullmatch(route, address) and method in methods for route, methods in routes.items())


CHECKS: dict[str, Check] = {
    "make": check_make,
    "gt-service": check_click(cli),
    "gt-engine": check_click(engine),
    "aws": check_aws,
    "python": check_python,
    "curl": check_curl,
    "docker": check_docker,
}


@pytest.mark.parametrize("words", MENTIONS)
def test_commands_mentioned_in_a_sentence_exist(words: str) -> None:
    """Without their arguments, but by a name and options that the program knows."""
    program, *arguments = shlex.split(words)
    if program == "make":
        assert dry_run(*arguments)
        return
    command: click.Command = cli if program == "gt-service" else engine
    while isinstance(command, click.Group) and arguments:
        found = command.commands.get(arguments.pop(0))
        assert found is not None, f"{words}: there is no such command"
        command = found
    known = {option for param in command.params for option in param.opts}
    assert {argument.partition("=")[0] for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize(("body", "kind"), SPECS)
def test_specs_shown_are_taken_by_the_service(body: str, kind: str) -> None:
    parse_spec(body, filename=f"campaign.{kind}")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_json_shown_is_json(page: Path) -> None:
    for body in blocks(page, "json", "jsonl"):
        json.loads(body)


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


def test_every_error_that_a_route_names_is_explained() -> None:
    """Whoever is refused looks the code up."""
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    for package in ("gt_service", "chalicelib"):
        for file in (ROOT / package).rglob("*.py"):
            for code in re.findall(
                r'^    code(?:: ClassVar\[str\])? = "(\w+)"$', file.read_text("utf-8"), re.MULTILINE
            ):
                assert f"| `{code}` |" in page, f"{file.relative_to(ROOT)}: {code}"


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
