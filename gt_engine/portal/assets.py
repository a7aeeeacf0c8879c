"""Files that browsers load: the crowd elements and the portal's own, at addresses that change when a file does."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ELEMENTS = HERE / "elements"


@cache
def version(directory: Path) -> str:
    """Of all files in a directory: part of their addresses, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(file.relative_to(directory).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


ELEMENTS_SCRIPT = f"/elements/{version(ELEMENTS)}/crowd-html-elements.js"
