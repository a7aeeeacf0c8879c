"""Backbone features on disk, computed once per image content and shared by jobs and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ImageFacts:
    """A readable image: its size as Ground Truth's `image_size` has it (pixels and channels)."""

    width: int
    height: int
    depth: int


@dataclass(frozen=True)
class ImageProblem:
    """Why one object cannot be used; the object fails, the job goes on.

    code is one of NotAnImage, TruncatedImage, TooManyPixels, UnreadableObject, TooLarge.
    """

    code: str
    message: str


class FeatureStore:
    """Features of images, by content key (an ETag or a SHA-256), in one directory.

    Several threads and processes may use one directory at once: an image is computed at most twice, never half.
    """

    def __init__(self, directory: Path, *, threads: int = 1) -> None:
        self.directory = directory
        self.threads = threads

    def prepare(
        self, items: Iterable[tuple[str, Callable[[], bytes]]]
    ) -> dict[str, ImageFacts | ImageProblem]:
        """Makes sure that the features of every (content key, loader) are on disk.

        The loader is called only for contents not yet known (one at a time; its exceptions become a problem
        of that object). Memory is bounded by one small chunk of images, whatever the number of items.
        """
        raise NotImplementedError

    def facts(self, key: str) -> ImageFacts | ImageProblem | None:
        """What is known of a content; None when it was never prepared."""
        raise NotImplementedError

    def view(self, keys: Mapping[str, str]) -> FeatureView:
        """The features of some objects, by object id; `keys` gives each object's content key."""
        raise NotImplementedError


class FeatureView:
    """Some objects of a store, by the caller's own object ids. Reads chunks from disk; holds no features."""

    def ids(self) -> Sequence[str]:
        """Every object id of the view."""
        raise NotImplementedError

    def content_key(self, object_id: str) -> str:
        """The content key of an object; two objects with the same content share it."""
        raise NotImplementedError
