"""Image checks before anybody is paid: what an object is, by its content and not by its name.

Formats and limits are Ground Truth's own (developer guide, sms-supported-data-formats and input-data-limits); the
limits per task type are in `gt_service.task_types`.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from gt_service.backends import Backend
from gt_service.campaign import CampaignSpec
from gt_service.ingest.keys import Rejection
from gt_service.orientation import orientation_of, upright_size
from gt_service.task_types import MAX_IMAGE_BYTES, TASKS

_FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_SCALE_DOWN = "Scale it down and upload it again under the same key."
_MAX_PIXELS = max(facts.max_pixels for facts in TASKS.values())


@dataclass(frozen=True)
class ImageFacts:
    """width and height in pixels of the upright picture, as people see it; orientation as EXIF numbers how it is
    stored, 1 where nothing is said."""

    media_format: str
    width: int
    height: int
    orientation: int = 1


def size_problem(size: int) -> Rejection | None:
    """What an object's bytes tell by their number, before they are read."""
    if size == 0:
        return Rejection("the file is empty", "Upload it again; the upload broke off.")
    if size > MAX_IMAGE_BYTES:
        return Rejection(
            f"{size:,} bytes; an image may have at most {MAX_IMAGE_BYTES:,} (40 MB)",
            "Save it smaller and upload it again under the same key.",
        )
    return None


def check_image(body: bytes) -> ImageFacts | Rejection:
    """What the header of an object says; whether its pixels are whole is `gt_service.ingest.pixels`' to say."""
    form = next((name for magic, name in _FORMATS.items() if body.startswith(magic)), None)
    if form is None:
        return Rejection("neither JPEG nor PNG, by its content", "Convert it to JPEG or PNG and upload it again.")
    try:
        return _header(form, body)
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError):
        return Rejection(f"a broken {form}: its header cannot be read", "Save it anew and upload it again.")
    except ValueError as error:  # Pillow's limits on what texts in a PNG may unfold to
        if form == "PNG" and "text" in str(error).lower():
            return Rejection("a PNG with more than a megabyte of text in it", "Save it without metadata.")
        return Rejection(f"a broken {form}: its header cannot be read", "Save it anew and upload it again.")
    except Pillow.DecompressionBombError:
        return Rejection(f"more pixels than any task takes ({_MAX_PIXELS:,})", _SCALE_DOWN)


def limit_problem(facts: ImageFacts, spec: CampaignSpec | None, backend: Backend) -> Rejection | None:
    """Whether a campaign's task takes an image of this size; without a spec only what no task takes is refused."""
    limit = _MAX_PIXELS if spec is None else backend.pixel_limit(spec.task, auto_labeling=spec.auto_labeling)
    pixels = facts.width * facts.height
    if pixels <= limit:
        return None
    is_smaller = spec is not None and limit < spec.task.facts.max_pixels
    task = "" if spec is None else f" of {spec.task}" + (" with auto-labeling" if is_smaller else "")
    return Rejection(
        f"{facts.width} × {facts.height} is {pixels:,} pixels; an image{task} may have at most {limit:,}",
        _SCALE_DOWN,
    )


def _header(form: str, body: bytes) -> ImageFacts:
    with warnings.catch_warnings():
        # Large images are judged by `limit_problem`; nothing is decoded here.
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        with Pillow.open(io.BytesIO(body), formats=[form]) as image:
            orientation = orientation_of(image)
            return ImageFacts(form, *upright_size(image.size, orientation), orientation)
