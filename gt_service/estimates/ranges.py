"""The amounts of an estimate: what is expected, between what bounds, and what of a past job it goes by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gt_service.money import Mills, as_usd_number
from gt_service.records.names import Role
from gt_service.reports.amounts import money, percent


@dataclass(frozen=True)
class ShareBand:
    """The share of a job's objects that the machine labels: pessimistic, likely, optimistic."""

    low: float
    likely: float
    high: float

    NOTHING: ClassVar[ShareBand]

    def within(self, limit: float) -> ShareBand:
        return ShareBand(min(self.low, limit), min(self.likely, limit), min(self.high, limit))


ShareBand.NOTHING = ShareBand(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class PastJob:
    """A finished job of the campaign, as its report tells."""

    role: Role
    objects: int
    machine_images: int
    compute: Mills
    seconds_per_answer: float | None = None

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> PastJob:
        counts = report["counts"]
        return cls(
            role=Role(report["job"]["role"]),
            objects=counts["objects"],
            machine_images=counts["machine_images"],
            compute=Mills(report["cost"]["compute_mills"]),
            seconds_per_answer=(report.get("people") or {}).get("seconds_per_answer"),
        )

    @property
    def machine_share(self) -> float:
        return self.machine_images / self.objects if self.objects else 0.0


@dataclass(frozen=True)
class Range:
    """Amounts of which the actual one is expected between `low` and `high`; never above `ceiling`."""

    low: Mills
    likely: Mills
    high: Mills
    ceiling: Mills

    NOTHING: ClassVar[Range]

    def __add__(self, other: Range) -> Range:
        return Range(
            Mills(self.low + other.low),
            Mills(self.likely + other.likely),
            Mills(self.high + other.high),
            Mills(self.ceiling + other.ceiling),
        )


Range.NOTHING = Range(Mills(0), Mills(0), Mills(0), Mills(0))


@dataclass(frozen=True)
class JobEstimate:
    """One job to come: its role, its objects, the machine's share and the cost."""

    role: Role
    objects: int
    machine_share: ShareBand
    cost: Range
    compute: Range


@dataclass(frozen=True)
class Estimate:
    """What labeling some objects will cost.

    ceiling     every object labeled by all its workers, with a wage in all their time, and compute at its assumed limit
    all_human   the same objects without auto-labeling (controls, which label objects twice, not counted)
    """

    low: Mills
    likely: Mills
    high: Mills
    ceiling: Mills
    all_human: Mills
    jobs: tuple[JobEstimate, ...]
    assumptions: tuple[str, ...]

    @property
    def facts(self) -> list[dict[str, str]]:
        """What it comes to, in words for whoever decides."""
        saved = self.all_human - self.likely
        share = f" ({percent(abs(saved) / self.all_human)})" if self.all_human else ""
        compared = f"saves {money(saved)}{share}" if saved >= 0 else f"costs {money(-saved)}{share} more"
        facts = (
            ("Likely", money(self.likely), f"between {money(self.low)} and {money(self.high)}"),
            ("At most", money(self.ceiling), "all by all its workers, in all their time, budget aside"),
            ("All by people", money(self.all_human), f"auto-labeling likely {compared}"),
        )
        return [{"name": name, "value": value, "note": note} for name, value, note in facts]

    def as_dict(self) -> dict[str, Any]:
        amounts = {name: getattr(self, name) for name in ("low", "likely", "high", "ceiling", "all_human")}
        return {
            **{f"{name}_mills": amount for name, amount in amounts.items()},
            **{f"{name}_usd": as_usd_number(amount) for name, amount in amounts.items()},
            "jobs": [
                {
                    "role": job.role,
                    "objects": job.objects,
                    "machine_share": vars(job.machine_share).copy(),
                    "cost_mills": vars(job.cost).copy(),
                    "compute_mills": vars(job.compute).copy(),
                }
                for job in self.jobs
            ],
            "facts": self.facts,
            "assumptions": list(self.assumptions),
        }
