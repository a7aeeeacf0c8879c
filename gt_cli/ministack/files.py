"""Files that are on the disk, and not only on their way to it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_REALLY = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone leaves the bytes in the drive's cache


def sync(descriptor: int) -> None:
    """Returns once the file's bytes are on the disk."""
    if _REALLY is not None:
        fcntl.fcntl(descriptor, _REALLY)
    else:
        os.fsync(descriptor)


def sync_path(path: Path) -> None:
    """The same for a file or a folder by its path; what has gone in the meantime needs no sync."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
