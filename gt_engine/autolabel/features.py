"""Backbone features on disk, computed once per image content and shared by jobs and processes.

One file per content, a record of numpy (`ROW`): the image's size, one scale per channel, the maps as 8-bit integers,
what is left of the last one, and the image itself at half the size that the backbone sees (0.38 MB in all). No process
ever sees half of a file, and reading needs no lock, index or memory. A file that is damaged all the same is as good as
none: it is made again.
"""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.backbone import INPUT_SIDE, TAPS, TOP, Backbone
from gt_engine.autolabel.cache import DiskCache
from gt_engine.autolabel.images import ImageFacts, ImageProblem, decode
from gt_engine.autolabel.own_model.opinions import Opinion
from gt_engine.autolabel.providers import CPU
from gt_engine.labels import Floats
from gt_service.parallel import in_groups

Loader = Callable[[], bytes]

CHUNK = 64
"""Images that are looked up together; only as many as there are threads are in memory."""

PIXEL_SIDE = INPUT_SIDE // 2

VERSION = b"GTF5"
"""Of the backbone and of how its maps are kept: what has another one is as if it were not there."""

_KIND = VERSION.decode().lower()
"""Files are named by it."""

_HEAD = np.dtype([("version", "S4"), ("size", "<u4", 3)])
"""size: width, height and channels of the image."""

ROW = np.dtype(
    [
        *((name, _HEAD[name]) for name in ("version", "size")),
        *((f"scales{tap.stride}", "<f4", tap.channels) for tap in TAPS),
        *((f"maps{tap.stride}", "i1", (tap.side, tap.side, tap.channels)) for tap in TAPS),
        ("top", "<f4", (2, TOP.channels)),
        ("pixels", "u1", (PIXEL_SIDE, PIXEL_SIDE, 3)),
    ]
)
"""The features of one image. Maps are named by their stride in pixels of the squeezed image; a map times its scales is
what the backbone gave, as floats. top: mean and maximum of each channel of the backbone's last map."""

FILE_BYTES = ROW.itemsize
"""What the features of one image take."""

_FIELDS: Mapping[str, Any] = ROW.fields or {}

FETCHED_TOGETHER = 16

_PROBLEM = f"{_KIND}-problem"
"""What is wrong with an image, for this version: another one may read more."""


class FeatureStore:
    """Features of images, by content key (an ETag or a SHA-256), in one directory.

    Several threads and processes may use one directory at once: an image is computed at most twice, never half.
    `threads` are the cores that one call of `prepare` uses. `most_bytes`: how large it may grow; what was not used for
    the longest time goes first. `providers`: what the backbone computes on (gt_engine/autolabel/providers.py).
    """

    def __init__(
        self,
        directory: Path,
        *,
        threads: int = 1,
        most_bytes: int | None = None,
        providers: Sequence[str] = (CPU,),
    ) -> None:
        self._cache = DiskCache(directory, most_bytes=most_bytes)
        self.threads = threads
        self._providers = providers
        self._sources: Mapping[str, Loader] = {}
        self._cores = threading.BoundedSemaphore(threads)
        self._backbone: Backbone | None = None
        self._lock = threading.Lock()

    def prepare(self, items: Iterable[tuple[str, Loader]]) -> dict[str, ImageFacts | ImageProblem]:
        """Makes sure that the features of every (content key, loader) are on disk; what is known of each key.

        A loader is called only for contents not yet known, from one of a few threads; what it raises becomes an
        UnreadableObject problem of that object, and is tried again next time.
        """
        known: dict[str, ImageFacts | ImageProblem] = {}
        # Twice as many threads as cores: while some look at images, the others wait for the next ones.
        with ThreadPoolExecutor(2 * self.threads, thread_name_prefix="features") as pool:
            for chunk in in_groups(items, CHUNK):
                missing = {}
                for key, load in chunk:
                    facts = known.get(key) or self.facts(key)
                    if facts is None:
                        missing[key] = load
                    else:
                        known[key] = facts
                known.update(zip(missing, pool.map(self._compute, missing, missing.values()), strict=True))
        return known

    def facts(self, key: str) -> ImageFacts | ImageProblem | None:
        """What is known of a content; None where it was never prepared, or its files had to make room or are damaged.

        What was asked for is in use: it stays for some hours at least.
        """
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size == FILE_BYTES:
                    facts = _facts(file.read(_HEAD.itemsize))
                    if key not in self._sources:
                        self._cache.touch(path)
                    return facts
        except FileNotFoundError:
            return _facts(self._fetch(key)[: _HEAD.itemsize]) if key in self._sources else self._problem(key)
        except (OSError, ValueError):
            pass
        self._cache.remove(path)
        return None

    def _problem(self, key: str) -> ImageProblem | None:
        path = self._path(key, _PROBLEM)
        try:
            return ImageProblem(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            self._cache.remove(path)
            return None

    def has(self, key: str) -> bool:
        """Whether the features of a content are there, or can be fetched."""
        return key in self._sources or self._path(key).exists()

    def holds(self, images: int) -> bool:
        """Whether the features of so many images may all be here at once."""
        return self._cache.holds(images * FILE_BYTES)

    def backed_by(self, sources: Mapping[str, Loader]) -> FeatureStore:
        """This store for contents that lie elsewhere too: what is not here is fetched, and is the first to go.

        sources: what to call for the file of a content, as `packed` gave it.
        """
        backed = copy.copy(self)
        backed._sources = sources
        return backed

    def packed(self, key: str) -> bytes:
        """The file of a content, to be kept elsewhere; from now on it may go. Raises FileNotFoundError."""
        path = self._path(key)
        data = path.read_bytes()
        self._cache.release(path)
        return data

    def view(self, keys: Mapping[str, str], *, opinions: Mapping[str, Opinion] | None = None) -> FeatureView:
        """The features of some objects, by object id; `keys` gives each object's content key."""
        return FeatureView(self, keys, opinions)

    def read(self, keys: Sequence[str]) -> list[Floats]:
        """For each tap the maps of some contents: float32 [n, side, side, channels].

        Raises FileNotFoundError for a content that was never prepared.
        """
        maps = [np.empty((len(keys), tap.side, tap.side, tap.channels), np.float32) for tap in TAPS]
        fetched = self._fetch_missing(keys)
        for i, key in enumerate(keys):
            row = np.frombuffer(fetched.get(key) or self._data(key), ROW)
            for out, tap in zip(maps, TAPS, strict=True):
                np.multiply(row[f"maps{tap.stride}"][0], row[f"scales{tap.stride}"][0], out=out[i])
        return maps

    def top(self, keys: Sequence[str]) -> Floats:
        """Means and maxima of the backbone's last map for some contents: float32 [n, 2, channels].

        Raises FileNotFoundError for a content that was never prepared.
        """
        return self._field("top", keys)

    def pixels(self, keys: Sequence[str]) -> NDArray[np.uint8]:
        """The images of some contents, squeezed into a square: uint8 [n, PIXEL_SIDE, PIXEL_SIDE, 3].

        Raises FileNotFoundError for a content that was never prepared.
        """
        return self._field("pixels", keys)

    def _field(self, name: str, keys: Sequence[str]) -> NDArray[Any]:
        """One field of the rows of some contents. Nothing before it is read."""
        kind, start = _FIELDS[name][:2]
        out = np.empty(len(keys), kind)
        fetched = self._fetch_missing(keys)
        for one, key in zip(out, keys, strict=True):
            data = fetched[key][start:] if key in fetched else self._data(key, start)
            one[:] = np.frombuffer(data, kind, 1)[0]
        return out

    def _data(self, key: str, start: int = 0) -> bytes:
        """The file of a content from a place on. Raises FileNotFoundError for a content that was never prepared.

        What lies elsewhere too may have had to make room since it was looked for: then it is fetched.
        """
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            if key not in self._sources:
                raise
            return self._fetch(key)[start:]

    def _fetch_missing(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The files of contents that are not here, some at a time."""
        missing = [key for key in dict.fromkeys(keys) if key in self._sources and not self._is_whole(key)]
        if not missing:
            return {}
        with ThreadPoolExecutor(FETCHED_TOGETHER, thread_name_prefix="fetch") as pool:
            return dict(zip(missing, pool.map(self._fetch, missing), strict=True))

    def _is_whole(self, key: str) -> bool:
        try:
            return self._path(key).stat().st_size == FILE_BYTES
        except OSError:
            return False

    def _fetch(self, key: str) -> bytes:
        """Errors: ValueError where what was fetched are no features of this version."""
        data = self._sources[key]()
        if len(data) != FILE_BYTES:
            raise ValueError(f"the features of {key} have {len(data)} bytes instead of {FILE_BYTES}")
        _facts(data[: _HEAD.itemsize])
        path = self._path(key)
        with suppress(OSError):  # no room is no trouble: it was only to be quicker next time
            self._cache.write(path, data)
            self._cache.release(path)
        return data

    def _compute(self, key: str, load: Loader) -> ImageFacts | ImageProblem:
        outcome = _load(load)
        if isinstance(outcome, ImageProblem):
            if outcome.code != "UnreadableObject":  # the object may be readable tomorrow; its content will not change
                self._cache.write(self._path(key, _PROBLEM), json.dumps(vars(outcome)).encode())
            return outcome
        facts, pixels = outcome
        with self._cores:
            maps = self._eye()(pixels[None])
        self._cache.write(self._path(key), _packed(facts, [one[0] for one in maps], pixels))
        return facts

    def _eye(self) -> Backbone:
        with self._lock:
            if self._backbone is None:
                self._backbone = Backbone(providers=self._providers)
            return self._backbone

    def _path(self, key: str, kind: str = _KIND) -> Path:
        return self._cache.path(key, kind)


class FeatureView:
    """Some objects of a store, by the caller's own object ids. Reads from disk; holds no features.

    opinions: what others than the learner say of contents, by content key (gt_engine/autolabel/own_model).
    """

    def __init__(
        self, store: FeatureStore, keys: Mapping[str, str], opinions: Mapping[str, Opinion] | None = None
    ) -> None:
        self.store = store
        self._keys = keys
        self.opinions: Mapping[str, Opinion] = opinions or {}

    def ids(self) -> Sequence[str]:
        """Every object id of the view."""
        return list(self._keys)

    def content_key(self, object_id: str) -> str:
        """The content key of an object; two objects with the same content share it."""
        return self._keys[object_id]

    def image_size(self, object_id: str) -> tuple[int, int, int]:
        """(width, height, depth). Raises KeyError when the object's content is not a usable image."""
        facts = self.store.facts(self._keys[object_id])
        if not isinstance(facts, ImageFacts):
            raise KeyError(object_id)
        return facts.width, facts.height, facts.depth

    def read(self, ids: Sequence[str]) -> list[Floats]:
        """For each tap the maps of some objects: float32 [n, side, side, channels]."""
        return self.store.read([self._keys[one] for one in ids])

    def top(self, ids: Sequence[str]) -> Floats:
        """Means and maxima of the backbone's last map for some objects: float32 [n, 2, channels]."""
        return self.store.top([self._keys[one] for one in ids])

    def pixels(self, ids: Sequence[str]) -> NDArray[np.uint8]:
        """The images of some objects: uint8 [n, PIXEL_SIDE, PIXEL_SIDE, 3]."""
        return self.store.pixels([self._keys[one] for one in ids])


def _load(load: Loader) -> tuple[ImageFacts, NDArray[np.uint8]] | ImageProblem:
    try:
        data = load()
    except Exception as error:  # noqa: BLE001 - whatever the caller's storage raises is this object's problem alone
        return ImageProblem("UnreadableObject", f"The object could not be read: {error}")
    return decode(data, INPUT_SIDE)


def _packed(facts: ImageFacts, maps: Sequence[Floats], pixels: NDArray[np.uint8]) -> bytes:
    """The row of one image, from its maps [channels, side, side] and its pixels [INPUT_SIDE, INPUT_SIDE, 3]."""
    row = np.zeros(1, ROW)
    row["version"], row["size"] = VERSION, (facts.width, facts.height, facts.depth)
    *mapped, top = maps
    for tap, one in zip(TAPS, mapped, strict=True):
        scale = np.maximum(np.abs(one).max((1, 2)) / 127, 1e-6)
        row[f"scales{tap.stride}"] = scale
        row[f"maps{tap.stride}"] = np.rint(one / scale[:, None, None]).astype(np.int8).transpose(1, 2, 0)
    row["top"] = top.mean((1, 2)), top.max((1, 2))
    rows = pixels[::2].astype(np.uint16) + pixels[1::2]
    row["pixels"] = (rows[:, ::2] + rows[:, 1::2] + 2) // 4
    return row.tobytes()


def _facts(head: bytes) -> ImageFacts:
    """Errors: ValueError where it is not of this version."""
    [row] = np.frombuffer(head, _HEAD)
    if row["version"] != VERSION:
        raise ValueError("not a feature file")
    return ImageFacts(*map(int, row["size"]))
