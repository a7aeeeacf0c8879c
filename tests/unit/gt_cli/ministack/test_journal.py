"""The journal of the local stack: what was synced is read back, what was torn off is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gt_cli.ministack.journal import Entry, Journal, forget, numbers, read, repair


def entry(number: int) -> Entry:
    return Entry("000000000000", "us-east-1", "PutItem", {"TableName": "t", "Item": {"id": {"S": f"ü {number}"}}})


def test_entries_come_back_in_order_over_several_files(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    journal.append(entry(1))
    journal.begin(1)
    journal.append(entry(2))
    journal.append(entry(3))
    journal.close()
    assert list(read(tmp_path, 0)) == [entry(1), entry(2), entry(3)]
    assert list(read(tmp_path, 1)) == [entry(2), entry(3)]
    forget(tmp_path, 1)
    assert numbers(tmp_path) == [1]


@pytest.mark.parametrize("cut", range(1, 30, 7))
def test_a_torn_line_is_cut_off_and_what_follows_is_not_lost(tmp_path: Path, cut: int) -> None:
    """Appending after a torn line would hide every entry that comes later."""
    journal = Journal(tmp_path, 0)
    journal.append(entry(1))
    journal.append(entry(2))
    journal.close()
    path = tmp_path / "00000000.journal"
    os.truncate(path, path.stat().st_size - cut)
    repair(tmp_path)
    journal = Journal(tmp_path, 0)
    journal.append(entry(3))
    journal.close()
    assert list(read(tmp_path, 0)) == [entry(1), entry(3)]


def test_what_follows_garbage_is_not_believed(tmp_path: Path) -> None:
    """After a power cut a file may end in blocks of anything."""
    journal = Journal(tmp_path, 0)
    journal.append(entry(1))
    journal.close()
    with (tmp_path / "00000000.journal").open("ab") as file:
        file.write(b"\0" * 100 + b"\n" + entry(2).line())
    assert list(read(tmp_path, 0)) == [entry(1)]


def test_a_disk_that_is_full_leaves_the_journal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, 0)
    journal.append(entry(1))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:5]))
    with pytest.raises(OSError, match="5 of"):
        journal.append(entry(2))
    monkeypatch.undo()
    journal.append(entry(3))
    journal.close()
    assert list(read(tmp_path, 0)) == [entry(1), entry(3)]
