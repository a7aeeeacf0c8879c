"""What has been written since the last snapshot: one line an entry, in files that are numbered like snapshots.

    <folder>/<number>.journal      crc32 in hexadecimal, a blank, JSON

File `n` begins where snapshot `n` was taken. An entry says what became of an item (`PutItem` with the whole item, or
`DeleteItem`), not what was asked, so replaying entries twice, or over a snapshot that has them already, comes to the
same.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gt_cli.ministack.files import sync, sync_path


@dataclass(frozen=True)
class Entry:
    """A DynamoDB request that brings a table to where it was. `account` and `region` are whose table it is."""

    account: str
    region: str
    action: str
    request: Mapping[str, Any]

    def line(self) -> bytes:
        text = json.dumps(asdict(self), separators=(",", ":")).encode()
        return b"%08x %s\n" % (zlib.crc32(text), text)


class Journal:
    """Appends in the order of the calls; `sync` returns once everything appended before is on the disk."""

    def __init__(self, folder: Path, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._syncing = threading.Lock()
        self._appended = 0
        self._synced = 0
        self._file = self._open(number)

    def append(self, entry: Entry) -> None:
        """Errors: OSError, for example on a full disk; the file then ends as it did before."""
        line = entry.line()
        length = os.fstat(self._file).st_size
        written = -1
        try:
            written = os.write(self._file, line)
        finally:
            if written != len(line):
                os.ftruncate(self._file, length)  # a torn line would hide all that follow
        if written != len(line):
            raise OSError(f"{written} of {len(line)} bytes were written to the journal")
        self._appended += 1

    def sync(self) -> None:
        """Requests that wait at the same time share one sync."""
        needed = self._appended
        with self._syncing:
            if self._synced < needed:
                covered = self._appended
                sync(self._file)
                self._synced = covered

    def begin(self, number: int) -> None:
        """From now on entries go into file `number`; the files before stay until `forget`."""
        with self._syncing:
            sync(self._file)
            os.close(self._file)
            self._file = self._open(number)

    def close(self) -> None:
        self.sync()
        os.close(self._file)

    def _open(self, number: int) -> int:
        descriptor = os.open(_path(self._folder, number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        sync_path(self._folder)
        return descriptor


def read(folder: Path, since: int) -> Iterator[Entry]:
    """The entries of file `since` and all after it. A file ends where a line was cut off: that one was not answered."""
    for number in sorted(numbers(folder)):
        if number >= since:
            for line in _path(folder, number).read_bytes().splitlines(keepends=True):
                entry = _entry(line)
                if entry is None:
                    break
                yield entry


def repair(folder: Path) -> None:
    """Cuts off what is torn at the end of files, so that they can be appended to."""
    for number in numbers(folder):
        path = _path(folder, number)
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            if _entry(line) is None:
                break
            whole += len(line)
        if whole < path.stat().st_size:
            os.truncate(path, whole)


def forget(folder: Path, before: int) -> None:
    """Removes the files that a snapshot covers."""
    for number in numbers(folder):
        if number < before:
            _path(folder, number).unlink()


def numbers(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.journal")]


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.journal"


def _entry(line: bytes) -> Entry | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    return Entry(**json.loads(text))
