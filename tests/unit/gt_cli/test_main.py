"""The commands as they are met: help that is whole, and an end however they were started."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import click
import pytest

from gt_cli.main import cli, heed_signals
from gt_engine.main import main as engine


@pytest.fixture
def as_started_in_the_background() -> Iterator[None]:
    """As `sh -c 'nohup gt-service up & …'` starts it."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("as_started_in_the_background")
def test_an_interrupt_ends_what_runs_in_the_background_of_a_script() -> None:
    heed_signals()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(SystemExit, match="143"):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGHUP)  # nohup: the terminal may go


def every_command(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found
            yield from every_command(found, *path, name)


COMMANDS = dict([*every_command(cli, "gt-service"), *every_command(engine, "gt-engine")])


@pytest.mark.parametrize("path", COMMANDS)
def test_help_tells_what_each_command_and_option_is_for(path: str) -> None:
    """In a terminal of 80 columns, with no word cut off."""
    command = COMMANDS[path]
    assert [one.name for one in command.params if isinstance(one, click.Option) and not one.help] == []
    room = 80 - 6 - len("estimate")  # what click leaves beside the longest name
    assert command.get_short_help_str(room).endswith(".")
    assert not command.get_short_help_str(room).endswith("..."), "cut off"
