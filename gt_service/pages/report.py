"""The report of a labeling job as figures, tables and curves for its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gt_service.pages.charts import Series
from gt_service.pages.parts import Fact, Table
from gt_service.reports.amounts import NOTHING, decimal, duration, exact, money, money_per_image, number, percent

Json = Mapping[str, Any]

MOST_ROWS = 100


def iteration_rows(report: Json) -> list[tuple[int, int, int]]:
    """(iteration, images by people, images by machine) for each iteration of the report."""
    return [
        (row["iteration"], row.get("human_images") or 0, row.get("machine_images") or 0)
        for row in report.get("iterations") or ()
    ]


def iterations_table(report: Json) -> Table:
    """What each iteration labeled and cost."""
    return Table.of(
        report["iterations"],
        ("Iteration", lambda row: str(row["iteration"])),
        ("Images by people", lambda row: number(row.get("human_images"))),
        ("Boxes", lambda row: number(row.get("human_boxes"))),
        ("Images by machine", lambda row: number(row.get("machine_images"))),
        ("Boxes", lambda row: number(row.get("machine_boxes"))),
        ("Cost", lambda row: exact(row["cost_mills"])),
    )


def training_series(report: Json) -> list[Series]:
    """The validation score of each training of the job, epoch by epoch."""
    series = []
    for run in report.get("training") or ():
        scores = run.get("scores") or ()
        metric = run.get("metric") or "score"
        samples = f", {run['samples']:,} images" if run.get("samples") else ""
        name = f"iteration {run['iteration']}: {metric}{samples}"
        series.append(Series(name, tuple((float(epoch), float(score)) for epoch, score in enumerate(scores, start=1))))
    return series


def cost_facts(report: Json) -> tuple[Fact, ...]:
    """What the job cost, what it is made of, and what it is compared to."""
    cost, counts = report["cost"], report["counts"]
    labeled = (counts.get("human_images") or 0) + (counts.get("machine_images") or 0)
    parts = ", ".join(
        f"{name} {money(cost[key])}"
        for name, key in (("people", "workers_mills"), ("service", "service_mills"), ("compute", "compute_mills"))
        if cost.get(key) is not None
    )
    facts = [
        Fact("Cost", money(cost["total_mills"]), parts),
        Fact("Per image", money_per_image(cost["total_mills"], labeled)),
    ]
    if unseen := cost.get("unseen_mills"):
        facts.append(Fact("Not in the files", money(unseen), "labels that the service counts, booked all the same"))
    people = report.get("people") or {}
    if people.get("hours") is not None:
        everything = duration(3600 * people["all_human_hours"])
        facts.append(
            Fact("People's time", duration(3600 * people["hours"]), f"{everything} had people labeled everything")
        )
    # People who labeled everything saved nothing: what is left between the two is rounding.
    saving = (report.get("saving") or {}) if counts.get("machine_images") else {}
    for name, key in (("Saved", "all_human"), ("Against the control", "control")):
        if (saved := saving.get(key)) and saved["before_mills"]:
            facts.append(Fact(name, percent(saved["share"]), f"{money(saved['mills'])} against {saved['compared_to']}"))
    return tuple(facts)


def tables(report: Json) -> Iterator[Table]:
    """Quality, other targets, workers and what has no label, each where the report has it."""
    if quality := report.get("quality"):
        yield _quality(quality)
        yield from _confusion(quality)
    elif sample := report.get("audit_sample"):
        yield Table((), (), title="Audit", about=sample["why"])
    if targets := report.get("targets"):
        yield _targets(targets)
    if workers := report.get("workers"):
        yield _workers(workers)
    if imported := report.get("imported_labels"):
        yield _imported(imported)
    if proposals := report.get("proposals"):
        yield _proposals(proposals)
    if (report.get("unlabeled") or {}).get("count"):
        yield _unlabeled(report["unlabeled"])
    if findings := report.get("findings"):
        yield Table(("In the job's files",), tuple((finding["message"],) for finding in findings), title="Findings")


_QUALITIES = (
    ("Images checked", "images"),
    ("Mean F1 of an image", "mean_f1"),
    ("Precision", "precision"),
    ("Recall", "recall"),
    ("Mean IoU", "mean_iou"),
    ("Accuracy", "accuracy"),
)


def _quality(quality: Json) -> Table:
    sides = [(name, quality[key]) for name, key in (("people", "human"), ("machine", "machine")) if quality.get(key)]
    rows = tuple(
        (name, *(_measure(side, key) for _, side in sides))
        for name, key in _QUALITIES
        if any(side.get(key) is not None for _, side in sides)
    )
    return Table(
        ("Against gold labels", *(f"by {name}" for name, _ in sides)),
        rows,
        title="Audit",
        about=(quality.get("verdict") or {}).get("text", ""),
    )


def _measure(side: Json, key: str) -> str:
    if key == "images":
        return number(side.get(key))
    interval = side.get("interval") if key == "accuracy" else (side.get("intervals") or {}).get(key)
    span = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
    return decimal(side.get(key)) + span


def _targets(targets: Json) -> Table:
    return Table.of(
        targets["rows"],
        ("Target", lambda row: str(row["target"])),
        ("Labeled by machine", lambda row: percent(row["machine_share"])),
        ("Cost", lambda row: exact(row["total_mills"])),
        ("People's time", lambda row: NOTHING if row.get("hours") is None else duration(3600 * row["hours"])),
        title="Other targets",
        about=targets["note"],
    )


def _confusion(quality: Json) -> Iterator[Table]:
    confusion = (quality.get("machine") or {}).get("confusion")
    if confusion:
        yield Table(
            ("Gold label", *(f"labeled {name}" for name in confusion["classes"])),
            tuple(
                (name, *map(number, row)) for name, row in zip(confusion["classes"], confusion["matrix"], strict=True)
            ),
            title="What the machine mistakes for what",
        )


def _imported(imported: Json) -> Table:
    """Labels from before the campaign, held against those of people who did not see them."""
    side = imported["people"] or {}
    rows = tuple((name, _measure(side, key)) for name, key in _QUALITIES if side.get(key) is not None)
    return Table(("Against people's labels", "imported labels"), rows, title="Imported labels", about=imported["text"])


def _proposals(proposals: Json) -> Table:
    planted = percent(proposals["planted_accepted_share"]) if proposals["planted"] else "none"
    unchanged = percent(proposals["accepted_unchanged"]) if proposals["checked"] else "none"
    return Table.of(
        ({**proposals["blind"], "way": "blind"}, {**proposals["proposed"], "way": "with the machine's"}),
        ("Way", lambda arm: str(arm["way"])),
        ("Images", lambda arm: number(arm["images"])),
        ("Answers", lambda arm: number(arm["answers"])),
        ("Seconds an answer", lambda arm: decimal(arm["seconds_per_answer"], digits=1)),
        ("Seconds an image", lambda arm: decimal(arm["seconds_per_image"], digits=1)),
        ("Against gold labels", lambda arm: _of_gold(arm.get("quality"))),
        title="Proposals",
        about=f"Where their labels certify nothing, people are shown the machine's. {unchanged} of "
        f"{proposals['checked']:,} answers left them as they were; of {proposals['planted']:,} answers to those that "
        f"were wrong on purpose, {planted} did not notice.",
    )


def _of_gold(scores: Json | None) -> str:
    if scores is None:
        return NOTHING
    name, key = ("F1", "mean_f1") if "mean_f1" in scores else ("accuracy", "accuracy")
    low, high = scores["interval"]
    return f"{name} {scores[key]:.3f} ({low:.3f} to {high:.3f})"


def _workers(workers: Sequence[Json]) -> Table:
    return Table.of(
        workers[:MOST_ROWS],
        ("Worker", lambda worker: str(worker["worker_id"])),
        ("Answers", lambda worker: number(worker["answers"])),
        ("Seconds each (median)", lambda worker: decimal(worker.get("median_seconds"), digits=1)),
        ("Agreement with the final labels", lambda worker: percent(worker.get("agreement"), digits=1)),
        ("Paid", lambda worker: exact(worker.get("cost_mills"))),
        title="Workers",
        about=f"The first {MOST_ROWS} of {len(workers):,}; the report has all." if len(workers) > MOST_ROWS else "",
    )


def _unlabeled(unlabeled: Json) -> Table:
    reasons = sorted(unlabeled["reasons"].items(), key=lambda each: -each[1])
    listed = unlabeled.get("objects") or ()
    shown = listed[:MOST_ROWS]
    more = f" The first {len(shown):,} of {unlabeled['count']:,}:" if len(shown) < unlabeled["count"] else ""
    return Table(
        ("Image", "Why"),
        tuple((_file(row), row.get("detail") or row["reason"]) for row in shown),
        title="Without a label",
        about="; ".join(f"{number(count)}: {reason}" for reason, count in reasons) + f".{more}",
    )


def _file(finding: Json) -> str:
    """Its key, without the bucket, or its number where the source is not known."""
    source = finding.get("source") or ""
    return source.split("/", 3)[-1] if source.startswith("s3://") else f"object {finding['object_id']}"
