"""A worker's own pages, and what the page of a task asks for while somebody works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from gt_engine.portal.calls import Call, page
from gt_engine.portal.frames import job_has_grid, page_address
from gt_engine.workforce.forms import is_number
from gt_engine.workforce.members import Worker
from gt_engine.workforce.progress import DECLINE_REASONS
from gt_engine.workforce.tasks import MAX_DRAFT_BYTES
from gt_engine.workforce.views import Task
from gt_service.documents import strict_json
from gt_service.errors import InvalidInput, NotFound

MAX_ANSWER_BYTES = MAX_DRAFT_BYTES + 64 * 1024
LOOK_AGAIN_SECONDS = 10
"""How soon the page of a job that has no work now asks again."""


def first_page(call: Call, worker: Worker) -> str:
    """Where to begin: the first task where there is one job to work on and one way to do it, else the list of jobs."""
    offered = [one for one in call.portal.tasks.jobs(worker, call.now) if one.open_task or one.tasks_left]
    if len(offered) != 1 or worker.is_paused or job_has_grid(call.portal, offered[0].offer):
        return "/jobs"
    return f"/jobs/{offered[0].offer.job}"


def jobs(call: Call) -> Response:
    """GET /jobs"""
    worker = call.worker()
    offered = call.portal.tasks.jobs(worker, call.now)
    grids = {one.offer.job for one in offered if job_has_grid(call.portal, one.offer)}
    values = {"jobs": offered, "grids": grids, "day": call.portal.tasks.day(worker, call.now)}
    return page("jobs.html", worker, values, section="jobs")


def job(call: Call) -> Response:
    """GET /jobs/<job>: the page around the tasks of a job. Its script asks for them."""
    worker, name = call.worker(), call.path("job")
    try:
        title = call.portal.tasks.offer_to(worker, name).title
    except NotFound:  # it has ended, perhaps: the script tells
        title = name
    values = {"job": name, "title": title, "reasons": DECLINE_REASONS, "look_again": LOOK_AGAIN_SECONDS}
    return page("task.html", worker, values)


def me(call: Call) -> Response:
    """GET /me: what one did today, and one's last answers."""
    worker, tasks = call.worker(), call.portal.tasks
    values = {
        "day": tasks.day(worker, call.now),
        "recent": tasks.recent(worker, call.now),
        "grades": tasks.grades(worker),
    }
    return page("me.html", worker, values, section="me")


def next_task(call: Call) -> Response:
    """POST /jobs/<job>/next {besides: [task…]}: a task kept for this worker, its clock not started; or none now."""
    besides = call.json().get("besides", [])
    if not isinstance(besides, list) or not all(isinstance(one, str) for one in besides):
        raise InvalidInput("besides is a list of tasks", field="besides")
    worker = call.worker()
    task = call.portal.tasks.next(worker, call.path("job"), call.now, besides=besides)
    return JSONResponse({"task": None if task is None else as_json(call, task), "isPaused": worker.is_paused})


def task(call: Call) -> Response:
    """GET /tasks/<task>"""
    return _task(call, call.portal.tasks.task(call.worker(), call.path("task"), call.now))


def accept(call: Call) -> Response:
    """POST /tasks/<task>/accept: the clock starts."""
    return _task(call, call.portal.tasks.accept(call.worker(), call.path("task"), call.now))


def undo(call: Call) -> Response:
    """POST /tasks/<task>/undo: a submitted answer is open again."""
    return _task(call, call.portal.tasks.undo(call.worker(), call.path("task"), call.now))


def submit(call: Call) -> Response:
    """POST /tasks/<task>/submit {answer, activeSeconds}"""
    document = call.json()
    answer = document.get("answer")
    if not isinstance(answer, dict):
        raise InvalidInput("the answer is a JSON object", field="answer")
    active = active_seconds(document)
    worker = call.worker()
    call.portal.tasks.submit(worker, call.path("task"), answer, active, call.now)
    return JSONResponse(day_of(call))


def active_seconds(document: Mapping[str, Any]) -> float:
    """`activeSeconds` of what a page submits. Errors: `InvalidInput`."""
    active = document.get("activeSeconds")
    if not is_number(active):
        raise InvalidInput("activeSeconds is a number", field="activeSeconds")
    return float(active)


def decline(call: Call) -> Response:
    """POST /tasks/<task>/decline {reason, comment}"""
    document = call.json()
    reason, comment = document.get("reason"), document.get("comment", "")
    if not isinstance(reason, str) or reason not in DECLINE_REASONS:
        raise InvalidInput(f"reason is one of {', '.join(DECLINE_REASONS)}", field="reason")
    if not isinstance(comment, str) or (reason == "other" and not comment.strip()):
        raise InvalidInput("say in the comment what is wrong", field="comment")
    call.portal.tasks.decline(call.worker(), call.path("task"), reason, comment, call.now)
    return JSONResponse({})


def release(call: Call) -> Response:
    """POST /tasks/<task>/release: others may take it."""
    call.portal.tasks.release(call.worker(), call.path("task"), call.now)
    return JSONResponse({})


def later(call: Call) -> Response:
    """POST /tasks/<task>/later: put aside with its draft."""
    call.portal.tasks.later(call.worker(), call.path("task"), call.now)
    return JSONResponse({})


def save_draft(call: Call) -> Response:
    """PUT /tasks/<task>/draft: durable once answered. The bytes are the page's own business."""
    worker = call.worker()
    try:
        strict_json(call.body)
    except ValueError:
        raise InvalidInput("a draft is JSON", field="draft") from None
    call.portal.tasks.save_draft(worker, call.path("task"), call.body)
    return Response(status_code=204)


def draft(call: Call) -> Response:
    """GET /tasks/<task>/draft: 204 where there is none."""
    body = call.portal.tasks.draft(call.worker(), call.path("task"))
    return Response(status_code=204) if body is None else Response(body, media_type="application/json")


def as_json(call: Call, task: Task) -> dict[str, Any]:
    """What the page knows of a task. Seconds, not times: a browser's clock may be wrong."""
    left = None if task.expires_at is None else (task.expires_at - call.now).total_seconds()
    return {
        "id": task.task_id,
        "job": task.offer.job,
        "title": task.offer.title,
        "page": page_address(call, task),
        "status": str(task.status),
        "timeLimitSeconds": task.offer.time_limit_seconds,
        "secondsLeft": left,
        "comment": task.comment,
    }


def _task(call: Call, task: Task) -> Response:
    return JSONResponse(as_json(call, task))


def day_of(call: Call) -> dict[str, Any]:
    day = call.portal.tasks.day(call.worker(), call.now)
    return {"done": day.done, "activeSeconds": day.active_seconds}
