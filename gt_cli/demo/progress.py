"""What a running campaign looks like: read from the HTTP API and from the jobs' S3 trees, drawn with rich."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gt_service.backends import GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.estimates.worst_case import so_far
from gt_service.money import Mills, usd
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.layout import ACTIVE_LEARNING, CONSOLIDATION_RESPONSES, auto_label_iteration, batch_file
from gt_service.outputs.records import consolidated
from gt_service.prices import PriceTable

NOTHING = Mills(0)
ENDED = frozenset({"Completed", "Failed", "Stopped"})


@dataclass(frozen=True)
class JobProgress:
    """How far a job is: numbers of labels by who made them, and what they cost so far."""

    name: str
    role: str
    status: str
    objects: int
    iteration: int = 0
    human: int = 0
    machine: int = 0
    spent: Mills = NOTHING
    reported: bool = False

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED and self.reported

    def line(self) -> str:
        """For a terminal that cannot redraw, and for logs."""
        return (
            f"{self.name} ({self.role}): {self.status}, iteration {self.iteration}, {self.human} by people and "
            f"{self.machine} by machine of {self.objects}, {usd(self.spent)}"
        )


class LabelCount:
    """Counts a job's labels from its S3 tree as it grows; every file is read once."""

    def __init__(self, objects: ObjectStore, root: S3Uri, attribute: str) -> None:
        self._objects = objects
        self._root = root
        self._attribute = attribute
        self._seen: set[S3Uri] = set()
        self._human: set[str] = set()
        self._machine: set[bytes] = set()
        self.iteration = 0

    @property
    def human(self) -> int:
        return len(self._human)

    @property
    def machine(self) -> int:
        return len(self._machine)

    def update(self) -> None:
        for uri in self._new(CONSOLIDATION_RESPONSES):
            file = batch_file(uri)
            if file is not None:
                self.iteration = max(self.iteration, file.iteration)
                self._human |= {number for number, _ in consolidated(self._objects.read(uri), self._attribute)}
        for uri in self._new(ACTIVE_LEARNING):
            iteration = auto_label_iteration(uri)
            if iteration is not None:
                self.iteration = max(self.iteration, iteration)
                self._machine |= {line.split(b" ", 1)[0] for line in self._objects.lines(uri) if line.strip()}

    def _new(self, folder: str) -> Iterable[S3Uri]:
        fresh = {summary.uri for summary in self._objects.list(self._root / folder)} - self._seen
        self._seen |= fresh
        return sorted(fresh, key=str)


class Watcher:
    """Follows the jobs of one campaign."""

    def __init__(self, objects: ObjectStore, spec: CampaignSpec) -> None:
        self._objects = objects
        self._spec = spec
        self._prices = PriceTable.of(GT_ENGINE)
        self._counts: dict[str, LabelCount] = {}

    def look(self, jobs: Sequence[Mapping[str, Any]]) -> list[JobProgress]:
        """`jobs` as the API lists them; in order of their start."""
        return [self._progress(job) for job in sorted(jobs, key=lambda job: str(job["created_at"]))]

    def _progress(self, job: Mapping[str, Any]) -> JobProgress:
        progress = JobProgress(
            job["name"], job["role"], job["status"], job["objects"], reported=bool(job.get("report_s3_uri"))
        )
        if not job.get("output_s3_uri"):
            return progress
        count = self._counts.get(progress.name)
        if count is None:
            root = S3Uri.parse(job["output_s3_uri"])
            count = self._counts[progress.name] = LabelCount(self._objects, root, self._spec.label_attribute)
        count.update()
        spent = so_far(self._spec, human=count.human, machine=count.machine, prices=self._prices)
        if job.get("cost_mills") is not None:
            spent = Mills(job["cost_mills"])
        return replace(progress, iteration=count.iteration, human=count.human, machine=count.machine, spent=spent)


def drawing(jobs: Sequence[JobProgress], headline: str, started: datetime, now: datetime) -> RenderableType:
    """The live picture: one row a job."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for name, align in _COLUMNS:
        table.add_column(name, justify=align, no_wrap=True)
    for job in jobs:
        done = job.human + job.machine
        status = Text(job.status, style=_STYLES.get(job.status, ""))
        if job.status in ENDED and not job.reported:
            status = Text("writing report", style="cyan")
        table.add_row(
            Text(job.name, style="bold"),
            job.role,
            status,
            str(job.iteration or "–"),
            ProgressBar(total=max(1, job.objects), completed=done, width=24),
            f"{job.human:,}",
            Text(f"{job.machine:,}", style="green"),
            usd(job.spent),
        )
    seconds = int((now - started).total_seconds())
    return Group(Text.assemble((f"{seconds // 60}:{seconds % 60:02} ", "dim"), headline), table)


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("job", "left"),
    ("role", "left"),
    ("status", "left"),
    ("iteration", "right"),
    ("labeled", "left"),
    ("by people", "right"),
    ("by machine", "right"),
    ("cost", "right"),
)
_STYLES = {"Completed": "green", "Failed": "bold red", "Stopped": "yellow", "InProgress": "cyan"}
