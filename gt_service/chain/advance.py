"""Performs plans: the one place where campaigns move, behind every trigger.

`Chain.advance` may be called by anybody at any time, as often as they like, and killed between any two calls: each
action is a conditional write, or is safe to repeat. What a message said is only why it was called.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gt_service.campaign import CampaignSpec
from gt_service.chain import actions, planner
from gt_service.chain.foresight import Foresight, next_steps
from gt_service.chain.job_creation import JobCreation
from gt_service.chain.labeling_jobs import LabelingJobs
from gt_service.chain.next_jobs import NextJobs, Standing, Terms
from gt_service.chain.observation import description_kept, read_labeled, seen, warning, write_follow_up
from gt_service.chain.reviews import REVIEW_TASKS
from gt_service.chain.second_look import SecondLook, Suspects
from gt_service.corrections.manifests import manifest_with_corrections
from gt_service.deployment import Deployment
from gt_service.errors import Conflict, NotFound
from gt_service.imports.imported import ImportedLabels
from gt_service.ingest.batching import Batching
from gt_service.money import Mills, usd
from gt_service.objects import ObjectStore, S3Uri
from gt_service.records import Batch, Campaign, Job
from gt_service.records.names import Places
from gt_service.records.states import RUNNING, UNSENT, CampaignEvent, CampaignState
from gt_service.signals import Signals
from gt_service.store import Store

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef

logger = logging.getLogger(__name__)

MOST_IDLE_ROUNDS = 10
"""After so many that changed nothing to be seen, the schedule looks again: more at once would be paid for in vain."""
_GONE = "the SageMaker API does not know this job any more; see whether it still is the one that the job was started at"


class Chain:
    def __init__(
        self,
        *,
        store: Store,
        objects: ObjectStore,
        sagemaker: SageMakerClient,
        signals: Signals,
        deployment: Deployment,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._objects, self._labeling_jobs = store, objects, LabelingJobs(sagemaker)
        self._signals, self._deployment, self._now = signals, deployment, now
        self._creation = JobCreation(store, objects, self._labeling_jobs, deployment, now)
        self._terms = Terms.of(deployment)
        self._batching = Batching(store, objects, deployment)
        self._imported = ImportedLabels(store, objects, deployment)
        self._second_look = SecondLook(store, objects, deployment.results_bucket)

    # ------------------------------------------------------------ advance

    def plan(self, name: str) -> planner.Plan:
        """What would happen next; nothing is called that costs. Errors: `NotFound`."""
        return planner.plan(self._standing(name), self._terms)

    def foresee(self, name: str, spec: CampaignSpec | None = None) -> Foresight:
        """The same in words, with the requests of the jobs it would start. spec: as if an operator had put it in
        force. Errors: `NotFound`."""
        standing = self._standing(name)
        if spec is not None:
            campaign = standing.campaign
            standing = replace(standing, campaign=replace(campaign, spec=spec, cap=spec.budget))
        return next_steps(planner.plan(standing, self._terms), standing.campaign, self._deployment)

    def advance(self, name: str, *, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Does whatever the campaign needs, until there is nothing, or time runs out: then it says so to go on.

        may_go_on: asked between rounds of actions. Errors: `NotFound`; whatever AWS raises that may pass.
        """
        standing, idle = self._standing(name), 0
        while not self._round(standing):
            if not may_go_on():
                self._signals.hint(name)
                return
            before, standing = standing, self._standing(name)
            idle = idle + 1 if replace(before, now=standing.now) == standing else 0
            if idle == MOST_IDLE_ROUNDS:
                logger.warning("what was planned has changed nothing", extra={"campaign": name})
                return

    def _round(self, standing: Standing) -> bool:
        """Does what is planned now; True where there was nothing, and the campaign's owner is told how it stands."""
        plan = planner.plan(standing, self._terms)
        for action in plan.actions:
            self._perform(action, standing)
        if plan.actions:
            return False
        is_told = standing.campaign.verdict == plan.verdict
        return is_told or self._store.campaigns.show(standing.campaign, plan.verdict)

    def _standing(self, name: str) -> Standing:
        # The campaign first: whatever is read after it can only be newer, and a write on an old one is refused.
        campaign = self._store.campaigns.get(name)
        return Standing(
            campaign=campaign,
            batches=self._store.batches.of(name),
            jobs=self._store.jobs.of(name),
            pending=self._store.images.pending_summary(name, most=campaign.spec.batch.size if campaign.spec else 1),
            now=self._now(),
        )

    def _perform(self, action: actions.Action, standing: Standing) -> None:  # noqa: C901 - a row per action
        campaign, now = standing.campaign, standing.now
        logger.info("acting", extra={"campaign": campaign.name, "action": type(action).__name__, **_subject(action)})
        match action:
            case actions.ReadLabels(dropped):
                self._imported.read(campaign, campaign.demanded_spec, dropped, now)
            case actions.PlaceLabels(known):
                self._imported.place(campaign, known, now)
            case actions.ChooseBatch(number, size, why):
                self._batching.choose(campaign, campaign.demanded_spec, number, size, why, now)
            case actions.FillBatch(batch):
                self._batching.fill(batch, now)
            case actions.CloseServed():
                self._store.campaigns.close_served(campaign)
            case actions.FinishBatch(batch, unlabeled):
                self._store.batches.done(batch, unlabeled=unlabeled)
            case actions.CountUnlabeled(job, accepts):
                self._count_unlabeled(job, accepts=accepts)
            case actions.AskForReport(job):
                # Sent first: killed in between, it is asked for twice, which is harmless.
                self._signals.ask_report(job.name)
                self._store.jobs.record(job, replace(job, report_asked_at=now))
            case actions.AskForLabels():
                self._signals.ask_labels(campaign.name)
                self._store.campaigns.labels_asked(campaign, now)
            case actions.ReserveJob(job, batch):
                self._reserve(job, campaign, batch)
            case actions.ChooseReview(batch):
                self._choose_review(batch, campaign.demanded_spec)
            case actions.ReserveAgain(refused, job):
                self._creation.keep_spec(job, campaign)
                self._store.jobs.reserve_again(refused, job, campaign)
            case actions.CreateJob(job):
                description = self._creation.create(job, campaign)
                if description is not None:
                    self._record(job, description)
            case actions.StopJob(job):
                self._stop(job)
            case actions.WithdrawJob(job):
                self._withdraw(job)

    # ------------------------------------------------------------ jobs

    def observe(self, name: str) -> Job:
        """Writes down how a job stands at SageMaker.

        Errors: `NotFound` where either side does not know it, or it is somebody else's of the same name.
        """
        job = self._store.jobs.get(name)
        description = self._labeling_jobs.find(job)
        if description is None:
            raise NotFound(f"SageMaker does not know labeling job {name!r} of this service", field="name")
        return self._record(job, description)

    def look(self, job: Job) -> Job:
        """The job as it stands this moment at SageMaker, for whoever asks; nothing is written."""
        description = self._labeling_jobs.find(job) if job.state in RUNNING | UNSENT else None
        return job if description is None else seen(job, description, self._now())

    def watch(self, campaign: str) -> None:
        """Observes every job of a campaign that may have moved without a word, and warns of those that do not."""
        for job in self._store.jobs.of(campaign):
            if job.state not in RUNNING:
                continue
            description = self._labeling_jobs.find(job)
            observed = job if description is None else self._record(job, description)
            text = _GONE if description is None else warning(observed, self._now())
            if text != observed.warning:
                self._store.jobs.record(observed, replace(observed, warning=text))
            if text is not None:
                logger.warning(text, extra={"campaign": campaign, "job": job.name})

    def stop_job(self, name: str) -> Job:
        """Asks SageMaker to stop a job; its labels are kept. Errors: `NotFound`, `Conflict`."""
        job = self._store.jobs.get(name)
        if job.state not in RUNNING:
            raise Conflict(f"labeling job {name} is {job.state}", remedy="Only a job that runs can be stopped.")
        self._stop(job)
        return self._store.jobs.get(name)

    def resume(self, name: str) -> Campaign:
        """Goes on: a paused campaign, refused requests; batches whose tries are used up get one more, and an output
        that is not whole is taken as it is."""
        plan = self.plan(name)
        campaign = self._store.campaigns.apply(name, CampaignEvent.RESUME, self._now())
        for batch in plan.exhausted:
            self._store.batches.grant_follow_up(batch)
        for job in plan.unsure:
            self._store.jobs.record(job, replace(job, output_accepted=True))
        return campaign

    def leave_out(self, name: str) -> Campaign:
        """Goes on without the images that a batch waits for. Errors: `NotFound`; `Conflict` where none waits."""
        standing = self._standing(name)
        plan = planner.plan(standing, self._terms)
        waiting = {batch.number for batch in plan.exhausted} | {job.batch for job in plan.unsure}
        if not waiting:
            raise Conflict(f"campaign {name} waits for no images", remedy="Look at its reason.", field="name")
        for batch in standing.batches:
            if batch.number in waiting:
                self._store.batches.leave_out(batch)
        return standing.campaign

    def suspects(self, name: str, most: int) -> Suspects:
        """The campaign's labels that seem wrong and were not reviewed, worst first. Errors: `NotFound`."""
        self._store.campaigns.get(name)
        return self._second_look.listed(name, most)

    def review(self, name: str, count: int) -> Job:
        """Sends the labels that seem wrong most to a second look: a review job of their own, its worst case set aside.

        Errors: `NotFound` where nothing is known of the labels; `Conflict` where none seems wrong, the campaign is
        stopped, the budget does not hold it, or something else changed meanwhile.
        """
        standing = self._standing(name)
        campaign, spec = standing.campaign, standing.campaign.demanded_spec
        if campaign.state is CampaignState.STOPPED:
            raise Conflict(f"campaign {name} is stopped", remedy="Nothing more is sent to people.")
        if spec.task not in REVIEW_TASKS or not spec.uses_auto_labeling:
            raise Conflict(
                f"labels of {spec.task} without a model that doubts them cannot be reviewed",
                remedy="Boxes and classes can, with auto_labeling.",
            )
        chosen = self._second_look.to_review(name, count)
        if not chosen:
            raise Conflict(f"no label of campaign {name} seems wrong that was not sent before")
        batch = max(each.batch for each in chosen)
        manifest = self._second_look.write_manifest(name, batch, chosen, spec.label_attribute)
        job = NextJobs(standing, self._terms).review(spec, batch, len(chosen), str(manifest))
        headroom = campaign.headroom
        if headroom is not None and job.reserved > headroom:
            raise Conflict(
                f"reviewing {len(chosen)} labels may cost {usd(job.reserved)}, and of the budget "
                f"{usd(max(headroom, Mills(0)))} are left",
                remedy="Send fewer, or raise budget in the spec.",
            )
        self._creation.keep_spec(job, campaign)
        # Closes: two who ask at the same time. The second finds the name taken or the money moved, and pays nothing.
        batches = {each.number: each for each in standing.batches}
        if not self._store.jobs.reserve(job, campaign, batches[batch]):
            raise Conflict(f"campaign {name} has just changed", remedy="Look at its list again, then ask again.")
        return job

    def _choose_review(self, batch: Batch, spec: CampaignSpec) -> None:
        chosen = self._second_look.share_of(batch.campaign, batch.number, spec.review.share or 0)
        manifest = ""
        if chosen:
            manifest = str(self._second_look.write_manifest(batch.campaign, batch.number, chosen, spec.label_attribute))
        self._store.batches.review_chosen(batch, objects=len(chosen), manifest_uri=manifest)

    def _record(self, job: Job, description: DescribeLabelingJobResponseTypeDef) -> Job:
        after = seen(job, description, self._now())
        if after == job or self._store.jobs.record(job, after):
            return after
        return self._store.jobs.get(job.name)

    def _reserve(self, job: Job, campaign: Campaign, batch: Batch) -> None:
        self._creation.keep_spec(job, campaign)
        self._store.jobs.reserve(self._corrected(job, campaign), campaign, batch)

    def _corrected(self, job: Job, campaign: Campaign) -> Job:
        """With the labels that were put right since the model that it starts from was asked for."""
        if job.is_beside_chain or not self._deployment.backend.learns_from_labeled_lines:
            return job
        model, jobs = job.initial_model_arn, self._store.jobs.of(job.campaign)
        taught = (each.reserved_at for each in jobs if model and each.final_model_arn == model)
        attribute, since = campaign.demanded_spec.label_attribute, next(taught, None)
        replaced = self._store.images.replaced(job.campaign)
        manifest = manifest_with_corrections(self._objects, self._places(job), job, attribute, since, replaced)
        return replace(job, manifest_uri=str(manifest))

    def _count_unlabeled(self, job: Job, *, accepts: bool) -> None:
        found: Mapping[str, Any] | None = self._labeling_jobs.find(job)
        description = found or description_kept(job, self._objects, self._places(job))
        manifest = S3Uri.parse(job.manifest_uri)
        counters = {**job.counters, **description.get("LabelCounters", {})}
        labeled = read_labeled(self._objects, manifest, description, counters)
        if labeled.problem is not None:
            about = {"campaign": job.campaign, "job": job.name, "problem": labeled.problem}
            logger.warning("output is not whole", extra=about)
        read = replace(job, output_problem=labeled.problem, output_read_at=self._now())
        if labeled.problem is None or accepts:
            follow_up = self._places(job).manifest(job.batch, job.attempt + 1)
            try:
                left = write_follow_up(self._objects, manifest, labeled.numbers, follow_up)
            except NotFound:
                left = max(0, job.objects - len(labeled.numbers))
            read = replace(read, unlabeled=left)
        self._store.jobs.record(job, read)

    def _stop(self, job: Job) -> None:
        self._labeling_jobs.stop(job)
        asked = replace(job, stop_requested_at=self._now())
        self._store.jobs.record(job, asked)
        description = self._labeling_jobs.find(job)
        if description is not None:
            self._record(asked, description)

    def _withdraw(self, job: Job) -> None:
        description = self._labeling_jobs.find(job)
        if description is not None:
            self._record(job, description)
        else:
            self._store.jobs.withdraw(job)

    def _places(self, job: Job) -> Places:
        return Places(self._deployment.results_bucket, job.campaign)


def _subject(action: actions.Action) -> dict[str, Any]:
    job, batch = getattr(action, "job", None), getattr(action, "batch", None)
    subject = {"job": job.name} if isinstance(job, Job) else {}
    return subject | ({"batch": batch.number} if isinstance(batch, Batch) else {})
