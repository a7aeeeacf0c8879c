"""What a writer offers, and what several of them need."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.exports.images import ExportedFile, LabeledImage

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def nothing(classes: Sequence[str], parts: Sequence[str]) -> Iterator[ExportedFile]:
    """No file comes after the images."""
    return iter(())


@dataclass(frozen=True)
class Form:
    """A form of labels.

    files               images, classes and part ("" for all) to the files that describe them
    image               where an image lies in the export; None: images stay where they are
    closing             classes and parts to the files that come after the images
    is_written_by_part  `files` is called once for each part of a split; else once for all images
    """

    files: Callable[[Iterable[LabeledImage], Sequence[str], str], Iterator[ExportedFile]]
    image: Callable[[LabeledImage], str] | None
    closing: Callable[[Sequence[str], Sequence[str]], Iterator[ExportedFile]] = nothing
    is_written_by_part: bool = True


def in_folder(*parts: str) -> str:
    """A path; parts that are empty are left out."""
    return "/".join(part for part in parts if part)


def xml_text(text: str) -> str:
    """Text without the characters that XML cannot hold (XML 1.0, 2.2)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


class Written(io.RawIOBase):
    """A file that is streamed: whoever writes it goes on from front to back, and its pieces are taken in between."""

    def __init__(self) -> None:
        self.held, self._taken = bytearray(), 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._taken + len(self.held)

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def taken(self) -> bytes:
        piece = bytes(self.held)
        self.held.clear()
        self._taken += len(piece)
        return piece
