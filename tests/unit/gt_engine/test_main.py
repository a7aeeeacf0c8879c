"""The `gt-engine` command: what was typed before there were other commands than to serve still serves."""

from __future__ import annotations

from dataclasses import fields
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


KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
OF_FUNCTIONS = {"packs_features", "chunks_arn", "chunks_from"}
"""What only the engine without a server sets, from its template (gt_engine/functions/setup.py)."""


def test_every_option_reaches_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option that is taken and forgotten is worse than none: an allow-list of buckets would allow all of them."""
    (tmp_path / "keys.json").write_text('{"AKIDEXAMPLE": "secret"}')
    asked = {
        "region": ("--region", "eu-west-1", "eu-west-1"),
        "account": ("--account", "123456789012", "123456789012"),
        "state_dir": ("--state-dir", str(tmp_path), tmp_path),
        "table_prefix": ("--table-prefix", "mine", "mine"),
        "processes": ("--processes", "7", 7),
        "max_active_jobs": ("--max-active-jobs", "3", 3),
        "min_auto_labeling_objects": ("--min-auto-labeling-objects", "1250", 1250),
        "secrets": ("--access-keys", str(tmp_path / "keys.json"), {"AKIDEXAMPLE": "secret"}),
        "buckets": ("--bucket", "inbox", frozenset({"inbox"})),
        "cache_bytes": ("--cache-gb", "1.5", 1_500_000_000),
        "shorten_training": ("--shorten-training", "2", 2),
        "correction_seconds": ("--correction-seconds", "5", 5),
        "public_url": ("--public-url", "https://labels.example.org/", "https://labels.example.org"),
        "certificate_key": ("--certificate-key", KEY, KEY),
        "onnx_providers": ("--onnx-providers", "CPU", ("CPUExecutionProvider",)),
        "insecure_sign_in": ("--insecure-sign-in", None, True),
    }
    assert set(asked) | OF_FUNCTIONS == {field.name for field in fields(Settings)}, "a setting that no option sets"
    served: list[Settings] = []
    monkeypatch.setattr(command, "serve", lambda settings, **_: served.append(settings))
    words = [word for option, value, _ in asked.values() for word in (option, value) if word is not None]
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert {name: getattr(served[0], name) for name in asked} == {name: value for name, (*_, value) in asked.items()}


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
