"""The page of a task in its frame, and the files that it shows. Both come without a cookie, at signed addresses.

A file is reachable only as the n-th that the page itself grants: what the address says is nothing that a worker could
change into another object's, and it does not tell where the object lies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from gt_engine.outputs.tree import JobTree
from gt_engine.portal.calls import Call, Portal
from gt_engine.portal.files import TaskFile, inspect, read_shown
from gt_engine.portal.security import FILE_HEADERS, frame_headers
from gt_engine.portal.templates import Grant, render, with_elements
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.members import Worker
from gt_engine.workforce.views import Task
from gt_service.errors import AccessDenied, NotFound
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType

PAGE_LIFETIME = timedelta(minutes=15)
FILE_GRACE = timedelta(minutes=30)
_TAGS = re.compile(r"<\s*(crowd-[a-z-]+|input|textarea|select|button)\b", re.IGNORECASE)
_ALONE = frozenset({"crowd-form", "crowd-image-classifier"})


def page_address(call: Call, task: Task) -> str:
    """Where the task's frame is loaded from, for a quarter of an hour."""
    worker = call.worker()
    return call.portal.signer.address(f"/tasks/{task.task_id}/page", worker.worker_id, call.now + PAGE_LIFETIME)


def frame(call: Call) -> Response:
    """GET /tasks/<task>/page"""
    worker, task = signed_for(call)
    until = call.now + timedelta(seconds=task.offer.time_limit_seconds) + FILE_GRACE
    granted: list[str] = []

    def grant(uri: str) -> str:
        if not uri.startswith("s3://"):
            return uri
        path = f"/tasks/{task.task_id}/files/{_place(granted, uri)}"
        return call.origin + call.portal.signer.address(path, worker.worker_id, until)

    html = _render(call.portal, task, grant)
    elsewhere = () if call.portal.largest_answer_bytes is None else sorted(_homes(call.portal, granted))
    return HTMLResponse(with_elements(html, call.origin), headers=frame_headers(call.origin, elsewhere))


def file(call: Call) -> Response:
    """GET /tasks/<task>/files/<n>"""
    _, task = signed_for(call)
    granted: list[str] = []
    _render(call.portal, task, lambda uri: str(_place(granted, uri)) if uri.startswith("s3://") else uri)
    number = call.number("number")
    if number >= len(granted):
        raise NotFound("the task has no such file")
    uri = S3Uri.parse(granted[number])
    found = inspect(read_shown(call.portal.objects, uri), uri.key.rpartition("/")[2])
    most = call.portal.largest_answer_bytes
    if most is not None and len(found.body) > most:
        return RedirectResponse(_own_address(call.portal, uri), 307, headers=dict(FILE_HEADERS))
    return file_response(found)


def file_response(file: TaskFile) -> Response:
    return Response(file.body, media_type=file.media_type, headers=dict(FILE_HEADERS))


def _own_address(portal: Portal, uri: S3Uri) -> str:
    """Where S3 itself gives the file, for as long as a browser keeps the answer that says so."""
    return portal.objects.address(uri, int(FILE_GRACE.total_seconds()) * 2)


def _homes(portal: Portal, granted: Iterable[str]) -> set[str]:
    """The origins that S3 gives the files from."""
    addresses = [urlsplit(_own_address(portal, S3Uri.parse(uri))) for uri in granted]
    return {f"{address.scheme}://{address.netloc}" for address in addresses}


def signed_for(call: Call) -> tuple[Worker, Task]:
    """Whose task it is. Errors: `AccessDenied`, `NotFound`, `Conflict` where its time is over."""
    worker_id = call.portal.signer.worker_of(call.request.url.path, call.request.query_params, call.now)
    worker = call.portal.members.worker(worker_id)
    if not worker.is_enabled:
        raise AccessDenied("this worker is disabled")
    return worker, call.portal.tasks.task(worker, call.path("task"), call.now)


def _place(granted: list[str], uri: str) -> int:
    if uri not in granted:
        granted.append(uri)
    return granted.index(uri)


def _render(portal: Portal, task: Task, grant: Grant) -> str:
    return render(template_of(portal, task.offer), task_input(task), grant=grant).html


def task_input(task: Task) -> dict[str, Any]:
    """What a page knows as `task.input`: what Ground Truth's own pre-annotation functions give, and the machine's
    proposal where the worker is to see one."""
    known: dict[str, Any] = {
        "taskObject": str(task.source),
        "labels": list(task.offer.labels),
        "manifestLine": dict(task.manifest_line),
        "title": task.offer.title,
    }
    return known if task.proposal is None else known | {"proposal": dict(task.proposal)}


def template_of(portal: Portal, offer: JobOffer) -> str:
    return _template(portal, *offer.tells_apart)


@lru_cache(maxsize=64)
def _template(portal: Portal, output: str, job: str, _: datetime) -> str:
    """A job's template does not change once the job has begun."""
    return portal.objects.read(JobTree.of(output, job).template).decode("utf-8")


def has_grid(task_type: TaskType, template: str) -> bool:
    """Whether a job's pictures can be answered in a grid. Pure."""
    if "task.input.proposal" in template:  # a grid's tiles show nobody's choice
        return False
    tags = {tag.lower() for tag in _TAGS.findall(template)}
    return task_type is TaskType.IMAGE_CLASSIFICATION and "crowd-image-classifier" in tags and tags <= _ALONE


def job_has_grid(portal: Portal, offer: JobOffer) -> bool:
    """Whether a job that is on offer has a grid."""
    is_possible = offer.task_type is TaskType.IMAGE_CLASSIFICATION  # of no other is the template read
    return is_possible and has_grid(offer.task_type, template_of(portal, offer))
