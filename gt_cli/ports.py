"""Ports on this machine."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USUAL_PORT = 4566


@contextmanager
def kept_port(usual: int = USUAL_PORT) -> Iterator[int]:
    """A port that no other stack of this user takes in the meantime: the usual one for the first of them.

    A stack needs seconds to listen. One that begins in these seconds would find the port free as well, and then take
    the answers of the first stack for its own.
    """
    with (Path(tempfile.gettempdir()) / f"gt-service-{os.getuid()}-{usual}.lock").open("a") as first:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            usual = 0
        yield free_port(usual)


def free_port(usual: int = USUAL_PORT, host: str = "127.0.0.1") -> int:
    """The usual port where it is free, any free one otherwise."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, usual))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])
