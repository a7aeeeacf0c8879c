"""The next labeling job of a batch as a record, the model that it starts from, and what is set aside for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from math import floor

from gt_service.backends import Backend
from gt_service.campaign import CampaignSpec
from gt_service.chain.reviews import review_spec
from gt_service.deployment import Deployment
from gt_service.estimates.worst_case import worst_case
from gt_service.money import Mills
from gt_service.prices import PriceTable, wages
from gt_service.records import Batch, Campaign, Job, Pending
from gt_service.records.names import JobName, Places, Role
from gt_service.records.states import RUNNING, JobState

FEWEST_OBJECTS = 6
"""A job starts with what is left of the budget where that pays at least the worst case of so many of its objects: of
twice as many as gt-engine asks about at the least (`stopping.FEWEST_ASKED`)."""


@dataclass(frozen=True)
class Reservation:
    """amount: the most that the job will cost. people_seconds: what its answers together may take so that this holds;
    None where nothing needs to be limited."""

    amount: Mills
    people_seconds: int | None = None


def reservation(
    spec: CampaignSpec, objects: int, headroom: Mills | None, *, backend: Backend, region: str
) -> Reservation:
    """The worst case of a job of `objects`; where that is more than the budget has left and the backend can be told to
    stop in time, what is left.

    People who are paid by the hour mostly take a small part of the time that a task allows. Without this a budget
    would have to hold many times what it is spent on. headroom: what is left of the budget, None: there is no end to
    it. Where not even `FEWEST_OBJECTS` can be paid, the least that the job needs: more than the headroom.
    """
    worst = worst_case(spec, objects, prices=PriceTable.of(backend), region=region)
    if headroom is None or worst <= headroom or spec.wage is None or not backend.holds_to_people_seconds:
        return Reservation(worst)
    fixed = worst - _paid(spec, objects)
    least = Mills(fixed + _paid(spec, min(objects, FEWEST_OBJECTS)))
    amount = max(least, headroom)
    if amount == worst:
        return Reservation(worst)
    return Reservation(amount, floor((amount - fixed) * 3600 / spec.wage))


def _paid(spec: CampaignSpec, objects: int) -> Mills:
    """What the answers to so many objects may cost, without those to known objects."""
    return wages(objects * spec.most_workers * spec.task_time_limit_seconds, spec.wage or Mills(0))


SetAside = Callable[[CampaignSpec, int, Mills | None], Reservation]
"""What one job of so many objects may cost, where the budget has so much left (None: it need not hold the job)."""

SETTLEMENT_PATIENCE = timedelta(hours=6)
"""Whatever an ended job's report frees of its reservation is waited for so long before anybody is told."""


@dataclass(frozen=True)
class Standing:
    """Everything a plan depends on. spec: the campaign's, which a plan needs."""

    campaign: Campaign
    batches: Sequence[Batch]
    jobs: Sequence[Job]
    pending: Pending
    now: datetime


@dataclass(frozen=True)
class Terms:
    """What plans depend on of the deployment. job_mark: at the end of the names of new jobs (`stage_mark`).
    brought_model: the ARN of the model that a spec brings, None where it brings none."""

    results_bucket: str
    set_aside: SetAside
    job_mark: str = ""
    brought_model: Callable[[CampaignSpec], str | None] = lambda _: None

    @classmethod
    def of(cls, deployment: Deployment) -> Terms:
        return cls(
            deployment.results_bucket,
            partial(reservation, backend=deployment.backend, region=deployment.region),
            deployment.job_mark,
            partial(model_arn, deployment=deployment),
        )


@dataclass(frozen=True)
class NextJobs:
    """The jobs that a campaign may start as it stands."""

    standing: Standing
    terms: Terms

    def reservation(self, spec: CampaignSpec, name: JobName, objects: int, manifest: str, *, freed: int = 0) -> Job:
        """freed: what is set aside for the job already."""
        campaign, is_beside_chain = self.standing.campaign, name.control or name.review
        model = None if is_beside_chain else self._last_model(spec)
        role = Role.CONTROL if name.control else Role.WARM if model else Role.FIRST
        if name.review:
            role, spec = Role.REVIEW, review_spec(spec)
        # What is beside the chain is whole or not at all: a part of a control job compares with nothing.
        set_aside = self.terms.set_aside(spec, objects, None if is_beside_chain else self._headroom(freed))
        return Job(
            name=str(name),
            campaign=name.campaign,
            batch=name.batch,
            role=role,
            attempt=name.attempt,
            state=JobState.RESERVED,
            objects=objects,
            revision=campaign.revision,
            task=spec.task.value,
            labels=spec.labels,
            manifest_uri=manifest,
            output_uri=str(Places(self.terms.results_bucket, campaign.name).job_output(str(name))),
            reserved=set_aside.amount,
            people_seconds=set_aside.people_seconds,
            reserved_at=self.standing.now,
            initial_model_arn=model,
        )

    def review(self, spec: CampaignSpec, batch: int, objects: int, manifest: str) -> Job:
        """The review job of labels that the campaign's owner chose, up to a batch; the budget is not looked at."""
        numbers = [job.attempt for job in self.standing.jobs if job.is_review and job.batch == batch]
        number = max(numbers, default=0) + 1
        name = JobName(self.standing.campaign.name, batch, attempt=number, mark=self.terms.job_mark, review=True)
        return self.reservation(spec, name, objects, manifest)

    def more_is_coming(self) -> bool:
        """Whether what runs, or awaits its report, will free a part of its reservation: nobody needs to be bothered."""
        return any(self._may_free_money(job) for job in self.standing.jobs)

    def _may_free_money(self, job: Job) -> bool:
        now = self.standing.now
        return job.state in RUNNING or (job.is_unsettled and now - (job.ended_at or now) < SETTLEMENT_PATIENCE)

    def _last_model(self, spec: CampaignSpec) -> str | None:
        """The last good model that fits (the same task, the same labels in the same order), or the brought one."""
        if not spec.uses_auto_labeling:
            return None
        fitting = (
            job
            for job in self.standing.jobs
            if not job.is_beside_chain
            and job.state in {JobState.COMPLETED, JobState.STOPPED}
            and (job.task, job.labels) == (spec.task.value, spec.labels)
        )
        return model_to_start_from(self.terms.brought_model(spec), fitting)

    def _headroom(self, freed: int) -> Mills | None:
        """What a job may make do with; None where it waits until its worst case fits, or there is no budget."""
        headroom = self.standing.campaign.headroom
        return None if headroom is None or self.more_is_coming() else Mills(headroom + freed)


def model_name(spec: CampaignSpec) -> str:
    """The same for the same campaign and file, so that registering it twice is seen. At most 63 characters."""
    digest = sha256(str(spec.model).encode()).hexdigest()[:16]
    return f"{spec.name}-{digest}"


def model_arn(spec: CampaignSpec, deployment: Deployment) -> str | None:
    """The ARN that the campaign's own model will have; None where it brings none. Labeling jobs and models are of the
    account whose role the jobs assume: SageMaker refuses another's."""
    if spec.model is None or not spec.uses_auto_labeling:
        return None
    _, partition, _, _, account, _ = (spec.role_arn or deployment.role_arn).split(":", 5)
    return f"arn:{partition}:sagemaker:{deployment.region}:{account}:model/{model_name(spec)}"


def model_to_start_from(brought: str | None, jobs: Iterable[Job]) -> str | None:
    """The last model that a job left; the brought one as long as no job that left any has started from it, or from a
    model that rests on it. jobs: those of the chain that count, in order."""
    lineage: set[str] = set() if brought is None else {brought}
    last = brought
    for job in jobs:
        if brought is not None and job.initial_model_arn not in lineage:
            continue
        if job.final_model_arn:
            last = job.final_model_arn
            lineage.add(last)
    return last
