"""The folder of a local stack: one stack at a time, and what it must know again the next time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from gt_service.errors import GtServiceError

LOCK = "stack.lock"
MEMORY = "stack.json"
LAST_ONES_END_SECONDS = 30.0
LEAST_FREE_BYTES = 300_000_000


class FolderInUse(GtServiceError):
    """Another process runs a stack there."""

    code = "folder_in_use"


class FolderUnusable(GtServiceError):
    """The folder cannot be written to, or its disk is full."""

    code = "folder_unusable"


@dataclass(frozen=True)
class Memory:
    """What a stack that is started again keeps: addresses that others have noted, and the owner's token."""

    port: int
    engine_port: int
    token: str

    def write(self, folder: Path) -> None:
        unfinished = folder / f"{MEMORY}.tmp"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds a token
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, folder / MEMORY)


def recall(folder: Path) -> Memory | None:
    """What the stack before has left here; None where there was none."""
    try:
        return Memory(**json.loads((folder / MEMORY).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise FolderUnusable(
            f"{folder / MEMORY} is not what gt-service wrote there: {error}",
            remedy="Remove that file; the stack then gets new addresses and a new token.",
        ) from None


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Holds the folder for this process; yields the lock's file descriptor.

    Children that are given it hold the folder as well, so nobody starts while the last stack's are still ending.
    Errors: FolderInUse with the process's number, FolderUnusable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderUnusable(f"cannot write to {folder}: {error.strerror}", remedy="Name another folder.") from None
    try:
        _take(descriptor, folder)
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE_BYTES:
            raise FolderUnusable(
                f"{folder} has {free / 1e6:.0f} MB left on its disk; a stack wants {LEAST_FREE_BYTES / 1e6:.0f} MB",
                remedy="Make room, or name a folder on another disk.",
            )
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + LAST_ONES_END_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode().strip()
            if _runs(pid) or time.monotonic() > deadline:
                raise FolderInUse(
                    f"a stack is running in {folder} (process {pid or 'unknown'})",
                    remedy="Stop that one with Ctrl-C, use it, or name another folder.",
                ) from None
            time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
