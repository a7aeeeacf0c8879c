"""Where a browser's files go: nothing is sent twice, nothing that waits or was labeled is written over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gt_service.errors import InvalidInput
from gt_service.ingest.uploading import MOST_FILES, File, Placed, candidates, files_of, placed
from gt_service.records import Image, ImageStatus

A, B = "a" * 64, "b" * 64


def image(key: str, digest: str | None, place: str = "pending#1") -> Image:
    time = "2026-05-01T08:00:00.000Z"
    return Image(
        campaign="birds", key=key, place=place, event_time=time, sequencer="1", etag="e", size=1, digest=digest
    )


def place(files: list[File], *registered: Image) -> list[Placed]:
    held = {each.key: each for each in registered}
    assert set(held) <= set(candidates("birds", files))
    return list(placed("birds", files, held))


def test_a_new_file_keeps_its_name_and_folder() -> None:
    (one,) = place([File("day 1/IMG.jpg", A)])
    assert (one.key, one.image, one.problem) == ("birds/images/day 1/IMG.jpg", None, None)


def test_what_is_there_is_known_and_need_not_be_sent() -> None:
    there = image("birds/images/1.jpg", A)
    assert place([File("1.jpg", A)], there) == [Placed(File("1.jpg", A), there.key, there)]


def test_another_file_of_the_same_name_is_lost_neither_way() -> None:
    """Cameras count from IMG_0001 again: written over, the first would never be labeled."""
    there = image("birds/images/1.jpg", A)
    (one,) = place([File("1.jpg", B)], there)
    assert (one.key, one.image) == ("birds/images/1-bbbbbbbb.jpg", None)
    renamed = replace(there, key="birds/images/1-bbbbbbbb.jpg", digest=B)
    (again,) = place([File("1.jpg", B)], there, renamed)
    assert again.image == renamed, "dropped again, it is known under its new name"


def test_two_of_one_name_in_one_request_are_two() -> None:
    first, second, third = place([File("1.jpg", A), File("1.jpg", B), File("1.jpg", A)])
    assert first.key == third.key == "birds/images/1.jpg"
    assert second.key == "birds/images/1-bbbbbbbb.jpg"


def test_a_refused_file_is_replaced_under_its_name() -> None:
    """As its remedy says; a name of its own would leave the refused one in the list for ever."""
    refused = image("birds/images/1.jpg", A, ImageStatus.REJECTED.value)
    (one,) = place([File("1.jpg", B)], refused)
    assert (one.key, one.image) == ("birds/images/1.jpg", None)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a//b.jpg", "cannot be a key"),
        ("../campaign.yaml", "cannot be a key"),
        ("a/\x07.jpg", "cannot be a key"),
        ("ä" * 600 + ".jpg", "too long"),
        ("campaign.yaml", "called like a campaign spec"),
        ("photos/.DS_Store", "file manager"),
        ("", "cannot be a key"),
    ],
)
def test_what_cannot_be_an_image_is_refused_before_it_is_sent(path: str, reason: str) -> None:
    (one,) = place([File(path, A)])
    assert one.key is None
    assert one.problem is not None
    assert reason in one.problem.reason


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        [{"path": 1, "digest": A}],
        [{"path": "a"}],
        [{"path": "a", "digest": "A" * 64}],
        [1],
        [{}] * (MOST_FILES + 1),
    ],
)
def test_a_request_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput):
        files_of(given)
