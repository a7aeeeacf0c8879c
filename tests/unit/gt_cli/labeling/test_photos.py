"""The photos of a folder: what cannot be labeled is told before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from gt_cli.labeling.photos import find_photos
from gt_service.errors import InvalidInput
from gt_service.task_types import TaskType

BOXES = TaskType.OBJECT_DETECTION


def picture(path: Path, size: tuple[int, int] = (64, 48), **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (10, 20, 30)).save(path, **options)
    return path


def test_pictures_below_the_folder_are_found_by_their_paths(tmp_path: Path) -> None:
    picture(tmp_path / "b.JPG")
    picture(tmp_path / "sub folder" / "ä.png")
    (tmp_path / "notes.txt").write_text("no picture")
    photos = find_photos(tmp_path, BOXES)
    assert [photo.name for photo in photos.images] == ["b.JPG", "sub folder/ä.png"]
    assert photos.refused == ()
    assert photos.auto_labeling


def test_what_is_hidden_or_ours_is_no_photo(tmp_path: Path) -> None:
    """macOS keeps `._a.jpg` beside a.jpg on foreign disks; labels of the last time may lie in the folder."""
    picture(tmp_path / "a.jpg")
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\x16\7")
    picture(tmp_path / ".thumbnails" / "a.jpg")
    picture(tmp_path / "photos-labels" / "images" / "a.jpg")
    photos = find_photos(tmp_path, BOXES, besides=[tmp_path / "photos-labels"])
    assert [photo.name for photo in photos.images] == ["a.jpg"]


def test_what_cannot_be_labeled_is_told_with_reason_and_remedy(tmp_path: Path) -> None:
    picture(tmp_path / "good.jpg")
    whole = picture(tmp_path / "noise.jpg", (600, 400), quality=95).read_bytes()
    (tmp_path / "cut off.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "new.webp").write_bytes(b"RIFF....WEBP")
    picture(tmp_path / "liar.jpg", format="GIF")
    photos = find_photos(tmp_path, BOXES)
    assert [photo.name for photo in photos.images] == ["good.jpg", "noise.jpg"]
    told = {one.name: (one.reason, one.remedy) for one in photos.refused}
    assert set(told) == {"cut off.jpg", "empty.png", "new.webp", "liar.jpg"}
    assert told["cut off.jpg"] == ("a broken picture: it is cut off or damaged", "Copy or save it anew.")
    assert told["liar.jpg"] == ("neither JPEG nor PNG, by its content", "Convert it to JPEG or PNG.")
    assert all(reason and remedy.endswith(".") for reason, remedy in told.values())


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_name_that_is_no_text_is_told_and_stops_nothing(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    os.rename(picture(tmp_path / "b.jpg"), os.fsencode(tmp_path) + b"/r\xe4ccoon.jpg")
    photos = find_photos(tmp_path, BOXES)
    assert [photo.name for photo in photos.images] == ["a.jpg"]
    assert photos.refused[0].name == r"r\udce4ccoon.jpg"


@pytest.mark.skipif(os.name != "posix", reason="other systems refuse such names themselves")
def test_a_name_with_a_line_break_is_told_and_stops_nothing(tmp_path: Path) -> None:
    """The store cannot list it, so it was waited for without an end."""
    for name in ("a\nb.jpg", "Screenshot at 3.04\u202fPM.png", "👩\u200d🎓.jpg"):
        picture(tmp_path / name)
    photos = find_photos(tmp_path, BOXES)
    assert [photo.name for photo in photos.images] == ["Screenshot at 3.04\u202fPM.png", "👩\u200d🎓.jpg"]
    assert [(one.name, one.remedy) for one in photos.refused] == [(r"a\nb.jpg", "Rename it.")]


def test_phone_photos_may_be_labeled_by_the_machine(tmp_path: Path) -> None:
    """12 megapixels are what people have, and gt-engine scales them."""
    picture(tmp_path / "phone.jpg", (4032, 3024))
    photos = find_photos(tmp_path, BOXES)
    assert len(photos.images) == 1
    assert photos.auto_labeling


def test_a_photo_that_no_task_takes_is_told_with_its_size(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    most = BOXES.facts.pixel_limit(auto_labeling=False)
    Image.new("1", (most // 1000 + 1, 1000)).save(tmp_path / "huge.png")
    photos = find_photos(tmp_path, BOXES)
    assert "megapixels" in photos.refused[0].reason


def test_a_folder_without_photos_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no JPEG or PNG"):
        find_photos(tmp_path, BOXES)
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    with pytest.raises(InvalidInput, match=r"a\.webp"):
        find_photos(tmp_path, BOXES)
