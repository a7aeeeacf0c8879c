"""Files that browsers load: the crowd elements and the portal's own, at addresses that change when a file does."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from gt_engine.portal.linking import link
from gt_service.errors import NotFound
from gt_service.pages.render import STATIC_TYPES, static_file

HERE = Path(__file__).parent
ELEMENTS = HERE / "elements"
STATIC = HERE / "static"
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@cache
def version(directory: Path) -> str:
    """Of all files in a directory: part of their addresses, so that browsers may keep them for ever."""
    digest = hashlib.sha256()
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(file.relative_to(directory).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


ENTRY = "crowd-html-elements.js"
ELEMENTS_SCRIPT = f"/elements/{version(ELEMENTS)}/{ENTRY}"


def static(name: str) -> str:
    """The address of one of the portal's own files, or of those it shares with the app's pages."""
    return f"/static/{version(STATIC)}/{name}"


def element_file(path: str) -> tuple[bytes, str]:
    """Bytes and type of a file of the crowd elements; the one that pages load has all of them. Errors: `NotFound`."""
    if path == ENTRY:
        return _all_elements(), MEDIA_TYPES[".js"]
    return _known(ELEMENTS, path)


@cache
def _all_elements() -> bytes:
    return link(ELEMENTS / ENTRY).encode()


@cache
def compressed(body: bytes) -> bytes:
    """For browsers that take gzip."""
    return gzip.compress(body, mtime=0)


def own_file(name: str) -> tuple[bytes, str]:
    """Bytes and type of a file of the portal. Errors: `NotFound`."""
    if name in STATIC_TYPES and name not in _files(STATIC):
        return (static_file(name) or "").encode(), STATIC_TYPES[name]
    return _known(STATIC, name)


def _known(directory: Path, path: str) -> tuple[bytes, str]:
    if path not in _files(directory):
        raise NotFound(f"there is no file {path!r}")
    return _files(directory)[path]


@cache
def _files(directory: Path) -> dict[str, tuple[bytes, str]]:
    """What browsers may load, by its address: no other way of writing one leads here, or out of the directory."""
    return {
        file.relative_to(directory).as_posix(): (file.read_bytes(), MEDIA_TYPES[file.suffix])
        for file in directory.rglob("*")
        if file.suffix in MEDIA_TYPES
    }
