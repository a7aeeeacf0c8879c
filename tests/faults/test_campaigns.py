"""Campaigns in bad weather: whatever happens, in whatever order, nothing is lost and nothing is paid twice.

Hypothesis makes up schedules: uploads of new, equal, nearly equal, changed and broken files, specs, requests of the
owner, ends of labeling jobs, time passing, and messages that arrive late, twice, in any order or not at all; images
that are deleted, outputs that are damaged or in another order, names that somebody else took, a clock that is wrong,
jobs that cost more than they may; and any call to AWS may be where a handler is killed, fails, or is overtaken by
another one. After every step the books must balance; when the weather has cleared, every image must be accounted for.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gt_service.corrections.files import write_correction
from gt_service.errors import Conflict, NotFound
from gt_service.ingest.intake import Taken
from gt_service.objects import S3Uri
from gt_service.records import Batch, ImageStatus
from gt_service.records.names import JobName, Places
from gt_service.records.states import BatchState, CampaignEvent, JobState
from tests.fakes import etag_of
from tests.faults.weather import Fault, Killed, StormyWorld, Strike
from tests.pictures import copy_of, painting, saved
from tests.world import INBOX, RESULTS, a_world, picture, spec_document

CAMPAIGN = "birds"
BATCH = 3
KEYS = [f"{CAMPAIGN}/images/{name}.png" for name in ("a", "b", "c", "d", "e", "f", 'g "h"\\', "i+é %20")]
PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}
FOREIGN = "s3://theirs/output/"
BUDGETS = ["0.5", "3", "6", "500"]
"""Of a batch, the worst case is more than the first and less than the second."""

keys = st.sampled_from(KEYS)
contents = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 0])
copies = st.sampled_from([0, 0, 1, 2])
strikes = st.tuples(st.integers(1, 70), st.sampled_from(list(Fault)), st.integers(0, 5))
faults = st.just([]) | st.lists(strikes, min_size=1, max_size=1) | st.lists(strikes, min_size=2, max_size=4)
"""Fair weather, one fault, or a storm."""
picks = st.integers(0, 1_000)
damages = st.sampled_from(["shuffled", "half of it", "no manifest", "nothing"])
statuses = st.sampled_from(["Completed", "Completed", "Failed", "Stopped"])


class Campaigns(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._leave = ExitStack()
        self.world: StormyWorld = self._leave.enter_context(a_world(StormyWorld))  # type: ignore[arg-type]
        self.world.watch_dynamodb()
        self.world.store.images._writers = 1
        self.budget = 0
        self.near = False
        self.valid: dict[str, bool] = {}
        self.pictures: dict[str, int] = {}
        self.foreign: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.damaged: dict[str, dict[str, bytes]] = {}
        self.asked_twice: set[str] = set()
        self.corrected: dict[str, int] = {}
        self.corrections = 0

    def teardown(self) -> None:
        jobs = self.world.store.jobs.of(CAMPAIGN)
        event(f"{'a' if jobs else 'no'} job before the weather cleared")
        event(f"{sum(job.cost is not None for job in jobs)} jobs reported before the weather cleared")
        try:
            self._clear_up()
            self._check_everything()
        finally:
            self._leave.close()

    @initialize(
        budget=st.sampled_from([0, 1, 3, 3, 3]),
        near=st.booleans(),
        images=st.lists(st.tuples(keys, contents, copies), min_size=2),
        is_early=st.sampled_from([True, True, False]),
    )
    def begin(self, budget: int, near: bool, images: list[tuple[str, int, int]], is_early: bool) -> None:
        self.near = near
        self.drop_spec(budget)
        if near:  # the pixels of what comes before the spec are not looked at
            self._on_upload(self.world.uploads.pop())
        for key, content, copy in images[: 2 * BATCH]:
            self.upload(key, content, copy)
        if is_early:
            self.a_good_hour()
            self.wait(31)
            self.a_good_hour()

    # ------------------------------------------------------------ what people do

    @rule(budget=st.integers(0, len(BUDGETS) - 1))
    def drop_spec(self, budget: int) -> None:
        self.budget = max(self.budget, budget)  # who lowers a cap below what is spent has spent it all the same
        self._drop_spec()

    @rule(key=keys, content=contents, copy=copies)
    def upload(self, key: str, content: int, copy: int) -> None:
        """A picture, or one saved anew, or with a content of 0 something that is none."""
        self.valid[key] = content > 0
        self.deleted.discard(key)
        body = _picture(content, copy) if self.near else picture(content)
        self.pictures[etag_of(body)] = content
        self.world.drop(key, body if content else b"no image at all")

    @precondition(lambda self: self.valid)
    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        """Somebody takes a file out of the inbox, labeled or not."""
        key = sorted(self.valid)[pick % len(self.valid)]
        self.world.calm_objects.contents.pop(f"s3://{INBOX}/{key}", None)
        self.deleted.add(key)

    @rule(what=st.sampled_from(["pause", "resume", "resume", "close the batch", "leave out"]), fault=faults)
    def ask(self, what: str, fault: Any) -> None:
        """A request over HTTP: it may be refused, and nobody repeats it."""
        requests: dict[str, Callable[[], object]] = {
            "pause": lambda: self.world.store.campaigns.apply(CAMPAIGN, CampaignEvent.PAUSE, self.world.now()),
            "resume": lambda: self.world.chain.resume(CAMPAIGN),
            "leave out": lambda: self._leave_out(),
            "close the batch": lambda: self.world.store.campaigns.request_close(CAMPAIGN, self.world.now()),
        }
        if what == "resume":
            self._bring_back()  # who resumes with files missing has decided to pay twice
        if self.world.store.campaigns.find(CAMPAIGN) is not None:
            self._run(requests[what], fault)

    @precondition(lambda self: self.world.store.jobs.of(CAMPAIGN))
    @rule(key=keys, fault=faults)
    def correct(self, key: str, fault: Any) -> None:
        """Somebody puts a label right; of an image that has none, too."""
        self._run(lambda: self._correct(key), fault)

    @rule(minutes=st.sampled_from([1, 11, 31, 200]))
    def wait(self, minutes: int) -> None:
        self.world.later(minutes=minutes)

    @rule(minutes=st.sampled_from([-200, -21, -2, 0, 7]))
    def set_the_clock(self, minutes: int) -> None:
        """The functions' own; S3 and SageMaker know the time."""
        self.world.skew = timedelta(minutes=minutes)

    # ------------------------------------------------------------ what SageMaker does

    @precondition(lambda self: self._running())
    @rule(pick=picks, status=statuses, labeled=st.integers(0, 4), model=st.booleans(), told=st.booleans(),
          each_failed=st.booleans(), times=st.sampled_from([1, 1, 1, 3]), how=st.none() | damages)  # fmt: skip
    def end_job(
        self,
        pick: int,
        status: str,
        labeled: int,
        model: bool,
        told: bool,
        each_failed: bool,
        times: int,
        how: str | None,
    ) -> None:
        name = self._running()[pick % len(self._running())]
        labeled = BATCH if status == "Completed" and labeled > 1 else labeled
        self.world.calm_sagemaker.finish(
            name, status, labeled=labeled, model=model, each_failed=each_failed, times=times
        )
        self.asked_twice |= {name} if times > 1 else set()
        if how is not None:
            self._damage(name, how)
        if told:
            self.world.events.append(name)

    @precondition(lambda self: self._undamaged())
    @rule(pick=picks, how=damages)
    def damage(self, pick: int, how: str) -> None:
        """Something happens to an ended job's output, before or after anybody has read it."""
        self._damage(self._undamaged()[pick % len(self._undamaged())], how)

    @rule(batch=st.integers(1, 3), control=st.booleans(), attempt=st.integers(0, 1), told=st.booleans(),
          status=st.none() | statuses)  # fmt: skip
    def someone_elses_job(self, batch: int, control: bool, attempt: int, told: bool, status: str | None) -> None:
        """Another stage gives a name first; what becomes of its job is told to every stage."""
        name = str(JobName(CAMPAIGN, batch, control, 0 if control else attempt))
        if name not in self.world.calm_sagemaker.jobs:
            self.world.calm_sagemaker.create_labeling_job(**_foreign(self.world, name))
            self.foreign[name] = "InProgress"
        elif name not in self.foreign or self.foreign[name] != "InProgress":
            return
        elif status is not None:
            self.world.calm_sagemaker.finish(name, status)
            self.foreign[name] = status
        if told:
            self.world.events.append(name)

    # ------------------------------------------------------------ messages

    @precondition(lambda self: self._queues())
    @rule(pick=picks, message=picks, again=st.booleans(), fault=faults)
    def deliver(self, pick: int, message: int, again: bool, fault: Any) -> None:
        """A message that fails comes again; one that does not may come again."""
        queue, handle = self._queues()[pick % len(self._queues())]
        body = queue[message % len(queue)]
        if self._run(lambda: handle(body), fault) and not again:
            queue.remove(body)

    @precondition(lambda self: self.world.hints or self.world.events or self.world.label_requests)
    @rule()
    def lose(self) -> None:
        """Hints may be lost when their sender is killed; events when EventBridge does its best in vain."""
        (self.world.hints or self.world.events or self.world.label_requests).pop()

    @precondition(lambda self: self.world.uploads)
    @rule(pick=picks)
    def lose_an_upload(self, pick: int) -> None:
        """It ended in the dead letters, and was forgotten there."""
        del self.world.uploads[pick % len(self.world.uploads)]

    @rule(fault=faults)
    def walk(self, fault: Any) -> None:
        self._run(self._walk, fault)

    @rule()
    def a_good_hour(self) -> None:
        """All that is on its way arrives."""
        for queue, handle in self._queues():
            for body in list(queue):
                handle(body)
                queue.remove(body)
        self._reconcile()

    @rule(labeled=st.sampled_from([1, BATCH, BATCH]))
    def a_good_day(self, labeled: int) -> None:
        """What is on its way arrives, and the jobs that run end."""
        self.a_good_hour()
        for name in self._running():
            self.world.calm_sagemaker.finish(name, labeled=labeled)
            self.world.events.append(name)
        self.a_good_hour()

    @rule(fault=faults)
    def reconcile(self, fault: Any) -> None:
        self._run(self._reconcile, fault)

    # ------------------------------------------------------------ after every step

    @invariant()
    def the_books_balance(self) -> None:
        campaign = self.world.store.campaigns.find(CAMPAIGN)
        if campaign is None:
            return
        jobs = self.world.store.jobs.of(CAMPAIGN)
        held = sum(job.reserved for job in jobs if job.cost is None and job.state is not JobState.WITHDRAWN)
        assert campaign.committed == held
        assert campaign.spent == sum(job.cost or 0 for job in jobs)
        assert campaign.headroom is None or campaign.headroom >= 0 or self.asked_twice
        assert all(job.cost is None or job.cost <= job.reserved or job.name in self.asked_twice for job in jobs)
        assert set(self._ours()) <= {job.name for job in jobs}, "a job that nobody has paid for"
        assert all(self._is_ours(job.name) for job in jobs if job.created_at is not None), "a stranger's job is ours"

    @invariant()
    def one_job_at_a_time(self) -> None:
        assert len([name for name in self._running() if not JobName.parse(name).control]) <= 1

    @invariant()
    def nothing_is_labeled_twice(self) -> None:
        for control in (False, True):
            labeled = Counter(
                source for name in self._ours() if JobName.parse(name).control is control
                for source in self._labeled(name)
            )  # fmt: skip
            assert all(count == 1 for count in labeled.values()), labeled

    # ------------------------------------------------------------ when the weather has cleared

    def _clear_up(self) -> None:
        """Everything that still comes, comes; jobs run to their end; the owner raises the cap and resumes."""
        self.budget, self.world.skew = len(BUDGETS) - 1, timedelta()
        self.world.later(seconds=1)
        self._drop_spec()
        self._bring_back()
        world = self.world
        for name in set(world.calm_sagemaker.jobs) - set(self._ours()):
            assert world.calm_sagemaker.jobs[name]["LabelingJobStatus"] == self.foreign[name], "it was stopped by us"
            del world.calm_sagemaker.jobs[name]
        quiet = 0
        for _ in range(40):
            before = self._picture()
            while world.uploads:
                self._on_upload(world.uploads.pop(0))
            world.later(minutes=61)
            found = self._walk()
            self._reconcile()
            world.settle()
            for name in self._running():
                world.calm_sagemaker.finish(name)
            campaign = world.store.campaigns.get(CAMPAIGN)
            if campaign.verdict.status in {"paused", "waiting"}:
                assert campaign.verdict.reason, "it waits, and says not for what"
                world.chain.resume(CAMPAIGN)
                quiet = 0
                continue
            # Twice: the walk may have been on its way, behind what nobody was told of.
            quiet = quiet + 1 if before == self._picture() and not found else 0
            if quiet == 2:
                return
        raise AssertionError(f"it never comes to rest: {before}")

    def _check_everything(self) -> None:
        store = self.world.store
        batches = store.batches.of(CAMPAIGN)
        assert all(batch.state is BatchState.LABELED for batch in batches)
        self._check_follow_ups(batches)
        manifests = {batch.number: self.world.manifest(batch.manifest_uri) for batch in batches}
        places = Counter(key for keys in manifests.values() for key in keys)
        contents = Counter[int]()
        for key, valid in self.valid.items():
            image = store.images.get(CAMPAIGN, key)
            if image is None:
                assert key in self.deleted, f"{key} is lost"
                continue
            if image.status is ImageStatus.BATCH:
                assert places[key] == 1
                assert image.width > 0, "people get what was known to be no image"
                assert key in manifests[image.batch or 0]
                contents[self.pictures[image.etag]] += 1
                continue
            assert places[key] == 0
            if key not in self.deleted:
                assert image.status is (ImageStatus.DUPLICATE if valid else ImageStatus.REJECTED)
            if image.status is ImageStatus.DUPLICATE:
                twin = store.images.get(CAMPAIGN, store.images.twin_of(image) or "")
                assert twin is not None
                assert twin.status is ImageStatus.BATCH
                assert self.pictures[twin.etag] == self.pictures[image.etag], "it gets another picture's label"
        assert all(count == 1 for count in contents.values()), "equal pictures were sent twice"
        assert all(len(keys) <= BATCH and keys == sorted(keys) for keys in manifests.values())
        self._recount()

    def _check_follow_ups(self, batches: list[Batch]) -> None:
        """What has no label was sent as often as the spec says, and the service was done with it each time."""
        spec, jobs = self.world.store.campaigns.get(CAMPAIGN).spec, self.world.store.jobs.of(CAMPAIGN)
        for batch in batches:
            if batch.unlabeled and not batch.leaves_out:
                last = [job for job in jobs if job.batch == batch.number and not job.is_control][-1]
                assert last.unlabeled == batch.unlabeled
                each_failed = last.counters["FailedNonRetryableError"] >= batch.unlabeled
                assert last.state is JobState.COMPLETED or (last.state is JobState.FAILED and each_failed)
                assert spec is not None
                assert last.attempt >= spec.follow_ups

    def _recount(self) -> None:
        """Reports against the raw files, which are whole again: what was booked from half of them is right as well."""
        for name in self.damaged:
            self.world.settlement.settle(name)
        for job in self.world.store.jobs.of(CAMPAIGN):
            labeled = len(self._labeled(job.name))
            report = json.loads(self.world.calm_objects.contents[f"{job.report_uri}/report.json"])
            assert report["counts"]["human_images"] == labeled
            assert report["counts"]["unlabeled"] == job.objects - labeled
            assert report["cost"]["workers_mills"] == labeled * 3 * 36 * (3 if job.name in self.asked_twice else 1)
            if job.name not in self.asked_twice & set(self.damaged):
                assert report["cost"]["total_mills"] == job.cost
            assert report["cost"]["unseen_mills"] == 0
        campaign = self.world.store.campaigns.get(CAMPAIGN)
        assert campaign.committed == 0
        if self.world.store.jobs.of(CAMPAIGN):
            labels = self.world.manifest(str(Places(RESULTS, CAMPAIGN).labels))
            assert sorted(labels) == sorted(filter(self._is_labeled, self.valid)), "each image has one label"
            values = self._values()
            assert all(values[key] >= value for key, value in self.corrected.items()), "a correction is lost"

    # ------------------------------------------------------------ handlers

    def _on_upload(self, upload: Any) -> None:
        taken = self.world.take(upload)
        if taken.campaign is not None and taken.may_be_duplicate:
            self.world.store.campaigns.tell_of_duplicates(taken.campaign, self.world.now())
        if taken.campaign is not None:
            self.world.hint(taken.campaign)

    def _on_event(self, name: str) -> None:
        try:
            self.world.chain.observe(name)
        except NotFound:
            assert name in self.foreign, "our own job is not known"
            return
        self.world.advance(CAMPAIGN)

    def _reconcile(self) -> None:
        if self.world.store.campaigns.find(CAMPAIGN) is not None:
            self.world.chain.watch(CAMPAIGN)
            self.world.advance(CAMPAIGN)

    # ------------------------------------------------------------ helpers

    def _drop_spec(self) -> None:
        batch = {"size": BATCH, "quiet_minutes": 30, "minimum": 1}
        document = spec_document(**PUBLIC, batch=batch, control_batches=[1], budget=BUDGETS[self.budget],
                                 skip_near_duplicates=self.near)  # fmt: skip
        self.world.drop(f"{CAMPAIGN}/campaign.json", json.dumps(document).encode())

    def _queues(self) -> list[tuple[list[Any], Callable[[Any], object]]]:
        """The queues that hold something, and who takes from them."""
        world = self.world
        queues: list[tuple[list[Any], Callable[[Any], object]]] = [
            (world.uploads, self._on_upload),
            (world.hints, world.advance),
            (world.events, self._on_event),
            (world.report_requests, world.settlement.settle),
            (world.label_requests, world.settlement.write_labels),
        ]
        return [(queue, handle) for queue, handle in queues if queue]

    def _walk(self) -> list[Taken]:
        found = self.world.walk()
        for taken in found:
            if taken.campaign is not None and taken.may_be_duplicate:
                self.world.store.campaigns.tell_of_duplicates(taken.campaign, self.world.now())
        return found

    def _correct(self, key: str) -> None:
        """As the API does, of an image that people have labeled. Who got no answer finds it held, or not."""
        image = self.world.store.images.get(CAMPAIGN, key)
        if image is None or image.status is not ImageStatus.BATCH or not self._is_labeled(key):
            return
        self.corrections += 1
        value, at = 100 + self.corrections, self.world.time + timedelta(microseconds=self.corrections)
        label = {"category": value, "category-metadata": {"class-name": "Owl"}}
        root, source = Places(RESULTS, CAMPAIGN).root, str(S3Uri(INBOX, key))
        write_correction(self.world.objects, root, source=source, label=label, by="owner", at=at, token="1")
        self.world.store.campaigns.labels_changed(CAMPAIGN)
        self.corrected[key] = value
        self.world.ask_labels(CAMPAIGN)

    def _values(self) -> dict[str, int]:
        lines = map(json.loads, self.world.calm_objects.lines(Places(RESULTS, CAMPAIGN).labels))
        return {S3Uri.parse(line["source-ref"]).key: line["category"] for line in lines}

    def _correct_again(self) -> None:
        if self.corrected:
            self._correct(max(self.corrected))

    def _leave_out(self) -> None:
        with suppress(Conflict):
            self.world.chain.leave_out(CAMPAIGN)

    def _bring_back(self) -> None:
        """Somebody restores the outputs that were damaged."""
        for files in self.damaged.values():
            self.world.calm_objects.contents.update(files)

    def _damage(self, name: str, how: str) -> None:
        self.damaged[name] = _files_of(self.world, name)
        _damage(self.world, name, how)

    def _undamaged(self) -> list[str]:
        jobs = self.world.calm_sagemaker.jobs
        return [
            name
            for name in self._ours()
            if jobs[name]["LabelingJobStatus"] != "InProgress" and name not in self.damaged
        ]

    def _run(self, handler: Callable[[], object], fault: Any) -> bool:
        with self.world.weather.forecast([Strike(calls, kind, self._other(other)) for calls, kind, other in fault]):
            try:
                handler()
            except Killed:
                return False
            except Exception:
                if not self.world.weather.struck:
                    raise
                return False
        return True

    def _other(self, number: int) -> Callable[[], None]:
        """Who comes in between."""

        def upload() -> None:
            if self.world.uploads:
                self._on_upload(self.world.uploads[0])

        def end() -> None:
            for name in self._running():
                self.world.calm_sagemaker.finish(name)
                self._on_event(name)

        def settle() -> None:
            if self.world.report_requests:
                self.world.settlement.settle(self.world.report_requests[0])

        def write() -> None:
            if self.world.label_requests:
                self.world.settlement.write_labels(self.world.label_requests[0])

        return (self._reconcile, upload, end, settle, write, self._correct_again)[number]

    def _running(self) -> list[str]:
        jobs = self.world.calm_sagemaker.jobs
        return [name for name in self._ours() if jobs[name]["LabelingJobStatus"] == "InProgress"]

    def _ours(self) -> list[str]:
        return [name for name in self.world.calm_sagemaker.jobs if self._is_ours(name)]

    def _is_ours(self, name: str) -> bool:
        return bool(self.world.calm_sagemaker.jobs[name]["OutputConfig"]["S3OutputPath"] != FOREIGN)

    def _is_labeled(self, key: str) -> bool:
        """Whether people have labeled the image, or the one that stands for it."""
        image = self.world.store.images.get(CAMPAIGN, key)
        if image is None or image.status is ImageStatus.REJECTED:
            return False
        shown = self.world.store.images.twin_of(image) if image.status is ImageStatus.DUPLICATE else key
        jobs = [name for name in self._ours() if not JobName.parse(name).control]
        return any(S3Uri.parse(source).key == shown for name in jobs for source in self._labeled(name))

    def _labeled(self, name: str) -> list[str]:
        """The objects that a job has labeled, which are paid for."""
        job = self.world.calm_sagemaker.jobs[name]
        lines = self.world.calm_sagemaker.lines(name)
        return [line["source-ref"] for line in lines[: job["LabelCounters"]["TotalLabeled"]]]

    def _picture(self) -> Any:
        store = self.world.store
        found = store.campaigns.find(CAMPAIGN)
        return (store.batches.of(CAMPAIGN), store.jobs.of(CAMPAIGN), store.images.pending_summary(CAMPAIGN),
                len(self.world.uploads), len(self.world.report_requests), found and found.label_changes,
                found and found.labels_written)  # fmt: skip


def _foreign(world: StormyWorld, name: str) -> dict[str, Any]:
    """A request of another stage: the same name and kind, other files."""
    manifest = S3Uri("theirs", f"{name}.manifest")
    lines = "".join(json.dumps({"source-ref": f"s3://theirs/{number}.png"}) + "\n" for number in range(BATCH))
    world.calm_objects.write(manifest, lines.encode(), "application/jsonlines")
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "label",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": str(manifest)}}},
        "OutputConfig": {"S3OutputPath": FOREIGN},
        "HumanTaskConfig": {"NumberOfHumanWorkersPerDataObject": 3},
        "LabelingJobAlgorithmsConfig": {},
    }


def _files_of(world: StormyWorld, name: str) -> dict[str, bytes]:
    root = f"s3://{RESULTS}/{CAMPAIGN}/output/{name}/"
    return {key: body for key, body in world.calm_objects.contents.items() if key.startswith(root)}


def _damage(world: StormyWorld, name: str, how: str) -> None:
    contents = world.calm_objects.contents
    manifest = next(key for key in _files_of(world, name) if key.endswith("output.manifest"))
    lines = contents[manifest].splitlines(keepends=True)
    gone = {"nothing": "", "no manifest": "output.manifest", "half of it": "consolidation-response"}.get(how)
    for key in _files_of(world, name) if gone is not None else ():
        if gone in key:  # type: ignore[operator]
            del contents[key]
    if how == "shuffled":
        contents[manifest] = b"".join(reversed(lines))
    elif how == "half of it":
        contents[manifest] = b"".join(lines)[: len(contents[manifest]) // 2]


@cache
def _picture(content: int, copy: int) -> bytes:
    """A small painting; saved anew as a JPEG; the same at half the size."""
    size = (96, 72)
    if copy == 0:
        return saved(painting(content, size))
    return copy_of(content, size=size, quality=(90, 95)[copy - 1], scale=1 / copy)


Campaigns.TestCase.settings = settings(
    max_examples=int(os.environ.get("FAULT_SCHEDULES", "10")),
    stateful_step_count=int(os.environ.get("FAULT_STEPS", "30")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestCampaigns = Campaigns.TestCase
