"""Clients and the domain's parts, made when first needed and kept for the life of the function.

Parts that only some functions need are imported where they are made, so that no function's cold start pays for
another's.
"""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config

from chalicelib.settings import Settings
from gt_service.errors import AccessDenied, InvalidInput, NotFound
from gt_service.objects import S3Objects, S3Uri
from gt_service.prices import PriceTable
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.records.states import RUNNING, UNSENT
from gt_service.store import Store
from gt_service.store.notifications import Notifications
from gt_service.store.requests import Requests

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient

    from gt_service.chain.advance import Chain
    from gt_service.chain.settlement import Settlement
    from gt_service.corrections.correcting import Correcting
    from gt_service.ingest.inbox import InboxWalk
    from gt_service.ingest.intake import Intake
    from gt_service.notifications.delivery import Queue, Sender
    from gt_service.outputs.bulk import BulkObjects

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # A function has no home; matplotlib keeps its list of fonts where it may write.
    os.environ.setdefault("MPLCONFIGDIR", os.path.join(tempfile.gettempdir(), "matplotlib"))

_RETRIES = Config(retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=30)


def now() -> datetime:
    return datetime.now(UTC)


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def s3() -> S3Client:
    return boto3.client("s3", config=_RETRIES)


@cache
def sqs() -> SQSClient:
    return boto3.client("sqs", config=_RETRIES)


@cache
def sagemaker() -> SageMakerClient:
    """Ground Truth, or gt-engine where AWS_ENDPOINT_URL_SAGEMAKER says so.

    gt-engine cannot check the signatures of a role's temporary credentials; where it checks any, calls are signed with
    a pair of its own, kept in a parameter.
    """
    name = settings().engine_keys_parameter
    if name is None:
        return boto3.client("sagemaker", config=_RETRIES)
    key_id, secret = engine_keys(boto3.client("ssm", config=_RETRIES), name)
    return boto3.client("sagemaker", config=_RETRIES, aws_access_key_id=key_id, aws_secret_access_key=secret)


def engine_keys(ssm: Any, name: str) -> tuple[str, str]:
    """The access key id and the secret key in a parameter: the JSON object that `gt-engine --access-keys` reads.

    The first pair counts. Errors: `InvalidInput` naming the parameter, never its content.
    """
    try:
        text = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        key_id, secret = next(iter(json.loads(text).items()))
    except (ssm.exceptions.ParameterNotFound, ValueError, AttributeError, StopIteration):
        raise InvalidInput(
            f"the parameter {name} holds no key pair for gt-engine",
            remedy="Put there what gt-engine was given as --access-keys; see docs/how-to/run-the-engine-on-aws.md.",
            field=name,
        ) from None
    return str(key_id), str(secret)


@cache
def objects() -> S3Objects:
    return S3Objects(s3())


def campaign_report(campaign: str, form: Literal["json", "html"]) -> bytes:
    """Errors: `NotFound` where there is no such campaign, or none of its jobs has a report yet."""
    store().campaigns.get(campaign)
    place = Places(settings().deployment.results_bucket, campaign).reports / f"campaign.{form}"
    try:
        return objects().read(place)
    except (AccessDenied, NotFound):  # what is not there is denied to who may not list
        message = f"campaign {campaign} has no report yet"
        raise NotFound(message, remedy="It is written when its first job has ended.", field="name") from None


def job_report(job: Job, form: Literal["json", "html"]) -> bytes:
    """Errors: `NotFound` where the job has none yet."""
    if job.report_uri is None:
        remedy = "It is written when the job has ended." if job.state in RUNNING | UNSENT else "Try again in a minute."
        raise NotFound(f"labeling job {job.name} has no report yet", remedy=remedy, field="name")
    return objects().read(S3Uri.parse(job.report_uri) / f"report.{form}")


@cache
def signer() -> S3Client:
    """Presigns addresses that S3 neither refuses, as it does for objects encrypted with KMS with any signature but
    version 4, nor redirects, as it does outside of us-east-1 where they do not name the region."""
    return boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))


@cache
def bulk_objects() -> BulkObjects:
    """For who reads a job's thousands of files."""
    from gt_service.outputs.bulk import BulkObjects

    return BulkObjects(s3())


@cache
def store() -> Store:
    return Store(settings().tables, settings().deployment.region)


class QueueSignals:
    """`gt_service.signals.Signals` on SQS."""

    def hint(self, campaign: str, *, delay_seconds: int = 0) -> None:
        sqs().send_message(
            QueueUrl=settings().batches_queue_url,
            MessageBody=json.dumps({"campaign": campaign}),
            DelaySeconds=delay_seconds,
        )

    def ask_labels(self, campaign: str) -> None:
        sqs().send_message(QueueUrl=settings().completions_queue_url, MessageBody=json.dumps({"labels": campaign}))

    def ask_export(self, campaign: str, form: str) -> None:
        body = json.dumps({"export": campaign, "format": form})
        sqs().send_message(QueueUrl=settings().completions_queue_url, MessageBody=body)

    def ask_report(self, job: str) -> None:
        sqs().send_message(QueueUrl=settings().completions_queue_url, MessageBody=json.dumps({"job": job}))


def make_export(campaign: str, form: str) -> None:
    """Makes a file to download of a campaign's labels."""
    from gt_service.exports.downloads import Downloads
    from gt_service.exports.export import Format

    spec = store().campaigns.get(campaign).spec
    if spec is not None:
        Downloads(objects(), Places(settings().deployment.results_bucket, campaign)).make(Format(form), spec)


def correcting() -> Correcting:
    from gt_service.corrections.correcting import Correcting

    return Correcting(store(), objects(), QueueSignals(), settings().deployment.results_bucket)


def intake() -> Intake:
    """One for each invocation: it remembers the campaigns that it has read."""
    from gt_service.ingest.intake import Intake

    return Intake(store(), objects(), settings().deployment.backend)


def inbox_walk() -> InboxWalk:
    from gt_service.ingest.inbox import InboxWalk

    return InboxWalk(store(), objects(), intake(), settings().deployment.inbox_bucket)


@cache
def chain() -> Chain:
    from gt_service.chain.advance import Chain

    return Chain(
        store=store(),
        objects=objects(),
        sagemaker=sagemaker(),
        signals=QueueSignals(),
        deployment=settings().deployment,
        now=now,
    )


@cache
def notifications() -> Notifications:
    return Notifications(settings().notifications_table, settings().deployment.region)


@cache
def notifications_queue() -> Queue:
    from gt_service.notifications.delivery import Queue

    return Queue(sqs(), settings().notifications_queue_url)


@cache
def sender() -> Sender:
    from gt_service.notifications.delivery import Sender

    return Sender(boto3.client("sns"), now)


@cache
def parameters() -> Any:
    return boto3.client("ssm")


@cache
def requests() -> Requests:
    return Requests(settings().requests_table, settings().deployment.region)


@cache
def settlement() -> Settlement:
    from gt_service.chain.settlement import Settlement
    from gt_service.outputs import CloudWatchTrainingLogs
    from gt_service.reports.campaign import publish_campaign_report
    from gt_service.reports.publish import publish_job_report

    return Settlement(
        store=store(),
        objects=bulk_objects(),
        logs=CloudWatchTrainingLogs(boto3.client("logs", config=_RETRIES)),
        sagemaker=sagemaker(),
        signals=QueueSignals(),
        results_bucket=settings().deployment.results_bucket,
        publish=partial(publish_job_report, prices=PriceTable.of(settings().deployment.backend)),
        publish_campaign=publish_campaign_report,
        now=now,
    )
