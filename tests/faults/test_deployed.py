"""The deployed template in bad weather: real queues with their redelivery and dead letters, real functions, real HTTP.

SageMaker is a stub that fails, answers too late and loses events (`tests/stub_sagemaker.py`). S3's notifications are
delivered a second time in another order, and messages that nobody can read lie between them. Schedules run side by
side, each in a campaign of its own: one of them in `make test`, as many as `FAULT_CAMPAIGNS` says in `make faults`.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest
from botocore.config import Config

from gt_cli import tokens
from gt_cli.commands.redrive import redrive
from gt_cli.deployment import deploy, stack_name
from gt_cli.packaging import build
from gt_cli.stack import ARTIFACTS, REGION, TEST_CREDENTIALS, LocalStack
from gt_service.objects import S3Objects, S3Uri
from gt_service.records import ImageStatus
from gt_service.records.names import JobName, Places
from gt_service.records.states import BatchState
from gt_service.store import Store, TableNames
from tests.stub_sagemaker import Fault, StubSageMaker
from tests.world import picture, spec_document

CAMPAIGNS = int(os.environ.get("FAULT_CAMPAIGNS", "1"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
PATIENCE = timedelta(seconds=360 + 60 * CAMPAIGNS)
BATCH = 3
NUDGE_SECONDS = 5
PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}
BUDGET_MILLS = 20_000
POISON = "no notification at all"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(int(PATIENCE.total_seconds()) + 120)]


@dataclass
class Deployment:
    """A second installation on the stack's MiniStack, whose SageMaker is the stub."""

    stack: LocalStack
    outputs: dict[str, str]
    stub: StubSageMaker
    store: Store
    objects: S3Objects
    headers: dict[str, str]

    def post(self, path: str) -> None:
        """Whatever comes of it: nobody asks again."""
        api = f"{self.stack.endpoint_url}/restapis/{self.outputs['RestAPIId']}/api/_user_request_"
        httpx.post(api + path, headers=self.headers, timeout=60)

    def reconcile(self) -> None:
        """As the schedule does, and more often; under faults it may fail, and comes again."""
        event = {
            "version": "0",
            "id": "reconcile",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": "2026-01-01T00:00:00Z",
            "region": REGION,
            "resources": [],
            "detail": {},
        }
        # One at a time, as a schedule is: on two processors a dozen functions at once would only wait for each other.
        patient = Config(read_timeout=300, retries={"max_attempts": 0})
        functions = self.stack.session.client("lambda", config=patient)
        functions.invoke(FunctionName=self.function("Reconcile"), Payload=json.dumps(event).encode())

    def function(self, name: str) -> str:
        cloudformation = self.stack.session.client("cloudformation")
        found = cloudformation.describe_stack_resource(StackName=stack_name("faults"), LogicalResourceId=name)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture(scope="module")
def deployment(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    session = stack.session
    objects = S3Objects(session.client("s3"))
    stub = StubSageMaker(objects, session.client("events"), SEED)
    with stub.serving() as url, pytest.MonkeyPatch.context() as environment:
        parameters = {
            "Stage": "faults",
            "SageMakerEndpointUrl": url,
            "ReconcileSchedule": "rate(1 minute)",
            "Scale": "laptop",
            "EncryptedTransportOnly": "false",
        }
        package = build(tmp_path_factory.mktemp("package"))
        outputs = deploy(session, package, stack_name("faults"), bucket=ARTIFACTS, parameters=parameters)
        # A message that fails comes again in seconds, not in minutes; never before its function can have ended, or a
        # report that takes long on a busy machine would be made again and again, and end in the dead letters.
        for queue, seconds in (("Uploads", "4"), ("Batches", "4"), ("Completions", "30")):
            session.client("sqs").set_queue_attributes(
                QueueUrl=outputs[f"{queue}Queue"], Attributes={"VisibilityTimeout": seconds}
            )
        for name, value in (TEST_CREDENTIALS | {"AWS_ENDPOINT_URL": stack.endpoint_url}).items():
            environment.setenv(name, value)
        names = {name: outputs[f"{name.title()}Table"] for name in TableNames.__dataclass_fields__}
        soon = datetime.now(UTC) + timedelta(hours=2)
        token = tokens.issue(
            session.client("dynamodb"), outputs["TokensTable"], "operator", principal="owner", expires=soon
        )
        store = Store(TableNames(**names), REGION)
        yield Deployment(stack, dict(outputs), stub, store, objects, {"Authorization": f"Bearer {token}"})


class Schedule:
    """What happens to one campaign, decided by its number."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        self.name = f"storm-{SEED}-{number}"
        self._all, self._dice = deployment, random.Random(f"{SEED} {number}")
        self.broken: set[str] = set()
        self.keys: set[str] = set()

    def drop(self) -> None:
        """Images and their spec, in any order; some equal, some broken."""
        puts: list[tuple[str, bytes]] = []
        batch = {"size": BATCH, "quiet_minutes": 30, "minimum": 1}
        spec = spec_document(**PUBLIC, batch=batch, control_batches=[1], budget=str(BUDGET_MILLS / 1000))
        puts.append((f"{self.name}/campaign.json", json.dumps(spec).encode()))
        for number in range(self._dice.randrange(5, 9)):
            key = f"{self.name}/images/{number} é+%20.png"
            self.keys.add(key)
            if self._dice.random() < 0.15:
                self.broken.add(key)
                puts.append((key, b"no image"))
            else:
                puts.append((key, picture(self._dice.randrange(8) + 1)))
        self._dice.shuffle(puts)
        for key, body in puts:
            self._all.objects.write(S3Uri(self._all.outputs["InboxBucket"], key), body, "application/octet-stream")

    def at_rest(self) -> bool:
        store = self._all.store
        campaign = store.campaigns.find(self.name)
        if campaign is None or campaign.spec is None or campaign.committed:
            return False
        images = [store.images.get(self.name, key) for key in self.keys]
        jobs = store.jobs.of(self.name)
        batches = store.batches.of(self.name)
        controls = [job for job in jobs if job.is_control]
        return (
            all(image is not None and image.status is not ImageStatus.PENDING for image in images)
            and all(batch.state is BatchState.LABELED for batch in batches)
            and all(job.cost is not None for job in jobs)
            and bool(controls)
        )

    def nudge(self) -> None:
        """What an owner does who looks now and then: closes the rest, and resumes where the campaign waits."""
        store = self._all.store
        campaign = store.campaigns.find(self.name)
        if campaign is None or campaign.spec is None:
            return
        if store.images.pending_summary(self.name, most=1).count:
            self._all.post(f"/campaigns/{self.name}/batches")
        if campaign.verdict.status == "waiting":
            assert campaign.verdict.reason, "it waits, and says not for what"
            self._all.post(f"/campaigns/{self.name}/resume")

    def check(self) -> None:
        store = self._all.store
        manifests = {
            batch.number: self._sources(S3Uri.parse(batch.manifest_uri or "")) for batch in store.batches.of(self.name)
        }
        places = Counter(key for keys in manifests.values() for key in keys)
        for key in self.keys:
            image = store.images.get(self.name, key)
            assert image is not None, f"{key} is lost"
            assert (image.status is ImageStatus.REJECTED) == (key in self.broken)
            assert places[key] == (image.status is ImageStatus.BATCH), "in one manifest, or a duplicate of one that is"
        self._check_jobs()
        labels = self._sources(Places(self._all.outputs["ResultsBucket"], self.name).labels)
        assert sorted(labels) == sorted(self.keys - self.broken), "each image has one label"

    def _check_jobs(self) -> None:
        jobs = {job.name: job for job in self._all.store.jobs.of(self.name)}
        asked = {name for name in self._all.stub.jobs.jobs if JobName.parse(name).campaign == self.name}
        assert asked <= set(jobs), "a job that nobody has set money aside for"
        for control in (False, True):
            labeled = Counter(
                line["source-ref"] for name in asked if jobs[name].is_control is control for line in self._labeled(name)
            )
            assert all(count == 1 for count in labeled.values()), f"paid twice: {labeled}"
        for name in asked:
            report = json.loads(self._all.objects.read(S3Uri.parse(jobs[name].report_uri or "") / "report.json"))
            assert report["counts"]["human_images"] == len(self._labeled(name))
            assert report["cost"]["total_mills"] == jobs[name].cost
        campaign = self._all.store.campaigns.get(self.name)
        assert campaign.spent == sum(job.cost or 0 for job in jobs.values()) <= BUDGET_MILLS
        assert campaign.committed == 0

    def _labeled(self, name: str) -> list[dict[str, Any]]:
        lines = self._all.stub.jobs.lines(name)
        return lines[: self._all.stub.jobs.jobs[name]["LabelCounters"]["TotalLabeled"]]

    def _sources(self, uri: S3Uri) -> list[str]:
        return [S3Uri.parse(json.loads(line)["source-ref"]).key for line in self._all.objects.lines(uri)]


def test_nothing_is_lost_and_nothing_paid_twice(deployment: Deployment) -> None:
    schedules = [Schedule(deployment, number) for number in range(CAMPAIGNS)]
    sqs, queue = deployment.stack.session.client("sqs"), deployment.outputs["UploadsQueue"]
    for schedule in schedules:
        schedule.drop()
    sqs.send_message(QueueUrl=queue, MessageBody=POISON)
    for body in _told_again(deployment, schedules):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while not all(schedule.at_rest() for schedule in schedules):
        assert time.monotonic() < deadline, _standing(deployment, schedules)
        time.sleep(NUDGE_SECONDS)
        deployment.reconcile()
        for schedule in schedules:
            schedule.nudge()
    for schedule in schedules:
        _soon(schedule.check)
    assert deployment.stub.faults.total() > deployment.stub.faults[Fault.NONE], "no fault was tried"


def test_what_nobody_can_read_ends_in_the_dead_letters_and_can_be_sent_again(deployment: Deployment) -> None:
    sqs, letters = deployment.stack.session.client("sqs"), deployment.outputs["UploadsDeadLetters"]
    _soon(lambda: _assert_messages(sqs, letters, 1))
    assert redrive(sqs, deployment.outputs)["Uploads"] == 1


def _told_again(deployment: Deployment, schedules: list[Schedule]) -> list[str]:
    """S3 tells of every image a second time, in another order and several in a message."""
    s3, bucket = deployment.stack.session.client("s3"), deployment.outputs["InboxBucket"]
    dice, records = random.Random(SEED), []
    for key in sorted(key for schedule in schedules for key in schedule.keys):
        head = s3.head_object(Bucket=bucket, Key=key)
        item = {"key": quote_plus(key, safe="/"), "size": head["ContentLength"], "eTag": head["ETag"]}
        # Earlier than what S3 itself tells of the same upload.
        records.append(
            {
                "eventVersion": "2.1",
                "eventName": "ObjectCreated:Put",
                "eventTime": "2026-01-01T00:00:00.000Z",
                "s3": {"bucket": {"name": bucket}, "object": item | {"sequencer": "00"}},
            }
        )
    dice.shuffle(records)
    return [json.dumps({"Records": records[start : start + 3]}) for start in range(0, len(records), 3)]


def _assert_messages(sqs: Any, queue: str, count: int) -> None:
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert int(found["Attributes"]["ApproximateNumberOfMessages"]) == count


def _soon(check: Callable[[], None], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except (AssertionError, LookupError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def _standing(deployment: Deployment, schedules: list[Schedule]) -> str:
    lines = []
    for schedule in schedules:
        campaign = deployment.store.campaigns.find(schedule.name)
        lines.append(f"{schedule.name}: {campaign.verdict if campaign else 'unknown'}")
        lines += [f"  {batch}" for batch in deployment.store.batches.of(schedule.name)]
        lines += [f"  {job.name} {job.state} cost={job.cost}" for job in deployment.store.jobs.of(schedule.name)]
    return "\n".join(lines)
