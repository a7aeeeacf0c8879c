"""The report of a labeling job as figures, tables and curves for its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gt_service.pages.charts import Series
from gt_service.pages.formats import NOTHING, money, money_per_image, number, percent
from gt_service.pages.parts import Fact, Table

Json = Mapping[str, Any]


def iteration_rows(report: Json) -> list[tuple[int, int, int]]:
    """(iteration, images by people, images by machine) for each iteration of the report."""
    return [
        (row["iteration"], row.get("human_images") or 0, row.get("machine_images") or 0)
        for row in report.get("iterations") or ()
    ]


def iterations_table(report: Json) -> Table:
    """What each iteration labeled and cost."""
    return Table(
        ("Iteration", "Images by people", "Boxes", "Images by machine", "Boxes", "Cost"),
        tuple(
            (
                str(row["iteration"]),
                number(row.get("human_images")),
                number(row.get("human_boxes")),
                number(row.get("machine_images")),
                number(row.get("machine_boxes")),
                money((row.get("cost") or {}).get("total_mills", row.get("cost_mills"))),
            )
            for row in report["iterations"]
        ),
    )


def training_series(report: Json) -> list[Series]:
    """The validation score of each training of the job, epoch by epoch."""
    found = []
    for run in report.get("training") or ():
        scores = run.get("scores") or ()
        metric = run.get("metric") or "score"
        samples = f", {run['samples']:,} images" if run.get("samples") else ""
        name = f"iteration {run['iteration']}: {metric}{samples}"
        found.append(Series(name, tuple((float(epoch), float(score)) for epoch, score in enumerate(scores, start=1))))
    return found


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
    all_human = (report.get("all_human") or {}).get("total_mills")
    if all_human:
        saved = all_human - cost["total_mills"]
        facts.append(
            Fact("Saved", percent(saved / all_human), f"{money(saved)} against {money(all_human)} all by people")
        )
    return tuple(facts)


def tables(report: Json) -> Iterator[Table]:
    """Quality, workers and what failed, each where the report has it."""
    if quality := report.get("quality"):
        yield _quality(quality)
    if sample := report.get("audit_sample"):
        yield _audit_sample(sample)
    if workers := report.get("workers"):
        yield _workers(workers)


def _quality(quality: Json) -> Table:
    sides = [(name, quality[key]) for name, key in (("people", "human"), ("machine", "machine")) if quality.get(key)]
    keys = (
        ("Images checked", "images", number),
        ("Mean F1 of an image", "mean_f1", _score),
        ("Precision", "precision", _score),
        ("Recall", "recall", _score),
        ("Mean IoU", "mean_iou", _score),
        ("Accuracy", "accuracy", _score),
    )
    rows = tuple(
        (name, *(show(side.get(key)) for _, side in sides))
        for name, key, show in keys
        if any(side.get(key) is not None for _, side in sides)
    )
    error = quality.get("true_error")
    about = "Labels against the gold labels, people and machine apart."
    if error is not None:
        about += f" True error of the machine's labels: {percent(error, digits=1)}."
    return Table(("", *(f"by {name}" for name, _ in sides)), rows, title="Audit", about=about)


def _audit_sample(sample: Any) -> Table:
    count = len(sample if isinstance(sample, list) else sample.get("objects") or ())
    return Table(
        (),
        (),
        title="Audit",
        about=f"There are no gold labels to check against. The report offers {count} machine-labeled image(s) as a"
        " random sample to look at by hand.",
    )


def _workers(workers: Any) -> Table:
    return Table(
        ("Worker", "Answers", "Seconds each", "Agreement", "Cost"),
        tuple(
            (
                worker["worker_id"],
                number(worker.get("answers")),
                _score(worker.get("mean_seconds"), digits=1),
                percent(worker.get("agreement")),
                money(worker.get("cost_mills")),
            )
            for worker in workers
        ),
        title="Workers",
    )


def _score(value: float | None, *, digits: int = 3) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"
