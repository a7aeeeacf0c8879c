"""Somebody else's labeling job of our name: another stage's, another program's, a person's.

Names are unique in an account and region, whoever gives them. Taken for ours, its labels would be the campaign's, its
cost the campaign's, and our images would never be sent to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gt_service.errors import Conflict, NotFound
from gt_service.objects import S3Uri
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.records.states import CampaignEvent, JobState
from tests.world import INBOX, RESULTS, World

NAME = "birds-0001"


def job_of(world: World) -> Job:
    return world.store.jobs.get(NAME)


def stranger(world: World, *, status: str | None = None) -> dict[str, Any]:
    """A job of our name with one object of its own."""
    manifest = S3Uri(INBOX, "theirs.manifest")
    world.objects.write(manifest, b'{"source-ref":"s3://theirs/y.png"}\n', "text/plain")
    world.sagemaker.create_labeling_job(
        LabelingJobName=NAME,
        LabelAttributeName="label",
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": str(manifest)}}},
        OutputConfig={"S3OutputPath": "s3://theirs/birds/output/"},
        HumanTaskConfig={"NumberOfHumanWorkersPerDataObject": 1},
        LabelingJobAlgorithmsConfig={},
    )
    if status:
        world.sagemaker.finish(NAME, status)
    return world.sagemaker.jobs[NAME]


@pytest.fixture
def refused(world: World) -> World:
    """A campaign whose first job found its name taken."""
    stranger(world)
    world.campaign()
    world.images(4)
    world.advance()
    assert job_of(world).state is JobState.REFUSED
    return world


@pytest.mark.parametrize("status", [None, "Completed", "Failed", "Stopped"])
def test_its_events_change_nothing(refused: World, status: str | None) -> None:
    """Every stage's rule hears every job of the account."""
    before = job_of(refused)
    if status:
        refused.sagemaker.finish(NAME, status)
    with pytest.raises(NotFound):
        refused.chain.observe(NAME)
    refused.chain.watch("birds")
    refused.later(minutes=16)
    refused.advance()
    refused.settle()
    after = job_of(refused)
    assert (after.state, after.cost, after.unlabeled, after.final_model_arn) == (JobState.REFUSED, None, None, None)
    assert dict(after.counters) == dict(before.counters)
    assert refused.chain.look(after) == after
    assert refused.store.campaigns.get("birds").spent == 0


def test_it_is_never_stopped(refused: World) -> None:
    """Somebody pays for it."""
    with pytest.raises(Conflict):
        refused.chain.stop_job(NAME)
    refused.store.campaigns.apply("birds", CampaignEvent.STOP, refused.now())
    refused.later(minutes=21)
    refused.advance()
    assert refused.sagemaker.jobs[NAME]["LabelingJobStatus"] == "InProgress"
    assert job_of(refused).state is JobState.WITHDRAWN
    assert refused.store.campaigns.get("birds").committed == 0


Step = Callable[[World], object]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda world: world.chain.stop_job(NAME), id="stop"),
        pytest.param(lambda world: world.chain.watch("birds"), id="watch"),
        pytest.param(lambda world: world.chain.look(job_of(world)), id="look"),
    ],
)
def test_ours_that_became_somebody_elses_is_left_alone(world: World, step: Step) -> None:
    """gt-engine with an empty table, or the app pointed at another one: the name is given anew."""
    world.campaign()
    world.images(4)
    world.advance()
    world.sagemaker.jobs.clear()
    stranger(world)
    step(world)
    assert world.sagemaker.jobs[NAME]["LabelingJobStatus"] == "InProgress"
    assert job_of(world).state is JobState.IN_PROGRESS
    world.chain.watch("birds")
    assert "does not know this job" in str(job_of(world).warning)


def test_an_ended_job_is_not_counted_or_booked_from_a_strangers_output(world: World) -> None:
    """Its objects would count as ours labeled, and its cost as ours spent."""
    world.campaign()
    world.images(4)
    world.advance()
    world.sagemaker.finish(NAME, "Failed", labeled=1)
    world.chain.observe(NAME)
    world.sagemaker.jobs.clear()
    stranger(world, status="Completed")
    world.settlement.settle(NAME)
    world.advance()
    report = _report(world)
    assert (report["job"]["status"], report["counts"]["labeled"]) == ("Failed", 1)
    assert job_of(world).unlabeled == 3, "from its own files"


def _report(world: World) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(world.objects.read(S3Uri.parse(job_of(world).report_uri or "") / "report.json"))
    return report


def test_an_ended_job_that_sagemaker_forgot_is_reported_from_what_was_kept(world: World) -> None:
    """Deleted on the account's side, or the engine's table was lost: its report was asked for every half hour for ever,
    and what was set aside for it stayed so."""
    world.campaign()
    world.images(4)
    world.advance()
    world.sagemaker.finish(NAME, "Stopped", labeled=3)
    world.chain.observe(NAME)
    known, world.sagemaker.jobs = world.sagemaker.jobs, {}
    job = world.settlement.settle(NAME)
    assert job.cost == world.store.campaigns.get("birds").spent > 0
    assert world.store.campaigns.get("birds").committed == 0
    kept = _report(world)
    assert "job_gone" in {finding["code"] for finding in kept.pop("findings")}
    world.sagemaker.jobs = known
    world.settlement.settle(NAME)
    as_usual = _report(world)
    assert "job_gone" not in {finding["code"] for finding in as_usual.pop("findings")}
    assert kept == as_usual


def test_an_ended_job_of_which_nothing_is_left_is_booked_as_the_most_that_it_can_have_cost(world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    world.sagemaker.finish(NAME, "Stopped", labeled=3)
    job = world.chain.observe(NAME)
    world.sagemaker.jobs.clear()
    del world.objects.contents[str(Places(RESULTS, "birds").request(NAME))]
    with pytest.raises(NotFound):
        world.settlement.settle(NAME)
    world.later(hours=7)
    booked = world.settlement.settle(NAME)
    assert (booked.cost, booked.report_uri) == (job.reserved, None)
    assert "all that was set aside for it counts as spent" in str(booked.failure_reason)
    assert world.settlement.settle(NAME) == booked
    campaign = world.store.campaigns.get("birds")
    assert (campaign.committed, campaign.spent) == (0, job.reserved)


def test_stages_side_by_side_never_share_a_name(world: World) -> None:
    """Two of them in one account, each with a campaign called birds."""
    world.job_mark = "prod"
    world.campaign(control_batches=[1])
    world.images(4)
    world.advance()
    world.finish("birds-0001--prod", "Failed", labeled=2)
    world.finish("birds-0001-r1--prod")
    world.finish("birds-0001-control--prod")
    assert [job.job_name.batch for job in world.store.jobs.of("birds")] == [1, 1, 1]
    assert str(S3Uri(RESULTS, "birds/reports/birds-0001-control--prod/report.json")) in world.objects.contents
    assert all(job.cost is not None for job in world.store.jobs.of("birds"))


def test_a_campaign_goes_on_when_its_stage_gets_a_mark(world: World) -> None:
    """Deployed over an older version: jobs that have names keep them, and none is run twice."""
    world.campaign(control_batches=[1])
    world.images(4)
    world.advance()
    world.job_mark = "prod"
    world.finish("birds-0001", "Failed", labeled=2)
    world.finish("birds-0001-r1")
    world.finish("birds-0001-control--prod")
    world.images(4, first=4)
    world.advance()
    assert list(world.sagemaker.jobs) == [
        "birds-0001",
        "birds-0001-r1",
        "birds-0001-control--prod",
        "birds-0002--prod",
    ]
