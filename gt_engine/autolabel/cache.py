"""Files that can be made again, by content key: kept as long as there is room, shared by threads and processes.

A file appears by renaming, whole or not at all. What nobody has used for the longest time makes room for what is new.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SHARE_OF_DISK = 0.8
"""Of what is free or already the cache's own; where nobody says how large it may be."""
LOOK_EVERY_BYTES = 256 * 2**20
"""So much is written between two looks at how much there is."""
IN_USE_SECONDS = 6 * 3600.0
"""What was used later than this ago may be in use by a training, and stays."""
ABANDONED_SECONDS = 3600.0
"""A file that was begun so long ago is nobody's any more: its process died."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Kept:
    used_at: float
    size: int
    path: Path


def write_whole(path: Path, data: bytes) -> None:
    """A file that appears whole or not at all, whoever else writes it at the same time. Errors: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a machine that loses its power keeps a name with nothing behind it
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class DiskCache:
    """A directory of files. most_bytes: None for four fifths of the disk.

    Errors: OSError as the disk has it; a full disk only where nothing of the cache can make room.
    """

    def __init__(self, directory: Path, *, most_bytes: int | None = None, now: Callable[[], float] = time.time) -> None:
        self.directory = directory
        self._most = most_bytes
        self._now = now
        self._unlooked = LOOK_EVERY_BYTES  # the first write looks
        self._lock = threading.Lock()

    def path(self, key: str, kind: str) -> Path:
        """Where the file of a key is, or would be."""
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.directory / name[:2] / f"{name[2:34]}.{kind}"

    def write(self, path: Path, data: bytes) -> None:
        """Keeps a file, after making room for it where that is needed."""
        self._count(len(data))
        try:
            write_whole(path, data)
        except OSError as problem:
            if problem.errno not in {errno.ENOSPC, errno.EDQUOT} or not self.make_room(len(data), full=True):
                raise
            write_whole(path, data)

    def touch(self, path: Path) -> None:
        """Says that a file is in use."""
        with suppress(OSError):
            now = self._now()
            os.utime(path, (now, now))

    def release(self, path: Path) -> None:
        """Says that a file is in nobody's use: it lies elsewhere too, and may go as soon as there is no room."""
        with suppress(OSError):
            long_ago = self._now() - IN_USE_SECONDS
            os.utime(path, (long_ago, long_ago))

    def holds(self, wanted: int) -> bool:
        """Whether so many bytes are no more than half of what the cache may hold: the other half is for others."""
        self.directory.mkdir(parents=True, exist_ok=True)
        total = sum(file.size for file in self._files()) if self._most is None else 0
        return wanted <= self._limit(total) // 2

    def remove(self, path: Path) -> None:
        """Lets a file go that is of no use."""
        with suppress(OSError):
            path.unlink()

    def make_room(self, wanted: int = 0, *, full: bool = False) -> int:
        """Removes what was used the longest ago until there is room for `wanted` more bytes, and what dead processes
        left; how many bytes that freed. full: the disk is, however little of it the cache has."""
        kept, freed = [], 0
        for file in self._files():
            if file.path.suffix == ".part":
                if self._now() - file.used_at > ABANDONED_SECONDS:
                    freed += self._evict(file)
            else:
                kept.append(file)
        total = sum(file.size for file in kept)
        excess = max(total + wanted - self._limit(total), wanted if full else 0)
        if excess <= 0:
            return freed
        goal = excess + total // 10  # a tenth more, so that the next file does not bring us here again
        for file in sorted(kept, key=lambda file: file.used_at):
            if goal <= 0 or self._now() - file.used_at < IN_USE_SECONDS:
                break
            gone = self._evict(file)
            goal, freed = goal - gone, freed + gone
        if goal > total // 10:
            log.warning(
                "the cache is larger than it should be, and all of it is in use",
                extra={"directory": str(self.directory), "bytes": total - freed, "most": self._limit(total)},
            )
        return freed

    def _count(self, size: int) -> None:
        with self._lock:
            self._unlooked += size
            if self._unlooked < LOOK_EVERY_BYTES:
                return
            self._unlooked = 0
        self.make_room(size)

    def _limit(self, total: int) -> int:
        if self._most is not None:
            return self._most
        return int((shutil.disk_usage(self.directory).free + total) * SHARE_OF_DISK)

    def _files(self) -> Iterator[_Kept]:
        self.directory.mkdir(parents=True, exist_ok=True)
        for folder in self.directory.iterdir():
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # another process is making room as well
                        found = entry.stat()
                        yield _Kept(found.st_mtime, found.st_size, Path(entry.path))

    def _evict(self, file: _Kept) -> int:
        try:
            file.path.unlink()
        except OSError:
            return 0
        return file.size
