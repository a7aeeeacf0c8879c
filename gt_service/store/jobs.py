"""Labeling jobs, each put together with the money set aside for it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from typing import Any

from gt_service.errors import NotFound
from gt_service.money import Mills
from gt_service.records import Batch, Campaign, Job
from gt_service.records.names import JobName, Role
from gt_service.records.states import BatchEvent, JobEvent, JobState, follow
from gt_service.store import writing
from gt_service.store.models import BatchItem, CampaignItem, JobItem, Tables, item_of, members, plain, record


class Jobs:
    def __init__(self, tables: Tables) -> None:
        self._tables, self._items, self._connection = tables, tables.jobs, tables.connection

    def of(self, campaign: str) -> tuple[Job, ...]:
        """In order of batch, the chain before what is beside it, and attempt."""
        jobs = [job_of(item) for item in self._items.query(campaign, consistent_read=True)]
        return tuple(sorted(jobs, key=lambda job: (job.batch, job.is_beside_chain, job.is_review, job.attempt)))

    def get(self, name: str) -> Job:
        """Errors: `NotFound`."""
        item = item_of(self._items, JobName.parse(name).campaign, name)
        if item is None:
            raise NotFound(f"there is no labeling job {name!r}", remedy="List the jobs of the campaign.", field="name")
        return job_of(item)

    def reserve(self, job: Job, campaign: Campaign, batch: Batch) -> bool:
        """Puts the job and sets its worst case aside, both or neither; False where anything changed meanwhile.

        Closes: two jobs that fit under the cap one by one are started together; a batch gets two jobs at once.
        """
        try:
            with writing.transaction(self._connection) as writes:
                writes.save(self._item(job), condition=writing.is_new(self._items))
                self._set_aside(writes, campaign, job.reserved)
                if not job.is_beside_chain:
                    state = follow(batch.state, BatchEvent.JOB_RESERVED)
                    writes.update(
                        self._tables.batches(campaign=batch.campaign, number=batch.number),
                        actions=[BatchItem.state.set(state.value)],
                        condition=writing.batch_in(batch.state),
                    )
        except writing.Lost:
            return False
        return True

    def reserve_again(self, refused: Job, job: Job, campaign: Campaign) -> bool:
        """Tries a refused job's name anew, as it is compiled now, with what that may cost."""
        follow(refused.state, JobEvent.TRIED_AGAIN)
        try:
            with writing.transaction(self._connection) as writes:
                writes.save(self._item(job), condition=writing.job_in(refused.state))
                self._set_aside(writes, campaign, Mills(job.reserved - refused.reserved))
        except writing.Lost:
            return False
        return True

    def refuse(self, job: Job, reason: str, now: datetime) -> None:
        state = follow(job.state, JobEvent.REFUSED)
        self._update(
            job,
            JobItem.state.set(state.value),
            JobItem.failure_reason.set(reason[:1024]),
            JobItem.refused_at.set(now),
        )

    def withdraw(self, job: Job) -> None:
        """Gives up a job that was never created, and frees what was set aside for it."""
        state = follow(job.state, JobEvent.WITHDRAWN)
        # Closes: it is tried again meanwhile, and something else is set aside for it.
        is_as_seen = writing.job_in(job.state) & (JobItem.reserved == job.reserved)
        with suppress(writing.Lost), writing.transaction(self._connection) as writes:
            writes.update(self._key(job), actions=[JobItem.state.set(state.value)], condition=is_as_seen)
            self._settle_money(writes, job, Mills(0))

    def record(self, before: Job, after: Job) -> bool:
        """Writes what was seen of a job; False where another handler saw more first."""
        if before == after:
            return False
        changed = [field.name for field in fields(Job) if getattr(before, field.name) != getattr(after, field.name)]
        return self._update(before, *(_set(name, getattr(after, name)) for name in changed))

    def settle(self, job: Job, cost: Mills, report_uri: str | None) -> bool:
        """Puts the real cost in the reservation's stead, once; False where it was settled already."""
        try:
            with writing.transaction(self._connection) as writes:
                writes.update(
                    self._key(job),
                    actions=[_set("cost", cost), _set("report_uri", report_uri)],
                    condition=writing.job_unsettled() & writing.job_in(job.state),
                )
                self._settle_money(writes, job, cost)
        except writing.Lost:
            return False
        return True

    def _set_aside(self, writes: Any, campaign: Campaign, amount: Mills) -> None:
        writes.update(
            self._tables.campaigns(name=campaign.name),
            actions=[
                CampaignItem.committed.set(campaign.committed + amount),
                CampaignItem.version.set(campaign.version + 1),
            ],
            condition=writing.campaign_unchanged(campaign.version),
        )

    def _settle_money(self, writes: Any, job: Job, cost: Mills) -> None:
        # Unconditional sums: the job's own condition, in the same transaction, lets them happen once.
        writes.update(
            self._tables.campaigns(name=job.campaign),
            actions=[
                CampaignItem.committed.add(-job.reserved),
                CampaignItem.spent.add(cost),
                CampaignItem.version.add(1),
            ],
        )

    def _update(self, job: Job, *actions: Any) -> bool:
        return writing.updated(self._key(job), *actions, condition=writing.job_in(job.state))

    def _key(self, job: Job) -> JobItem:
        return self._items(campaign=job.campaign, name=job.name)

    def _item(self, job: Job) -> JobItem:
        return self._items(**members(job))


def _set(name: str, value: Any) -> Any:
    attribute = JobItem.get_attributes()[name]
    return attribute.remove() if value is None else attribute.set(plain(value))


def job_of(item: JobItem) -> Job:
    return record(Job, item, role=Role(item.role), state=JobState(item.state), labels=tuple(item.labels))
