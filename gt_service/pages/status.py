"""How each status looks and what may be done in it. A status that is not here is an error, never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gt_service.errors import UnknownState


@dataclass(frozen=True)
class Status:
    """A status with its sign; the sign tells states apart where colours do not."""

    word: str
    sign: str
    tone: str  # class in pages.css: going, good, waiting, bad or idle
    ended: bool = False


_CAMPAIGN = {
    "active": Status("active", "▶", "going"),
    "waiting": Status("waiting", "◷", "waiting"),
    "paused": Status("paused", "❚❚", "idle"),
    "stopped": Status("stopped", "■", "idle", ended=True),
}
_JOB = {
    "Reserved": Status("Reserved", "◌", "waiting"),
    "Refused": Status("Refused", "✕", "bad"),
    "Withdrawn": Status("Withdrawn", "■", "idle", ended=True),
    "Initializing": Status("Initializing", "▷", "going"),
    "InProgress": Status("InProgress", "▶", "going"),
    "Completed": Status("Completed", "✓", "good", ended=True),
    "Failed": Status("Failed", "✕", "bad", ended=True),
    "Stopping": Status("Stopping", "◧", "waiting"),
    "Stopped": Status("Stopped", "■", "idle", ended=True),
}


def campaign_status(word: str) -> Status:
    return _known(_CAMPAIGN, word, "campaign")


def job_status(word: str) -> Status:
    return _known(_JOB, word, "labeling job")


def _known(table: dict[str, Status], word: str, thing: str) -> Status:
    try:
        return table[word]
    except KeyError:
        raise UnknownState(f"{word!r} is not a status of a {thing} that this version knows") from None


@dataclass(frozen=True)
class Action:
    """A button that asks before it acts: POST to `path` (relative to the API's root)."""

    name: str
    label: str
    path: str
    question: str
    consequence: str
    danger: bool = False


def second_look_dialogs(name: str, count: int) -> tuple[Action, ...]:
    """What the list of labels that seem wrong offers an operator."""
    if not count:
        return ()
    return (
        Action(
            "second-look",
            f"Send {count} to people",
            f"campaigns/{name}/second-look?top={count}",
            f"Have people look again at {count} label{'' if count == 1 else 's'} of {name}?",
            "They become a labeling job beside the chain, whose worst case is set aside under the budget. What people"
            " correct replaces the label; what it was is kept. Nothing is sent twice.",
        ),
    )


def campaign_dialogs(name: str, fewest_auto_labeled: int) -> tuple[Action, ...]:
    """Every action that a campaign can ever offer, each with what it asks. fewest_auto_labeled: the backend's."""
    root = f"campaigns/{name}"
    return (
        Action(
            "close",
            "Close batch",
            f"{root}/batches",
            f"Close the open batch of {name} now?",
            "Its images become one manifest, and its labeling job starts as soon as the chain is free. In a batch of"
            f" fewer than {fewest_auto_labeled:,} images people label every one.",
        ),
        Action(
            "pause",
            "Pause",
            f"{root}/pause",
            f"Pause {name}?",
            "No new labeling job starts. One that is running goes on to its end, and uploads are still registered.",
        ),
        Action(
            "resume",
            "Resume",
            f"{root}/resume",
            f"Resume {name}?",
            "The next step is taken at once; this can start a labeling job, which costs money up to the budget.",
        ),
        Action(
            "leave-out",
            "Go on without them",
            f"{root}/leave-out",
            f"Go on without the images that {name} waits for?",
            "They keep no label and are not sent again; the report of their job lists them. The next batch has its"
            " turn.",
        ),
        Action(
            "stop",
            "Stop",
            f"{root}/stop",
            f"Stop {name} for good?",
            "Its running labeling job is stopped; what is labeled so far is kept and paid for. A stopped campaign does"
            " not start again.",
            danger=True,
        ),
    )


_OFFERED = {
    "active": {"close", "pause", "stop"},
    "waiting": {"close", "resume", "pause", "stop"},
    "paused": {"resume", "stop"},
    "stopped": set[str](),
}


_LEFT_OUT = {"output", "unlabeled"}
"""What a campaign waits for that it can go on without."""

_WANTS_A_SPEC = {"spec", "budget"}
"""What a campaign waits for that only another spec brings."""


def campaign_actions(
    dialogs: Sequence[Action], status: str, *, pending: int, waits_for: str | None = None
) -> tuple[Action, ...]:
    """Those that an operator may do with a campaign now; there is no batch to close where nothing is pending."""
    campaign_status(status)
    offered = _OFFERED[status] - (set() if pending else {"close"})
    if status == "waiting":
        offered |= {"leave-out"} if waits_for in _LEFT_OUT else set()
        offered -= {"resume"} if waits_for in _WANTS_A_SPEC else set()
    return tuple(action for action in dialogs if action.name in offered)


def job_dialogs(name: str) -> tuple[Action, ...]:
    """Every action that a labeling job can ever offer."""
    return (
        Action(
            "stop",
            "Stop this job",
            f"jobs/{name}/stop",
            f"Stop the labeling job {name}?",
            "It cannot be started again. What is labeled so far is kept and paid for; a follow-up job sends the rest.",
            danger=True,
        ),
    )


def job_actions(name: str, status: str) -> tuple[Action, ...]:
    """What an operator may do with a labeling job now."""
    return job_dialogs(name) if job_status(status).word in ("Initializing", "InProgress") else ()
