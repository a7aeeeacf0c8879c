"""Sends dead letters through the service again, once what they died of is mended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUEUES = ("Uploads", "Batches", "Completions", "Notifications")


def redrive(sqs: SQSClient, outputs: Mapping[str, str]) -> dict[str, int]:
    """Moves all messages of each dead-letter queue to its queue; answers how many, by queue.

    A message is sent before it is deleted: killed in between, it is there twice, and handlers bear that.
    """
    return {name: _move(sqs, outputs[f"{name}DeadLetters"], outputs[f"{name}Queue"]) for name in QUEUES}


def _move(sqs: SQSClient, source: str, target: str) -> int:
    moved = 0
    while True:
        messages = sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10, VisibilityTimeout=60).get(
            "Messages", []
        )
        if not messages:
            return moved
        for message in messages:
            sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
