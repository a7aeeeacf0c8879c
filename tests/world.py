"""A whole deployment in memory: the real store, and beneath it and beside it fakes that behave."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from moto import mock_aws
from PIL import Image as Pillow

from gt_service.backends import GROUND_TRUTH
from gt_service.chain.advance import Chain
from gt_service.chain.settlement import Settlement
from gt_service.deployment import Deployment
from gt_service.ingest.events import Upload
from gt_service.ingest.inbox import InboxWalk
from gt_service.ingest.intake import Intake, Taken
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import TrainingLogs
from gt_service.prices import PriceTable
from gt_service.reports.campaign import CampaignResults, campaign_report
from gt_service.reports.ended_job import EndedJob
from gt_service.reports.publish import make_job_report, report_json
from gt_service.store import Store, TableNames, shards
from tests.dynamodb import MemoryDynamoDB
from tests.factories import MemoryLogs
from tests.fakes import FakeSageMaker, MemoryObjects, etag_of

INBOX, RESULTS, REGION = "inbox", "results", "us-east-1"
ROLE = "arn:aws:iam::111122223333:role/labeling"
TEAM = f"arn:aws:sagemaker:{REGION}:111122223333:workteam/private-crowd/birders"
START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def spec_document(**changes: Any) -> dict[str, Any]:
    """A small campaign's spec, as its owner writes it, but that no imported label is checked: chance tells which."""
    batch = {"size": 4, "quiet_minutes": 30, "minimum": 1}
    document = {"task": "object-detection", "labels": ["Bird"], "workforce": TEAM, "batch": batch, "check_imported": 0}
    return {**document, **changes}


def picture(number: int = 0, size: tuple[int, int] = (64, 48), form: str = "PNG") -> bytes:
    """An image like no other number's."""
    body = io.BytesIO()
    colour = (number % 256, number // 256 % 256, number // 65536)
    Pillow.new("RGB", size, colour).save(body, form)
    return body.getvalue()


class World:
    """Time stands still until a test moves it; messages wait until a test delivers them."""

    def __init__(self) -> None:
        self.time = START
        self.objects = MemoryObjects()
        self.objects.now = self.now
        self.sagemaker = FakeSageMaker(self.objects, self.now)
        self.store = Store(TableNames("campaigns", "images", "batches", "jobs", "tokens"), REGION)
        self.hints: list[str] = []
        self.report_requests: list[str] = []
        self.label_requests: list[str] = []
        self.export_requests: list[tuple[str, str]] = []
        self.job_mark = ""
        self.backend = GROUND_TRUTH
        self._uploads = 0

    def now(self) -> datetime:
        return self.time

    def later(self, **span: float) -> None:
        self.time += timedelta(**span)

    # signals
    def hint(self, campaign: str, *, delay_seconds: int = 0) -> None:
        self.hints.append(campaign)

    def ask_report(self, job: str) -> None:
        self.report_requests.append(job)

    def ask_export(self, campaign: str, form: str) -> None:
        self.export_requests.append((campaign, form))

    def ask_labels(self, campaign: str) -> None:
        self.label_requests.append(campaign)

    @property
    def deployment(self) -> Deployment:
        return Deployment(INBOX, RESULTS, REGION, ROLE, self.job_mark, self.backend)

    @property
    def chain(self) -> Chain:
        return Chain(
            store=self.store,
            objects=self.objects,
            sagemaker=cast("Any", self.sagemaker),
            signals=self,
            deployment=self.deployment,
            now=self.now,
        )

    @property
    def settlement(self) -> Settlement:
        return Settlement(
            store=self.store,
            objects=self.objects,
            logs=MemoryLogs(),
            sagemaker=cast("Any", self.sagemaker),
            signals=self,
            results_bucket=RESULTS,
            publish=self._publish,
            publish_campaign=self._publish_campaign,
            now=self.now,
        )

    def _publish(
        self, job: EndedJob, destination: S3Uri, *, objects: ObjectStore, logs: TrainingLogs, now: datetime
    ) -> Mapping[str, Any]:
        """The real report, without its drawings."""
        report = make_job_report(job, objects=objects, logs=logs, prices=PriceTable.current(), now=now)
        self.objects.write(destination / "report.json", report_json(report), "application/json")
        return report

    def _publish_campaign(
        self, results: CampaignResults, destination: S3Uri, *, objects: ObjectStore, now: datetime
    ) -> Mapping[str, Any]:
        report = campaign_report(results, now=now)
        self.objects.write(destination / "campaign.json", report_json(report), "application/json")
        return report

    # what people do
    def put(self, key: str, body: bytes) -> Upload:
        """Uploads an object."""
        self.objects.write(S3Uri(INBOX, key), body, "application/octet-stream")
        return self.tell(key, body, self.objects.etag(S3Uri(INBOX, key)))

    def tell(self, key: str, body: bytes, etag: str | None = None) -> Upload:
        """What S3 tells of an upload."""
        self._uploads += 1
        moment = self.time.strftime("%Y-%m-%dT%H:%M:%S") + f".{self.time.microsecond // 1000:03}Z"
        return Upload(INBOX, key, etag or etag_of(body), len(body), moment, f"{self._uploads:018X}".ljust(32, "0"))

    def upload(self, key: str, body: bytes) -> Taken:
        return self.take(self.put(key, body))

    def take(self, upload: Upload) -> Taken:
        return Intake(self.store, self.objects, self.deployment.backend).take(upload, self.now())

    def walk(self) -> list[Taken]:
        """A stretch of the walk through the inbox."""
        walk = InboxWalk(self.store, self.objects, Intake(self.store, self.objects, self.backend), INBOX)
        return list(walk.go_on(self.now()))

    def campaign(self, name: str = "birds", **changes: Any) -> None:
        self.upload(f"{name}/campaign.json", json.dumps(spec_document(**changes)).encode())

    def images(self, count: int, *, first: int = 0, campaign: str = "birds") -> list[str]:
        keys = [f"{campaign}/images/{number:04}.png" for number in range(first, first + count)]
        for number, key in enumerate(keys, start=first):
            self.upload(key, picture(number))
        return keys

    def settle(self) -> None:
        """Delivers every request for a report or for labels."""
        while self.report_requests:
            self.settlement.settle(self.report_requests.pop(0))
        while self.label_requests:
            self.settlement.write_labels(self.label_requests.pop(0))

    def finish(self, job: str, status: str = "Completed", **how: Any) -> None:
        """A job ends, its event arrives, and the reports that follow are written. how: of `FakeSageMaker.finish`."""
        self.sagemaker.finish(job, status, **how)
        self.chain.observe(job)
        self.advance()
        self.settle()
        self.advance()

    def advance(self, campaign: str = "birds") -> None:
        self.chain.advance(campaign)

    # what there is to see
    def manifest(self, uri: str | None) -> list[str]:
        """The keys in a manifest."""
        lines = self.objects.lines(S3Uri.parse(uri or ""))
        return [S3Uri.parse(json.loads(line)["source-ref"]).key for line in lines]


@contextmanager
def a_world(kind: type[World] = World, *, on_moto: bool = False) -> Iterator[World]:
    """on_moto: its tables are moto's, not those of `MemoryDynamoDB`, which is quicker and as strict as AWS."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.delenv("AWS_ENDPOINT_URL", raising=False)  # another test's stack must not be taken for this world
        environment.setattr(shards, "SHARDS", 2)  # as many as there are takes longer, and tells no more
        with mock_aws():
            world = kind()
            if not on_moto:
                world.store.tables.connection._client = MemoryDynamoDB()
            world.store.tables.create()
            yield world
