"""What another target would have given: how much the machine labels at it, and what people then cost. Pure."""

from __future__ import annotations

from typing import Any

from gt_service.money import as_usd_number
from gt_service.outputs.job_output import JobOutput
from gt_service.prices import PriceTable
from gt_service.reports.costs import Cost, Terms

NOTE = (
    "Reckoned from the losses of the machine's first decision in this job: what it might have labeled then, people the "
    "rest, without compute. For the choice of the next job's target: one that is picked from a job's own losses would "
    "hold there with less confidence."
)


def targets(
    output: JobOutput, terms: Terms, prices: PriceTable, *, seconds_each: float | None, answers_each: float
) -> dict[str, Any] | None:
    """A row for each target; None where the job does not tell.

    hours: of people's answers, None where no time is known; total_mills: service fee and workers.
    """
    if not output.targets or not output.labeled:
        return None
    fee = prices.service_fee(terms.task, terms.started).cost(output.labeled)
    rows = []
    for target, machine in output.targets:
        human = max(0, output.labeled - machine)
        cost = Cost(fee, terms.human_cost(human, seconds_each, answers_each))
        hours = None if seconds_each is None else round(seconds_each * human * answers_each / 3600, 3)
        rows.append(
            {
                "target": target,
                "machine_images": machine,
                "machine_share": round(machine / output.labeled, 4),
                "total_mills": cost.total,
                "total_usd": as_usd_number(cost.total),
                "hours": hours,
            }
        )
    return {"note": NOTE, "rows": rows}
