"""What functions use, held against what was measured and against the engine that does the work."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from benchmarks.figures import results
from gt_engine.autolabel import rounds
from gt_engine.jobs import life_cycle
from gt_engine.jobs.steps import predicting
from gt_service import computing
from gt_service.backends import GROUND_TRUTH, GT_ENGINE, GT_ENGINE_SERVERLESS
from gt_service.computing import MEASURED, Work, dollars
from gt_service.prices import PriceTable

DAY = date(2026, 11, 26)
PRICES = PriceTable.of(GT_ENGINE_SERVERLESS)


def test_pieces_are_what_was_measured() -> None:
    """A piece that drifted from the benchmark is a price that nobody measured."""
    found = results("serverless")
    kinds, predicted = found["kinds"], found["predictions"]
    rest = [kinds[name] for name in ("Open", "Ask", "End", "Announce")]

    def each(count: int, *parts: dict[str, float], less: float = 0) -> tuple[float, ...]:
        names = ("processor_seconds", "get", "put")
        seconds, *requests = (sum(part[name] for part in parts) for name in names)
        return ((seconds - less) / count, *(one / count for one in requests))

    label, objects = kinds["AutoLabel"], found["objects"]
    assert MEASURED["objects"] == pytest.approx(each(objects, *rest), rel=0.02)
    assert MEASURED["images"] == pytest.approx(each(objects, kinds["Prepare"]), rel=0.02)
    assert MEASURED["trainings"] == pytest.approx(
        each(label["steps"], label, less=predicted["processor_seconds"]), rel=0.02
    )
    assert MEASURED["last_trainings"] == pytest.approx(each(1, kinds["TrainFinal"]), rel=0.02)
    assert MEASURED["predictions"][0] == pytest.approx(predicted["processor_seconds"] / predicted["objects"], rel=0.02)
    assert pytest.approx(sum(one["steps"] for one in rest) / objects, rel=0.02) == computing.STEPS_PER_OBJECT
    assert results("portal")["requests_per_image"]["all"] == computing.REQUESTS_PER_ANSWER
    thousand = Work(1_000, 1_000, label["steps"], 1, predicted["objects"])
    assert float(dollars(thousand, PRICES, DAY)) == pytest.approx(found["dollars"]["1,000 images"]["all"], abs=1e-3)


@pytest.mark.parametrize("objects", [0, 1, 2_500, 2_501, 50_000, 100_000])
def test_rounds_are_the_engines(objects: int) -> None:
    """A reserve for fewer rounds than there may be is exceeded."""
    assert computing.most_rounds(objects) == rounds.most_rounds(objects)
    assert GT_ENGINE.fewest_auto_labeled == rounds.FEWEST_TO_DECIDE
    assert life_cycle.PREPARE_AT_ONCE == computing.LOOKED_TOGETHER
    assert predicting.PREDICT_AT_ONCE == computing.PREDICTED_TOGETHER


def test_a_sum_is_rounded_up_to_the_mill() -> None:
    """Rounded down, a job of one image would use nothing."""
    one = Work(objects=1, images=1)
    assert Decimal(0) < dollars(one, PRICES, DAY) < Decimal("0.001")
    assert computing.computing(one, PRICES, DAY) == 1
    assert computing.computing(Work(), PRICES, DAY) == 0


@pytest.mark.parametrize("backend", [GROUND_TRUTH, GT_ENGINE])
def test_others_bill_no_functions(backend: object) -> None:
    prices = PriceTable.of(GROUND_TRUTH if backend is GROUND_TRUTH else GT_ENGINE)
    assert computing.computing(Work(objects=10**6, images=10**6), prices, DAY) == 0
