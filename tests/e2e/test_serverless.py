"""The same small campaign through an engine without a server: functions, queues and timers of the one template."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from gt_cli.commands.redrive import redrive
from gt_cli.demo.plan import Plan
from gt_cli.demo.run import Demo, perform
from gt_cli.demo.sources import draw_all
from gt_cli.stack import LocalStack, child_environment, local_stack
from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

IMAGES = 60
LOOSE = {"target": 0.3, "risk": 0.5}
"""What so few validation labels can promise: the machine must label something, or nothing here is said of it."""


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    work = tmp_path_factory.mktemp("serverless")
    # So that these few images are looked at by a map as well, and are labeled by one where a model is given, which says
    # something of them all.
    every_job = {"EngineChunksFrom": str(IMAGES // 2)}
    with local_stack(work, logs=work / "logs", shorten_training=10, serverless=True, parameters=every_job) as running:
        yield running


@pytest.fixture(scope="module")
def found(serverless: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("out")
    demo = Demo("small", "drawn scenes", Plan.of(IMAGES), out, changes={"quality": LOOSE})
    return perform(demo, serverless, draw_all(IMAGES, seed=16), Console())


def test_three_jobs_run_to_their_end(found: dict[str, Any]) -> None:
    assert [(job["role"], job["status"]) for job in found["jobs"]] == [
        ("first", "Completed"),
        ("warm", "Completed"),
        ("control", "Completed"),
    ]
    assert found["jobs"][1]["initial_model_arn"] == found["jobs"][0]["final_model_arn"] is not None


def test_every_image_has_a_label(found: dict[str, Any]) -> None:
    for job in found["jobs"]:
        assert job["human_labeled"] + job["machine_labeled"] == job["objects"] == IMAGES // 2, job


def test_images_were_looked_at_and_labeled_by_maps(serverless: LocalStack, found: dict[str, Any]) -> None:
    """One function could not look at the images of a large job, nor label them, within its fifteen minutes."""
    machines = serverless.session.client("stepfunctions")
    runs = machines.list_executions(stateMachineArn=serverless.outputs["EngineChunksMap"])["executions"]
    assert {run["status"] for run in runs} == {"SUCCEEDED"}
    begun = [json.loads(machines.describe_execution(executionArn=run["executionArn"])["input"]) for run in runs]
    for job in found["jobs"]:
        verbs = [one["verb"].partition("-")[0] for one in begun if one["job"] == job["name"]]
        assert verbs.count("look") == 1, verbs
        assert verbs.count("predict") >= (job["role"] == "warm"), verbs


def test_no_message_is_left_or_dead(serverless: LocalStack, found: dict[str, Any]) -> None:
    for name in ("EngineStepsQueue", "EngineStepsDeadLetters"):
        soon(lambda name=name: messages_in(serverless, name) == 0)


def test_a_dead_letter_of_the_engine_is_taken_again(serverless: LocalStack, found: dict[str, Any]) -> None:
    """A job whose message died would stand still for good."""
    sqs = serverless.session.client("sqs")
    sqs.send_message(
        QueueUrl=serverless.outputs["EngineStepsDeadLetters"],
        MessageBody=json.dumps({"job": found["jobs"][0]["name"]}),
        MessageGroupId="dead",
        MessageDeduplicationId="dead",
    )
    assert redrive(sqs, serverless.outputs)["EngineSteps"] == 1
    soon(lambda: messages_in(serverless, "EngineStepsQueue") == 0)
    assert messages_in(serverless, "EngineStepsDeadLetters") == 0


def messages_in(stack: LocalStack, queue: str) -> int:
    """Whether waiting, held back or being worked on."""
    found = stack.session.client("sqs").get_queue_attributes(QueueUrl=stack.outputs[queue], AttributeNames=["All"])
    return sum(int(count) for name, count in found["Attributes"].items() if name.startswith("ApproximateNumber"))


def test_a_stranger_is_refused(serverless: LocalStack) -> None:
    """The function URL is open to all: without the engine's own check anybody could start jobs."""
    stranger = serverless.session.client("sagemaker", endpoint_url=serverless.engine_url)
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        stranger.list_labeling_jobs()


def test_people_sign_in_at_the_function_url(serverless: LocalStack) -> None:
    """Cookies, redirects and forms come through unharmed, and every copy of the function knows the session."""
    command = [sys.executable, "-m", "gt_engine.main", "workers", "invite", "Ada", "--group", "birds"]
    environment = child_environment(serverless.endpoint_url) | {"GT_ENGINE_TABLE_PREFIX": serverless.table_prefix}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    link = said.stdout.strip()
    assert link.startswith(f"{serverless.engine_url}/sign-in/")
    with httpx.Client(timeout=60, headers={"Origin": serverless.engine_url, "Accept": "text/html"}) as browser:
        assert browser.get(f"{serverless.engine_url}/jobs").status_code == 303
        assert browser.get(link).status_code == 200
        assert browser.post(link).status_code == 303
        page = browser.get(f"{serverless.engine_url}/jobs")
        assert (page.status_code, "Ada" in page.text) == (200, True)
        assert browser.post(f"{serverless.engine_url}/sign-out", headers={"Origin": "https://e.org"}).status_code == 403
