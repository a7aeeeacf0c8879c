"""Notifications through the deployed queue and function: to a server on this machine and to a topic."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from standardwebhooks import Webhook

from gt_cli.stack import REGION, LocalStack
from gt_service.store import Store
from gt_service.store.notifications import Notifications
from tests import pages_data as data
from tests import seeding
from tests.waiting import soon

pytestmark = pytest.mark.integration
KEY = "0123456789abcdef"
PATIENCE = 120


@pytest.fixture
def store(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Store:
    return seeding.store_of(stack, monkeypatch)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A webhook's address and what it got; its first answer is a refusal."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers.items()), body))
            self.send_response(503 if len(got) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_ended_job_is_told_to_a_webhook_and_a_topic_each_once(
    stack: LocalStack, store: Store, receiver: tuple[str, list[tuple[dict[str, str], bytes]]]
) -> None:
    """The receiver is down at first: it is tried again, and the topic is not sent a second message."""
    url, got = receiver
    sns, sqs, ssm = (stack.session.client(name) for name in ("sns", "sqs", "ssm"))
    parameter = stack.outputs["NotificationsParameter"]
    topic = sns.create_topic(Name=f"{parameter.split('/')[1]}-news")["TopicArn"]
    queue = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    channels = [
        {"kind": "webhook", "name": "billing", "url": url, "key": KEY, "campaigns": ["wasps"]},
        {"kind": "sns", "name": "ops", "topic_arn": topic, "campaigns": ["wasps"]},
    ]
    ssm.put_parameter(Name=parameter, Type="SecureString", Overwrite=True, Value=json.dumps({"channels": channels}))

    seeding.campaign(store, "wasps")
    seeding.batch(store, "wasps", 1)
    ended = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    seeding.job(store, data.job("wasps-0001", created_at=ended, ended_at=ended), "wasps")
    sqs.send_message(QueueUrl=stack.outputs["BatchesQueue"], MessageBody='{"campaign": "wasps"}')

    soon(lambda: len(got) >= 3, PATIENCE, known=lambda: "of started and completed, one of them twice")
    told = [json.loads(body) for _, body in got]
    assert sorted({one["kind"] for one in told}) == ["job.completed", "job.started"]
    headers, body = got[-1]
    Webhook(KEY.encode()).verify(body, dict(headers))
    completed = next(one for one in told if one["kind"] == "job.completed")
    assert completed["facts"]["cost_mills"] == 170_200
    news: list[str] = []

    def both_arrived() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            news.append(json.loads(message["Body"])["Subject"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(news) >= 2

    log = Notifications(stack.outputs["NotificationsTable"], REGION)
    soon(both_arrived, PATIENCE, known=lambda: log.latest("wasps", limit=5))
    assert sorted(news) == ["wasps-0001 has started", "wasps-0001 is completed: 48% by machine, $170.20"]
    time.sleep(3)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert len(got) == 3
