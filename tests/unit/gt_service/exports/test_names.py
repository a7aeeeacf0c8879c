"""Names of images in an export: none takes another's place."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from gt_service.exports.names import ExportNames


@pytest.mark.parametrize(
    "keys",
    [["a.jpg", "a.jpg/b.jpg"], ["a.jpg", "a.xml/b.jpg"], ["a.txt/b.jpg", "a.jpg"], ["a.B", "a.B/c.png"]],
)
def test_no_folder_is_called_as_a_file(keys: list[str]) -> None:
    """The export failed as a whole, with a folder where a file was to be written."""
    names = ExportNames()
    paths = [PurePosixPath(names.name(key)) for key in keys]
    files = {path.with_suffix(suffix) for path in paths for suffix in (path.suffix, ".txt", ".xml", ".json")}
    assert not files & {parent for path in paths for parent in path.parents}


def test_folders_keep_their_names() -> None:
    assert ExportNames("birds/").name("birds/2024.01/v1 2/a.jpg") == "2024.01/v1 2/a.jpg"
