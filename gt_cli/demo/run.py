"""Runs the demo: starts the stack, drops files into the inbox, watches, collects."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from rich.console import Console
from rich.live import Live

from gt_cli.api import Api
from gt_cli.contact_sheet import NAME as CONTACT_SHEET
from gt_cli.contact_sheet import write_contact_sheet
from gt_cli.datasets import LabeledImage, LabeledImages
from gt_cli.datasets.labeled import media_type
from gt_cli.demo.plan import Plan, campaign_spec
from gt_cli.demo.progress import ENDED, JobProgress, Watcher, drawing
from gt_cli.demo.results import summary, write
from gt_cli.exporting import download
from gt_cli.label_lines import gold_manifest
from gt_cli.labeling.watching import registered_images
from gt_cli.stack import LocalStack, local_stack
from gt_cli.work_folder import LOCK, MEMORY, locked
from gt_service.campaign import parse_spec
from gt_service.errors import GtServiceError
from gt_service.objects import S3Objects, S3Uri
from gt_service.parallel import in_parallel
from gt_service.records import WaitsFor
from gt_service.records.names import images_folder

ROLES = frozenset({"first", "warm", "control"})
LOOK_EVERY_SECONDS = 1.0
LONGEST_STANDSTILL_SECONDS = 600  # training a detector takes a minute; ten on a machine that is busy otherwise
EXAMPLES = (1, 3)  # the notebook shows its workers the second and the fourth image

Say = Callable[[str], None]


class DemoError(GtServiceError):
    """The demo could not go on; the message says why, the remedy where to look."""

    code = "demo_failed"


@dataclass(frozen=True)
class Demo:
    """What to run. `source` says in words where the pictures come from. `changes`: to the spec that is dropped."""

    campaign: str
    source: str
    plan: Plan
    out: Path
    shorten_training: int = 1
    changes: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def prepared_folder(out: Path) -> Iterator[None]:
    """Makes room for the results: an earlier demo is replaced, anything else is left alone.

    Errors: DemoError; FolderInUse where another demo is writing there.
    """
    if out.exists() and not out.is_dir():
        raise DemoError(f"{out} is a file", remedy="Name a folder with --out.")
    with locked(out):
        present = [path for path in out.iterdir() if path.name != LOCK]
        is_demo = (out / "logs" / "ministack.log").exists() and not (out / MEMORY).exists()
        if present and not is_demo:
            raise DemoError(f"{out} holds something that no demo has written", remedy="Name another folder with --out.")
        for path in present:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        (out / "logs").mkdir()
        yield


@contextmanager
def run(
    demo: Demo, pictures: Callable[[], LabeledImages], console: Console
) -> Iterator[tuple[LocalStack, dict[str, Any]]]:
    """The whole demo: the stack, which runs until the block ends, and what summary.json holds. `pictures` is called
    while the stack starts. Errors: GtServiceError of the part that failed."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="gt-service-") as work, ThreadPoolExecutor(1) as pool, _steps(console) as say:
        loading = pool.submit(pictures)
        with local_stack(Path(work), logs=demo.out / "logs", shorten_training=demo.shorten_training, say=say) as stack:
            say("preparing the images")
            results = perform(demo, stack, loading.result(), console, say)
            results |= {"seconds": round(time.monotonic() - began, 1)}
            say("")
            yield stack, results
            say("stopping the stack")


def perform(
    demo: Demo, stack: LocalStack, pictures: LabeledImages, console: Console, say: Say = lambda _: None
) -> dict[str, Any]:
    """The experiment on a stack that runs: drop, watch, collect."""
    objects = S3Objects(stack.session.client("s3"))
    say("dropping campaign.yaml into the inbox")
    text = _drop_campaign(demo, stack, pictures)
    say("")
    upload = Upload(demo, stack, pictures.images)
    with Api(stack.api_url, stack.headers) as api, upload.running() as uploading:
        watcher = Watcher(objects, parse_spec(text, filename="campaign.yaml"))
        _watch(upload, uploading, api, watcher, console)
        say("collecting labels and reports")
        return _collect(demo, stack, api, objects)


# ---------------------------------------------------------------- what a user does


def _drop_campaign(demo: Demo, stack: LocalStack, pictures: LabeledImages) -> str:
    """Gold labels and examples first, then the spec that names them."""
    s3 = stack.session.client("s3")
    inbox = stack.outputs["InboxBucket"]

    def put(key: str, body: bytes, content_type: str) -> None:
        s3.put_object(Bucket=inbox, Key=f"{demo.campaign}/{key}", Body=body, ContentType=content_type)

    images = f"s3://{inbox}/{images_folder(demo.campaign)}"
    put("gold/gold.manifest", gold_manifest(pictures.images, images), "application/jsonlines")
    shown = [pictures.images[number] for number in EXAMPLES if number < len(pictures.images)]
    for picture in shown:
        put(f"examples/{picture.name}", picture.read(), media_type(picture.name))
    put(
        "examples/examples.manifest",
        gold_manifest(shown, f"s3://{inbox}/{demo.campaign}/examples/"),
        "application/jsonlines",
    )
    spec = {**campaign_spec(demo.campaign, pictures.labels, demo.plan, inbox), **demo.changes}
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
    put("campaign.yaml", text.encode(), "application/yaml")
    (demo.out / "campaign.yaml").write_text(text, "utf-8")
    return text


@dataclass
class Upload:
    """Drops the images, first half then second half, several at once; `count` says how many are there."""

    demo: Demo
    stack: LocalStack
    pictures: Sequence[LabeledImage]
    count: int = 0
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Future[None]]:
        with ThreadPoolExecutor(1) as pool:
            try:
                yield pool.submit(self._run)
            finally:
                self._cancelled.set()

    def _run(self) -> None:
        size = self.demo.plan.batch_size
        self._drop(self.pictures[:size])
        self._await_registered(size)
        self._drop(self.pictures[size:])

    def _drop(self, pictures: Sequence[LabeledImage]) -> None:
        s3 = self.stack.session.client("s3")
        inbox = self.stack.outputs["InboxBucket"]

        def put(picture: LabeledImage) -> None:
            if not self._cancelled.is_set():
                key = f"{images_folder(self.demo.campaign)}{picture.name}"
                s3.put_object(Bucket=inbox, Key=key, Body=picture.read(), ContentType=media_type(picture.name))

        for _ in in_parallel(put, pictures):
            self.count += 1

    def _await_registered(self, images: int) -> None:
        """The second half comes when the first has been taken in, so that the two batches are the two halves."""
        with Api(self.stack.api_url, self.stack.headers) as api:
            while not self._cancelled.wait(LOOK_EVERY_SECONDS):
                if registered_images(api.campaign(self.demo.campaign)) >= images:
                    return


# ---------------------------------------------------------------- watching


def _watch(upload: Upload, uploading: Future[None], api: Api, watcher: Watcher, console: Console) -> None:
    """Shows the jobs until all three are reported. Errors: DemoError, StackError."""
    demo, closed = upload.demo, False
    began = datetime.now(UTC)
    moved, last = time.monotonic(), None
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            upload.stack.check()
            if uploading.done():
                uploading.result()
            campaign = api.campaign(demo.campaign)
            jobs = watcher.look(api.jobs(demo.campaign) if campaign else ())
            _fail_where_it_cannot_go_on(campaign, jobs)
            if not closed and uploading.done() and _waits_for_more(demo, campaign):
                # Once: a batch closes some time after it was asked to, and then there is nothing left to close.
                api.close_batch_if_any(demo.campaign)
                closed = True
            taken_in = registered_images(campaign)
            headline = f"{upload.count:,} of {demo.plan.images:,} images uploaded, {taken_in:,} taken in"
            if console.is_terminal:
                live.update(drawing(jobs, headline, began, datetime.now(UTC)), refresh=True)
            seen = (upload.count, taken_in, jobs)
            if seen != last:
                if not console.is_terminal:
                    _print_changes(console, last[2] if last else [], jobs)
                moved, last = time.monotonic(), seen
            if uploading.done() and {job.role for job in jobs} >= ROLES and all(job.has_ended for job in jobs):
                break
            if time.monotonic() - moved > LONGEST_STANDSTILL_SECONDS:
                raise DemoError(f"nothing has moved for {LONGEST_STANDSTILL_SECONDS} s: {headline}")
            time.sleep(LOOK_EVERY_SECONDS)
    if console.is_terminal:
        console.print(drawing(jobs, headline, began, datetime.now(UTC)))


def _fail_where_it_cannot_go_on(campaign: Mapping[str, Any] | None, jobs: Sequence[JobProgress]) -> None:
    if campaign and campaign.get("spec_errors"):
        raise DemoError(f"the service refuses campaign.yaml: {json.dumps(campaign['spec_errors'])}")
    # The spec was dropped first, but S3 tells of uploads in any order: what is on its way is waited for.
    if campaign and campaign["status"] != "active" and campaign.get("waits_for") != WaitsFor.SPEC:
        raise DemoError(
            f"the campaign is {campaign['status']}: {campaign.get('reason')}", remedy=campaign.get("remedy") or ""
        )
    failed = [job.name for job in jobs if job.status in ENDED - {"Completed"}]
    if failed:
        raise DemoError(f"{', '.join(failed)} did not complete")


def _waits_for_more(demo: Demo, campaign: Mapping[str, Any] | None) -> bool:
    """Whether all images are taken in and those left cannot fill the second batch: some were refused, or it is odd."""
    if campaign is None or registered_images(campaign) < demo.plan.images:
        return False
    images: Mapping[str, int] = campaign["images"]
    missing = 2 * demo.plan.batch_size - images["pending"] - images["in_batches"]
    return missing > 0 and 0 < images["pending"] < demo.plan.batch_size


def _print_changes(console: Console, before: Sequence[JobProgress], now: Sequence[JobProgress]) -> None:
    known = {job.name: job for job in before}
    for job in now:
        old = known.get(job.name)
        if old is None or (old.status, old.iteration, old.reported) != (job.status, job.iteration, job.reported):
            console.print(f"  {job.line()}", highlight=False)


# ---------------------------------------------------------------- collecting


def _collect(demo: Demo, stack: LocalStack, api: Api, objects: S3Objects) -> dict[str, Any]:
    jobs = sorted(api.jobs(demo.campaign), key=lambda job: str(job["created_at"]))
    reports = _await_comparison(api, [job["name"] for job in jobs])
    download(objects, S3Uri(stack.outputs["ResultsBucket"], f"{demo.campaign}/"), demo.out)
    for file in sorted((demo.out / "specs").rglob("*")):  # of the latest revision, where somebody would look
        if file.is_file():
            shutil.copyfile(file, demo.out / file.name)
    known = api.labels(demo.campaign)
    with (demo.out / "labels/output.manifest").open("rb") as lines:
        write_contact_sheet(demo.out / CONTACT_SHEET, lines, known["label_attribute"], known["labels"], objects.read)
    about = {
        "campaign": demo.campaign,
        "source": demo.source,
        "images": demo.plan.images,
        "notes": list(demo.plan.notes),
    }
    results = summary(jobs, reports, about)
    write(demo.out, results)
    return results


def _await_comparison(api: Api, jobs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """All reports, once that of the warm job says what it saves against its control, which ended after it."""
    deadline = time.monotonic() + LONGEST_STANDSTILL_SECONDS
    while True:
        reports = {name: api.report(name) for name in jobs}
        if any(report["saving"]["control"] for report in reports.values()):
            return reports
        if time.monotonic() > deadline:
            raise DemoError("the report of the warm job was not compared to its control")
        time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def _steps(console: Console) -> Iterator[Say]:
    """A line for each step as it begins; on a terminal a spinner, and how long it took once it is done."""
    status = console.status("")
    current: list[tuple[str, float]] = []

    def finish() -> None:
        status.stop()
        for text, since in current:
            console.print(f"[green]✓[/] {text} [dim]{time.monotonic() - since:.1f} s[/]")
        current.clear()

    def say(text: str) -> None:
        finish()
        if text:
            current.append((text, time.monotonic()))
            status.update(text)
            status.start()

    try:
        yield say
        finish()
    finally:
        status.stop()
