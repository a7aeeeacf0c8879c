"""A portal with people, a job and pictures, in memory and served for real: what browsers and clients are pointed at."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from gt_engine.portal.app import portal_routes
from gt_engine.portal.calls import Portal
from gt_engine.portal.security import Signer
from gt_engine.workforce.files import OfferedLine, WorkFiles
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.members import MANAGERS, Members, Session, Worker
from gt_engine.workforce.offers import ObjectOffer
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.teams import Workforce
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType
from tests.engine import MemoryEngineObjects
from tests.pictures import painting, saved
from tests.workforce_memory import MemoryMembers, MemoryTasks

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/birders"
GROUP = "birders"
BUCKET = "labels"
JOB = "birds-0001"
BOXES = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-bounding-box name="boundingBox" header="Draw a tight box around each bird that you see."
    labels="{{ task.input.labels | to_json | escape }}" src="{{ task.input.taskObject | grant_read_access }}">
    <full-instructions header="Birds"><p>One box for each bird.</p></full-instructions>
    <short-instructions><p>A tight box around each bird.</p></short-instructions>
  </crowd-bounding-box>
</crowd-form>
"""
CLASSES = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-image-classifier name="choice" header="What does this image show?"
    categories="{{ task.input.labels | to_json | escape }}" src="{{ task.input.taskObject | grant_read_access }}">
    <full-instructions header="Birds"><p>Choose what fits best.</p></full-instructions>
    <short-instructions><p>Choose what fits best.</p></short-instructions>
  </crowd-image-classifier>
</crowd-form>
"""


@dataclass
class Clock:
    """A clock that tests put forward."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class PortalWorld:
    """`url` is set while it is served."""

    objects: MemoryEngineObjects = field(default_factory=MemoryEngineObjects)
    clock: Clock = field(default_factory=Clock)
    woken: list[str] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.members = Members(MemoryMembers(), lambda: {TEAM: frozenset({GROUP})}, region="us-east-1")
        self.tasks = Tasks(MemoryTasks(), lambda _: self.objects, self.members.teams_of, self.woken.append)
        self.workforce: Workforce | None = None
        self.portal = Portal(
            self.members, self.tasks, self.objects, Signer(b"k" * 32), now=self.clock, workforce=lambda: self.workforce
        )

    def app(self) -> Starlette:
        return Starlette(routes=portal_routes(self.portal))

    def invitation(self, name: str = "Ada", *, manager: bool = False, groups: Sequence[str] = (GROUP,)) -> str:
        """A token that signs somebody in."""
        wanted = {*groups, MANAGERS} if manager else set(groups)
        return self.members.invite(name, groups=wanted, now=self.clock()).token

    def session(self, name: str = "Ada", **options: Any) -> Session:
        return self.members.sign_in(self.invitation(name, **options), self.clock())

    def worker(self, name: str = "Ada", **options: Any) -> Worker:
        return self.session(name, **options).worker

    def add_job(
        self,
        name: str = JOB,
        *,
        count: int = 5,
        template: str = BOXES,
        task_type: TaskType = TaskType.OBJECT_DETECTION,
        labels: Sequence[str] = ("Bird", "Nest"),
        workers: int = 1,
        seconds: int = 300,
        image: Callable[[int], bytes] | None = None,
        title: str = "Draw a box around each bird",
        size: tuple[int, int] = (960, 640),
        proposals: Mapping[int, Mapping[str, Any]] = MappingProxyType({}),
    ) -> JobOffer:
        """A job on offer with `count` pictures; `proposals`: what workers see of the machine's labels, by place."""
        offer = JobOffer(
            job=name,
            team=TEAM,
            title=title,
            description="Every bird that can be seen, also where it is small or half hidden.",
            created_at=self.clock(),
            output=f"s3://{BUCKET}/output/",
            task_type=task_type,
            labels=tuple(labels),
            workers_per_object=workers,
            time_limit_seconds=seconds,
            until=self.clock() + timedelta(days=1),
            asked=count,
        )
        lines = [replace(self._line(name, place, image, size), proposal=proposals.get(place)) for place in range(count)]
        WorkFiles.of(offer.tree, self.objects).write_offer(0, lines)
        assert offer.tree.template
        self.objects.write(offer.tree.template, template.encode(), "text/html")
        self.tasks.store.put_offer(offer)
        self.tasks.store.add(ObjectOffer(name, one.place, one.object_id, 0, workers) for one in lines)
        return offer

    def _line(self, job: str, place: int, image: Callable[[int], bytes] | None, size: tuple[int, int]) -> OfferedLine:
        source = f"s3://{BUCKET}/{job}/{place}.jpg"
        body = image(place) if image else saved(painting(place, size), "JPEG", quality=85)
        self.objects.write(S3Uri.parse(source), body, "image/jpeg")
        line = json.dumps({"source-ref": source})
        return OfferedLine(place, str(place), line, source, (*size, 3))

    @contextmanager
    def served(self, port: int = 0) -> Iterator[str]:
        """The portal on a port of this machine."""
        listener = socket.create_server(("127.0.0.1", port))
        config = uvicorn.Config(self.app(), log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)

        async def serve() -> None:
            await server.serve(sockets=[listener])
            await asyncio.sleep(0.05)  # connections that were kept alive are closed in the loop's next turn

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.should_exit = True
            thread.join(10)
            listener.close()


def rotated_jpeg(width: int, height: int, orientation: int = 6) -> bytes:
    """A JPEG of stored size width x height, whose EXIF says how to turn it."""
    image = painting(1, (width, height))
    exif = image.getexif()
    exif[0x0112] = orientation
    body = io.BytesIO()
    image.save(body, "JPEG", exif=exif)
    return body.getvalue()
