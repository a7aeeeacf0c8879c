"""The answers of a job whose labels are not made yet, for those who run the team: to look at, and to return."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response

from gt_engine.labels import BoxLabel, ClassLabel
from gt_engine.portal.calls import Call, page
from gt_engine.portal.files import read_shown, upright
from gt_engine.portal.frames import file_response
from gt_engine.workforce.supervision import OpenAnswer, Supervision
from gt_engine.workforce.tasks import MAX_COMMENT
from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import S3Uri

LONGEST_SIDE = 1600
"""Pixels of a picture on the page."""

log = logging.getLogger(__name__)


def answers(call: Call) -> Response:
    """GET /team/jobs/<job>/answers"""
    worker, job = call.manager(), call.path("job")
    labels = call.portal.tasks.offer(job).labels
    values = {
        "job": job,
        "answers": [_shown(one, labels) for one in Supervision(call.portal.tasks).open_answers(job)],
        "names": {one.worker_id: one.name for one in call.portal.members.workers()},
        "most_comment": MAX_COMMENT,
    }
    return page("team-answers.html", worker, values, section="team")


def image(call: Call) -> Response:
    """GET /team/jobs/<job>/answers/<place>/image: the picture, upright."""
    call.manager()
    source = Supervision(call.portal.tasks).source(call.path("job"), call.number("place"))
    if not source.startswith("s3://"):
        raise NotFound("the object has no image")
    return file_response(upright(read_shown(call.portal.objects, S3Uri.parse(source)), LONGEST_SIDE))


def give_back(call: Call) -> Response:
    """POST /team/jobs/<job>/answers/<place>/<worker> comment=…: the worker mends it."""
    manager, job, subject = call.manager(), call.path("job"), call.path("worker")
    comment = call.form().get("comment", "").strip()
    if not comment or len(comment) > MAX_COMMENT:
        raise InvalidInput(f"say in 1 to {MAX_COMMENT:,} characters what is to be mended", field="comment")
    place = call.number("place")
    Supervision(call.portal.tasks).give_back(job, place, subject, comment, manager.worker_id, call.now)
    log.info("answer returned", extra={"job": job, "worker": subject, "place": place, "by": manager.worker_id})
    return RedirectResponse(f"/team/jobs/{job}/answers", 303)


def _shown(answer: OpenAnswer, labels: Sequence[str]) -> dict[str, Any]:
    """What the page draws: boxes on the picture, or the names of classes."""
    label = answer.label
    boxes, names = [], []
    if isinstance(label, BoxLabel):
        for (left, top, right, bottom), class_id in zip(label.boxes.tolist(), label.class_ids.tolist(), strict=True):
            boxes.append({"x": left, "y": top, "width": right - left, "height": bottom - top, "name": labels[class_id]})
        size: tuple[int, ...] | None = label.image_size
    else:
        names = [labels[i] for i in ((label.class_id,) if isinstance(label, ClassLabel) else label.class_ids)]
        size = None
    is_image = answer.source.startswith("s3://")
    text = "" if is_image else answer.source
    return {"answer": answer, "boxes": boxes, "names": names, "size": size, "is_image": is_image, "text": text}
