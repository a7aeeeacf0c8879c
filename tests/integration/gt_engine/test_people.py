"""People at a real engine: a team is made, invited and put to work, with boto3, the command and two engines' tables."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gt_cli.stack import LocalSession, child_environment
from gt_engine.aws import EngineObjects
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from gt_engine.workforce.members import Members
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.teams import groups_of_teams
from tests.engine import REGION
from tests.engine_server import Engine, birds, ended, request_in
from tests.people import ANSWER
from tests.waiting import soon

pytestmark = pytest.mark.integration


@pytest.fixture
def portal_engine(aws: LocalSession, tmp_path: Path) -> Iterator[Engine]:
    options = ["--table-prefix", "people", "--correction-seconds", "0"]
    running = Engine(aws.endpoint_url, tmp_path / "engine", options).start()
    yield running
    assert running.stop() == 0


def workers(aws: LocalSession, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gt_engine.main", "workers", *arguments, "--table-prefix", "people"]
    return subprocess.run(command, env=child_environment(aws.endpoint_url), capture_output=True, text=True, timeout=60)


def team_named(name: str, aws: LocalSession, engine: Engine) -> str:
    command = [sys.executable, "-m", "gt_cli.main", "team", name]
    env = {**child_environment(aws.endpoint_url), "AWS_ENDPOINT_URL_SAGEMAKER": engine.url}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def topic_with_mailbox(aws: LocalSession) -> tuple[str, str]:
    """A topic, and the address of a queue that gets what is told by it."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic, queue = sns.create_topic(Name="work")["TopicArn"], sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def test_people_answer_a_job_from_invitation_to_output_manifest(
    aws: LocalSession, portal_engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker = portal_engine.client()
    assert "Create a work team first" in workers(aws, "invite", "Ann").stderr
    topic, mailbox = topic_with_mailbox(aws)
    team = team_named("birders", aws, portal_engine)
    assert team_named("birders", aws, portal_engine) == team  # it is there already
    sagemaker.update_workteam(WorkteamName="birders", NotificationConfiguration={"NotificationTopicArn": topic})
    described = sagemaker.describe_workteam(WorkteamName="birders")["Workteam"]
    assert f"http://{described['SubDomain']}" == portal_engine.url
    links = [workers(aws, "invite", one).stdout.strip() for one in ("Ann", "Bob")]
    assert all(link.startswith(f"{portal_engine.url}/sign-in/") for link in links)
    assert "Ann  birders" in workers(aws, "list").stdout

    birds(aws, name, 12)
    changes = {"WorkteamArn": team, "PublicWorkforceTaskPrice": None, "NumberOfHumanWorkersPerDataObject": 2}
    sagemaker.create_labeling_job(**request_in(name, name, auto=False, Tags=[], **changes))

    for key, value in child_environment(aws.endpoint_url).items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    store = DynamoStore("people", REGION)
    teams = DynamoTeams(store.tables)
    members = Members(DynamoMembers(store.tables), lambda: groups_of_teams(teams), region=REGION)
    # Another engine's portal on the same tables: nothing wakes the one that runs the job.
    s3 = EngineObjects(aws.client("s3"))
    tasks = Tasks(DynamoTasks(store.tables), lambda _: s3, members.teams_of)
    now = lambda: datetime.now(UTC)  # noqa: E731
    people = [members.sign_in(link.rpartition("/")[2], now()).worker for link in links]
    soon(lambda: tasks.jobs(people[0], now()), 60)
    answered = 0

    def work() -> bool:
        nonlocal answered
        for worker in people:
            if not any(job.offer.job == name for job in tasks.jobs(worker, now())):
                continue
            while task := tasks.next(worker, name, now()):
                tasks.accept(worker, task.task_id, now())
                tasks.submit(worker, task.task_id, ANSWER, 1.5, now())
                answered += 1
        status: str = sagemaker.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"]
        return status == "Completed"

    soon(work, 120)
    described = ended(sagemaker, name)
    assert (described["LabelCounters"]["HumanLabeled"], answered) == (12, 24)
    manifest = described["LabelingJobOutput"]["OutputDatasetS3Uri"].removeprefix("s3://").split("/", 1)
    body = aws.client("s3").get_object(Bucket=manifest[0], Key=manifest[1])["Body"].read()
    lines: list[dict[str, Any]] = [json.loads(line) for line in body.splitlines()]
    assert all(line["category-metadata"]["human-annotated"] == "yes" for line in lines)
    assert tasks.day(people[0], now()).done == 12
    messages = aws.client("sqs").receive_message(QueueUrl=mailbox, MaxNumberOfMessages=10).get("Messages", [])
    [told] = [json.loads(message["Body"]) for message in messages]
    assert told["MessageAttributes"]["event"]["Value"] == "work-available"
    assert told["MessageAttributes"]["job"]["Value"] == name
    assert portal_engine.url in told["Message"]

    assert workers(aws, "sign-in", "Ann").stdout.startswith(f"{portal_engine.url}/sign-in/")
    assert workers(aws, "disable", "Ann").returncode == 0
    assert "(disabled)" in workers(aws, "list").stdout
    assert workers(aws, "invite", "Ann").returncode == 2
    assert workers(aws, "enable", "Ann").returncode == 0
    assert "no worker 'Zoe'" in workers(aws, "disable", "Zoe").stderr
