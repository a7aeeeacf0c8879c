"""What is promised before the money moves: steps, requests and the point where the budget ends them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gt_engine.api.shapes import parse_input
from gt_service.backends import GROUND_TRUTH, GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.chain import planner
from gt_service.chain.foresight import next_steps, rehearse
from gt_service.chain.next_jobs import Reservation, Standing, Terms
from gt_service.deployment import Deployment
from gt_service.estimates.estimate import estimate
from gt_service.estimates.worst_case import worst_case
from gt_service.money import Mills
from gt_service.prices import PriceTable
from gt_service.records import Batch, Campaign, Job, Pending, Verdict
from gt_service.records.names import Role
from gt_service.records.states import BatchState, CampaignState, CampaignStatus, JobState
from tests.world import INBOX, REGION, RESULTS, ROLE, World, a_world, spec_document

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DEPLOYMENT = Deployment("inbox", "results", "us-east-1", "arn:aws:iam::111122223333:role/labeling")


def spec(**changes: Any) -> CampaignSpec:
    written = {
        "name": "birds",
        "task": "object-detection",
        "labels": ["Bird"],
        "workforce": "public",
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"],
        "batch": {"size": 100},
        **changes,
    }
    return CampaignSpec.model_validate(written)


def jobs(written: CampaignSpec, objects: int) -> list[str]:
    return [step.job for step in rehearse(written, objects, DEPLOYMENT, NOW).steps if step.job]


def test_every_image_is_in_a_job_and_the_rest_makes_a_last_batch() -> None:
    foresight = rehearse(spec(), 250, DEPLOYMENT, NOW)
    assert [step.job for step in foresight.steps if step.job] == ["birds-0001", "birds-0002", "birds-0003"]
    assert foresight.steps[-1].what == "batch 3 is labeled"
    assert foresight.verdict == Verdict(CampaignStatus.ACTIVE)


def test_each_job_starts_from_the_model_of_the_one_before_and_the_control_from_none() -> None:
    foresight = rehearse(spec(control_batches=[2]), 200, DEPLOYMENT, NOW)
    models = {
        step.job: step.request["LabelingJobAlgorithmsConfig"].get("InitialActiveLearningModelArn")
        for step in foresight.steps
        if step.request is not None
    }
    model = "arn:aws:sagemaker:us-east-1:000000000000:model/trained-by-birds-0001"
    assert models == {"birds-0001": None, "birds-0002": model, "birds-0002-control": None}


def test_the_requests_shown_are_requests_that_the_api_takes() -> None:
    for step in rehearse(spec(gold_labels="s3://inbox/birds/gold/g.manifest"), 200, DEPLOYMENT, NOW).steps:
        if step.request is not None:
            assert parse_input("CreateLabelingJob", dict(step.request)) == step.request


def test_it_ends_where_the_budget_does_and_says_so() -> None:
    foresight = rehearse(spec(budget="35"), 200, DEPLOYMENT, NOW)
    assert [step.job for step in foresight.steps if step.job] == ["birds-0001"]
    assert foresight.verdict.status == "waiting"
    assert "birds-0002 may cost" in (foresight.verdict.reason or "")


@settings(deadline=None)
@given(budget=st.integers(1, 300), objects=st.integers(1, 600))
def test_no_budget_is_ever_exceeded_even_on_paper(budget: int, objects: int) -> None:
    written = spec(budget=budget)
    done = jobs(written, objects)
    found = estimate(written, objects, prices=PriceTable.current(), region="us-east-1")
    likely = sum(job.cost.likely for job in found.jobs[: len(done)])
    assert likely <= budget * 1000


def test_a_request_that_cannot_be_made_ends_it_with_the_reason() -> None:
    team = "arn:aws:sagemaker:eu-west-1:111122223333:workteam/private-crowd/birders"
    foresight = rehearse(spec(workforce=team, content_classifiers=[]), 200, DEPLOYMENT, NOW)
    assert foresight.steps[-1].request is None
    assert "eu-west-1" in (foresight.steps[-1].problem or "")


def test_everything_shown_is_json() -> None:
    shown = rehearse(spec(), 200, DEPLOYMENT, NOW).as_dict()
    assert shown["steps"][1]["request"] is None or shown["steps"][1]["request"]["LabelingJobName"]
    assert shown["status"] == "active"


def test_the_next_steps_of_a_campaign_are_the_planners_in_words() -> None:
    campaign = Campaign(
        name="birds",
        state=CampaignState.ACTIVE,
        spec=spec(),
        revision=3,
        spec_errors=(),
        verdict=Verdict(CampaignStatus.ACTIVE),
        cap=None,
        committed=Mills(0),
        spent=Mills(0),
        version=1,
        created_at=NOW,
    )
    batch = Batch("birds", 7, BatchState.CLOSED, "full", 100, "", "s3://results/birds/manifests/m", NOW)
    job = Job(
        name="birds-0006",
        campaign="birds",
        batch=6,
        role=Role.FIRST,
        attempt=0,
        state=JobState.COMPLETED,
        objects=100,
        revision=3,
        task="object-detection",
        labels=("Bird",),
        manifest_uri="s3://results/m",
        output_uri="s3://results/o",
        reserved=Mills(1),
        reserved_at=NOW,
        ended_at=NOW,
        unlabeled=0,
        final_model_arn="arn:aws:sagemaker:us-east-1:111122223333:model/m",
    )
    standing = Standing(campaign, (batch,), (job,), Pending(0, None), NOW)
    plan = planner.plan(standing, Terms("results", lambda _, objects, headroom: Reservation(Mills(objects))))
    report, start = next_steps(plan, campaign, DEPLOYMENT).steps
    assert report.what == "write the cost report of labeling job birds-0006"
    assert start.what == "start labeling job birds-0007 (warm) with 100 objects"
    assert start.reserved == 100
    assert start.request is not None
    assert start.request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"].endswith(
        "birds/specs/0003/instructions.template"
    )


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def sent(request: Any) -> Any:
    """A request with the model's name taken out: on paper no job has trained one yet."""
    text = json.dumps(request)
    return json.loads(re.sub(r"model/[\w-]+", "model/any", text.replace("000000000000", "111122223333")))


def test_what_was_planned_on_paper_is_what_the_service_then_sends(world: World) -> None:
    written = {**spec_document(control_batches=[2]), "name": "birds"}
    deployment = Deployment(INBOX, RESULTS, REGION, ROLE)
    paper = rehearse(CampaignSpec.model_validate(written), 8, deployment, NOW)
    world.campaign(control_batches=[2])
    world.images(8)
    world.advance()
    for job in ("birds-0001", "birds-0002", "birds-0002-control"):
        world.finish(job)
    planned = {step.job: sent(step.request) for step in paper.steps if step.request is not None}
    assert planned == {
        name: sent(json.loads(world.objects.contents[f"s3://{RESULTS}/birds/requests/{name}.json"])) for name in planned
    }
    assert list(planned) == list(world.sagemaker.jobs)


def test_looking_ahead_changes_nothing(world: World) -> None:
    world.campaign()
    world.images(4)
    before = dict(world.objects.contents)
    steps = world.chain.foresee("birds").steps
    assert [step.what for step in steps] == ["close batch 1 (full): up to 4 pending images"]
    assert world.objects.contents == before
    assert world.sagemaker.jobs == {}
    assert list(world.store.batches.of("birds")) == []


def test_on_ground_truth_the_owner_is_told_that_nobody_is_asked_as_needed() -> None:
    """Who plans a campaign there would count on a saving that never comes."""
    as_needed = spec(workers_per_object={"least": 1, "most": 3})
    assert any("workers_per_object" in text for text in rehearse(as_needed, 10, DEPLOYMENT, NOW).warnings)
    on_engine = replace(DEPLOYMENT, backend=GT_ENGINE)
    assert not any("workers_per_object" in text for text in rehearse(as_needed, 10, on_engine, NOW).warnings)


def test_the_most_workers_are_set_aside() -> None:
    """The budget would be exceeded on the day that nobody agrees."""
    prices = PriceTable.of(GROUND_TRUTH)
    as_needed, fixed = (
        worst_case(spec(workers_per_object=workers), 100, prices=prices, region="us-east-1")
        for workers in ({"least": 1, "most": 5}, 5)
    )
    assert as_needed == fixed


def test_gold_items_are_set_aside() -> None:
    prices = PriceTable.of(GT_ENGINE)
    plain, checked = (
        worst_case(spec(**more), 100, prices=prices, region="us-east-1")
        for more in ({}, {"gold_items": {"share": 0.1}, "gold_labels": "s3://inbox/birds/gold/gold.manifest"})
    )
    assert checked == Mills(plain + plain // 10)


def test_a_plan_says_how_far_the_budget_pays_people_by_the_hour() -> None:
    by_the_hour = spec(
        workforce=f"arn:aws:sagemaker:{REGION}:111122223333:workteam/private-crowd/birders",
        workers_per_object=1,
        price_per_task=None,
        content_classifiers=(),
        wage="18",
        auto_labeling=False,
        batch={"size": 1000},
        budget="60",
    )
    foresight = rehearse(by_the_hour, 1000, replace(DEPLOYMENT, backend=GT_ENGINE), NOW)
    (job,) = [step for step in foresight.steps if step.request is not None]
    assert job.reserved == 60_000
    assert foresight.verdict.waits_for == "budget"
    assert "$0.00 are left" in str(foresight.verdict.reason)
