"""What ends the command, however it was started: else what it has started runs on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from gt_cli.main import heed_signals


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
