"""What a campaign needs next: a pure function of how it stands.

`plan` looks at nothing but its argument, so it may be asked at any time by anybody, and answers the same. Each action
is performed behind a conditional write (`gt_service.chain.advance`); after one that changed something, plan again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from gt_service.campaign import CampaignSpec
from gt_service.chain import actions, waits
from gt_service.chain.next_jobs import NextJobs, Standing, Terms
from gt_service.money import Mills
from gt_service.records import Batch, Job, Pending, Verdict
from gt_service.records.names import JobName, Places
from gt_service.records.states import UNSENT, BatchState, CampaignState, CampaignStatus, JobState

CREATION_LEASE = timedelta(minutes=20)
"""Longer than any function of the service runs: whoever was about to create a job has created it, or never will."""
REFUSAL_PAUSE = timedelta(minutes=15)
"""After this a refused request is tried again as it is: the cause may have been fixed outside of the campaign."""
STOP_PATIENCE = timedelta(minutes=10)
REPORT_PATIENCE = timedelta(minutes=30)
OUTPUT_PAUSE = timedelta(minutes=15)
"""After this an output that was not whole is read again: somebody may have brought its files back."""
LABELS_PAUSE = timedelta(minutes=5)
"""While duplicates, imports or corrections keep coming, the campaign's labels are asked for so often; they are
read and written whole."""


@dataclass(frozen=True)
class Plan:
    """actions: to be performed in this order. verdict: how the campaign stands once nothing is left to do.

    exhausted: batches whose tries are used up; resuming the campaign grants each one more. unsure: jobs whose output
    is not whole; resuming accepts each as it is. Both may be left out instead.
    """

    actions: tuple[actions.Action, ...]
    verdict: Verdict
    exhausted: tuple[Batch, ...] = ()
    unsure: tuple[Job, ...] = ()


def plan(standing: Standing, terms: Terms) -> Plan:
    planner = _Planner(standing, terms)
    chosen = tuple(planner.chosen())
    return Plan(chosen, planner.verdict(), tuple(planner.exhausted), tuple(planner.unsure))


def last_arrival(pending: Pending) -> datetime | None:
    """When it last became known that images come; None where none wait.

    The later of upload and registration: after a backlog in the queue, images that were uploaded long ago are still
    arriving, and a batch that closed by the time of upload would leave out those right behind.
    """
    times = (pending.newest, pending.registered)
    return max((datetime.fromisoformat(time) for time in times if time is not None), default=None)


class _Planner:
    def __init__(self, standing: Standing, terms: Terms) -> None:
        self._campaign, self._spec = standing.campaign, standing.campaign.spec
        self._batches, self._jobs = standing.batches, standing.jobs
        self._pending, self._now = standing.pending, standing.now
        self._places = Places(terms.results_bucket, standing.campaign.name)
        self._job_name = partial(JobName, standing.campaign.name, mark=terms.job_mark)
        self._next_jobs = NextJobs(standing, terms)
        self._waits: list[Verdict] = []
        self.exhausted: list[Batch] = []
        self.unsure: list[Job] = []

    def chosen(self) -> Iterator[actions.Action]:
        yield from self._reports()
        if self._campaign.state is CampaignState.STOPPED:
            yield from self._stops()
            return
        if self._spec is None:
            return
        imports = tuple(self._imports())
        yield from imports
        if imports:
            return  # what has its label is in no batch: nothing is chosen before they have found their images
        yield from self._closing(self._spec)
        if self._campaign.state is CampaignState.ACTIVE:
            yield from self._unsent(self._spec)
            yield from self._chain(self._spec)
            yield from self._controls(self._spec)
            yield from self._reviews(self._spec)

    def verdict(self) -> Verdict:
        state = self._campaign.state
        if state is CampaignState.STOPPED:
            return waits.stopped()
        if state is CampaignState.PAUSED:
            return waits.paused(self._campaign)
        if self._spec is None:
            return self._campaign.verdict
        # The first that was met: a refused job or the batch whose turn it is holds up all that comes after it.
        return self._waits[0] if self._waits else self._unhindered()

    def _unhindered(self) -> Verdict:
        headroom = self._campaign.headroom
        if headroom is None or headroom >= 0:
            return Verdict(CampaignStatus(self._campaign.state))
        overrun = next((job for job in self._jobs if (job.cost or 0) > job.reserved), None)
        return waits.over_budget(self._campaign, Mills(-headroom), overrun)

    # ------------------------------------------------------------ reports

    def _reports(self) -> Iterator[actions.Action]:
        for job in self._jobs:
            asked = job.report_asked_at
            if job.is_unsettled and (asked is None or self._now - asked >= REPORT_PATIENCE):
                yield actions.AskForReport(job)
        asked = self._campaign.labels_asked_at
        is_written = self._campaign.label_changes == self._campaign.labels_written
        is_due = asked is None or self._now - asked >= LABELS_PAUSE
        has_labels = any(each.held for each in self._campaign.imports) or any(
            job.has_ended and not job.is_beside_chain for job in self._jobs
        )
        if is_due and not is_written and has_labels:
            yield actions.AskForLabels()

    # ------------------------------------------------------------ stopping

    def _stops(self) -> Iterator[actions.Action]:
        for job in self._jobs:
            asked = job.stop_requested_at
            if job.state in {JobState.INITIALIZING, JobState.IN_PROGRESS}:
                if asked is None or self._now - asked >= STOP_PATIENCE:
                    yield actions.StopJob(job)
            elif job.state in UNSENT and self._now - job.reserved_at >= CREATION_LEASE:
                yield actions.WithdrawJob(job)

    # ------------------------------------------------------------ imports

    def _imports(self) -> Iterator[actions.Action]:
        for each in self._campaign.imports:
            # One that was refused may be right by another spec.
            if each.revision is None or (each.problem is not None and each.revision != self._campaign.revision):
                yield actions.ReadLabels(each)
                return
        # Two images of one moment look like one: once an hour it is looked again, whatever is known.
        known = (self._pending.count, self._pending.registered, self._campaign.duplicate_at, f"{self._now:%d-%H}")
        seen = " ".join(map(str, known))
        if self._campaign.awaits_images and seen != self._campaign.imports_seen:
            yield actions.PlaceLabels(seen)

    # ------------------------------------------------------------ batches

    def _closing(self, spec: CampaignSpec) -> Iterator[actions.Action]:
        filling = [batch for batch in self._batches if batch.state is BatchState.FILLING]
        if filling:
            # Before anything else is chosen: see `gt_service.ingest.batching`.
            yield actions.FillBatch(filling[0])
            return
        why = self._why_close(spec)
        if why is not None:
            number = max((batch.number for batch in self._batches), default=0) + 1
            yield actions.ChooseBatch(number, spec.batch.size, why)
        elif self._campaign.close_requested_at is not None:
            yield actions.CloseServed()

    def _why_close(self, spec: CampaignSpec) -> str | None:
        waiting, last = self._pending.count, last_arrival(self._pending)
        if waiting == 0 or last is None:
            return None
        if waiting >= spec.batch.size:
            return "full"
        if self._campaign.close_requested_at is not None:
            return "on request"
        if waiting >= spec.batch.minimum and self._now - last >= timedelta(minutes=spec.batch.quiet_minutes):
            return "quiet"
        return None

    # ------------------------------------------------------------ jobs

    def _unsent(self, spec: CampaignSpec) -> Iterator[actions.Action]:
        for job in self._jobs:
            if job.state is JobState.RESERVED:
                yield actions.CreateJob(job)
            elif job.state is JobState.REFUSED:
                yield from self._refused(job, spec)

    def _refused(self, job: Job, spec: CampaignSpec) -> Iterator[actions.Action]:
        refused_at = job.refused_at or self._now
        resumed_at = self._campaign.resumed_at
        resumed = resumed_at is not None and resumed_at > refused_at
        if job.revision == self._campaign.revision and not resumed and self._now - refused_at < REFUSAL_PAUSE:
            self._waits.append(waits.refused(self._campaign, job))
            return
        again = self._next_jobs.reservation(spec, job.job_name, job.objects, job.manifest_uri, freed=job.reserved)
        if self._affordable(again.reserved - job.reserved, again):
            yield actions.ReserveAgain(job, again)

    def _chain(self, spec: CampaignSpec) -> Iterator[actions.Action]:
        """The lowest batch that is not labeled has the turn; later ones queue."""
        turn = next((batch for batch in self._batches if batch.state is not BatchState.LABELED), None)
        if turn is None or turn.state is BatchState.FILLING:
            return
        tries = [job for job in self._jobs if job.batch == turn.number and not job.is_beside_chain]
        if turn.objects == 0:
            yield actions.FinishBatch(turn, unlabeled=0)
        elif not tries:
            name = self._job_name(turn.number)
            yield from self._reserve(
                turn, spec, name, turn.objects, turn.labeled_manifest_uri or turn.manifest_uri or ""
            )
        else:
            yield from self._after(turn, tries, spec)

    def _after(self, batch: Batch, tries: Sequence[Job], spec: CampaignSpec) -> Iterator[actions.Action]:
        last = tries[-1]
        if not last.has_ended:
            return
        if last.unlabeled is None:
            yield from self._count(batch, last)
            return
        # Where nothing at all of the batch is labeled, something else is wrong, and its owner is to look.
        failed_by_itself = last.unlabeled < batch.objects and _each_failed_by_itself(last, last.unlabeled)
        has_met_only_failures = failed_by_itself and last.attempt > 0 and last.unlabeled == last.objects
        if last.unlabeled == 0 or batch.leaves_out or has_met_only_failures:
            yield actions.FinishBatch(batch, unlabeled=last.unlabeled)
        elif last.has_met_its_limit or _follow_ups(tries) < spec.follow_ups + batch.extra_follow_ups:
            name = replace(last.job_name, attempt=last.attempt + 1)
            manifest = str(self._places.manifest(batch.number, name.attempt))
            yield from self._reserve(batch, spec, name, last.unlabeled, manifest)
        elif last.state is JobState.COMPLETED or failed_by_itself:
            # The service is done with them: they failed or expired, again. They are listed in the report.
            yield actions.FinishBatch(batch, unlabeled=last.unlabeled)
        else:
            self.exhausted.append(batch)
            self._waits.append(waits.unlabeled(self._campaign, last))

    def _count(self, batch: Batch, last: Job) -> Iterator[actions.Action]:
        accepts = last.output_accepted or batch.leaves_out
        if last.output_problem is None or accepts:
            yield actions.CountUnlabeled(last, accepts)
            return
        self.unsure.append(last)
        self._waits.append(waits.output(self._campaign, last))
        if last.output_read_at is None or self._now - last.output_read_at >= OUTPUT_PAUSE:
            yield actions.CountUnlabeled(last, accepts)

    def _controls(self, spec: CampaignSpec) -> Iterator[actions.Action]:
        for batch in self._batches:
            wanted = batch.number in spec.control_batches and batch.state is BatchState.LABELED and batch.objects > 0
            name = self._job_name(batch.number, control=True)
            if wanted and not any(job.is_control and job.batch == batch.number for job in self._jobs):
                yield from self._reserve(batch, spec, name, batch.objects, batch.manifest_uri or "")
                return

    def _reviews(self, spec: CampaignSpec) -> Iterator[actions.Action]:
        """Each labeled batch gets its second look once the model's opinion of its labels is known."""
        for batch in self._batches:
            if spec.review.share is None or batch.state is not BatchState.LABELED:
                continue
            name = self._job_name(batch.number, review=True)
            jobs = [job for job in self._jobs if job.batch == batch.number and not job.is_beside_chain]
            if batch.review_objects is None:
                if jobs and not any(job.is_unsettled for job in jobs):
                    yield actions.ChooseReview(batch)
            elif batch.review_objects and not any(job.name == str(name) for job in self._jobs):
                manifest = batch.review_manifest_uri or ""
                yield from self._reserve(batch, spec, name, batch.review_objects, manifest)
                return

    def _reserve(
        self, batch: Batch, spec: CampaignSpec, name: JobName, objects: int, manifest: str
    ) -> Iterator[actions.Action]:
        job = self._next_jobs.reservation(spec, name, objects, manifest)
        if self._affordable(job.reserved, job):
            yield actions.ReserveJob(job, batch)

    def _affordable(self, amount: int, job: Job) -> bool:
        headroom = self._campaign.headroom
        if headroom is None or amount <= headroom:
            return True
        if not self._next_jobs.more_is_coming():
            is_paid_by_time = self._spec is not None and self._spec.wage is not None
            self._waits.append(waits.budget(job, headroom, is_paid_by_time=is_paid_by_time))
        return False


def _each_failed_by_itself(job: Job, unlabeled: int) -> bool:
    """Whether every object without a label was tried and failed for a reason of its own.

    Such a job ends as Failed where they are more than a few of its objects, as the rest of a rest always is. One more
    try would tell nothing new, and images that nobody can answer must not hold up a campaign.
    """
    has_ended_by_itself = job.state in {JobState.COMPLETED, JobState.FAILED}
    return has_ended_by_itself and job.counters.get("FailedNonRetryableError", 0) >= unlabeled


def _follow_ups(tries: Sequence[Job]) -> int:
    """How many times a batch's rest was sent again because of its images; what the budget interrupted is no try."""
    return tries[-1].attempt - sum(job.has_met_its_limit for job in tries)
