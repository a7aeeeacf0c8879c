"""The folder of a local stack: one at a time, told in words, and the same addresses the next time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gt_cli import work_folder
from gt_cli.work_folder import FolderInUse, FolderUnusable, Memory, locked, recall


def test_a_folder_is_one_stacks_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(FolderInUse, match=f"process {os.getpid()}"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_stack_waits_for_the_children_of_one_that_was_killed(tmp_path: Path) -> None:
    """They write to the folder for seconds after `kill -9` of their parent."""
    with locked(tmp_path) as lock:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.5)"], pass_fds=[lock])
        (tmp_path / work_folder.LOCK).write_text("999999999")  # as if the process that held it was gone
    with locked(tmp_path):
        assert child.wait(0.5) == 0


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusable, match="cannot write to"), locked(tmp_path / "file" / "folder"):
        pass


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_folder, "LEAST_FREE_BYTES", 10**18)
    with pytest.raises(FolderUnusable, match="MB left"), locked(tmp_path):
        pass


def test_addresses_and_token_are_remembered_for_their_owner_alone(tmp_path: Path) -> None:
    memory = Memory(4566, 5001, "gts_x")
    assert recall(tmp_path) is None
    memory.write(tmp_path)
    assert recall(tmp_path) == memory
    assert (tmp_path / work_folder.MEMORY).stat().st_mode & 0o077 == 0


def test_a_memory_that_was_edited_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / work_folder.MEMORY).write_text("{}")
    with pytest.raises(FolderUnusable, match=r"stack\.json"):
        recall(tmp_path)
