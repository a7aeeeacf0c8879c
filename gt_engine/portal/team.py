"""The pages of those who run a team: people, how far a job's people are, and answers whose labels are not made yet, to
look at and to return."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Sequence
from typing import Any

from starlette.responses import RedirectResponse, Response

from gt_engine.labels import BoxLabel, ClassLabel
from gt_engine.portal.calls import Call, page
from gt_engine.portal.files import read_shown, upright
from gt_engine.portal.frames import file_response
from gt_engine.workforce.members import MANAGERS, Invitation
from gt_engine.workforce.progress import DECLINE_REASONS, JobProgress
from gt_engine.workforce.supervision import EndedJob, OpenAnswer, Supervision
from gt_engine.workforce.tasks import MAX_COMMENT
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.objects import S3Uri
from gt_service.spreadsheets import safe_cell

MAX_GROUPS = 10
LONGEST_SIDE = 1600
"""Pixels of a picture on the page."""

log = logging.getLogger(__name__)


def people(call: Call, invited: Invitation | None = None) -> Response:
    """GET /team; after an invitation with its link."""
    worker = call.manager()
    values = {
        "workers": call.portal.members.workers(),
        "jobs": [(one.job, one.title) for one in call.portal.tasks.store.offers()],
        "ended_jobs": call.portal.ended_jobs(),
        "invited": invited,
        "link": f"{call.origin}/sign-in/{invited.token}" if invited else None,
    }
    return page("team.html", worker, values, section="team")


def invite(call: Call) -> Response:
    """POST /team/invite: the link is on this page and nowhere else."""
    manager = call.manager()
    form = call.form()
    groups = {name.strip() for name in form.get("groups", "").split(",") if name.strip()}
    if len(groups) > MAX_GROUPS:
        raise InvalidInput(f"a worker is in {MAX_GROUPS} groups at most", field="groups")
    if form.get("manager"):
        groups.add(MANAGERS)
    invitation = call.portal.members.invite(form.get("name", ""), groups=groups, now=call.now)
    log.info("invited", extra={"worker": invitation.worker.worker_id, "by": manager.worker_id})
    return people(call, invitation)


def link(call: Call) -> Response:
    """POST /team/<worker>/link: a sign-in link for somebody who is there, on this page and nowhere else."""
    manager = call.manager()
    made = call.portal.members.sign_in_link(call.path("worker"), call.now)
    log.info("sign-in link", extra={"worker": made.worker.worker_id, "by": manager.worker_id})
    return people(call, made)


def disable(call: Call) -> Response:
    """POST /team/<worker>/disable: signed out at once."""
    manager = call.manager()
    if manager.worker_id == call.path("worker"):
        raise InvalidInput("you cannot disable yourself", field="worker")
    call.portal.members.disable(call.path("worker"))
    log.info("disabled", extra={"worker": call.path("worker"), "by": manager.worker_id})
    return RedirectResponse("/team", 303)


def enable(call: Call) -> Response:
    """POST /team/<worker>/enable"""
    manager = call.manager()
    call.portal.members.enable(call.path("worker"))
    log.info("enabled", extra={"worker": call.path("worker"), "by": manager.worker_id})
    return RedirectResponse("/team", 303)


def resume(call: Call) -> Response:
    """POST /team/<worker>/resume: new work again, and what was answered to gold items is forgiven."""
    manager = call.manager()
    call.portal.tasks.forgive(call.path("worker"))
    call.portal.members.resume(call.path("worker"))
    log.info("resumed", extra={"worker": call.path("worker"), "by": manager.worker_id})
    return RedirectResponse("/team", 303)


def job(call: Call) -> Response:
    """GET /team/jobs/<job>"""
    worker = call.manager()
    progress, ended = _progress(call)
    values = {
        "progress": progress,
        "ended": ended.at if ended else None,
        "names": _names(call),
        "reasons": DECLINE_REASONS,
    }
    return page("team-job.html", worker, values, section="team")


def agreement(call: Call) -> Response:
    """GET /team/jobs/<job>/agreement: a part of the job's page, which reads many files and so comes later."""
    call.manager()
    ended = _ended(call)
    found = ended.agreement if ended else Supervision(call.portal.tasks).agreement(call.path("job"))
    return page("team-agreement.html", None, {"agreement": found, "names": _names(call)})


def ask_to_discard(call: Call) -> Response:
    """GET /team/jobs/<job>/discard/<worker>: asks before it is done."""
    worker = call.manager()
    name = call.portal.members.worker(call.path("worker")).name
    _check_runs(call)
    return page("team-discard.html", worker, {"job": call.path("job"), "name": name, "done": None}, section="team")


def discard(call: Call) -> Response:
    """POST /team/jobs/<job>/discard/<worker>: the worker's answers do not count, and others are asked."""
    worker = call.manager()
    name = call.portal.members.worker(call.path("worker")).name
    _check_runs(call)
    job, subject = call.path("job"), call.path("worker")
    done = Supervision(call.portal.tasks).discard(job, subject, call.now)
    log.info(
        "answers taken back", extra={"job": job, "worker": subject, "answers": done.answers, "by": worker.worker_id}
    )
    return page("team-discard.html", worker, {"job": call.path("job"), "name": name, "done": done}, section="team")


def job_csv(call: Call) -> Response:
    """GET /team/jobs/<job>.csv: one row per worker."""
    call.manager()
    name = call.path("job")
    text = as_csv(_progress(call)[0], _names(call))
    headers = {"Content-Disposition": f'attachment; filename="{name}-people.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def answers(call: Call) -> Response:
    """GET /team/jobs/<job>/answers"""
    worker, job = call.manager(), call.path("job")
    labels = call.portal.tasks.offer(job).labels
    values = {
        "job": job,
        "answers": [_shown(one, labels) for one in Supervision(call.portal.tasks).open_answers(job)],
        "names": _names(call),
        "most_comment": MAX_COMMENT,
    }
    return page("team-answers.html", worker, values, section="team")


def answer_image(call: Call) -> Response:
    """GET /team/jobs/<job>/answers/<place>/image: the picture, upright."""
    call.manager()
    source = Supervision(call.portal.tasks).source(call.path("job"), call.number("place"))
    if not source.startswith("s3://"):
        raise NotFound("the object has no image")
    return file_response(upright(read_shown(call.portal.objects, S3Uri.parse(source)), LONGEST_SIDE))


def give_back(call: Call) -> Response:
    """POST /team/jobs/<job>/answers/<place>/<worker> comment=…: the worker corrects it."""
    manager, job, subject = call.manager(), call.path("job"), call.path("worker")
    comment = call.form().get("comment", "").strip()
    if not comment or len(comment) > MAX_COMMENT:
        raise InvalidInput(f"say in 1 to {MAX_COMMENT:,} characters what is to be corrected", field="comment")
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


def as_csv(progress: JobProgress, names: dict[str, str]) -> str:
    """Names that a spreadsheet would take for formulas are written as text."""
    text = io.StringIO()
    rows = csv.writer(text)
    figures = ["answers", "declines", "expired", "in_work", "active_seconds", "known_right", "known_shown"]
    rows.writerow(["worker_id", "name", *figures])
    for one in progress.workers:
        name = safe_cell(names.get(one.worker_id, ""))
        times = [one.answers, one.declines, one.expired, one.in_work, round(one.active_seconds, 1)]
        rows.writerow([one.worker_id, name, *times, one.gold_right, one.gold_shown])
    return text.getvalue()


def _progress(call: Call) -> tuple[JobProgress, EndedJob | None]:
    """How far a job's people are, or were when it ended. Errors: `NotFound`."""
    try:
        return call.portal.tasks.progress(call.path("job"), call.now), None
    except NotFound:
        ended = call.portal.ended(call.path("job"))
        return ended.progress, ended


def _ended(call: Call) -> EndedJob | None:
    """What is kept of a job that has ended; None while it is on offer. Errors: `NotFound`."""
    is_on_offer = call.portal.tasks.store.offer(call.path("job")) is not None
    return None if is_on_offer else call.portal.ended(call.path("job"))


def _check_runs(call: Call) -> None:
    """Errors: `Conflict` for a job that has ended: its labels are made."""
    if _ended(call) is not None:
        raise Conflict(
            f"the labeling job {call.path('job')!r} has ended, and its labels are made",
            remedy="Correct labels on the pages of labeled images, or send them to a review job.",
        )


def _names(call: Call) -> dict[str, str]:
    return {one.worker_id: one.name for one in call.portal.members.workers()}
