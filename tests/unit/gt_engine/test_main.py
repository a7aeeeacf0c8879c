"""The `gt-engine` command: what was typed before there were other commands than to serve still serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gt_engine import main as command
from gt_engine.settings import Settings
from gt_service.errors import InvalidInput


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.main, arguments)


@pytest.mark.parametrize("name", [(), ("serve",)])
def test_it_serves_with_or_without_the_name_of_the_command(
    name: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Settings, dict[str, Any]]] = []
    monkeypatch.setattr(command, "serve", lambda settings, **where: served.append((settings, where)))
    options = ["--state-dir", str(tmp_path), "--account", "123456789012", "--region", "eu-west-1", "--port", "8080"]
    result = run(*name, *options, "--correction-seconds", "5")
    assert result.exit_code == 0, result.output
    ((settings, where),) = served
    assert (settings.region, settings.correction_seconds, where["port"]) == ("eu-west-1", 5, 8080)


def test_help_names_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert {"serve", "workers"} <= set(result.output.split())
    assert "invite" in run("workers", "--help").output


def test_what_is_wrong_is_told_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise InvalidInput("this is wrong", remedy="Do that.", field="x")

    monkeypatch.setattr(command, "serve", refuse)
    result = run("--state-dir", str(tmp_path), "--account", "1")
    assert (result.exit_code, "gt-engine: this is wrong Do that." in result.output) == (2, True)
    assert run().exit_code == 2
