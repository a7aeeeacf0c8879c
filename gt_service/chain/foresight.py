"""What a campaign would do next, or all the way through: the planner's own answers, with the requests it would send.

Nothing is called and nothing is written. `next_steps` shows what stands before a campaign as it is; `rehearse` runs a
spec from its first image to its last report on paper, job by job, by asking the planner again after each step as if
that step had been done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gt_service.campaign import CampaignSpec
from gt_service.campaign.contradictions import warnings
from gt_service.chain import actions, planner
from gt_service.chain.next_jobs import Standing, Terms
from gt_service.chain.request import job_request
from gt_service.chain.reviews import review_spec
from gt_service.errors import GtServiceError
from gt_service.estimates import estimate as estimates
from gt_service.money import Mills
from gt_service.prices import PriceTable
from gt_service.records import Batch, Campaign, Job, Pending, Verdict
from gt_service.records.names import Places
from gt_service.records.states import BatchState, CampaignState, CampaignStatus, JobState

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateLabelingJobRequestTypeDef

    from gt_service.deployment import Deployment

_NOBODY = "000000000000"
"""Stands for the account in the names of models that no job has trained yet."""


@dataclass(frozen=True)
class Step:
    """One thing to be done. request: of a job to be started; problem: why SageMaker would not be sent it."""

    what: str
    job: str | None = None
    request: CreateLabelingJobRequestTypeDef | None = None
    problem: str | None = None
    reserved: Mills | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "job": self.job,
            "request": self.request,
            "problem": self.problem,
            "reserved_mills": self.reserved,
        }


@dataclass(frozen=True)
class Foresight:
    """steps: in order. verdict: how the campaign stands after them. warnings: of the spec, on this backend."""

    steps: tuple[Step, ...]
    verdict: Verdict
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "steps": [step.as_dict() for step in self.steps],
            "status": self.verdict.status.value,
            "reason": self.verdict.reason,
            "remedy": self.verdict.remedy,
            "warnings": list(self.warnings),
        }


def next_steps(plan: planner.Plan, campaign: Campaign, deployment: Deployment) -> Foresight:
    """What would be done for a campaign now, had the service not done it yet."""
    steps = tuple(_step(action, campaign, deployment) for action in plan.actions)
    told = warnings(campaign.spec, deployment.backend) if campaign.spec else ()
    return Foresight(steps, plan.verdict, tuple(told))


def rehearse(spec: CampaignSpec, objects: int, deployment: Deployment, now: datetime) -> Foresight:
    """Every step of a campaign that gets `objects` images at once and in which every job goes well.

    Jobs are taken to cost what is likely; the model that a job will have trained is named after it. It ends early
    where the budget does not hold a job, or a job's request cannot be made.
    """
    rehearsal = _Rehearsal(spec, objects, deployment)
    standing = rehearsal.beginning(now)
    steps, terms = list[Step](), Terms.of(deployment)
    told = tuple(warnings(spec, deployment.backend))
    while True:
        plan = planner.plan(standing, terms)
        if not plan.actions:
            return Foresight(tuple(steps), plan.verdict, told)
        for action in plan.actions:
            step = _step(action, standing.campaign, deployment)
            steps.append(step)
            if step.problem is not None:
                return Foresight(tuple(steps), Verdict(CampaignStatus.WAITING, step.problem), told)
            standing = rehearsal.after(action, standing)


# ---------------------------------------------------------------- steps in words


def _step(  # noqa: C901 - a row per action
    action: actions.Action, campaign: Campaign, deployment: Deployment
) -> Step:
    match action:
        case actions.ReserveJob(job, _) | actions.ReserveAgain(_, job) | actions.CreateJob(job):
            return _job_step(job, campaign, deployment)
        case actions.ReadLabels(dropped):
            return Step(f"read the labels in {dropped.key}")
        case actions.PlaceLabels(_):
            return Step("find the images whose labels were imported")
        case actions.ChooseBatch(number, size, why):
            return Step(f"close batch {number} ({why}): up to {size:,} pending images")
        case actions.FillBatch(batch):
            return Step(f"write the manifest of batch {batch.number}")
        case actions.FinishBatch(batch, unlabeled):
            return Step(f"batch {batch.number} is labeled" + (f", but for {unlabeled:,} objects" if unlabeled else ""))
        case actions.ChooseReview(batch):
            return Step(f"choose the labels of batch {batch.number} that get a second look")
        case actions.CloseServed():
            return Step("nothing is pending, so the request to close a batch is done")
        case actions.CountUnlabeled(job, _):
            return Step(f"count what labeling job {job.name} left unlabeled", job.name)
        case actions.StopJob(job):
            return Step(f"stop labeling job {job.name}", job.name)
        case actions.WithdrawJob(job):
            return Step(f"withdraw labeling job {job.name}, which was never started", job.name)
        case actions.AskForReport(job):
            return Step(f"write the cost report of labeling job {job.name}", job.name)
        case actions.AskForLabels():
            return Step("write the campaign's labels anew, for labels that came or were corrected after the last job")


def _job_step(job: Job, campaign: Campaign, deployment: Deployment) -> Step:
    what = f"start labeling job {job.name} ({job.role}) with {job.objects:,} objects"
    if campaign.spec is None:
        return Step(what, job.name, problem="the campaign has no spec")
    try:
        request = job_request(job, review_spec(campaign.spec) if job.is_review else campaign.spec, deployment)
    except GtServiceError as error:
        return Step(what, job.name, problem=f"{error.message}. {error.remedy}".strip(), reserved=job.reserved)
    return Step(what, job.name, request, reserved=job.reserved)


# ---------------------------------------------------------------- the rehearsal


class _Rehearsal:
    """A campaign on paper: actions change a `Standing` as the tables would be changed."""

    def __init__(self, spec: CampaignSpec, objects: int, deployment: Deployment) -> None:
        self._spec, self._objects, self._deployment = spec, objects, deployment
        self._places = Places(deployment.results_bucket, spec.name)
        prices = PriceTable.of(deployment.backend)
        estimate = estimates.estimate(spec, objects, prices=prices, region=deployment.region)
        self._likely_costs = {(job.role, job.objects): job.cost.likely for job in estimate.jobs}

    def beginning(self, now: datetime) -> Standing:
        """All images are there, and have been for so long that a rest of them makes a batch too."""
        uploaded = now - timedelta(minutes=self._spec.batch.quiet_minutes)
        campaign = Campaign(
            name=self._spec.name,
            state=CampaignState.ACTIVE,
            spec=self._spec,
            revision=1,
            spec_errors=(),
            verdict=Verdict(CampaignStatus.ACTIVE),
            cap=self._spec.budget,
            committed=Mills(0),
            spent=Mills(0),
            version=1,
            created_at=uploaded,
        )
        return Standing(campaign, (), (), Pending(self._objects, uploaded.isoformat()), now)

    def after(self, action: actions.Action, standing: Standing) -> Standing:
        """The standing once an action has gone well; a job that is started ends at once with every object labeled, or
        with as many as its share of the budget pays."""
        match action:
            case actions.ChooseBatch(number, size, why):
                batch = self._closed(number, min(size, standing.pending.count), why, standing.now)
                pending = replace(standing.pending, count=standing.pending.count - batch.objects)
                return replace(standing, batches=(*standing.batches, batch), pending=pending)
            case actions.ReserveJob(job, batch):
                ended = self._ended(job)
                spent = Mills(standing.campaign.spent + (ended.cost or 0))
                campaign = replace(standing.campaign, spent=spent)
                return replace(standing, campaign=campaign, jobs=(*standing.jobs, ended))
            case actions.ChooseReview(batch):
                # How many labels people will have given, and how many of them seem wrong, no plan can know.
                chosen = replace(batch, review_objects=0)
                return replace(standing, batches=tuple(chosen if each == batch else each for each in standing.batches))
            case actions.FinishBatch(batch, unlabeled):
                labeled = replace(batch, state=BatchState.LABELED, unlabeled=unlabeled)
                batches = tuple(labeled if each == batch else each for each in standing.batches)
                return replace(standing, batches=batches)
        raise AssertionError(f"{type(action).__name__} does not occur where everything goes well")

    def _closed(self, number: int, objects: int, why: str, now: datetime) -> Batch:
        manifest = str(self._places.manifest(number))
        return Batch(self._spec.name, number, BatchState.CLOSED, why, objects, "", manifest, now, closed_at=now)

    def _ended(self, job: Job) -> Job:
        model = f"arn:aws:sagemaker:{self._deployment.region}:{_NOBODY}:model/trained-by-{job.name}"
        likely = self._likely_costs[job.role, job.objects]
        is_paid = likely <= job.reserved
        return replace(
            job,
            state=JobState.COMPLETED if is_paid else JobState.STOPPED,
            unlabeled=0 if is_paid else job.objects - job.objects * job.reserved // likely,
            cost=likely if is_paid else job.reserved,
            final_model_arn=model if self._spec.uses_auto_labeling else None,
        )
