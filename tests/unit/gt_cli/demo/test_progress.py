"""What the live display says of a running job."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from rich.console import Console

from gt_cli.demo.plan import Plan, campaign_spec
from gt_cli.demo.progress import LabelCount, Watcher, drawing
from gt_service.campaign import parse_spec
from gt_service.objects import S3Uri
from tests.fakes import MemoryObjects

ROOT = "s3://results/birds/output/birds-0001"
RESPONSES = f"{ROOT}/annotations/consolidated-annotation/consolidation-response"
SPEC = parse_spec(json.dumps(campaign_spec("birds", ["Bird"], Plan.of(20), "inbox")), filename="campaign.json")


def response(*numbers: int) -> bytes:
    content = {"category": {"annotations": [], "image_size": []}, "category-metadata": {"human-annotated": "yes"}}
    items = [{"datasetObjectId": str(n), "consolidatedAnnotation": {"content": content}} for n in numbers]
    return json.dumps(items).encode()


def tree() -> dict[str, bytes]:
    return {
        f"{RESPONSES}/iteration-1/2026-01-01_00:00:01.json": response(0, 1),
        f"{RESPONSES}/iteration-2/2026-01-01_00:00:02.json": response(1, 2),
        f"{ROOT}/activelearning/labels/3/a/auto_annotator_output.txt": b'3 {"category":{}}\n4 {"category":{}}\n',
    }


class CountingObjects(MemoryObjects):
    reads = 0

    def read(self, uri: S3Uri, *, first_bytes: int | None = None) -> bytes:
        self.reads += 1
        return super().read(uri, first_bytes=first_bytes)


def test_labels_are_counted_once_and_files_read_once() -> None:
    objects = CountingObjects(tree())
    count = LabelCount(objects, S3Uri.parse(ROOT), "category")
    count.update()
    count.update()
    assert (count.iteration, count.human, count.machine) == (3, 3, 2)
    assert objects.reads == 3


def job(**changes: object) -> dict[str, object]:
    return {
        "name": "birds-0001",
        "role": "first",
        "status": "InProgress",
        "objects": 10,
        "output_s3_uri": ROOT,
        "created_at": "2026-01-01T00:00:00Z",
        "cost_mills": None,
        "report_s3_uri": None,
    } | changes


def test_dollars_so_far_are_those_of_the_labels_so_far() -> None:
    (progress,) = Watcher(MemoryObjects(tree()), SPEC).look([job()])
    assert progress.spent == 3 * 3 * 26 * 5, "three images, three answers of 26 seconds, half a cent a second"


def test_the_reports_own_cost_replaces_the_running_sum() -> None:
    watcher = Watcher(MemoryObjects(tree()), SPEC)
    (progress,) = watcher.look([job(status="Completed", cost_mills=777, report_s3_uri="s3://results/birds/reports/x/")])
    assert (progress.spent, progress.has_ended) == (777, True)


def test_a_job_that_waits_for_its_report_has_not_ended() -> None:
    (progress,) = Watcher(MemoryObjects(tree()), SPEC).look([job(status="Completed")])
    assert not progress.has_ended


def test_the_display_shows_every_number() -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    jobs = Watcher(MemoryObjects(tree()), SPEC).look([job()])
    console.print(drawing(jobs, "10 of 20 images uploaded", now, now))
    shown = console.export_text()
    for text in ("birds-0001", "first", "InProgress", "10 of 20", "$1.17"):
        assert text in shown
