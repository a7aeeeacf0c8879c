"""What a campaign waits for, in words for its owner: why, and what to do. The planner decides, and says nothing."""

from __future__ import annotations

from gt_service.money import Mills, usd
from gt_service.records import Campaign, Job, Verdict, WaitsFor
from gt_service.records.states import CampaignStatus


def stopped() -> Verdict:
    return Verdict(CampaignStatus.STOPPED, "stopped on request", "Begin a new campaign with the images that are left.")


def paused(campaign: Campaign) -> Verdict:
    return Verdict(CampaignStatus.PAUSED, "paused on request", f"Resume it: {_resume(campaign)}.")


def over_budget(campaign: Campaign, overspent: Mills, overrun: Job | None) -> Verdict:
    """overrun: a job that cost more than its reservation, where there is one."""
    why = (
        "" if overrun is None else f": labeling job {overrun.name} cost more than was set aside for it; see its report"
    )
    return Verdict(
        CampaignStatus(campaign.state),
        f"{usd(overspent)} more than the budget is spent or set aside{why}",
        "Raise budget in the spec before more is to be labeled.",
    )


def refused(campaign: Campaign, job: Job) -> Verdict:
    return _waiting(
        f"labeling job {job.name} could not be started: {job.failure_reason}",
        f"Correct what the message names; if it is in the spec, upload the spec again. It is tried again now and then, "
        f"or at once when you resume the campaign: {_resume(campaign)}.",
        WaitsFor.REQUEST,
    )


def unlabeled(campaign: Campaign, job: Job) -> Verdict:
    """job: the last try of its batch, which left objects unlabeled."""
    cause = f": {job.failure_reason}" if job.failure_reason else ""
    return _waiting(
        f"labeling job {job.name} ended as {job.state} with {job.unlabeled} objects unlabeled, and {job.attempt} "
        f"follow-ups were tried{cause}",
        f"Look into the reason. Then resume for one more try ({_resume(campaign)}), raise follow_ups in the spec, or "
        f"go on without these images ({_resume(campaign, ' --leave-out')}). What is labeled is never sent again.",
        WaitsFor.UNLABELED,
    )


def output(campaign: Campaign, job: Job) -> Verdict:
    return _waiting(
        f"the output of labeling job {job.name} is not whole: {job.output_problem}",
        f"Bring back what is missing below {job.output_uri}/ (the bucket keeps earlier versions); it is read again "
        f"every quarter of an hour. Or resume ({_resume(campaign)}): what has no label is sent again, and may be paid "
        f"for twice. Or go on without it ({_resume(campaign, ' --leave-out')}).",
        WaitsFor.OUTPUT,
    )


_SHORTER = ", or shorten task_time_limit_seconds: so much is set aside for each answer that is out"


def budget(job: Job, headroom: Mills, *, is_paid_by_time: bool) -> Verdict:
    needs, left = "may cost" if job.people_seconds is None else "needs at least", max(headroom, Mills(0))
    return _waiting(
        f"labeling job {job.name} {needs} {usd(job.reserved)}, and of the budget {usd(left)} are left",
        f"Raise budget in the spec{_SHORTER if is_paid_by_time else ''}; the campaign goes on by itself.",
        WaitsFor.BUDGET,
    )


def _waiting(reason: str, remedy: str, waits_for: WaitsFor) -> Verdict:
    return Verdict(CampaignStatus.WAITING, reason, remedy, waits_for)


def _resume(campaign: Campaign, options: str = "") -> str:
    """The command. The pages' buttons and the API's routes bear the same names."""
    return f"`gt-service resume {campaign.name}{options}`"
