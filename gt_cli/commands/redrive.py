"""`gt-service redrive`: dead letters go through the service again, once what they died of is fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
import click

from gt_cli import deployment
from gt_cli.options import stage_options
from gt_cli.terminal import reporting_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUEUES = ("Uploads", "Batches", "Completions", "Notifications", "EngineSteps")


@click.command("redrive")
@stage_options
@reporting_errors
def redrive_command(stage: str, region: str | None) -> None:
    """Send the messages in the dead-letter queues again."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    for name, count in redrive(session.client("sqs"), outputs).items():
        click.echo(f"{name}: {count} message(s) sent again")


def redrive(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """Moves all messages of each dead-letter queue that the stack has to its queue; answers how many, by queue.

    A message is sent before it is deleted: killed in between, it is there twice, and handlers bear that.
    """
    queues = [name for name in QUEUES if f"{name}DeadLetters" in outputs]
    return {name: _move(sqs, outputs[f"{name}DeadLetters"], outputs[f"{name}Queue"]) for name in queues}


def _move(sqs: SQSClient, source: str, target: str) -> int:
    moved = 0
    while True:
        messages = sqs.receive_message(
            QueueUrl=source,
            MaxNumberOfMessages=10,
            VisibilityTimeout=60,
            WaitTimeSeconds=1,  # without it, a queue that holds messages may say that it has none
            MessageSystemAttributeNames=["MessageGroupId"],
        ).get("Messages", [])
        if not messages:
            return moved
        for message in messages:
            group = message.get("Attributes", {}).get("MessageGroupId")
            if group is None:
                sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
            else:  # with an id of its own: what was sent a moment ago is no reason to drop it
                sqs.send_message(
                    QueueUrl=target,
                    MessageBody=message["Body"],
                    MessageGroupId=group,
                    MessageDeduplicationId=message["MessageId"],
                )
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
