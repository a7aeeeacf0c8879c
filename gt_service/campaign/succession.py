"""What a new spec in place of an old one means for the budget in force and for what is labeled already. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gt_service.campaign.spec import CampaignSpec
from gt_service.errors import shown
from gt_service.money import Mills, usd

_LONGEST_LIST = 300


@dataclass(frozen=True)
class InForce:
    """What holds for a campaign with its spec. cap: None where there is no budget. former_labels: given by its jobs and
    no longer among the spec's. notices: what its owner should hear of the change."""

    spec: CampaignSpec | None = None
    cap: Mills | None = None
    former_labels: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def succeed(before: InForce, spec: CampaignSpec, *, has_jobs: bool, is_dropped: bool) -> InForce:
    """`spec` put in force after `before`.

    has_jobs: whether labels may have been given by the labels of earlier specs. is_dropped: into the inbox, by whoever
    may write there; an operator who puts a spec through the API may do with the budget as they please.
    """
    given = (*before.former_labels, *(before.spec.labels if before.spec else ())) if has_jobs else ()
    former = tuple(dict.fromkeys(label for label in given if label not in spec.labels))
    cap, notice = _cap(before, spec) if is_dropped else (spec.budget, None)
    notices = [] if notice is None else [notice]
    if former:
        named = shown(", ".join(map(repr, former)), _LONGEST_LIST)
        notices.append(f"labels: jobs have labeled with {named}, which the spec has no more; those labels stay")
    return InForce(spec, cap, former, tuple(notices))


def consequences(before: InForce, spec: CampaignSpec, *, has_jobs: bool) -> tuple[str, ...]:
    """What an operator should know before `spec` takes the place of another: nothing that was labeled or paid changes.
    has_jobs: as in `succeed`."""
    former = before.spec
    if former is None or former == spec:
        return ()
    told = list(succeed(before, spec, has_jobs=has_jobs, is_dropped=False).notices)
    if not has_jobs:
        return tuple(told)
    told.append("Jobs that run keep the spec that they were started with; the next one goes by this.")
    if former.task is not spec.task:
        told.append(f"task: labels of {former.task} stay as they are, so the campaign will hold labels of two kinds")
    if (former.task, former.labels) != (spec.task, spec.labels) and spec.uses_auto_labeling:
        told.append("labels: the next job starts without the last model, which has learnt other ones")
    if former.label_attribute != spec.label_attribute:
        told.append(f"label_attribute: what is labeled already stays under {former.label_attribute!r}")
    return tuple(told)


def _cap(before: InForce, spec: CampaignSpec) -> tuple[Mills | None, str | None]:
    if before.cap is None:
        return spec.budget, None
    if spec.budget is None:
        notice = f"budget: the uploaded spec names none; {usd(before.cap)} stay in force. Only the API's PUT lifts it"
        return before.cap, notice
    if spec.budget > before.cap:
        return spec.budget, f"budget: raised from {usd(before.cap)} to {usd(spec.budget)} by a spec that was dropped"
    return spec.budget, None
