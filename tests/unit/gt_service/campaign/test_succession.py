"""A new spec in place of an old one: what becomes of the budget and of labels that were given."""

from __future__ import annotations

from typing import Any

import pytest

from gt_service.campaign import CampaignSpec
from gt_service.campaign.succession import InForce, succeed
from tests.world import spec_document


def spec(**changes: Any) -> CampaignSpec:
    return CampaignSpec(name="birds", **spec_document(**changes))


def after(*specs: CampaignSpec, is_dropped: bool = True, has_jobs: bool = True) -> InForce:
    found = InForce()
    for one in specs:
        found = succeed(found, one, has_jobs=has_jobs, is_dropped=is_dropped)
    return found


@pytest.mark.parametrize(
    ("budgets", "cap", "says"),
    [
        ([None], None, ""),
        (["3"], 3_000, ""),
        (["3", "2"], 2_000, ""),
        ([None, "2"], 2_000, ""),
        (["3", "500"], 500_000, "raised from $3.00 to $500.00"),
        (["3", None], 3_000, "$3.00 stay in force"),
        (["3", None, None], 3_000, "$3.00 stay in force"),
    ],
)
def test_a_dropped_spec_never_raises_or_lifts_the_cap_in_silence(
    budgets: list[str | None], cap: int | None, says: str
) -> None:
    """Whoever may write into the inbox is not always who pays."""
    found = after(*(spec(budget=budget) for budget in budgets))
    assert found.cap == cap
    assert says in " ".join(found.notices)
    assert bool(says) == bool(found.notices)


def test_who_puts_a_spec_does_with_the_budget_what_they_say() -> None:
    found = after(spec(budget="3"), spec(), is_dropped=False)
    assert (found.cap, found.notices) == (None, ())


def test_labels_taken_out_after_a_job_are_kept_and_told() -> None:
    """What was labeled with them cannot be read by the new list alone."""
    found = after(spec(labels=["Raccoon", "Bird"]), spec(labels=["Animal", "Bird"]), spec(labels=["Animal"]))
    assert found.former_labels == ("Raccoon", "Bird")
    assert "'Raccoon', 'Bird'" in found.notices[0]
    assert after(spec(labels=["Brid"]), spec(labels=["Bird"]), has_jobs=False) == InForce(spec(labels=["Bird"]))


def test_a_label_that_came_back_is_not_missing() -> None:
    assert after(spec(labels=["a"]), spec(labels=["b"]), spec(labels=["a", "b"])).former_labels == ()
