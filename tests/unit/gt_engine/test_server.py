"""A signal ends the engine, whenever it comes: one that was swallowed left an engine running for 24 minutes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import uvicorn

from gt_engine.server import _Stopping


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_before_there_is_a_server_the_process_ends(number: int) -> None:
    _Stopping()
    with pytest.raises(SystemExit) as ended:
        os.kill(os.getpid(), number)
    assert ended.value.code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_from_then_on_the_server_ends(number: int) -> None:
    """Also between the engine's first line and uvicorn's own handlers, and after those have done their part."""
    server = uvicorn.Server(uvicorn.Config(app=lambda: None))  # type: ignore[arg-type]
    stopping = _Stopping()
    stopping.watch(server)
    os.kill(os.getpid(), number)
    assert server.should_exit
