"""S3's files on the local stack: a write that a kill fell into is taken back, everything else is left alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gt_cli.ministack.objects import SIDECAR, undo_half_written, write

BUCKET = Path("000000000000", "inbox")


def put(folder: Path, body: str, *, at: int, version: str | None = None, sidecar: bool = True) -> Path:
    path = folder / BUCKET / "birds" / "a.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(str(path), body.encode())
    os.utime(path, ns=(at, at))
    if sidecar:
        meta = path.with_name(path.name + SIDECAR)
        write(
            str(meta), json.dumps({"etag": body, "size": len(body), "version_id": version, "content_type": "image/x"})
        )
        os.utime(meta, ns=(at, at))
    return path


def test_what_is_whole_is_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "bytes", at=10)
    assert undo_half_written(tmp_path) == 0
    assert path.read_text() == "bytes"


def test_a_new_object_without_a_sidecar_was_never_answered_for(tmp_path: Path) -> None:
    path = put(tmp_path, "bytes", at=10, sidecar=False)
    assert undo_half_written(tmp_path) == 1
    assert not path.exists()


def test_a_version_that_was_being_replaced_is_back(tmp_path: Path) -> None:
    path = put(tmp_path, "before", at=10, version="v1")
    aside = tmp_path / ".versions" / BUCKET / "v1" / "birds" / "a.jpg"
    aside.parent.mkdir(parents=True)
    aside.write_text("before")
    put(tmp_path, "after, and longer", at=20, sidecar=False)
    assert undo_half_written(tmp_path) == 1
    assert path.read_text() == "before"
    assert undo_half_written(tmp_path) == 0


def test_without_versions_the_new_bytes_are_told_of_as_they_are(tmp_path: Path) -> None:
    """Size and ETag are then found by reading; those of the old bytes would be wrong."""
    path = put(tmp_path, "before", at=10)
    put(tmp_path, "after", at=20, sidecar=False)
    assert undo_half_written(tmp_path) == 1
    meta = json.loads(path.with_name(path.name + SIDECAR).read_text())
    assert meta == {"version_id": None, "content_type": "image/x"}
    assert undo_half_written(tmp_path) == 0


def test_what_was_on_its_way_is_swept_up(tmp_path: Path) -> None:
    path = put(tmp_path, "bytes", at=10)
    (path.parent / "b.jpg.tmp").write_text("half")
    assert undo_half_written(tmp_path) == 0
    assert not (path.parent / "b.jpg.tmp").exists()


def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, "before", at=10)
    monkeypatch.setattr("gt_cli.ministack.objects.sync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        write(str(path), b"after")
    assert path.read_text() == "before"
    assert not list(path.parent.glob("*.tmp"))
