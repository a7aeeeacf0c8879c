"""Many pictures on one page: all have one label, and the worker marks those that do not fit.

Only where one class is asked of an image and the page is that element alone: what else a template asks, a grid would
not. Each picture is a task of its own, with its own answer, lease and time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from gt_engine.aws import in_parallel
from gt_engine.portal.calls import Call, page
from gt_engine.portal.files import read_shown, upright
from gt_engine.portal.frames import FILE_GRACE, file_response, job_has_grid, signed_for, template_of
from gt_engine.portal.working import LOOK_AGAIN_SECONDS, active_seconds, as_json, day_of
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.members import Worker
from gt_engine.workforce.progress import DECLINE_REASONS
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.views import Task
from gt_service.errors import Conflict, GtServiceError, InvalidInput, NotFound
from gt_service.objects import S3Uri

MOST_TILES = 24
SECONDS_PER_TILE = 5
"""No more tiles than a task's time holds: the clock of all begins at once."""
LONGEST_SIDE = 640
"""Of a tile's picture, in pixels: two for each of the screen's."""
_NAME = re.compile(r"<\s*crowd-image-classifier\b[^>]*?\bname\s*=\s*[\"']([^\"']{1,100})[\"']", re.IGNORECASE)


def grid(call: Call) -> Response:
    """GET /jobs/<job>/grid: the page; its script asks for the tiles."""
    worker = call.worker()
    offer = _offer(call, worker)
    values = {"job": offer.job, "title": offer.title, "labels": offer.labels, "look_again": LOOK_AGAIN_SECONDS}
    return page("grid.html", worker, values)


def take(call: Call) -> Response:
    """POST /jobs/<job>/grid {}: tiles that this worker has begun, or that begin now; their clock runs."""
    worker, tasks = call.worker(), call.portal.tasks
    job = _offer(call, worker).job
    begun = [tasks.accept(worker, one.task_id, call.now) for one in _reserved(tasks, worker, job, call)]
    drafts = in_parallel(lambda one: tasks.draft(worker, one.task_id), begun)
    tiles = [_tile(call, worker, one, draft) for one, draft in zip(begun, drafts, strict=True)]
    return JSONResponse({"tiles": tiles, "isPaused": worker.is_paused})


def submit(call: Call) -> Response:
    """POST /jobs/<job>/grid/submit {answers: [{task, label} | {task, reason} | {task}], activeSeconds}

    A label is an answer, a reason declines, neither gives back. Each stands for itself: `refused` has what was not
    taken, by task. Sent twice it counts once.
    """
    document = call.json()
    answers = document.get("answers")
    if not isinstance(answers, list) or not 0 < len(answers) <= MOST_TILES:
        raise InvalidInput(f"answers is a list of 1 to {MOST_TILES}", field="answers")
    seconds = active_seconds(document)
    if not all(isinstance(one, dict) and isinstance(one.get("task"), str) for one in answers):
        raise InvalidInput("an answer has a task", field="answers")
    worker = call.worker()
    offer = call.portal.tasks.offer_to(worker, call.path("job"))
    named = _NAME.search(template_of(call.portal, offer))
    name = named.group(1) if named else "crowd-image-classifier"
    refused = {}
    for task, problem in in_parallel(lambda one: _done(call, worker, one, name, seconds / len(answers)), answers):
        if problem is not None:
            refused[task] = problem
    return JSONResponse({**day_of(call), "refused": refused})


def image(call: Call) -> Response:
    """GET /tasks/<task>/image: the picture of a tile, upright and as large as a tile may be, at a signed address."""
    _, task = signed_for(call)
    if not isinstance(task.source, S3Uri):
        raise NotFound("the task has no image")
    return file_response(upright(read_shown(call.portal.objects, task.source), LONGEST_SIDE))


def _offer(call: Call, worker: Worker) -> JobOffer:
    """Errors: `NotFound` where the job is not one of the worker's, or has no grid."""
    offer = call.portal.tasks.offer_to(worker, call.path("job"))
    if not job_has_grid(call.portal, offer):
        raise NotFound(f"the labeling job {offer.job!r} has no grid", remedy="Look at the list of jobs.")
    return offer


def _reserved(tasks: Tasks, worker: Worker, job: str, call: Call) -> Sequence[Task]:
    found: list[Task] = []
    returned: list[Task] = []
    most = MOST_TILES
    while len(found) < most:
        task = tasks.next(worker, job, call.now, besides=[one.task_id for one in (*found, *returned)])
        if task is None:
            break
        if task.comment:  # the page of one task shows why it came back
            returned.append(task)
            continue
        found.append(task)
        most = min(MOST_TILES, max(1, task.offer.time_limit_seconds // SECONDS_PER_TILE))
    return found


def _tile(call: Call, worker: Worker, task: Task, draft: bytes | None) -> dict[str, Any]:
    until = call.now + timedelta(seconds=task.offer.time_limit_seconds) + FILE_GRACE
    address = call.portal.signer.address(f"/tasks/{task.task_id}/image", worker.worker_id, until)
    known = as_json(call, task)
    return {
        "task": task.task_id,
        "image": address,
        "secondsLeft": known["secondsLeft"],
        "timeLimitSeconds": task.offer.time_limit_seconds,
        "label": _draft_label(draft, task.offer.labels),
    }


def _draft_label(draft: bytes | None, labels: Sequence[str]) -> str | None:
    """What the worker had chosen when the page was left; None where it was another page's draft."""
    document = json.loads(draft) if draft else None
    label = document.get("grid") if isinstance(document, dict) else None
    return label if label in labels else None


def _done(call: Call, worker: Worker, one: dict[str, Any], name: str, seconds: float) -> tuple[str, str | None]:
    """What became of one tile: why it was not taken, None where it was."""
    tasks, task, label, reason = call.portal.tasks, str(one["task"]), one.get("label"), str(one.get("reason"))
    try:
        if label is not None:
            tasks.submit(worker, task, {name: {"label": label}}, seconds, call.now)
        elif reason in DECLINE_REASONS and reason != "other":
            tasks.decline(worker, task, reason, "", call.now)
        else:
            tasks.release(worker, task, call.now)
    except Conflict as problem:
        return task, problem.message
    except GtServiceError as problem:
        return task, " ".join(filter(None, (problem.message, problem.remedy)))
    return task, None
