"""How far the labeling of a folder is: what people and the machine have done, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gt_engine.workforce.progress import JobProgress

ENDED = frozenset({"Completed", "Failed", "Stopped"})
FEWEST_TO_FORETELL = 3
WAITS_FOR_PEOPLE = "waiting for people"


@dataclass(frozen=True)
class Standing:
    """Where the labeling is.

    images      that can be labeled: not refused (as far as looked at), each duplicate once
    by_people   with a label by people, consolidated or answered
    by_machine  with a label by the machine, which a certificate allows
    unlabeled   of jobs that have ended: given up
    active_seconds, answers  by people, in jobs that run
    stage       what is going on where nobody can be asked, in words
    """

    images: int
    duplicates: int = 0
    by_people: int = 0
    by_machine: int = 0
    unlabeled: int = 0
    active_seconds: float = 0.0
    answers: int = 0
    in_work: int = 0
    workers_per_object: int = 1
    stage: str = ""
    is_done: bool = False
    reason: str = ""

    @property
    def left(self) -> int:
        return max(0, self.images - self.by_people - self.by_machine - self.unlabeled)

    @property
    def minutes_left(self) -> float | None:
        """Of people's time, if they label all that is left; None until there is something to go by."""
        if self.answers < FEWEST_TO_FORETELL or not self.active_seconds:
            return None
        return self.left * self.workers_per_object * self.active_seconds / self.answers / 60


def registered_images(campaign: Mapping[str, Any] | None) -> int:
    """How many images the service has decided about; those that were replaced too late stand in their batch as well."""
    return sum(count for status, count in campaign["images"].items() if status != "replaced") if campaign else 0


def standing(
    campaign: Mapping[str, Any],
    batches: Sequence[Mapping[str, Any]],
    jobs: Sequence[Mapping[str, Any]],
    progress: Mapping[str, JobProgress],
    expected: int,
    seconds_of: Mapping[str, float] | None = None,
) -> Standing:
    """Puts together what the service says of a campaign and what the engine says of its people. Pure.

    progress: of jobs that people work on, by name. expected: how many photos were dropped. seconds_of: people's active
    time in jobs that have ended, by name.
    """
    counts = campaign["images"]
    registered = registered_images(campaign)
    images = counts["pending"] + counts["in_batches"] + max(0, expected - registered)
    people = machine = unlabeled = answers = in_work = 0
    seconds_of, per_object = seconds_of or {}, 1
    seconds = sum(seconds_of.values())
    for job in jobs:
        counters = job["counters"] or {}
        of_people = counters.get("HumanLabeled", 0)
        machine += counters.get("MachineLabeled", 0)
        if now := progress.get(job["name"]):
            of_people = max(of_people, now.done)
            answers, in_work = answers + now.answers, in_work + now.in_work
            seconds += now.active_seconds if job["name"] not in seconds_of else 0.0
            per_object = now.workers_per_object
        people += of_people
        if job["status"] in ENDED:
            unlabeled += job["unlabeled"] or 0
    asked = {job["batch"] for job in jobs}
    # The report comes last; the campaign's labels are complete with it.
    ended = all(job["status"] in ENDED and (job["status"] == "Failed" or job["report_s3_uri"]) for job in jobs)
    is_waiting = campaign["status"] != "active"
    is_asked = not counts["pending"] and {batch["number"] for batch in batches} <= asked
    is_done = (
        registered >= expected
        and not counts["pending"]
        and ended
        and (is_waiting or (bool(batches or counts.get("imported")) and is_asked))
    )
    so_far = Standing(
        images=images,
        duplicates=counts["duplicate"],
        by_people=people,
        by_machine=machine,
        unlabeled=unlabeled,
        active_seconds=seconds,
        answers=answers,
        in_work=in_work,
        workers_per_object=per_object,
        is_done=is_done,
        reason=_reason(campaign, jobs),
    )
    if is_done:
        return so_far
    running = [job for job in jobs if job["status"] not in ENDED]
    if registered < expected:
        stage = f"taking in the photos: {registered:,} of {expected:,}"
    elif running:
        stage = _stage(so_far.left, [progress[job["name"]] for job in running if job["name"] in progress])
    else:
        stage = "writing the report" if jobs and is_asked else "getting ready"
    return replace(so_far, stage=stage)


def _stage(left: int, asked: Sequence[JobProgress]) -> str:
    """asked: the people of the jobs that run."""
    if any(each.in_work or each.untouched for each in asked):
        return WAITS_FOR_PEOPLE
    if not left:
        return "finishing"
    return "the machine is at work" if asked else "getting ready"


def _reason(campaign: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]]) -> str:
    failed = [job["failure_reason"] for job in jobs if job["failure_reason"]]
    if failed:
        return str(failed[-1])
    return str(campaign["reason"] or "") if campaign["status"] == "waiting" else ""


def drawing(now: Standing) -> RenderableType:
    """For a terminal, drawn anew as it changes."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    for what, value in figures(now):
        table.add_row(what, value)
    done = now.by_people + now.by_machine
    bar = ProgressBar(total=max(1, now.images), completed=done, width=40)
    return Group(bar, table, Text("Ctrl-C stops; the same command goes on.", style="dim"))


def figures(now: Standing) -> list[tuple[str, str]]:
    rows = [
        ("photos", f"{now.images:,}"),
        ("by people", f"{now.by_people:,}"),
        ("by machine (certified)", f"{now.by_machine:,}"),
        ("minutes of people's time", f"{now.active_seconds / 60:.1f}"),
    ]
    if now.duplicates:
        rows.insert(1, ("copies, with their twins' labels", f"{now.duplicates:,}"))
    if now.unlabeled:
        rows.insert(-1, ("without a label", f"{now.unlabeled:,}"))
    minutes = now.minutes_left
    rows.append(("minutes left, by people alone", "–" if minutes is None else f"{minutes:.0f}"))
    return [*rows, ("", now.stage)] if now.stage else rows


def reckoned(now: Standing, wage: float | None) -> list[str]:
    """Lines of what is done. wage: US dollars an hour."""
    rows = [(what, value) for what, value in figures(now) if what and not what.startswith("minutes left")]
    if wage is not None:
        rows.append((f"at ${wage:g} an hour", f"${wage * now.active_seconds / 3600:.2f}"))
    return [f"{what:<34} {value:>10}" for what, value in rows]


def line(now: Standing) -> str:
    """For a log, printed when it changes."""
    return (
        f"{now.by_people:,} by people, {now.by_machine:,} by machine, {now.left:,} left"
        f"{', ' + now.stage if now.stage else ''}"
    )
