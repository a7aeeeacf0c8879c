"""The files of a task as browsers get them: looked at before they are sent, and harmless whatever they are.

Images go out as they lie in S3. Browsers turn them upright by their EXIF orientation (`image-orientation: from-image`,
the default, which templates may switch off for images of their own origin only), so that an image's natural size in
the page is the size that a person sees.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from gt_engine.autolabel.images import ImageProblem, decode_within
from gt_engine.aws import EngineObjects
from gt_service.errors import UnsupportedMedia
from gt_service.objects import S3Uri

MAX_BYTES = 100 * 2**20
MAX_PIXELS = 100_000_000
"""More than any camera makes in one shot; decoded it takes 400 MB of a browser's memory."""
MAX_TEXT_BYTES = 2 * 2**20
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
# A JPEG of several pictures, as some phones take, is MPO to Pillow.
_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


@dataclass(frozen=True)
class TaskFile:
    """Bytes with the type that they have been seen to be of."""

    body: bytes
    media_type: str


def read_shown(objects: EngineObjects, uri: S3Uri) -> bytes:
    """What lies there, for `inspect` or `upright`: of a larger file no more than tells that it is too large."""
    return objects.read(uri, first_bytes=MAX_BYTES + 1)


def upright(body: bytes, longest_side: int) -> TaskFile:
    """A picture as people see it, as JPEG, no larger than that. Errors: `UnsupportedMedia`."""
    picture = decode_within(body, longest_side)
    if isinstance(picture, ImageProblem):
        raise UnsupportedMedia(picture.message)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=85)
    return TaskFile(jpeg.getvalue(), "image/jpeg")


def inspect(body: bytes, name: str) -> TaskFile:
    """What may be sent of a file; its name is for the message alone.

    Errors: `UnsupportedMedia` for what is neither an image of a known kind nor plain text, or is too large. Nothing is
    decoded: an image's header alone tells its size.
    """
    if len(body) > MAX_BYTES:
        raise UnsupportedMedia(f"{name} has more than {MAX_BYTES:,} bytes, and cannot be shown")
    media_type = _image_type(body, name) or _text_type(body)
    if media_type is None:
        raise UnsupportedMedia(f"{name} is no image that can be shown", remedy="JPEG, PNG, GIF and WebP can.")
    return TaskFile(body, media_type)


def _image_type(body: bytes, name: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=_FORMATS) as image:
                width, height = image.size
                kind = _TYPES[image.format or ""]
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError:
        raise UnsupportedMedia(f"{name} has more pixels than can be shown") from None
    except (OSError, SyntaxError, ValueError, EOFError, KeyError, OverflowError) as error:
        raise UnsupportedMedia(f"{name} is damaged: {error}") from None
    if width * height > MAX_PIXELS:
        raise UnsupportedMedia(f"{name} has {width} x {height} pixels; {MAX_PIXELS:,} are shown at most")
    return kind


def _text_type(body: bytes) -> str | None:
    """Text goes out as plain text, so that HTML and SVG are read and never run."""
    if len(body) > MAX_TEXT_BYTES or b"\0" in body:
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "text/plain; charset=utf-8"
