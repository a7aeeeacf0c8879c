"""Figures of docs/explanation/scale.md and portal.md, from benchmarks/results (`benchmarks.figures` writes them)."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.tables import table

Results = Callable[[str], Any]


def manifests(read: Results) -> str:
    lines = [(f"{row['objects']:,}", _seconds(row["cpu_seconds"]), f"{row['peak_mb']} MB") for row in read("manifests")]
    return table(("objects", "processor time", "memory at its peak"), lines)


LIKENESSES = {
    "copy: JPEG 95": "saved again as JPEG 95",
    "copy: JPEG 60": "saved again as JPEG 60",
    "copy: half the size, JPEG 85": "half the size",
    "copy: 1.5 times the size, JPEG 90": "1.5 times the size",
    "copy: a tenth brighter": "a tenth brighter",
    "other: 3 % cut off at the left": "3 % cut off at the left",
    "other: a bird moved by half its width": "a bird moved by half its width",
    "other: another picture": "another picture",
}


def near_duplicates(read: Results) -> str:
    rows = {row["kind"]: row for row in read("near_duplicates")["rows"]}
    lines = []
    for kind, title in LIKENESSES.items():
        row = rows[kind]
        pairs = f" ({row['pairs']:,} pairs)" if title == "another picture" else ""
        bits = ", ".join(str(row[part]) for part in ("p1", "p50", "p99"))
        lines.append((title + pairs, bits, f"{100 * row['found']:.3g} %"))
    return table(("against its original", "bits apart: 1 %, half, 99 %", "treated as the same"), lines)


PAGES = {
    "campaigns": "campaigns",
    "campaigns/large": "a campaign",
    "jobs/large-0001": "a job",
    "campaigns/large/images?status=rejected": "rejected images",
    "estimates?objects=5000": "estimates",
}


def status_pages(read: Results) -> str:
    pages = read("pages")["pages"]
    lines = [
        (title, *(f"{pages[page][part]} ms" for part in ("median_ms", "slowest_ms", "processor_ms")))
        for page, title in PAGES.items()
    ]
    return table(("page", "clock time: half within", "slowest", "processor time"), lines)


ACTIONS = {
    "draw a box": "draw a box (a drag of 13 events)",
    "nudge it": "nudge it five times",
    "delete it": "delete it",
    "undo": "undo",
    "go to the next box": "go on three boxes",
    "hide or show a label": "hide a label of 333 boxes (a click)",
    "zoom by the wheel": "zoom by the wheel",
    "zoom by a key": "zoom by a key, twice",
    "fit": "fit",
}


def drawing(read: Results) -> str:
    measured = read("drawing")["milliseconds"]
    lines = [
        (title, f"{measured[action]['median']} ms", f"{measured[action]['most']} ms", str(measured[action]["events"]))
        for action, title in ACTIONS.items()
    ]
    return table(("action", "one event, half within", "the slowest", "of events"), lines)


def drawing_first(read: Results) -> str:
    return f"{read('drawing')['seconds to the first picture']:.1f} s"


def latency(read: Results) -> str:
    cold, warm = read("latency")["seconds"][:2], read("latency")["seconds"][2:]
    return f"{min(warm):.1f} to {max(warm):.1f} s; {statistics.mean(cold):.0f} s"


def reports(read: Results) -> str:
    lines = []
    for name, kind in (("report", "public workforce"), ("report-private-team", "private teams")):
        found = read(name)
        peak = found["peak_mb"]
        title = f"{found['objects_per_consolidation_file']} in a file ({kind}), {found['files']:,} files"
        for what, key, ratio in (("processor time", "cpu_seconds", "cpu_ratio"), ("clock time", "seconds", "ratio")):
            ours, theirs = (_seconds(found[key][side]) for side in ("ours", "notebook"))
            lines.append((title if key == "cpu_seconds" else "", what, ours, theirs, str(found[ratio])))
        memory = (f"{peak['ours']} MB", f"{peak['notebook']} MB and the `aws` command's")
        lines.append(("", "memory at its peak", *memory, ""))
    return table((f"{read('report')['objects']:,} objects", "", "ours", "the notebook's", "ratio"), lines)


STEPS = {"Prepare": "looking at 250 images", "Ask": "asking about 500"}


def large_job(read: Results) -> str:
    kinds = read("engine_scale")["kinds"]
    lines = []
    for kind, title in STEPS.items():
        row = kinds[kind]
        first, last = (_seconds(row[part]["processor_seconds"]) for part in ("first", "last"))
        carried = f"{row['last']['bytes'] / 1e6:.1f} MB"
        lines.append((title, str(row["steps"]), _seconds(row["processor_seconds"]), first, last, carried))
    end = kinds["End"]
    size = f"{end['megabytes']:.1f} MB"
    lines.append(("the output manifest", str(end["steps"]), _seconds(end["processor_seconds"]), "", "", size))
    return table(("step", "steps", "processor time", "first", "last", "carried by the last"), lines)


def larger_jobs(read: Results) -> str:
    lines = []
    people, machine = ("50000", "100000"), ("20000", "50000", "boxes_100000", "100000")
    for name in (*people, *(f"machine_{size}" for size in machine)):
        job = read(f"engine_scale_{name}")
        by_machine = f"with the machine ({job['human']:,} by people, shortened trainings)"
        if job.get("task") == "image-classification":
            by_machine = f"classes {by_machine}"
        how = by_machine if "machine" in name else f"by people alone, {job['at_once']:,} at a time"
        total = {key: sum(kind[key] for kind in job["kinds"].values()) for key in ("processor_seconds", "seconds")}
        trends = [job["kinds"][kind].get("last_to_first") for kind in ("Prepare", "Ask")]
        lines.append(
            (
                f"{job['objects']:,} {how}",
                f"{total['processor_seconds']:.0f} s",
                f"{total['seconds'] / 60:.0f} min",
                f"{job['peak_megabytes']} MB",
                *("too few" if trend is None else f"{trend['processor_seconds']:.2f}" for trend in trends),
            )
        )
    heads = ("job", "processor time", "clock time", "memory")
    return table((*heads, "looking, last to first", "asking, last to first"), lines)


def serverless(read: Results) -> str:
    found = read("serverless")
    kinds, said = found["kinds"], found["predictions"]
    trainings = kinds["AutoLabel"]["processor_seconds"] - said["processor_seconds"]
    rest = [kinds[kind] for kind in ("Open", "Ask", "End", "Announce")]

    def line(title: str, seconds: float, get: int | str, put: int | str) -> tuple[str, ...]:
        return title, _seconds(seconds), *(f"{count:,}" if isinstance(count, int) else count for count in (get, put))

    rounds = f"rounds of the machine, {kinds['AutoLabel']['steps']}: "
    machine, final, looking = kinds["AutoLabel"], kinds["TrainFinal"], kinds["Prepare"]
    chunks = f"in chunks of their own: {said['objects']:,}"
    title = f"looking at images, {looking['steps']} chunks of 250"
    lines = [
        line(title, looking["processor_seconds"], looking["get"], looking["put"]),
        line(f"{rounds}trainings", trainings, machine["get"], machine["put"]),
        line(f"{rounds}predictions of {said['objects']:,} objects", said["processor_seconds"], chunks, ""),
        line("the last training", final["processor_seconds"], final["get"], final["put"]),
        line("all else", *(sum(kind[key] for kind in rest) for key in ("processor_seconds", "get", "put"))),
    ]
    return table(("piece", "processor time", "S3 reads", "S3 writes and listings"), lines)


def serverless_peak(read: Results) -> str:
    return f"{read('serverless')['peak_megabytes'] / 1000:.1f} GB"


def serverless_dollars(images: str, places: int) -> Callable[[Results], str]:
    return lambda read: f"${read('serverless')['dollars'][images]['all']:.{places}f}"


def serverless_answers(read: Results) -> str:
    return f"${read('serverless')['dollars_per_1,000_answers']:.2f} for 1,000 answers"


def app_start(read: Results) -> str:
    return _range(row["app_ms"] for row in read("cold_start") if not row["function"].startswith("Engine"))


def first_message(read: Results) -> str:
    plain = (row for row in read("cold_start") if not row["function"].startswith("Engine"))
    return _range(row["first_message_ms"] for row in plain if "near" not in row["function"])


def portal_wait(read: Results) -> str:
    waits = read("portal")["submit_to_next_image_ms"]
    return f"{waits['median']} ms (median), {waits['p90']} ms for nine of ten, {waits['most']} ms at most"


FIGURES: Mapping[str, Callable[[Results], str]] = {
    "manifests": manifests,
    "near-duplicates": near_duplicates,
    "status-pages": status_pages,
    "drawing": drawing,
    "drawing-first": drawing_first,
    "latency": latency,
    "reports": reports,
    "large-job": large_job,
    "larger-jobs": larger_jobs,
    "serverless": serverless,
    "serverless-peak": serverless_peak,
    "serverless-1,000": serverless_dollars("1,000 images", 3),
    "serverless-1,000,000": serverless_dollars("1,000,000 images", 2),
    "serverless-answers": serverless_answers,
    "portal-wait": portal_wait,
    "app-start": app_start,
    "first-message": first_message,
}


def _seconds(seconds: float) -> str:
    return f"{seconds:.{2 if seconds < 0.1 else 1 if seconds < 100 else 0}f} s"


def _range(milliseconds: Any) -> str:
    found = list(milliseconds)
    return f"{min(found) / 1000:.2f} to {max(found) / 1000:.2f} s"
