"""The report of a labeling job as one JSON document. Pure: everything was read and counted before.

Amounts are mills (`…_mills`), with dollars beside the total; shares are between 0 and 1; times are ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gt_service import __version__
from gt_service.computing import usage
from gt_service.money import as_usd_number, usd
from gt_service.outputs.job_output import Iteration, JobOutput, TrainingRun, UnlabeledObject
from gt_service.outputs.proposals import Arm, ProposalFigures
from gt_service.prices import InstanceRate, PriceTable, ServiceFee, Workforce
from gt_service.reports.costs import Bill, Cost, Terms, up_front_objects
from gt_service.reports.ended_job import EndedJob, Scores
from gt_service.reports.saving import Report, saving_of, targets

LISTED_UNLABELED = 1_000
"""The report names so many unlabeled objects; `unlabeled.count` counts all of them."""


def job_report(job: EndedJob, output: JobOutput, prices: PriceTable, scores: Scores, *, now: datetime) -> Report:
    """Puts the report together. output: what was read of the job's files."""
    terms = job.terms
    bill = Bill(output, terms, prices)
    unseen = bill.unseen(job.description.get("LabelCounters", {}))
    report: Report = {
        "version": 1,
        "made_at": now.isoformat(),
        "made_by": f"gt-service {__version__}",
        "job": _job(job, output),
        "counts": _counts(job, output),
        "machine_share": round(output.machine_images / output.labeled, 4) if output.labeled else 0.0,
        "up_front_objects": up_front_objects(output.iterations),
        "terms": _terms(bill),
        "people": _people(bill),
        "cost": _cost(bill.cost.total) | {"unseen_mills": unseen.total},
        "all_human": _cost(bill.all_human(output.labeled)),
        "iterations": [_iteration(each, bill.cost.iterations[each.number]) for each in output.iterations],
        "training": [_training(run) for run in output.training],
        "workers": [
            {**vars(w), "cost_mills": terms.answers_cost(w.answers, w.mean_seconds or bill.seconds)}
            for w in output.workers
        ],
        "unlabeled": _unlabeled(output.unlabeled),
        "findings": [vars(each) for each in output.findings],
        "proposals": _proposals(output.proposals, scores.arms or {}),
        "targets": targets(bill),
        "quality": scores.quality,
        "audit_sample": scores.sample,
        "imported_labels": scores.imported,
    }
    report["saving"] = saving_of(report, bill, job.control)
    return report


def _job(job: EndedJob, output: JobOutput) -> Report:
    description = job.description
    config = description.get("LabelingJobAlgorithmsConfig", {})
    ended = output.status in {"Completed", "Failed", "Stopped"}
    return {
        "name": output.name,
        "campaign": job.spec.name,
        "batch": job.batch,
        "role": job.role.value,
        "status": output.status,
        "failure_reason": description.get("FailureReason"),
        "initial_model_arn": config.get("InitialActiveLearningModelArn"),
        "final_model_arn": description.get("LabelingJobOutput", {}).get("FinalActiveLearningModelArn"),
        "output_s3_uri": f"{output.root}/",
        "created_at": _time(description["CreationTime"]),
        "ended_at": _time(description.get("LastModifiedTime")) if ended else None,
    }


def _counts(job: EndedJob, output: JobOutput) -> Report:
    failed = job.description.get("LabelCounters", {}).get("FailedNonRetryableError", 0)
    return {
        "objects": output.objects,
        "labeled": output.labeled,
        "labeled_before": output.labeled_before,
        "human_images": output.human_images,
        "human_boxes": output.human_boxes,
        "machine_images": output.machine_images,
        "machine_boxes": output.machine_boxes,
        "answers": output.answers,
        "unlabeled": len(output.unlabeled),
        "failed": failed,
    }


def _people(bill: Bill) -> Report:
    """The time of people: measured for the `timed` answers, and taken for all of them.

    all_human_hours: had people labeled every object, each answer in the mean time that was measured.
    """
    output, seconds, cost = bill.output, bill.seconds, bill.cost.total
    labeled, boxes = output.labeled, output.human_boxes + output.machine_boxes
    return {
        "answers": output.answers,
        "gold_answers": output.gold_answers,
        "timed": sum(worker.timed for worker in output.workers),
        "seconds_per_answer": None if seconds is None else round(seconds, 2),
        "seconds_per_image": _each(None if seconds is None else seconds * output.answers, labeled),
        "hours": None if seconds is None else round(seconds * output.answers / 3600, 3),
        "all_human_hours": bill.hours(labeled),
        "wage_mills_per_hour": bill.terms.wage,
        "cost_per_image_mills": _each(cost.total, labeled),
        "cost_per_box_mills": _each(cost.total, boxes),
        "as_needed": _as_needed(bill),
    }


def _as_needed(bill: Bill) -> Report | None:
    """What asking as many people as needed saved, compared to asking the most for every object that people labeled;
    None where the number was fixed."""
    output, terms = bill.output, bill.terms
    if terms.least_workers is None:
        return None
    before = output.human_images * terms.workers_per_object
    given = output.answers - output.gold_answers
    saved = max(0, before - given)
    return {
        "least": terms.least_workers,
        "most": terms.workers_per_object,
        "answers_per_object": _each(given, output.human_images),
        "answers_saved": saved,
        "share": round(saved / before, 4) if before else 0.0,
        "mills": terms.answers_cost(saved, bill.seconds),
    }


def _proposals(figures: ProposalFigures | None, arms: Mapping[bool, Mapping[str, Any] | None]) -> Report | None:
    """Images that people were shown with the machine's labels, beside those that stayed blind by chance.

    arms: by whether they were, the labels' scores against gold labels.
    """
    if figures is None:
        return None
    return {
        "blind": _arm(figures.blind, arms.get(True)),
        "proposed": _arm(figures.proposed, arms.get(False)),
        "checked": figures.checked,
        "accepted_unchanged": _share(figures.unchanged, figures.checked),
        "planted": figures.planted,
        "planted_accepted": figures.accepted,
        "planted_accepted_share": _share(figures.accepted, figures.planted),
    }


def _arm(arm: Arm, scores: Mapping[str, Any] | None) -> Report:
    return {
        "images": arm.images,
        "answers": arm.answers,
        "seconds_per_answer": None if arm.seconds_per_answer is None else round(arm.seconds_per_answer, 2),
        "seconds_per_image": None if arm.seconds_per_image is None else round(arm.seconds_per_image, 2),
        "quality": None
        if scores is None
        else {name: scores[name] for name in ("images", "mean_f1", "accuracy", "interval") if name in scores},
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _each(amount: float | None, count: int) -> float | None:
    return round(amount / count, 2) if amount is not None and count else None


def _terms(bill: Bill) -> Report:
    terms, prices, fee = bill.terms, bill.prices, bill.fee
    compute = prices.compute(terms.task, terms.region) if terms.auto_labeling else None
    rate = None if compute is None else prices.instance(compute.training, terms.started)
    return {
        "task": terms.task,
        "region": terms.region,
        "workforce": terms.workforce,
        "workers_per_object": terms.workers_per_object,
        "price_per_answer_mills": terms.price_per_answer,
        "max_concurrent_tasks": terms.max_concurrent_tasks,
        "auto_labeling": terms.auto_labeling,
        "computing": "functions" if prices.bills_functions else "instances" if prices.bills_instances else None,
        "prices": [
            _price("service fee per labeled object", [[tier.up_to, tier.fee] for tier in fee.tiers], fee),
            *([] if rate is None else [_price(f"{rate.instance} per hour, training", rate.mills_per_hour, rate)]),
            *([_functions(bill)] if prices.bills_functions else []),
        ],
        "notes": _notes(terms, prices),
    }


def _price(what: str, mills: Any, row: ServiceFee | InstanceRate) -> Report:
    dates = {"since": row.since.isoformat(), "read": row.read.isoformat()}
    return {"what": what, "mills": mills, **dates, "source": row.source}


def _functions(bill: Bill) -> Report:
    """What the job's functions used, and the rates."""
    used = usage(bill.work)
    rows = [bill.prices.unit(unit, bill.terms.started) for unit in used]
    return {
        "what": "functions, as counted",
        "mills": bill.computing(bill.work),
        "since": max(row.since for row in rows).isoformat(),
        "read": max(row.read for row in rows).isoformat(),
        "source": "; ".join(f"{used[row.unit]:,.4g} × ${row.dollars.normalize():f} ({row.unit})" for row in rows),
        "units": [
            {"unit": row.unit, "used": round(used[row.unit], 6), "dollars": str(row.dollars), "source": row.source}
            for row in rows
        ],
    }


def _notes(terms: Terms, prices: PriceTable) -> list[str]:
    notes = []
    if terms.wage is not None:
        notes.append(
            f"The work team is paid {usd(terms.wage)} an hour for the time of its answers; time between tasks and time "
            "over tasks that were declined or given back is not in it."
        )
    elif terms.workforce is Workforce.PRIVATE:
        notes.append("A private work team: the service pays no workers, so their pay is not in the cost.")
    if terms.workforce is Workforce.VENDOR:
        notes.append("A vendor: its price is in its AWS Marketplace listing and in no API, so it is not in the cost.")
    if prices.bills_functions:
        notes.append(
            "Computing is what the engine's functions would be billed for such a job on AWS: pieces of work that were "
            "measured once, times how often this job did them, at list prices without free tiers, rounded up; a stack "
            "on your own machine is billed nothing. Storage is not in it."
        )
    if terms.auto_labeling and prices.bills_instances:
        notes.append("Compute is training time from the logs; the time of predictions is in none of the job's files.")
    return notes


def _iteration(iteration: Iteration, cost: Cost) -> Report:
    return {
        "iteration": iteration.number,
        "human_images": iteration.human_images,
        "human_boxes": iteration.human_boxes,
        "machine_images": iteration.machine_images,
        "machine_boxes": iteration.machine_boxes,
        "answers": iteration.answers,
        "ended_at": _time(iteration.ended_at),
        "cost": _cost(cost),
        "cost_mills": cost.total,
    }


def _training(run: TrainingRun) -> Report:
    return {
        "iteration": run.iteration,
        "name": run.name,
        "model_s3_uri": None if run.model is None else str(run.model),
        "samples": run.curve.samples,
        "metric": run.curve.metric,
        "scores": list(run.curve.scores),
        "seconds": run.curve.seconds,
    }


def _unlabeled(objects: tuple[UnlabeledObject, ...]) -> Report:
    reasons: dict[str, int] = {}
    for each in objects:
        reasons[each.reason] = reasons.get(each.reason, 0) + 1
    return {"count": len(objects), "reasons": reasons, "objects": [vars(each) for each in objects[:LISTED_UNLABELED]]}


def _cost(cost: Cost) -> Report:
    return {
        "total_mills": cost.total,
        "total_usd": as_usd_number(cost.total),
        "service_mills": cost.service,
        "workers_mills": cost.workers,
        "compute_mills": cost.compute,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat()  # boto3 gives the machine's own zone
