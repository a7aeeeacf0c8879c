"""XML files of labels, in whatever encoding they were written. Entities are refused: they can fill the memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from gt_cli.datasets.labeled import BoxesError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_OWN_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1"})
"""What the parser reads by itself."""


def read_xml(path: Path) -> Element:
    """The root of the document. Errors: `BoxesError` naming the file, and the line where it is no XML."""
    try:
        return fromstring(_text(path))
    except ParseError as error:
        line, _ = error.position
        raise BoxesError(f"{path} line {line}: not XML: {error}") from None
    except DefusedXmlException as error:
        raise BoxesError(
            f"{path}: declares entities, which no file of labels needs ({type(error).__name__})",
            remedy="Take the declarations out.",
        ) from None


def _text(path: Path) -> bytes | str:
    """The document; as text where its encoding is one that the parser does not know (GB2312, Shift-JIS)."""
    content = path.read_bytes()
    declared = _DECLARATION.match(content)
    if declared is None or declared[1].decode().lower() in _OWN_ENCODINGS:
        return content
    encoding = declared[1].decode()
    try:
        return content[declared.end() :].decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise BoxesError(
            f"{path}: it says that it is {encoding}, and it cannot be read as that: {error}", remedy="Save it as UTF-8."
        ) from None
