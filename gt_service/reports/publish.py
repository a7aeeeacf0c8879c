"""Reads a job, makes its report and writes it: JSON, CSV, HTML, PNG and SVG under one prefix, and its images."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.errors import AccessDenied, NotFound
from gt_service.gallery.writing import Gallery
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import TrainingLogs, read_job_output
from gt_service.outputs.files import left_out_predictions
from gt_service.outputs.job_output import Finding
from gt_service.outputs.labels import label_of
from gt_service.outputs.layout import possible_roots
from gt_service.outputs.records import CHECKED, UNREADABLE, LabelRecord, label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.prices import PriceTable
from gt_service.reports.ended_job import EndedJob, Scores
from gt_service.reports.quality import ArmAudit, Audit, AuditSample, read_gold
from gt_service.reports.report import job_report

_WIDE = 0.2
"""An interval wider than this says little."""

CSV_COLUMNS = (
    "iteration",
    "human_images",
    "human_boxes",
    "machine_images",
    "machine_boxes",
    "answers",
    "workers_usd",
    "service_usd",
    "compute_usd",
    "total_usd",
    "ended_at",
)


def publish_job_report(
    job: EndedJob, destination: S3Uri, *, objects: ObjectStore, logs: TrainingLogs, prices: PriceTable, now: datetime
) -> dict[str, Any]:
    """Writes `report.json`, `.csv`, `.html`, `.png` and `.svg` under `destination`, and returns the report.

    Writing again replaces the files. `report.json` comes last: where it is, the others are.
    """
    name, labels = job.description["LabelingJobName"], job.spec.labels
    gallery = Gallery(name, labels, _predictions(objects, job.description))
    report = make_job_report(job, objects=objects, logs=logs, prices=prices, now=now, gallery=gallery)
    gallery.write(objects, destination / "images")
    write_job_report(objects, report, destination)
    return report


def make_job_report(
    job: EndedJob,
    *,
    objects: ObjectStore,
    logs: TrainingLogs,
    prices: PriceTable,
    now: datetime,
    gallery: Gallery | None = None,
) -> dict[str, Any]:
    """The report alone; writes nothing. gallery: is shown every object."""
    new_audit, problem = _audit(objects, job.spec)
    audit, arms = (None, None) if new_audit is None else (new_audit(), ArmAudit(new_audit))
    sample = AuditSample(job.description["LabelingJobName"])
    checked = ImportedCheck(job.spec)

    def each(labeled: LabeledObject) -> None:
        sample.add(labeled)
        checked.add(labeled)
        if gallery is not None:
            gallery.add(labeled)
        if audit is not None and arms is not None:
            audit.add(labeled)
            arms.add(labeled)

    output = read_job_output(objects, logs, job.description, each=each)
    quality = None if audit is None else audit.result()
    scores = Scores(
        quality=quality,
        sample=sample.result() if quality is None else None,
        imported=checked.result(),
        arms=None if arms is None else arms.result(),
    )
    told = replace(output, findings=(*output.findings, *problem, *job.noted))
    return job_report(job, told, prices, scores, now=now)


def _predictions(objects: ObjectStore, description: Mapping[str, Any]) -> dict[str, LabelRecord]:
    """By image, what the machine said of those that people labeled, had it not learned from them."""
    attribute, predictions = description["LabelAttributeName"], dict[str, LabelRecord]()
    for root in possible_roots(description):
        for prediction in left_out_predictions(objects, root):
            label = label_record(prediction["label"], attribute)
            if label is not None:
                predictions[prediction["source-ref"]] = label
        if predictions:
            break
    return predictions


def _audit(objects: ObjectStore, spec: CampaignSpec) -> tuple[Callable[[], Audit] | None, list[Finding]]:
    """What makes that which scores the labels, where there are gold labels; and what is wrong with them.

    Gold labels that cannot be read cost a report its audit, and not the report.
    """
    if spec.gold_labels is None:
        return None, []
    try:
        gold = read_gold(objects, spec.gold_labels, spec.labels)
    except (NotFound, AccessDenied) as error:
        return None, [Finding("no_gold_labels", f"no gold labels: {error.message}")]
    skipped = f"{gold.skipped:,} line(s) of {spec.gold_labels} hold no label that can be compared"
    findings = [Finding("gold_labels_skipped", skipped)] if gold.skipped else []
    quality = spec.quality
    whole = quality.scope == "dataset"
    return partial(Audit, gold.labels, measure=quality.measure, target=quality.target, whole=whole), findings


def write_job_report(objects: ObjectStore, report: Mapping[str, Any], destination: S3Uri) -> None:
    """Draws and writes a report's files."""
    from gt_service.reports.figure import job_figure, rendered
    from gt_service.reports.page import job_page

    figure = job_figure(report)
    svg = rendered(figure, "svg")
    objects.write(destination / "report.svg", svg, "image/svg+xml")
    objects.write(destination / "report.png", rendered(figure, "png"), "image/png")
    objects.write(destination / "report.csv", report_csv(report).encode(), "text/csv; charset=utf-8")
    objects.write(destination / "report.html", job_page(report, svg), "text/html; charset=utf-8")
    objects.write(destination / "report.json", report_json(report), "application/json")


def report_json(report: Mapping[str, Any]) -> bytes:
    """The report as it is stored."""
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def report_csv(report: Mapping[str, Any]) -> str:
    """A line for each iteration and one for the whole job, dollars to the mill."""
    text = StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in report["iterations"]:
        writer.writerow({**row, **_dollars(row["cost"])})
    total = {**report["counts"], "iteration": "all", "ended_at": report["job"]["ended_at"]}
    writer.writerow({**total, **_dollars(report["cost"])})
    return text.getvalue()


def _dollars(cost: Mapping[str, Any]) -> dict[str, str]:
    parts = ("workers", "service", "compute", "total")
    return {f"{part}_usd": f"{cost[f'{part}_mills'] / 1000:.3f}" for part in parts}


class ImportedCheck:
    """Holds people's labels against those from before, as the objects of a job come by."""

    def __init__(self, spec: CampaignSpec) -> None:
        self._name, self._labels = spec.label_attribute + CHECKED, spec.labels
        self._audit = Audit({})
        self._asked = self._unanswered = self._by_machine = 0

    def add(self, labeled: LabeledObject) -> None:
        before = labeled.line.get(self._name)
        if not isinstance(before, Mapping) or labeled.source is None:
            return
        try:
            record = LabelRecord(before["label"], before["metadata"], None, None)
            label = label_of(record, self._labels)
        except UNREADABLE:
            return
        self._asked += 1
        if label is None or labeled.record is None:
            self._unanswered += 1
        elif not labeled.human:
            self._by_machine += 1
        else:
            self._audit.compare(labeled, label)

    def result(self) -> dict[str, Any] | None:
        """The report's `imported_labels`; None where the job had none to check.

        asked: images; unanswered: those without a label of this job; by_machine: those that Ground Truth's machine
        labeled, which tell nothing of people's view; people: the scores of imported labels against people's.
        """
        if not self._asked:
            return None
        audited = self._audit.result()
        people = None if audited is None else audited["human"]
        return {
            "asked": self._asked,
            "unanswered": self._unanswered,
            "by_machine": self._by_machine,
            "people": people,
            "text": _words(people),
        }


def _words(people: Mapping[str, Any] | None) -> str:
    if people is None:
        return "People have labeled none of the images whose imported labels are to be checked."
    by_boxes = "mean_f1" in people
    value, what = (people["mean_f1"], "mean F1") if by_boxes else (people["accuracy"], "the same classes on a share of")
    low, high = people["interval"]
    images = people["images"]
    few = " Too few to be sure." if high - low > _WIDE else ""
    return (
        f"Imported labels against those of people who did not see them: {what} {value:.3f} "
        f"(95 % interval {low:.3f} to {high:.3f}, {images:,} images, drawn by chance).{few}"
    )
