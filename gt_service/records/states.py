"""The states of campaigns, batches and labeling jobs, and the one table of what may follow what.

A transition is looked up, never computed: `follow(state, event)` answers with the next state. What the table lacks is
illegal (`Conflict`); what comes late or twice is in the table and leads to where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from gt_service.errors import Conflict, UnknownState


class CampaignState(StrEnum):
    """What its owner wants of a campaign. That it waits for something is found by the planner, not decided here."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class CampaignStatus(StrEnum):
    """How a campaign stands for who asks: what its owner wants of it, or that it waits."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    STOPPED = "stopped"


class CampaignEvent(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class BatchState(StrEnum):
    FILLING = "filling"
    """Its members are chosen; they are being marked as its own."""
    CLOSED = "closed"
    """Its manifest is written; it waits for its turn."""
    LABELING = "labeling"
    """A labeling job, or the next follow-up, works on it."""
    LABELED = "labeled"
    """Nothing more will be sent to people, except as a control."""


class BatchEvent(StrEnum):
    FILLED = "filled"
    JOB_RESERVED = "job reserved"
    DONE = "done"


class JobState(StrEnum):
    """Ground Truth's LabelingJobStatus, and before it what only the service knows."""

    RESERVED = "Reserved"
    """Its worst case is set aside and its request may be on its way."""
    REFUSED = "Refused"
    """SageMaker did not take the request; the same name is tried again once the cause may be fixed."""
    WITHDRAWN = "Withdrawn"
    """Never created, because the campaign was stopped; what was set aside is free again."""
    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"


class JobEvent(StrEnum):
    REFUSED = "refused"
    TRIED_AGAIN = "tried again"
    WITHDRAWN = "withdrawn"
    SEEN_INITIALIZING = "seen Initializing"
    SEEN_IN_PROGRESS = "seen InProgress"
    SEEN_STOPPING = "seen Stopping"
    SEEN_COMPLETED = "seen Completed"
    SEEN_FAILED = "seen Failed"
    SEEN_STOPPED = "seen Stopped"

    @classmethod
    def seen(cls, status: str) -> JobEvent:
        """The event of finding a job with this LabelingJobStatus. Errors: `UnknownState`, never a guess."""
        try:
            return cls(f"seen {status}")
        except ValueError:
            raise UnknownState(
                f"{status!r} is not a labeling job status that this version knows",
                remedy="Upgrade gt-service; the job is left as it is.",
                field="LabelingJobStatus",
            ) from None


State = TypeVar("State", bound=StrEnum)

_C, _B, _J = CampaignState, BatchState, JobState
_ENDS = {
    JobEvent.SEEN_COMPLETED: _J.COMPLETED,
    JobEvent.SEEN_FAILED: _J.FAILED,
    JobEvent.SEEN_STOPPED: _J.STOPPED,
}
_FOUND = {
    JobEvent.SEEN_INITIALIZING: _J.INITIALIZING,
    JobEvent.SEEN_IN_PROGRESS: _J.IN_PROGRESS,
    JobEvent.SEEN_STOPPING: _J.STOPPING,
    **_ENDS,
}
_SEEN = tuple(event for event in JobEvent if event.startswith("seen "))

TRANSITIONS: Mapping[tuple[StrEnum, StrEnum], StrEnum] = MappingProxyType(
    {
        # A stop is final: what it stopped may be half paid, and a second start would pay again.
        (_C.ACTIVE, CampaignEvent.PAUSE): _C.PAUSED,
        (_C.ACTIVE, CampaignEvent.RESUME): _C.ACTIVE,
        (_C.ACTIVE, CampaignEvent.STOP): _C.STOPPED,
        (_C.PAUSED, CampaignEvent.PAUSE): _C.PAUSED,
        (_C.PAUSED, CampaignEvent.RESUME): _C.ACTIVE,
        (_C.PAUSED, CampaignEvent.STOP): _C.STOPPED,
        (_C.STOPPED, CampaignEvent.STOP): _C.STOPPED,
        #
        (_B.FILLING, BatchEvent.FILLED): _B.CLOSED,
        (_B.CLOSED, BatchEvent.JOB_RESERVED): _B.LABELING,
        # Every image that was chosen had changed before it could be taken.
        (_B.CLOSED, BatchEvent.DONE): _B.LABELED,
        (_B.LABELING, BatchEvent.JOB_RESERVED): _B.LABELING,
        (_B.LABELING, BatchEvent.DONE): _B.LABELED,
        # The control is a job on a batch that is labeled already.
        (_B.LABELED, BatchEvent.JOB_RESERVED): _B.LABELED,
        #
        (_J.RESERVED, JobEvent.REFUSED): _J.REFUSED,
        (_J.RESERVED, JobEvent.WITHDRAWN): _J.WITHDRAWN,
        **{(_J.RESERVED, event): after for event, after in _FOUND.items()},
        (_J.REFUSED, JobEvent.TRIED_AGAIN): _J.RESERVED,
        (_J.REFUSED, JobEvent.REFUSED): _J.REFUSED,
        (_J.REFUSED, JobEvent.WITHDRAWN): _J.WITHDRAWN,
        # A request that seemed refused may have been taken from another sender of the same name.
        **{(_J.REFUSED, event): after for event, after in _FOUND.items()},
        **{(_J.INITIALIZING, event): after for event, after in _FOUND.items()},
        (_J.IN_PROGRESS, JobEvent.SEEN_INITIALIZING): _J.IN_PROGRESS,
        (_J.IN_PROGRESS, JobEvent.SEEN_IN_PROGRESS): _J.IN_PROGRESS,
        (_J.IN_PROGRESS, JobEvent.SEEN_STOPPING): _J.STOPPING,
        **{(_J.IN_PROGRESS, event): after for event, after in _ENDS.items()},
        (_J.STOPPING, JobEvent.SEEN_INITIALIZING): _J.STOPPING,
        (_J.STOPPING, JobEvent.SEEN_IN_PROGRESS): _J.STOPPING,
        (_J.STOPPING, JobEvent.SEEN_STOPPING): _J.STOPPING,
        **{(_J.STOPPING, event): after for event, after in _ENDS.items()},
        # The first end that was seen stays: labeling jobs never start again.
        **{(end, event): end for end in (_J.COMPLETED, _J.FAILED, _J.STOPPED) for event in _SEEN},
    }
)

RUNNING = frozenset({_J.INITIALIZING, _J.IN_PROGRESS, _J.STOPPING})
"""Ground Truth has the job and it has not ended."""
ENDED = frozenset({_J.COMPLETED, _J.FAILED, _J.STOPPED})
UNSENT = frozenset({_J.RESERVED, _J.REFUSED})
"""Money is set aside, and Ground Truth may or may not have the job yet."""


def follow(state: State, event: StrEnum) -> State:
    """The state after `event` has met `state`. Errors: `Conflict` where the table has no row."""
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise Conflict(f"{event} is not possible while {state}", remedy=_STOPPED if state is _C.STOPPED else "")
    return type(state)(after)


_STOPPED = "A stopped campaign stays stopped; begin a new campaign with the images that are left."
