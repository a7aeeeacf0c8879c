"""The test of care: who clicks blindly is to be caught soon, and nobody who works well is to be sent away."""

from __future__ import annotations

import numpy as np
import pytest

from gt_engine.workforce.care import CAREFUL, CareRule

RUNS = 1_000
RULE = CareRule(0.05)


def paused(right: float, items: int, rule: CareRule = RULE) -> float:
    """The share of simulated workers, right on so many of the known objects, whom the test stops within `items`."""
    rng = np.random.default_rng(7)
    return float(np.mean([rule.is_careless((rng.random(items) < right).tolist()) for _ in range(RUNS)]))


def test_a_careless_clicker_is_caught_within_twenty_items() -> None:
    assert paused(0.5, 20) >= 0.97
    assert paused(0.25, 10) >= 0.99
    assert paused(0.7, 60) >= 0.9


def test_a_careful_worker_is_not() -> None:
    assert paused(CAREFUL, 20) <= 0.005
    assert paused(CAREFUL, 100) <= 0.012
    assert paused(0.98, 1000) <= 0.005


def test_a_careful_past_hides_a_careless_present_for_some_items_only() -> None:
    rng = np.random.default_rng(3)
    caught = [RULE.is_careless([True] * 300 + (rng.random(30) < 0.5).tolist()) for _ in range(RUNS)]
    assert np.mean(caught) >= 0.97


@pytest.mark.parametrize("mark", [0.6, 0.7, 0.8, 0.85])
def test_the_pass_mark_is_where_the_test_is_undecided(mark: float) -> None:
    rule = CareRule(0.05, mark)
    assert paused(mark - 0.15, 100, rule) > 0.8
    assert paused(rule.careful, 100, rule) < 0.02
