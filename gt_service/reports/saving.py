"""What a job saved and compared to what, and what another target would have given. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt_service.money import Mills, as_usd_number, usd
from gt_service.reports.amounts import cents
from gt_service.reports.costs import Bill, Cost

Report = dict[str, Any]

_OF_TARGETS = (
    "Reckoned from the losses of the machine's first decision in this job: what it might have labeled then, people the "
    "rest, without compute. For the choice of the next job's target: one that is picked from a job's own losses would "
    "hold there with less confidence."
)


def saving_of(report: Mapping[str, Any], bill: Bill, control: Mapping[str, Any] | None) -> Report:
    terms, cost = bill.terms, bill.cost.total
    labeled = report["counts"]["labeled"]
    most = terms.workers_per_object
    workers = f"{most} worker{'s' if most > 1 else ''}" if terms.least_workers is None else "as many workers as here"
    human, machine = bill.all_human(labeled), bill.all_machine(labeled)
    return {
        "all_human": {
            **_difference(human.total, cost.total),
            "compared_to": f"the same {labeled:,} objects, every one labeled by {workers}{_paid(bill)}",
        },
        "ceiling": {
            **_difference(human.total, machine.total),
            "compared_to": "the same, were every object labeled by machine"
            + (": the service fee remains" if machine.total else ""),
        },
        "compute_share": round(cost.compute / cost.total, 4) if cost.total else 0.0,
        "control": None if control is None else _against_control(report, control, bill),
    }


def _paid(bill: Bill) -> str:
    """How the workers of a comparison are paid."""
    terms = bill.terms
    if terms.wage is not None:
        return f" at {usd(terms.wage)} an hour, in the {bill.seconds or 0:.1f} seconds an answer that were measured"
    return f" at {usd(terms.price_per_answer)}" if terms.price_per_answer else ""


def _against_control(report: Mapping[str, Any], control: Mapping[str, Any], bill: Bill) -> Report:
    """The saving against the control, in two parts: batches of labels not bought at all, and a better model.

    A job that starts from a model skips its training batch: it needs people for a validation set only before the
    machine may begin. What that saves is mechanical, and would be saved with any model that labels as well.
    """
    saved = Mills(control["cost"]["total_mills"] - report["cost"]["total_mills"])
    own, other = report["up_front_objects"], control["up_front_objects"]
    name = control["job"]["name"]
    result: Report = {
        **_difference(Mills(control["cost"]["total_mills"]), Mills(report["cost"]["total_mills"])),
        "compared_to": f"{name}: the same batch without the pre-trained model",
        "runs": "one run of each, so no interval",
        "labeled": {"here": report["counts"]["labeled"], "control": control["counts"]["labeled"]},
        "machine_share": {"here": report["machine_share"], "control": control["machine_share"]},
        "mechanical": None,
        "model": None,
    }
    if own is None or other is None:
        which = report["job"]["name"] if own is None else name
        result["why"] = f"The parts cannot be told apart: {which} has no machine labels."
        return result
    skipped = other - own
    paid = bill.people(abs(skipped))
    mechanical = paid if skipped >= 0 else Mills(-paid)
    result["mechanical"] = {"mills": mechanical, "objects": skipped}
    result["model"] = {"mills": saved - mechanical}
    result["why"] = (
        f"Before the machine began, people had labeled {own:,} objects here and {other:,} in the control: "
        f"{cents(mechanical)} of the saving is mechanical, the rest ({cents(saved - mechanical)}) is the model's."
    )
    return result


def _difference(before: Mills, after: Mills) -> Report:
    saved = Mills(before - after)
    return {
        "mills": saved,
        "usd": as_usd_number(saved),
        "share": round(saved / before, 4) if before else 0.0,
        "before_mills": before,
    }


def targets(bill: Bill) -> Report | None:
    """What another target would have given: how much the machine labels at it, and what people then cost.

    A row for each target; None where the job does not tell.

    hours: of people's answers, None where no time is known; total_mills: service fee and workers.
    """
    output = bill.output
    if not output.targets or not output.labeled:
        return None
    rows = []
    for target, machine in output.targets:
        human = max(0, output.labeled - machine)
        cost = Cost(bill.fee.cost(output.labeled), bill.people(human))
        rows.append(
            {
                "target": target,
                "machine_images": machine,
                "machine_share": round(machine / output.labeled, 4),
                "total_mills": cost.total,
                "total_usd": as_usd_number(cost.total),
                "hours": bill.hours(human),
            }
        )
    return {"note": _OF_TARGETS, "rows": rows}
