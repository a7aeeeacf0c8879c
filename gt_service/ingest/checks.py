"""Image checks before anybody is paid, from as few of the first bytes as tell.

Formats and limits are Ground Truth's own (developer guide, sms-supported-data-formats and input-data-limits); the
limits per task type are in `gt_service.regions`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from gt_service.campaign import CampaignSpec
from gt_service.regions import MAX_IMAGE_BYTES, TASKS

FIRST_BYTES = 64 * 1024
_MORE = 8
_FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_ORIENTATION = 0x0112
_SCALE_DOWN = "Scale it down and upload it again under the same key."
_MAX_PIXELS = max(facts.max_pixels for facts in TASKS.values())


@dataclass(frozen=True)
class ImageFacts:
    """width and height in stored pixels; orientation as EXIF numbers it, 1 where nothing is said."""

    media_format: str
    width: int
    height: int
    orientation: int = 1


@dataclass(frozen=True)
class Rejection:
    """Why an upload is not sent to people, and what its owner can do."""

    reason: str
    remedy: str


def check_image(size: int, first: Callable[[int], bytes]) -> ImageFacts | Rejection:
    """What an object is, by its content and not by its name.

    size: bytes of the object. first(n): its first n bytes; asked for more only where the header needs more.
    """
    if size == 0:
        return Rejection("the file is empty", "Upload it again; the upload broke off.")
    if size > MAX_IMAGE_BYTES:
        return Rejection(
            f"{size:,} bytes; an image may have at most {MAX_IMAGE_BYTES:,} (40 MB)",
            "Save it smaller and upload it again under the same key.",
        )
    asked = FIRST_BYTES
    while True:
        head = first(min(asked, size))
        form = next((name for magic, name in _FORMATS.items() if head.startswith(magic)), None)
        if form is None:
            return Rejection("neither JPEG nor PNG, by its content", "Convert it to JPEG or PNG and upload it again.")
        found = _header(form, head)
        if found is not None:
            return found
        if asked >= size:
            return Rejection(f"a broken {form}: its header cannot be read", "Save it anew and upload it again.")
        asked *= _MORE


def limit_problem(facts: ImageFacts, spec: CampaignSpec | None) -> Rejection | None:
    """Whether a campaign's task takes an image of this size; without a spec only what no task takes is refused."""
    limit = _MAX_PIXELS if spec is None else spec.task.facts.pixel_limit(auto_labeling=spec.auto_labeling)
    pixels = facts.width * facts.height
    if pixels <= limit:
        return None
    task = "" if spec is None else f" of {spec.task}" + (" with auto-labeling" if spec.uses_auto_labeling else "")
    return Rejection(
        f"{facts.width} × {facts.height} is {pixels:,} pixels; an image{task} may have at most {limit:,}",
        _SCALE_DOWN,
    )


def _header(form: str, head: bytes) -> ImageFacts | Rejection | None:
    """What the header says; None where these bytes do not hold all of it, or it is broken."""
    try:
        with warnings.catch_warnings():
            # Large images are judged by `limit_problem`; nothing is decoded here.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(head), formats=[form]) as image:
                orientation = image.getexif().get(_ORIENTATION, 1) if form == "JPEG" else 1
                return ImageFacts(form, image.width, image.height, orientation if orientation in range(1, 9) else 1)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        return None
    except Pillow.DecompressionBombError:
        return Rejection(f"more pixels than any task takes ({_MAX_PIXELS:,})", _SCALE_DOWN)
