"""An ended job's cost report, and with it the real cost in the place of what was set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from gt_service.chain.labeling_jobs import LabelingJobs
from gt_service.chain.labels import CampaignLabels
from gt_service.chain.next_jobs import SETTLEMENT_PATIENCE
from gt_service.chain.observation import GONE, description_kept
from gt_service.chain.reviews import kept_spec, spec_of
from gt_service.chain.second_look import SecondLook
from gt_service.errors import Conflict, NotFound
from gt_service.gallery.index import figures
from gt_service.gallery.writing import read_index
from gt_service.money import Mills
from gt_service.objects import ObjectStore, S3Uri, read_json
from gt_service.outputs import TrainingLogs
from gt_service.records import Job
from gt_service.records.names import Places, Role
from gt_service.reports.campaign import CampaignResults
from gt_service.reports.ended_job import EndedJob
from gt_service.signals import Signals
from gt_service.store import Store

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

logger = logging.getLogger(__name__)

_GIVEN_UP = (
    "SageMaker does not know this job any more, and its request is not kept: there is no report of it, and all that "
    "was set aside for it counts as spent."
)


class PublishJob(Protocol):
    """`publish_job_report` at the deployment's prices; handed in, for it draws, which takes its time."""

    def __call__(
        self, job: EndedJob, destination: S3Uri, *, objects: ObjectStore, logs: TrainingLogs, now: datetime
    ) -> Mapping[str, Any]: ...


class PublishCampaign(Protocol):
    """`publish_campaign_report`, which draws too."""

    def __call__(
        self, results: CampaignResults, destination: S3Uri, *, objects: ObjectStore, now: datetime
    ) -> Mapping[str, Any]: ...


class Settlement:
    def __init__(
        self,
        *,
        store: Store,
        objects: ObjectStore,
        logs: TrainingLogs,
        sagemaker: SageMakerClient,
        signals: Signals,
        results_bucket: str,
        publish: PublishJob,
        publish_campaign: PublishCampaign,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._objects, self._logs, self._labeling_jobs = store, objects, logs, LabelingJobs(sagemaker)
        self._signals, self._bucket, self._now = signals, results_bucket, now
        self._publish, self._publish_campaign = publish, publish_campaign
        self._labels = CampaignLabels(store, objects, results_bucket)
        self._second_look = SecondLook(store, objects, results_bucket)

    def settle(self, name: str) -> Job:
        """Writes an ended job's report and books its cost. Repeated, it writes the report anew and books nothing.

        Of a job that SageMaker does not know any more the report is made from what was kept of it. Where that is gone,
        too, what was set aside for it is booked after some hours.
        Errors: `NotFound`; `Conflict` while the job has not ended, so that the message comes again.
        """
        job = self._store.jobs.get(name)
        if not job.has_ended:
            raise Conflict(f"labeling job {name} is {job.state}", remedy="Its report is written when it has ended.")
        places = Places(self._bucket, job.campaign)
        found: Mapping[str, Any] | None = self._labeling_jobs.find(job)
        try:
            description = found or description_kept(job, self._objects, places)
        except NotFound:
            return self._give_up(job)
        ended = EndedJob(
            description,
            spec_of(job, self._objects, places),
            job.role,
            job.batch,
            control=self._control_report(job, places),
            noted=() if found else (GONE,),
        )
        report = self._publish(ended, places.report(name), objects=self._objects, logs=self._logs, now=self._now())
        # Labels whose files are gone are paid for like those that are there.
        cost = Mills(report["cost"]["total_mills"] + report["cost"]["unseen_mills"])
        if cost > job.reserved:
            about = {"campaign": job.campaign, "job": name, "cost_mills": cost, "reserved_mills": job.reserved}
            logger.warning("a job cost more than was set aside for it", extra=about)
        if job.is_review:
            # Before its cost is booked: until then it is asked for again, so that nothing of it can be lost.
            self._second_look.put_right(job, kept_spec(job.revision, self._objects, places), self._now())
        booked = self._store.jobs.settle(job, cost, str(places.report(name)))
        self.refresh(job.campaign)
        if booked and job.role is Role.CONTROL:
            # The jobs that it is a comparison for were reported before it ended.
            for other in self._store.jobs.of(job.campaign):
                if other.batch == job.batch and not other.is_beside_chain and other.has_ended:
                    self._signals.ask_report(other.name)
        return self._store.jobs.get(name)

    def _give_up(self, job: Job) -> Job:
        """Books the most that a job can have cost of which nothing is left to reckon by, and says so to its owner.

        Errors: `NotFound` as long as SageMaker may only be out of reach, as where it is another account's.
        """
        if job.cost is None and self._now() - (job.ended_at or job.reserved_at) < SETTLEMENT_PATIENCE:
            raise NotFound(f"SageMaker does not know labeling job {job.name!r} any more, nor is its request kept")
        told = replace(job, failure_reason=" ".join(filter(None, [job.failure_reason, _GIVEN_UP])))
        if job.cost is None and self._store.jobs.record(job, told):
            logger.error("a job was booked without a report", extra={"campaign": job.campaign, "job": job.name})
            self._store.jobs.settle(told, job.reserved, None)
        return self._store.jobs.get(job.name)

    def write_labels(self, campaign: str) -> bool:
        """Writes the campaign's labels as they were asked for: once for all who asked before it begins, and once more
        for those who ask until it ends. False where there is nothing to write, or somebody is writing them.

        Errors: `NotFound`.
        """
        changes = self._store.campaigns.begin_labels(campaign, self._now())
        if changes is None:
            return False
        try:
            self.refresh(campaign)
        except Exception:
            self._store.campaigns.give_up_labels(campaign)
            raise
        if not self._store.campaigns.end_labels(campaign, changes):
            self._signals.ask_labels(campaign)
        return True

    def refresh(self, campaign: str) -> None:
        """Writes the campaign's labels, and its jobs side by side.

        Anew with every report, so the last one written is complete; and when labels changed after it, by duplicates,
        imports or corrections.
        """
        places = Places(self._bucket, campaign)
        duplicates = self._labels.write(campaign)
        self._second_look.write_list(campaign)
        jobs = sorted(self._store.jobs.of(campaign), key=lambda job: job.reserved_at)
        written = (self._report(places, job) for job in jobs)
        reports = [report for report in written if report is not None]
        index = read_index(self._objects, places.images)
        results = CampaignResults(campaign, reports, duplicates, None if index is None else figures(index))
        self._publish_campaign(results, places.reports, objects=self._objects, now=self._now())

    def _control_report(self, job: Job, places: Places) -> dict[str, Any] | None:
        if job.is_beside_chain:
            return None
        jobs = self._store.jobs.of(job.campaign)
        control = next((other for other in jobs if other.is_control and other.batch == job.batch), None)
        return None if control is None else self._report(places, control)

    def _report(self, places: Places, job: Job) -> dict[str, Any] | None:
        """A written report; None where there is none (yet)."""
        report: dict[str, Any] | None = read_json(self._objects, places.report(job.name) / "report.json")
        return report
