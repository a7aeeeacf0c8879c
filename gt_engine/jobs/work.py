"""The pieces of work of a labeling job, one value for each; `life_cycle` says which is next, `steps` do them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import AskPeople
from gt_engine.store import Phase


@dataclass(frozen=True)
class Open:
    """Read and check the manifest, keep a copy of it."""


@dataclass(frozen=True)
class Prepare:
    """Look at these images: are they readable, how large, what are their features.

    until: people are at work meanwhile, and something may be due then.
    """

    first: int
    count: int
    until: datetime | None = None


@dataclass(frozen=True)
class LookAhead:
    """Look at these images before it is their turn: people are about to be asked about them."""

    object_ids: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """Send a batch to people; its labels are those of `iteration`.

    certifies: its labels may take part in a certificate, so nobody sees the machine's proposals with it.
    """

    iteration: int
    step: AskPeople
    certifies: bool = True


@dataclass(frozen=True)
class Offer:
    """Decide on a batch for people; its labels are those of `iteration`. What was offered ahead becomes part of it.

    is_ahead: it is a part of a batch that is not decided on yet.
    certifies: as of `Ask`.
    """

    iteration: int
    step: AskPeople
    is_ahead: bool = False
    certifies: bool = True


@dataclass(frozen=True)
class Publish:
    """Put on offer what was decided on."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do before `until`, unless people do something."""

    until: datetime


@dataclass(frozen=True)
class Close:
    """Take no more answers to these objects of the open batch that begins at place `first`. `by_force`: whether or not
    they have all of their answers."""

    first: int
    object_ids: tuple[str, ...]
    by_force: bool = False


@dataclass(frozen=True)
class Remind:
    """Tell the team that the time of the open batch that begins at place `first` is nearly over."""

    first: int


@dataclass(frozen=True)
class Consolidate:
    """Make labels of what was closed."""


@dataclass(frozen=True)
class AutoLabel:
    """Train and let the machine label what it may."""

    iteration: int
    step: rounds.AutoLabel


@dataclass(frozen=True)
class TrainFinal:
    """Train the model that the job leaves, on all human labels."""

    iteration: int


@dataclass(frozen=True)
class End:
    """Write the output manifest and end. `reason` is the FailureReason of a job that failed."""

    phase: Phase
    reason: str | None = None


Work: TypeAlias = (
    Open
    | Prepare
    | LookAhead
    | Ask
    | Offer
    | Publish
    | Wait
    | Close
    | Remind
    | Consolidate
    | AutoLabel
    | TrainFinal
    | End
)
