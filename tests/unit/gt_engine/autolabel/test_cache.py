"""A cache that repairs itself and stays within its bounds: nobody has to empty a directory for a job to go on."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from gt_engine.autolabel import FeatureStore, ImageFacts, ImageProblem
from gt_engine.autolabel import cache as cache_module
from gt_engine.autolabel.backbone import graph_file
from gt_engine.autolabel.cache import ABANDONED_SECONDS, IN_USE_SECONDS, DiskCache

HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keep(cache: DiskCache, key: str, size: int = 1000) -> Path:
    path = cache.path(key, "kind")
    cache.write(path, bytes(size))
    cache.touch(path)
    return path


def names(cache: DiskCache, keys: str) -> str:
    return "".join(key for key in keys if cache.path(key, "kind").exists())


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path, clock: Clock) -> None:
    cache = DiskCache(tmp_path, most_bytes=5_000, now=clock)
    for key in "abcde":
        keep(cache, key)
        clock.now += HOUR
    clock.now += IN_USE_SECONDS
    cache.touch(cache.path("a", "kind"))
    assert cache.make_room() == 0
    assert cache.make_room(1_000) > 0
    assert names(cache, "abcde") in {"ade", "acde"}
    assert cache.path("a", "kind").exists()


def test_what_is_in_use_stays_even_where_there_is_too_much(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A training whose features went away under it would begin again for ever."""
    cache = DiskCache(tmp_path, most_bytes=2_000, now=clock)
    for key in "abcde":
        keep(cache, key)
    assert cache.make_room() == 0
    assert names(cache, "abcde") == "abcde"
    assert "in use" in caplog.text
    clock.now += IN_USE_SECONDS + 1
    cache.make_room()
    assert len(names(cache, "abcde")) <= 2


def test_writing_makes_room_now_and_then(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "LOOK_EVERY_BYTES", 10_000)
    cache = DiskCache(tmp_path, most_bytes=20_000, now=clock)
    for number in range(200):
        keep(cache, str(number))
        clock.now += IN_USE_SECONDS / 10
    left = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert 10_000 <= left <= 30_000


def test_without_a_bound_a_fifth_of_the_disk_stays_free(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10_000

    def usage(_: Path) -> object:
        return type("Usage", (), {"free": free})

    monkeypatch.setattr(cache_module.shutil, "disk_usage", usage)
    cache = DiskCache(tmp_path, now=clock)
    for key in "abcdefghij":
        keep(cache, key)
    clock.now += IN_USE_SECONDS + 1
    assert cache.make_room() == 0
    free = 0
    cache.make_room()
    assert len(names(cache, "abcdefghij")) <= 8


@pytest.mark.parametrize("most", [3_000, 3_000_000], ids=["by itself", "by others"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_emptied_of_what_nobody_uses_and_leaves_no_parts(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int, most: int
) -> None:
    cache = DiskCache(tmp_path, most_bytes=most, now=clock)
    for key in "abc":
        keep(cache, key)
    real, refusals = os.fsync, [True]

    def full(descriptor: int) -> None:
        if refusals and refusals.pop():
            raise OSError(code, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(cache_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep(cache, "d")  # all is in use: the step waits, and is done again
    assert not list(tmp_path.rglob("*.part"))
    clock.now += IN_USE_SECONDS + 1
    refusals.append(True)
    assert keep(cache, "d").exists()
    assert len(names(cache, "abc")) < 3


def test_a_full_disk_leaves_no_half_of_the_backbone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its name it would be taken for whole by every job to come."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        graph_file(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_dead_processes_left_half_written_is_removed(tmp_path: Path, clock: Clock) -> None:
    cache = DiskCache(tmp_path, now=clock)
    half = keep(cache, "a").with_suffix(".123-456.part")
    half.write_bytes(b"half")
    os.utime(half, (clock.now, clock.now))
    cache.make_room()
    assert half.exists()
    clock.now += ABANDONED_SECONDS + 1
    cache.make_room()
    assert not half.exists()
    assert names(cache, "a") == "a"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "damage",
    [lambda whole: b"", lambda whole: whole[:10], lambda whole: whole[:-1], lambda whole: b"GTF3" + whole[4:]],
    ids=["empty", "header", "truncated", "foreign"],
)
def test_damaged_features_are_made_again(tmp_path: Path, damage: object) -> None:
    """One truncated file failed every job that had its image, until somebody emptied the directory."""
    store = FeatureStore(tmp_path)
    store.prepare([("a", picture)])
    [file] = [file for file in tmp_path.rglob("*") if file.is_file()]
    whole = file.read_bytes()
    file.write_bytes(damage(whole))  # type: ignore[operator]
    assert store.facts("a") is None
    assert store.prepare([("a", picture)]) == {"a": ImageFacts(64, 48, 3)}
    assert file.read_bytes() == whole


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"code": 1}', b"\xff"])
def test_a_damaged_problem_is_looked_at_again(tmp_path: Path, damage: bytes) -> None:
    store = FeatureStore(tmp_path)
    store.prepare([("a", lambda: b"no image")])
    [file] = [file for file in tmp_path.rglob("*") if file.is_file()]
    file.write_bytes(damage)
    assert store.facts("a") is None
    assert isinstance(store.prepare([("a", lambda: b"no image")])["a"], ImageProblem)


def test_a_full_disk_is_no_fault_of_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step waits for room; an image that had a problem would be failed for good."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        FeatureStore(tmp_path).prepare([("a", picture)])
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
