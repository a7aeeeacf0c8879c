"""A job may be larger than the disk: what has no room there is fetched, and is the same."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from gt_engine.autolabel import FeatureStore, JobPlan, Progress, features
from gt_engine.autolabel import cache as cache_module
from gt_engine.autolabel.features import FILE_BYTES
from gt_engine.autolabel.labeling import Lesson
from gt_engine.jobs import life_cycle, packs
from gt_engine.jobs.machine import Labeled, Trained
from gt_engine.jobs.stepping import take_step
from gt_engine.jobs.steps import Tools, images
from tests.engine import (
    MemoryEngineObjects,
    MemoryEvents,
    RememberingMachine,
    bird_inputs,
    files_under,
    job_record,
    memory_tools,
    request,
)

IMAGES = 40
NAME = "birds-0001"


class Looking(RememberingMachine):
    """A machine that looks at everything that it may look at, and remembers what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, tuple[bytes, bytes, tuple[int, int, int]]] = {}

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        self._look(lesson)
        return super().label(lesson, plan, progress)

    def train(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Trained:
        self._look(lesson)
        return super().train(lesson, plan, progress)

    def _look(self, lesson: Lesson) -> None:
        ids = list(lesson.view.ids())
        for first in range(0, len(ids), 8):
            some = ids[first : first + 8]
            maps, pixels = lesson.view.read(some), lesson.view.pixels(some)
            for place, object_id in enumerate(some):
                assert lesson.view.store.has(lesson.view.content_key(object_id))
                saw = b"".join(one[place].tobytes() for one in maps), pixels[place].tobytes()
                self.seen[object_id] = *saw, lesson.view.image_size(object_id)


@pytest.fixture(scope="module")
def everything_kept(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """A cache with room for all, filled once."""
    return FeatureStore(tmp_path_factory.mktemp("features"))


def tools_with(store: FeatureStore, directory: Path) -> Tools:
    inputs = bird_inputs(IMAGES)
    inputs[f"s3://engine-tests/images/{IMAGES - 3}.jpg"] = b"no image"
    return replace(memory_tools(directory, inputs), features=store, machine=Looking())


def run_half_way(tools: Tools) -> dict[str, bytes]:
    """The job until people have labeled some; the contents of all objects."""
    tools.store.create_job(job_record(request(NAME)))
    while tools.store.job(NAME).counters.human < 10:
        take_step(NAME, tools, MemoryEvents())
    return cast(MemoryEngineObjects, tools.objects).contents


def finish(tools: Tools) -> None:
    while not take_step(NAME, tools, MemoryEvents()).is_over:
        pass


def run(tools: Tools) -> dict[str, bytes]:
    tools.store.create_job(job_record(request(NAME)))
    finish(tools)
    assert tools.store.job(NAME).status == "Completed"
    return files_under(cast(MemoryEngineObjects, tools.objects).contents, NAME)


def small_cache(directory: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    """Room for eight images; five steps look at eight each."""
    monkeypatch.setattr(cache_module, "LOOK_EVERY_BYTES", FILE_BYTES)
    monkeypatch.setattr(life_cycle, "PREPARE_AT_ONCE", 8)
    monkeypatch.setattr(packs, "PREPARE_AT_ONCE", 8)
    monkeypatch.setattr(images, "PREPARE_AT_ONCE", 8)
    monkeypatch.setattr(features, "FETCHED_TOGETHER", 2)  # what is written at once is seen by no look at the disk
    return FeatureStore(directory, most_bytes=8 * FILE_BYTES)


def images_on_disk(directory: Path) -> int:
    return sum(file.stat().st_size == FILE_BYTES for file in directory.rglob("*") if file.is_file())


def test_a_job_that_has_no_room_on_disk_sees_and_writes_the_same(
    everything_kept: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, it filled the disk, and waited for room that never came."""
    roomy = tools_with(everything_kept, tmp_path / "roomy")
    expected = run(roomy)
    tools = tools_with(small_cache(tmp_path / "small", monkeypatch), tmp_path)
    assert run(tools) == expected
    seen, wanted = cast(Looking, tools.machine).seen, cast(Looking, roomy.machine).seen
    assert len(wanted) == IMAGES - 1
    assert seen == wanted
    assert images_on_disk(tmp_path / "small") <= 10
    assert not [uri for uri in cast(MemoryEngineObjects, tools.objects).contents if "/temp/features" in uri]


def test_a_job_that_has_room_packs_nothing(everything_kept: FeatureStore, tmp_path: Path) -> None:
    """A laptop keeps features once, not twice."""
    tools = tools_with(everything_kept, tmp_path)
    tools.store.create_job(job_record(request(NAME)))
    for _ in range(3):
        take_step(NAME, tools, MemoryEvents())
    assert not [uri for uri in cast(MemoryEngineObjects, tools.objects).contents if "/temp/features" in uri]


def test_another_machine_goes_on_without_looking_at_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tools_with(small_cache(tmp_path / "one", monkeypatch), tmp_path)
    contents = run_half_way(tools)
    assert sum(uri.endswith(".npy") for uri in contents) == IMAGES // 8
    for uri in [uri for uri in contents if "/images/" in uri]:
        del contents[uri]
    other = replace(tools, features=FeatureStore(tmp_path / "other", most_bytes=8 * FILE_BYTES))
    finish(other)
    assert tools.store.job(NAME).counters.total == IMAGES - 1


def test_others_read_a_pack_as_the_docs_say(
    everything_kept: FeatureStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without our code; what cannot be used is told from what can."""
    tools = tools_with(small_cache(tmp_path, monkeypatch), tmp_path)
    contents = run_half_way(tools)
    [last] = [body for uri, body in contents.items() if uri.endswith(f"/temp/features-{IMAGES - 8:09}.npy")]
    (tmp_path / "features-000000000.npy").write_bytes(last)
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[4] / "docs/how-to/run-the-engine-on-aws.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    assert "gt_" not in code
    read: dict[str, Any] = {}
    exec(code, read)
    assert len(read["rows"]) == 7  # one of the eight is no image
    assert capsys.readouterr().out.startswith("[48 48  3] (7, 160, 160, 3) [(4, 'float32', (7, 80, 80, 24))")
    key = "a"
    everything_kept.prepare([(key, lambda: contents[f"s3://engine-tests/images/{IMAGES - 1}.jpg"])])
    for ours, theirs in zip(everything_kept.read([key]), read["maps"].values(), strict=True):
        np.testing.assert_array_equal(ours[0], theirs[-1])
    np.testing.assert_array_equal(everything_kept.pixels([key])[0], read["rows"]["pixels"][-1])


def test_packs_of_an_earlier_version_are_as_if_they_were_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade a job under way makes its features again, instead of failing on those of before."""
    tools = tools_with(small_cache(tmp_path, monkeypatch), tmp_path)
    contents = run_half_way(tools)
    packed = [uri for uri in contents if "/temp/features-" in uri]
    assert packed
    before = np.dtype([("version", "S4"), ("pixels", "u1", (160, 160, 3))])
    for uri in packed:
        file = io.BytesIO()
        np.save(file, np.zeros(8, before))
        contents[uri] = file.getvalue()
    tools = replace(tools, features=FeatureStore(tmp_path / "other", most_bytes=8 * FILE_BYTES))
    finish(tools)
    assert tools.store.job(NAME).status == "Completed"


def test_where_a_row_lies_does_not_depend_on_how_many_there_are() -> None:
    """The last pack of a job is shorter; its rows are fetched without reading how many it has."""
    assert {len(packs._header(rows)) for rows in (1, 9, 250, 100_000)} == {packs._HEADER_BYTES}


def test_what_comes_back_damaged_is_no_feature(everything_kept: FeatureStore, tmp_path: Path) -> None:
    for wrong in (b"", b"GTF3" + bytes(FILE_BYTES - 4), bytes(FILE_BYTES + 1)):
        store = FeatureStore(tmp_path).backed_by({"a": lambda wrong=wrong: cast(Any, wrong)})
        with pytest.raises(ValueError, match=r"features of a|not a feature file"):
            store.read(["a"])


def test_a_full_disk_is_no_hindrance_to_looking(
    everything_kept: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_kept.prepare([("a", lambda: bird_inputs(1)["s3://engine-tests/images/0.jpg"])])
    whole = everything_kept.packed("a")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", full)
    store = FeatureStore(tmp_path).backed_by({"a": lambda: whole})
    for one, other in zip(store.read(["a"]), everything_kept.read(["a"]), strict=True):
        np.testing.assert_array_equal(one, other)
    assert images_on_disk(tmp_path) == 0
