"""What a campaign needs next, from how it stands: no store, no client, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from gt_service.backends import GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.chain.actions import (
    AskForReport,
    ChooseBatch,
    CloseServed,
    CountUnlabeled,
    CreateJob,
    FillBatch,
    FinishBatch,
    ReserveAgain,
    ReserveJob,
    StopJob,
    WithdrawJob,
)
from gt_service.chain.next_jobs import SETTLEMENT_PATIENCE, Reservation, SetAside, Standing, Terms, reservation
from gt_service.chain.planner import (
    CREATION_LEASE,
    OUTPUT_PAUSE,
    REFUSAL_PAUSE,
    REPORT_PATIENCE,
    Plan,
    plan,
)
from gt_service.chain.request import job_request
from gt_service.deployment import Deployment
from gt_service.money import Mills
from gt_service.records import Batch, Campaign, Job, Pending, Verdict, WaitsFor
from gt_service.records.names import JobName, Role
from gt_service.records.states import BatchState, CampaignState, CampaignStatus, JobState
from tests.world import ROLE, spec_document

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MODEL = "arn:aws:sagemaker:us-east-1:111122223333:model/m"
NOTHING = Pending(0, None)
WORST_CASE_OF_AN_OBJECT = 100


def a_spec(**changes: Any) -> CampaignSpec:
    return CampaignSpec(name="birds", **spec_document(**changes))


def a_campaign(spec: CampaignSpec | None = None, **changes: Any) -> Campaign:
    spec = spec or a_spec()
    campaign = Campaign(
        "birds",
        CampaignState.ACTIVE,
        spec,
        1,
        (),
        Verdict(CampaignStatus.ACTIVE),
        spec.budget,
        Mills(0),
        Mills(0),
        7,
        NOW,
    )
    return replace(campaign, **changes)


def a_batch(number: int = 1, state: BatchState = BatchState.CLOSED, **changes: Any) -> Batch:
    manifest = None if state is BatchState.FILLING else f"s3://results/birds/manifests/batch-{number:04}.manifest"
    return replace(Batch("birds", number, state, "full", 4, "s3://results/m", manifest, NOW), **changes)


def a_job(batch: int = 1, state: JobState = JobState.IN_PROGRESS, **changes: Any) -> Job:
    control, attempt = changes.get("role") is Role.CONTROL, changes.get("attempt", 0)
    name = str(JobName("birds", batch, control, attempt))
    job = Job(
        name=name,
        campaign="birds",
        batch=batch,
        role=Role.FIRST,
        attempt=0,
        state=state,
        objects=4,
        revision=1,
        task="object-detection",
        labels=("Bird",),
        manifest_uri=f"s3://results/birds/manifests/batch-{batch:04}.manifest",
        output_uri=f"s3://results/birds/output/{name}",
        reserved=Mills(400),
        reserved_at=NOW,
    )
    return replace(job, **changes)


def done(batch: int = 1, **changes: Any) -> Job:
    """A job that ended well and is reported."""
    facts: dict[str, Any] = {"unlabeled": 0, "cost": Mills(300), "final_model_arn": MODEL, "ended_at": NOW}
    return a_job(batch, changes.pop("state", JobState.COMPLETED), **(facts | changes))


def planned(
    campaign: Campaign | None = None,
    *,
    batches: tuple[Batch, ...] = (),
    jobs: tuple[Job, ...] = (),
    pending: Pending = NOTHING,
    brought: str | None = None,
    set_aside: SetAside = lambda _, objects, headroom: Reservation(Mills(WORST_CASE_OF_AN_OBJECT * objects)),
) -> Plan:
    standing = Standing(campaign or a_campaign(), batches, jobs, pending, NOW)
    return plan(standing, Terms("results", set_aside, brought_model=lambda _: brought))


def pending(count: int, *, minutes_ago: float = 0) -> Pending:
    return Pending(count, (NOW - timedelta(minutes=minutes_ago)).isoformat())


# ---------------------------------------------------------------- batches


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        pytest.param(NOTHING, (), id="nothing there"),
        pytest.param(pending(3), (), id="more may come"),
        pytest.param(pending(4), (ChooseBatch(1, 4, "full"),), id="full"),
        pytest.param(pending(3, minutes_ago=30), (ChooseBatch(1, 4, "quiet"),), id="quiet"),
        pytest.param(pending(1, minutes_ago=300), (), id="quiet, but under the minimum"),
    ],
)
def test_a_batch_closes_when_it_is_full_or_quiet(waiting: Pending, expected: tuple[ChooseBatch, ...]) -> None:
    """Closed too early, batches are small and labeled by hand; too late, images lie there for ever."""
    spec = a_spec(batch={"size": 4, "quiet_minutes": 30, "minimum": 2})
    assert planned(a_campaign(spec), pending=waiting).actions == expected


@pytest.mark.parametrize(
    ("uploaded", "registered", "expected"),
    [
        pytest.param(90, 30, (ChooseBatch(1, 4, "quiet"),), id="long ago, and nothing has come since"),
        pytest.param(90, 5, (), id="uploaded long ago, but the queue has only come to it"),
        pytest.param(5, 90, (), id="the clocks differ"),
        pytest.param(90, None, (ChooseBatch(1, 4, "quiet"),), id="registered by a version that wrote no time down"),
    ],
)
def test_a_backlog_is_not_quiet(uploaded: int, registered: int | None, expected: tuple[ChooseBatch, ...]) -> None:
    """Images that waited in the queue would end in a batch each time the function comes to a few of them."""
    spec = a_spec(batch={"size": 4, "quiet_minutes": 30, "minimum": 2})
    moment = None if registered is None else pending(3, minutes_ago=registered).newest
    waiting = Pending(3, pending(3, minutes_ago=uploaded).newest, moment)
    assert planned(a_campaign(spec), pending=waiting).actions == expected


def test_a_batch_closes_on_request_however_small() -> None:
    """POST /batches would be a promise without effect."""
    asked = a_campaign(a_spec(batch={"size": 4, "minimum": 3}), close_requested_at=NOW)
    assert planned(asked, pending=pending(1)).actions == (ChooseBatch(1, 4, "on request"),)
    assert planned(asked).actions == (CloseServed(),)


def test_no_batch_is_chosen_while_another_fills() -> None:
    """An image could be chosen for both."""
    filling = a_batch(1, BatchState.FILLING)
    assert planned(batches=(filling,), pending=pending(100)).actions == (FillBatch(filling),)


# ---------------------------------------------------------------- the chain


def reserved(outcome: Plan) -> list[Job]:
    return [action.job for action in outcome.actions if isinstance(action, ReserveJob)]


def test_the_first_job_starts_without_a_model() -> None:
    (job,) = reserved(planned(batches=(a_batch(),)))
    assert (job.name, job.role, job.initial_model_arn, job.objects) == ("birds-0001", Role.FIRST, None, 4)
    assert job.reserved == 4 * WORST_CASE_OF_AN_OBJECT
    assert job.output_uri == "s3://results/birds/output/birds-0001"


def test_the_next_job_starts_from_the_last_model() -> None:
    """Without it every batch costs as much as the first: the reason the product exists."""
    batches = (a_batch(1, BatchState.LABELED), a_batch(2))
    (job,) = reserved(planned(batches=batches, jobs=(done(),)))
    assert (job.name, job.role, job.initial_model_arn) == ("birds-0002", Role.WARM, MODEL)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param({"final_model_arn": None}, id="it trained none"),
        pytest.param({"state": JobState.FAILED, "final_model_arn": "bad"}, id="it failed"),
        pytest.param({"labels": ("Bird", "Cat"), "final_model_arn": "other"}, id="other labels"),
        pytest.param({"task": "image-classification", "final_model_arn": "other"}, id="another task"),
        pytest.param({"role": Role.CONTROL, "final_model_arn": "control"}, id="it is a control"),
    ],
)
def test_a_job_without_a_good_model_hands_on_the_last_good_one(last: dict[str, Any]) -> None:
    """A model bound to other labels gives wrong classes; a lost model makes the next batch cost what the first did."""
    batches = (a_batch(1, BatchState.LABELED), a_batch(2, BatchState.LABELED), a_batch(3))
    jobs = (done(1), replace(done(2), **last))
    spec = a_spec(control_batches=[])
    (job,) = reserved(planned(a_campaign(spec), batches=batches, jobs=jobs))
    assert (job.batch, job.initial_model_arn) == (3, MODEL)


def test_the_first_job_starts_from_the_model_that_was_brought_and_the_next_from_what_was_learnt_on_top() -> None:
    (first,) = reserved(planned(batches=(a_batch(),), brought="brought"))
    assert (first.role, first.initial_model_arn) == (Role.WARM, "brought")
    on_top = done(1, initial_model_arn="brought", final_model_arn="on top")
    (second,) = reserved(
        planned(batches=(a_batch(1, BatchState.LABELED), a_batch(2)), jobs=(on_top,), brought="brought")
    )
    assert second.initial_model_arn == "on top"


def test_a_model_that_is_brought_later_is_what_the_next_job_starts_from() -> None:
    """Heeded at the first job alone it would do nothing in a campaign that runs."""
    before = (done(1), done(2, initial_model_arn=MODEL, final_model_arn="second"))
    (job,) = reserved(
        planned(
            batches=(a_batch(1, BatchState.LABELED), a_batch(2, BatchState.LABELED), a_batch(3)),
            jobs=before,
            brought="brought",
        )
    )
    assert job.initial_model_arn == "brought"
    (again,) = reserved(
        planned(
            batches=(
                a_batch(1, BatchState.LABELED),
                a_batch(2, BatchState.LABELED),
                a_batch(3, BatchState.LABELED),
                a_batch(4),
            ),
            jobs=(*before, done(3, initial_model_arn="brought", final_model_arn=None)),
            brought="brought",
        )
    )
    assert again.initial_model_arn == "brought"  # the job before left none


def test_no_model_where_people_label_everything() -> None:
    """SageMaker refuses a model without an algorithm."""
    batches = (a_batch(1, BatchState.LABELED), a_batch(2))
    (job,) = reserved(planned(a_campaign(a_spec(auto_labeling=False)), batches=batches, jobs=(done(),)))
    assert job.initial_model_arn is None


@pytest.mark.parametrize("state", [JobState.INITIALIZING, JobState.IN_PROGRESS, JobState.STOPPING])
def test_batches_queue_while_a_job_runs(state: JobState) -> None:
    """Two chain jobs at once: the second would start from a model that the first is about to better."""
    batches = (a_batch(1, BatchState.LABELING), a_batch(2))
    assert planned(batches=batches, jobs=(a_job(1, state),)).actions == ()


def test_a_reserved_job_is_created_again_and_again() -> None:
    """Killed between the reservation and SageMaker's answer, the job would never run."""
    job = a_job(1, JobState.RESERVED)
    assert planned(batches=(a_batch(1, BatchState.LABELING),), jobs=(job,)).actions == (CreateJob(job),)


# ---------------------------------------------------------------- ends


def ended(state: JobState, unlabeled: int | None, **changes: Any) -> Job:
    return done(1, state=state, unlabeled=unlabeled, **changes)


LABELING = (a_batch(1, BatchState.LABELING),)


def test_an_ended_job_is_counted_then_finished() -> None:
    uncounted, counted = ended(JobState.COMPLETED, None), ended(JobState.COMPLETED, 0)
    assert planned(batches=LABELING, jobs=(uncounted,)).actions == (CountUnlabeled(uncounted, accepts=False),)
    assert planned(batches=LABELING, jobs=(counted,)).actions == (FinishBatch(LABELING[0], 0),)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.STOPPED, JobState.COMPLETED])
def test_a_follow_up_sends_only_what_is_unlabeled(state: JobState) -> None:
    """Sent whole again, labeled objects would be paid for twice."""
    (job,) = reserved(planned(batches=LABELING, jobs=(ended(state, 3, final_model_arn=None),)))
    assert (job.name, job.attempt, job.objects) == ("birds-0001-r1", 1, 3)
    assert job.manifest_uri == "s3://results/birds/manifests/batch-0001-follow-up-1.manifest"


def test_after_the_last_try_the_campaign_waits_for_its_owner() -> None:
    """Trying for ever costs for ever; giving up in silence leaves the owner guessing."""
    first, second = ended(JobState.FAILED, 3), ended(JobState.FAILED, 2, attempt=1, failure_reason="no workers")
    outcome = planned(batches=LABELING, jobs=(first, second))
    assert outcome.actions == ()
    assert outcome.verdict.status == "waiting"
    assert "2 objects unlabeled" in str(outcome.verdict.reason)
    assert "no workers" in str(outcome.verdict.reason)
    assert "resume" in str(outcome.verdict.remedy)
    assert outcome.exhausted == LABELING


def test_a_granted_try_is_used() -> None:
    """Resume would have no effect."""
    batch = a_batch(1, BatchState.LABELING, extra_follow_ups=1)
    jobs = (ended(JobState.FAILED, 3), ended(JobState.FAILED, 2, attempt=1))
    assert [job.name for job in reserved(planned(batches=(batch,), jobs=jobs))] == ["birds-0001-r2"]


def test_what_completed_jobs_could_not_label_does_not_hold_the_chain() -> None:
    """One broken image would stop the campaign."""
    jobs = (ended(JobState.COMPLETED, 1), ended(JobState.COMPLETED, 1, attempt=1))
    assert planned(batches=LABELING, jobs=jobs).actions == (FinishBatch(LABELING[0], 1),)


def failed(count: int, **changes: Any) -> Job:
    """A follow-up of so many objects, all of which failed for reasons of their own."""
    facts: dict[str, Any] = {
        "state": JobState.FAILED,
        "attempt": 1,
        "objects": count,
        "unlabeled": count,
        "counters": {"FailedNonRetryableError": count},
    }
    return done(**(facts | changes))


HALF = a_batch(state=BatchState.LABELING)


@pytest.mark.parametrize(
    ("last", "follow_ups"),
    [
        pytest.param(failed(2), 1, id="the last try"),
        pytest.param(failed(2), 9, id="more tries would tell nothing new"),
        pytest.param(failed(2, state=JobState.COMPLETED), 9, id="completed without a label"),
        pytest.param(failed(2, attempt=0, objects=4), 0, id="no follow-ups wanted"),
        pytest.param(failed(1, objects=3), 1, id="some labeled, the rest failed"),
    ],
)
def test_images_that_nobody_can_answer_never_stop_a_campaign(last: Job, follow_ups: int) -> None:
    """Two unreadable images would keep every later batch waiting: a rest of a rest always fails as a whole."""
    campaign = a_campaign(a_spec(follow_ups=follow_ups))
    assert planned(campaign, batches=(HALF,), jobs=(last,)).actions == (
        FinishBatch(HALF, unlabeled=last.unlabeled or 0),
    )


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(failed(2, counters={}), id="the job failed, not its images"),
        pytest.param(failed(4), id="nothing of the batch has a label"),
        pytest.param(failed(2, state=JobState.STOPPED), id="somebody stopped it"),
        pytest.param(failed(3, counters={"FailedNonRetryableError": 2}), id="one of them was not even tried"),
    ],
)
def test_what_is_no_image_of_its_own_fault_is_left_to_the_owner(last: Job) -> None:
    """A missing permission fails every image too; gone on without them, whole batches would end without labels."""
    plan = planned(batches=(HALF,), jobs=(last,))
    assert (plan.actions, plan.exhausted) == ((), (HALF,))
    assert (plan.verdict.status, plan.verdict.waits_for) == ("waiting", WaitsFor.UNLABELED)
    assert "leave-out" in str(plan.verdict.remedy)
    left = replace(HALF, leaves_out=True)
    assert planned(batches=(left,), jobs=(last,)).actions == (FinishBatch(left, unlabeled=last.unlabeled or 0),)


def test_an_output_that_is_not_whole_is_read_again_now_and_then_and_sent_by_nobody() -> None:
    """Its labels may be paid for already."""
    last = done(unlabeled=None, output_problem="2 of 4 are missing", output_read_at=NOW)
    plan = planned(batches=(HALF,), jobs=(last,))
    assert (plan.actions, plan.unsure, plan.verdict.waits_for) == ((), (last,), WaitsFor.OUTPUT)
    later = replace(last, output_read_at=NOW - OUTPUT_PAUSE)
    assert planned(batches=(HALF,), jobs=(later,)).actions == (CountUnlabeled(later, accepts=False),)
    accepted = replace(last, output_accepted=True)
    assert planned(batches=(HALF,), jobs=(accepted,)).actions == (CountUnlabeled(accepted, accepts=True),)
    left = replace(HALF, leaves_out=True)
    assert planned(batches=(left,), jobs=(last,)).actions == (CountUnlabeled(last, accepts=True),)


def test_an_empty_batch_is_finished_without_a_job() -> None:
    """All its images changed before they were taken: a job with an empty manifest would be refused for ever."""
    batch = a_batch(1, objects=0)
    assert planned(batches=(batch,)).actions == (FinishBatch(batch, 0),)


# ---------------------------------------------------------------- control


def test_a_control_runs_beside_the_chain_without_a_model() -> None:
    """Started from a model it would be no comparison; before its batch is labeled it would compete for workers."""
    spec = a_spec(control_batches=[2])
    batches = (a_batch(1, BatchState.LABELED), a_batch(2, BatchState.LABELED), a_batch(3))
    jobs = reserved(planned(a_campaign(spec), batches=batches, jobs=(done(1), done(2))))
    assert [(job.name, job.initial_model_arn) for job in jobs] == [("birds-0003", MODEL), ("birds-0002-control", None)]
    again = planned(a_campaign(spec), batches=batches[:2], jobs=(done(1), done(2), done(2, role=Role.CONTROL)))
    assert reserved(again) == []


# ---------------------------------------------------------------- money


def test_a_worst_case_over_the_budget_is_refused_in_words() -> None:
    """A warning is no cap; silence would look like a bug."""
    campaign = a_campaign(a_spec(budget="0.399"))
    outcome = planned(campaign, batches=(a_batch(),))
    assert outcome.actions == ()
    assert outcome.verdict.status == "waiting"
    assert "$0.40" in str(outcome.verdict.reason)
    assert "$0.399" in str(outcome.verdict.reason)
    assert "budget" in str(outcome.verdict.remedy)


def test_the_last_mill_of_the_budget_may_be_used() -> None:
    assert reserved(planned(a_campaign(a_spec(budget="0.4")), batches=(a_batch(),)))
    spent = a_campaign(a_spec(budget="0.5"), spent=Mills(60), committed=Mills(50))
    assert reserved(planned(spent, batches=(a_batch(),))) == []


@pytest.mark.parametrize("stopping", [{}, {"max_human_labeled_objects": 3}, {"max_human_labeled_objects": 500}])
def test_a_job_may_pay_people_for_what_was_set_aside_and_no_more(stopping: dict[str, int]) -> None:
    """The cap holds even where a manifest is longer than it was when its worst case was taken; and as it covers every
    object that was planned, it ends no job early. The owner's own, tighter limit stays."""
    spec = a_spec(budget="0.4", stopping=stopping)
    (job,) = reserved(planned(a_campaign(spec), batches=(a_batch(),)))
    request = job_request(job, spec, Deployment("inbox", "results", "us-east-1", ROLE))
    own = stopping.get("max_human_labeled_objects", job.objects)
    assert request["StoppingConditions"] == {"MaxHumanLabeledObjectCount": min(own, job.objects)}
    assert job.reserved == WORST_CASE_OF_AN_OBJECT * job.objects


BY_THE_HOUR = {
    "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
    "workers_per_object": 1,
    "price_per_task": None,
    "content_classifiers": (),
    "wage": "18",
    "auto_labeling": False,
}
HELD_TO_ITS_TIME = partial(reservation, backend=GT_ENGINE, region="us-east-1")


def test_a_job_that_can_be_held_to_its_time_starts_with_what_the_budget_has_left() -> None:
    """At $18 an hour a budget of $500 would start nothing, were every answer reckoned with all the time it may take."""
    campaign = a_campaign(a_spec(**BY_THE_HOUR, budget="500"), spent=Mills(100_000))
    (job,) = reserved(planned(campaign, batches=(a_batch(objects=1000),), set_aside=HELD_TO_ITS_TIME))
    assert (job.reserved, job.people_seconds) == (400_000, 80_000)
    request = job_request(job, campaign.spec or a_spec(), Deployment("inbox", "results", "us-east-1", ROLE))
    assert {"Key": "gt-engine:people-seconds", "Value": "80000"} in request["Tags"]


def test_a_small_campaign_starts_with_a_small_budget() -> None:
    """20 images cost some $3 of people's time, and $30 if every answer took all of its five minutes."""
    campaign = a_campaign(a_spec(**BY_THE_HOUR, budget="9"))
    (job,) = reserved(planned(campaign, batches=(a_batch(objects=20),), set_aside=HELD_TO_ITS_TIME))
    assert (job.reserved, job.people_seconds) == (9_000, 1_800)


def test_a_job_waits_for_what_others_free_before_it_makes_do_with_less() -> None:
    campaign = a_campaign(a_spec(**BY_THE_HOUR, budget="500"), committed=Mills(100_000))
    running = a_job(1, state=JobState.IN_PROGRESS, role=Role.CONTROL)
    batches = (a_batch(1, state=BatchState.LABELED), a_batch(2, objects=1000))
    outcome = planned(campaign, batches=batches, jobs=(done(1), running), set_aside=HELD_TO_ITS_TIME)
    assert reserved(outcome) == []
    assert outcome.verdict.status == "active"


def test_what_the_budget_interrupts_goes_on_as_often_as_there_is_money() -> None:
    """Follow-ups are for images that got no label; that the money was used up is not their fault."""
    campaign = a_campaign(a_spec(**BY_THE_HOUR, budget="500", follow_ups=1), spent=Mills(300_000))
    limited = [
        replace(a_job(1, state=JobState.STOPPED), attempt=attempt, unlabeled=1000, cost=Mills(1), people_seconds=9)
        for attempt in range(3)
    ]
    batches = (a_batch(objects=2000, state=BatchState.LABELING),)
    (again,) = reserved(planned(campaign, batches=batches, jobs=tuple(limited), set_aside=HELD_TO_ITS_TIME))
    assert (again.attempt, again.objects, again.reserved) == (3, 1000, 200_000)
    unanswered = replace(limited[0], attempt=3, people_seconds=None)
    (more,) = reserved(planned(campaign, batches=batches, jobs=(*limited, unanswered), set_aside=HELD_TO_ITS_TIME))
    assert more.attempt == 4
    used_up = planned(
        campaign,
        batches=batches,
        jobs=(*limited, unanswered, replace(unanswered, attempt=4)),
        set_aside=HELD_TO_ITS_TIME,
    )
    assert used_up.verdict.waits_for == "unlabeled"


def test_money_for_hardly_any_object_starts_no_job() -> None:
    campaign = a_campaign(a_spec(**BY_THE_HOUR, budget="8"))
    outcome = planned(campaign, batches=(a_batch(objects=1000),), set_aside=HELD_TO_ITS_TIME)
    assert outcome.actions == ()
    assert "needs at least $9.00" in str(outcome.verdict.reason)
    assert "$8.00" in str(outcome.verdict.reason)
    assert "or shorten task_time_limit_seconds" in str(outcome.verdict.remedy)


def test_a_batch_that_only_half_fits_is_not_half_labeled() -> None:
    """A limit for the part that fits would be met with tasks still in workers' hands, which are paid beyond the cap."""
    outcome = planned(a_campaign(a_spec(budget="0.2")), batches=(a_batch(),))
    assert (outcome.actions, outcome.verdict.status) == ((), "waiting")
    assert "Raise budget" in str(outcome.verdict.remedy)


def test_money_that_is_about_to_be_free_is_waited_for_in_silence() -> None:
    """Between a job's end and its report every campaign with a tight budget would cry for more."""
    campaign = a_campaign(a_spec(budget="0.5"), committed=Mills(400))
    batches = (a_batch(1, BatchState.LABELED), a_batch(2))
    outcome = planned(campaign, batches=batches, jobs=(done(cost=None, report_asked_at=NOW),))
    assert (outcome.actions, outcome.verdict.status) == ((), "active")


# ---------------------------------------------------------------- refusals, reports, pause and stop


def refused(**changes: Any) -> Job:
    return a_job(1, JobState.REFUSED, failure_reason="no such role", refused_at=NOW, **changes)


def test_money_that_is_never_freed_is_not_waited_for_in_silence() -> None:
    """A report that cannot be written would hold the campaign up without a word."""
    spec = a_spec(budget="0.5")
    last = done(cost=None, report_asked_at=NOW, ended_at=NOW - SETTLEMENT_PATIENCE)
    campaign = a_campaign(spec, committed=Mills(400))
    plan = planned(campaign, batches=(a_batch(state=BatchState.LABELED), a_batch(2)), jobs=(last,))
    assert plan.verdict.waits_for is WaitsFor.BUDGET


def test_a_cost_over_the_reserve_is_said() -> None:
    """Objects sent to workers in several iterations cost more than was set aside; nobody would learn of it."""
    overrun = done(cost=Mills(700))
    campaign = a_campaign(a_spec(budget="0.6"), spent=Mills(700))
    verdict = planned(campaign, batches=(a_batch(state=BatchState.LABELED),), jobs=(overrun,)).verdict
    assert verdict.status == "active"
    assert "$0.10 more than the budget" in str(verdict.reason)
    assert "birds-0001 cost more than was set aside" in str(verdict.reason)
    plan = planned(campaign, batches=(a_batch(state=BatchState.LABELED), a_batch(2)), jobs=(overrun,))
    assert plan.actions == ()
    assert "of the budget $0.00 are left" in str(plan.verdict.reason)


def test_a_refused_request_waits_with_the_reason() -> None:
    outcome = planned(batches=LABELING, jobs=(refused(),))
    assert outcome.actions == ()
    assert "no such role" in str(outcome.verdict.reason)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"campaign": {"revision": 2}}, id="the spec was corrected"),
        pytest.param({"campaign": {"resumed_at": NOW + timedelta(seconds=1)}}, id="its owner says so"),
        pytest.param({"job": {"refused_at": NOW - REFUSAL_PAUSE}}, id="some time has passed"),
    ],
)
def test_a_refused_request_is_tried_again_once_its_cause_may_be_fixed(changes: dict[str, Any]) -> None:
    """Otherwise the owner fixes the cause and nothing happens."""
    campaign = a_campaign(**changes.get("campaign", {}))
    job = replace(refused(), **changes.get("job", {}))
    (action,) = planned(campaign, batches=LABELING, jobs=(job,)).actions
    assert isinstance(action, ReserveAgain)
    assert (action.job.name, action.job.revision) == (job.name, campaign.revision)


def test_a_refused_request_starts_from_the_model_that_fits_the_spec_as_it_is_now() -> None:
    """With auto_labeling taken out, each try was refused anew, for the model that the first one was given."""
    batches = (a_batch(1, BatchState.LABELED), a_batch(2, BatchState.LABELING))
    jobs = (done(), a_job(2, JobState.REFUSED, refused_at=NOW, initial_model_arn=MODEL))
    spec = a_spec(auto_labeling=False)
    (action,) = planned(a_campaign(spec, revision=2), batches=batches, jobs=jobs).actions
    assert isinstance(action, ReserveAgain)
    assert (action.job.initial_model_arn, action.job.role) == (None, Role.FIRST)
    (action,) = planned(a_campaign(revision=2), batches=batches, jobs=jobs).actions
    assert isinstance(action, ReserveAgain)
    assert (action.job.initial_model_arn, action.job.role) == (MODEL, Role.WARM)


def test_a_report_is_asked_for_until_it_is_written() -> None:
    """Its message may be lost, and then the money would stay set aside for ever."""
    job = done(cost=None)
    batches = (a_batch(1, BatchState.LABELED),)
    assert planned(batches=batches, jobs=(job,)).actions == (AskForReport(job),)
    assert planned(batches=batches, jobs=(replace(job, report_asked_at=NOW),)).actions == ()
    old = replace(job, report_asked_at=NOW - REPORT_PATIENCE)
    assert planned(batches=batches, jobs=(old,)).actions == (AskForReport(old),)


def test_a_paused_campaign_closes_batches_and_starts_nothing() -> None:
    """Paused, it must not spend; what is uploaded must not pile up unseen."""
    paused = a_campaign(state=CampaignState.PAUSED)
    jobs = (a_job(1, JobState.RESERVED),)
    outcome = planned(paused, batches=(*LABELING, a_batch(2)), jobs=jobs, pending=pending(4))
    assert outcome.actions == (ChooseBatch(3, 4, "full"),)
    assert outcome.verdict.status == "paused"


def test_a_stopped_campaign_stops_its_jobs_and_starts_nothing() -> None:
    stopped = a_campaign(state=CampaignState.STOPPED)
    running = a_job(1)
    outcome = planned(stopped, batches=(*LABELING, a_batch(2)), jobs=(running,), pending=pending(9))
    assert outcome.actions == (StopJob(running),)
    asked = replace(running, stop_requested_at=NOW)
    assert planned(stopped, batches=LABELING, jobs=(asked,)).actions == ()


def test_a_job_that_may_just_be_created_is_not_withdrawn() -> None:
    """Its money would be free while a slow handler still creates it."""
    stopped = a_campaign(state=CampaignState.STOPPED)
    fresh = a_job(1, JobState.RESERVED)
    assert planned(stopped, batches=LABELING, jobs=(fresh,)).actions == ()
    old = replace(fresh, reserved_at=NOW - CREATION_LEASE)
    assert planned(stopped, batches=LABELING, jobs=(old,)).actions == (WithdrawJob(old),)


def test_without_a_spec_nothing_is_done_and_the_reason_stays() -> None:
    """Images before their campaign are kept, and their owner is told."""
    verdict = Verdict(CampaignStatus.WAITING, "there is no campaign spec", "Drop it.")
    outcome = planned(replace(a_campaign(), spec=None, verdict=verdict), pending=pending(2000))
    assert (outcome.actions, outcome.verdict) == ((), verdict)
