"""Labels a folder: starts the stack, lets people in, drops the photos, watches, and leaves the labels in a folder."""

from __future__ import annotations

import json
import shutil
import signal
import time
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.live import Live
from rich.markup import escape

from gt_cli import importing
from gt_cli.api import Api, known_campaign
from gt_cli.exposure import exposure
from gt_cli.labeling import dropping, trial, watching
from gt_cli.labeling.people import Link, People
from gt_cli.labeling.photos import Photos, find_photos
from gt_cli.labeling.plan import FEWEST_FOR_THE_MACHINE, Wanted, campaign_spec
from gt_cli.labeling.results import REPORT, SO_FAR, Results, check_out
from gt_cli.labeling.watching import Standing, standing
from gt_cli.stack import LocalStack, local_stack
from gt_cli.teams import create_team
from gt_cli.terminal import console, say
from gt_engine.workforce.members import INVITATION_LIFETIME, SIGN_IN_LIFETIME
from gt_engine.workforce.progress import JobProgress
from gt_service.errors import Conflict, GtServiceError, InvalidInput

LOOK_EVERY_SECONDS = 2.0
WRITE_EVERY_SECONDS = 300.0
REFUSED_SHOWN = 20
OWNER = "folder.json"


class LabelingFailed(GtServiceError):
    """A labeling job failed, or waits for its owner; what is labeled has been written."""

    code = "labeling_failed"


@dataclass(frozen=True)
class Run:
    """A call of `gt-service label`. `invite`: names besides the owner's; `host`: where browsers reach the portal;
    `brings`: labels of some of the photos that are there already; `keep`: its pages stay until Ctrl-C when all is
    labeled."""

    wanted: Wanted
    out: Path
    work: Path
    owner: str
    invite: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    opens_browser: bool = True
    brings: Path | None = None
    keep: bool = False


def label(run: Run) -> Standing:
    """The whole of it, until all is labeled or Ctrl-C. Errors: GtServiceError of the part that failed."""
    check_out(run.out)
    if run.wanted.is_trial:
        trial.draw(run.wanted.folder)
    if run.wanted.model is not None:  # a file that is none is told before anything is started
        dropping.model_file(run.wanted.model, run.wanted.model_labels)
    _check_people(run)
    photos = find_photos(run.wanted.folder, run.wanted.task, besides=(run.out, run.work))
    tell_refused(photos)
    run.work.mkdir(parents=True, exist_ok=True)
    _check_room(run, photos)
    _claim(run)
    if exposure(run.host, run.work) is not None:
        say(
            "[yellow]Other machines can reach the pages for people, without TLS:[/] do that in a network that you "
            "trust. Whoever has a link, or listens to it, labels as that person."
        )
    with local_stack(
        run.work,
        logs=run.work / "logs",
        keep=True,
        host=run.host,
        say=lambda text: console.print(f"[dim]{escape(text)} …[/]"),
    ) as stack:
        team = create_team(stack.sagemaker(), run.wanted.campaign)
        people = People.of(stack)
        links = people.invite((run.owner, *run.invite), run.wanted.campaign)
        with Api(stack.api_url, stack.headers) as api:
            model = None
            if run.wanted.model is not None:
                labels = run.wanted.model_labels
                model = str(dropping.drop_model(stack, run.wanted.campaign, run.wanted.model, labels))
            spec = campaign_spec(
                run.wanted, len(photos.images), auto_labeling=photos.auto_labeling, team=team, model=model
            )
            dropping.put_spec(api, spec)
            _go_on(api, run.wanted.campaign)
            tell_links(links, stack.sign_in_url)
            watch = _Watch(run, stack, api, people, links[0] if run.opens_browser else None)
            write = partial(Results(stack, api, people, run.wanted).write, run.out)
            try:
                if run.brings is not None:
                    _bring(run.brings, stack, api, run)
                _drop(stack, run, photos)
                now = watch.until_done(len(photos.images), write)
                if run.keep:
                    tell_end(run, now, write(now))
                    tell_kept(stack.sign_in_url)
                    stack.stay()
            except KeyboardInterrupt:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C would break off the writing
                now = watch.look(len(photos.images))
                console.print("\n[dim]writing what is labeled so far …[/]")
            tell_end(run, now, write(now))
            if now.is_done and now.reason and now.left:
                raise LabelingFailed(now.reason, remedy=f"The same command tries again. Logs: {stack.logs}")
            return now


# ---------------------------------------------------------------- before anything starts


def _check_people(run: Run) -> None:
    people = {run.owner, *run.invite}
    if run.wanted.workers > len(people):
        raise InvalidInput(
            f"--workers {run.wanted.workers} asks for as many people on each photo, and there are {len(people)}",
            remedy="Add --invite NAME for each of the others.",
            field="workers",
        )


def _check_room(run: Run, photos: Photos) -> None:
    """The stack keeps a copy of every photo. Errors: `InvalidInput` where its disk has no room for the new ones."""
    there = sum(path.stat().st_size for path in (run.work / "ministack" / "s3").rglob("*") if path.is_file())
    needed = sum(photo.size for photo in photos.images) - there
    free = shutil.disk_usage(run.work).free
    if needed > free:
        raise InvalidInput(
            f"the photos need {needed / 1e6:,.0f} MB in {run.work}, and its disk has {free / 1e6:,.0f} MB left",
            remedy="Make room, or name a folder on another disk with --work.",
            field="work",
        )


def _claim(run: Run) -> None:
    """A work folder is one folder's: another's photos would come into the same campaign. Errors: `Conflict`."""
    path, folder = run.work / OWNER, str(run.wanted.folder.resolve())
    asked = {"folder": folder, "task": str(run.wanted.task)}
    if path.exists():
        known = json.loads(path.read_text("utf-8"))
        if known != asked:
            raise Conflict(
                f"{run.work} is at work on {known['folder']} ({known['task']})",
                remedy="Name another folder with --work, and one with --out.",
            )
    path.write_text(json.dumps(asked), "utf-8")


def tell_refused(photos: Photos) -> None:
    for one in photos.refused[:REFUSED_SHOWN]:
        say(f"[yellow]Left out[/] {escape(one.name)}: {escape(one.reason)}. {escape(one.remedy)}")
    if len(photos.refused) > REFUSED_SHOWN:
        console.print(f"[yellow]and {len(photos.refused) - REFUSED_SHOWN:,} more[/]")
    console.print(f"{len(photos.images):,} photos to label.")
    if not photos.auto_labeling and len(photos.images) >= FEWEST_FOR_THE_MACHINE:
        say("[dim]People label them all: the machine does not take this task.[/]")


# ---------------------------------------------------------------- while it runs


def tell_links(links: Sequence[Link], owner: str) -> None:
    console.print("")
    for link in links:
        say(f"  [bold]{escape(link.name)}[/] labels at {link.url}")
    minutes, hours = SIGN_IN_LIFETIME // timedelta(minutes=1), INVITATION_LIFETIME // timedelta(hours=1)
    others = f", the others' within {hours} hours" if links[1:] else ""
    console.print(
        f"  [dim]Each link lets one person in, once: yours within {minutes} minutes{others}. "
        "The next start prints new ones.[/]",
        highlight=False,
        soft_wrap=True,
    )
    say(f"  Labels are looked at, and put right, at {owner}\n")


def _bring(path: Path, stack: LocalStack, api: Api, run: Run) -> None:
    """Labels that are there already, before the photos: they are not asked about again. Errors: BoxesError and others
    that name file and place."""
    campaign = known_campaign(api, run.wanted.campaign)
    brought = importing.read_wanted(importing.Wanted(path, run.wanted.folder, keeps_folders=True), campaign)
    with console.status("") as status:
        importing.drop(api, stack.session.client("s3"), run.wanted.campaign, brought, say=status.update)
        now = importing.wait(api, run.wanted.campaign, brought, say=status.update)
    console.print(f"{now['held']:,} labels from {escape(str(path))}: these photos are done.")
    if now["checked"]:
        console.print(
            f"{now['checked']:,} more, drawn by chance, are asked for all the same, to see whether they are right."
        )
    for note in now["notes"]:
        say(f"[yellow]Left out:[/] {escape(note)}")


def _drop(stack: LocalStack, run: Run, photos: Photos) -> None:
    with console.status("") as status:
        total = len(photos.images)
        new = dropping.drop_photos(
            stack,
            run.wanted.campaign,
            photos.images,
            lambda count: status.update(f"dropping the photos: {count:,} of {total:,}"),
        )
    if 0 < new < total:
        console.print(f"{new:,} of them are new.")


@dataclass
class _Watch:
    run: Run
    stack: LocalStack
    api: Api
    people: People
    opens: Link | None
    _known: dict[str, JobProgress] = field(default_factory=dict)
    _seconds: dict[str, float] = field(default_factory=dict)

    def look(self, expected: int) -> Standing:
        campaign = self.api.campaign(self.run.wanted.campaign)
        if campaign is None:
            return Standing(expected, stage="getting ready")
        batches, jobs = self.api.batches(campaign["name"]), self.api.jobs(campaign["name"])
        for job in jobs:
            progress = self.people.progress(job["name"])
            if progress is not None:
                self._known[job["name"]] = progress
            if job["report_s3_uri"] and job["name"] not in self._seconds:
                hours = (self.api.report(job["name"]).get("people") or {}).get("hours")
                if hours is not None:
                    self._seconds[job["name"]] = hours * 3600
        if campaign["images"]["pending"] and watching.registered_images(campaign) >= expected:
            self.api.close_batch_if_any(campaign["name"])
        return standing(campaign, batches, jobs, self._known, expected, self._seconds)

    def until_done(self, expected: int, write: Callable[[Standing], object]) -> Standing:
        """Draws how it goes, and writes the labels so far now and then. Errors: StackError."""
        last, written = "", time.monotonic()
        with self._live() as draw:
            while True:
                self.stack.check()
                now = self.look(expected)
                draw(now)
                if self.opens and now.stage == watching.WAITS_FOR_PEOPLE:
                    webbrowser.open(self.people.again(self.opens).url)
                    self.opens = None
                if (line := watching.line(now)) != last and not console.is_terminal:
                    console.print(line, highlight=False)
                last = line
                if now.is_done:
                    return now
                if time.monotonic() - written > WRITE_EVERY_SECONDS:
                    write(now)
                    written = time.monotonic()
                time.sleep(LOOK_EVERY_SECONDS)

    @contextmanager
    def _live(self) -> Iterator[Callable[[Standing], None]]:
        if not console.is_terminal:
            yield lambda _: None
            return
        with Live(console=console, auto_refresh=False) as live:
            yield lambda now: live.update(watching.drawing(now), refresh=True)


def _go_on(api: Api, name: str) -> None:
    """A campaign that waits for its owner has one who gave the command again."""
    campaign = api.campaign(name)
    if campaign is not None and campaign["status"] in ("waiting", "paused"):
        api.decide(name, "resume")


# ---------------------------------------------------------------- the end


def tell_kept(owner: str) -> None:
    say(f"\nThe labels can be looked at, and put right, at {owner}")
    console.print("Ctrl-C ends, and writes what was put right.")


def tell_end(run: Run, now: Standing, labeled: int) -> None:
    console.print("")
    for line in (run.out / REPORT / SO_FAR).read_text("utf-8").splitlines():
        console.print(f"  {line}")
    forms = ", ".join(sorted(path.name for path in run.out.iterdir() if not path.name.startswith(".")))
    say(f"\n{labeled:,} labeled photos in [bold]{escape(str(run.out))}[/]: {forms}")
    if not now.is_done:
        in_part = labeled > now.images - now.left + now.duplicates  # a label of fewer people than it is to have
        console.print(f"{now.left:,} are left{', some answered in part' if in_part else ''}; the same command goes on.")
