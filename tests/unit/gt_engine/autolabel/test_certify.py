"""The certificate: customers are promised that machine labels meet the target; a broken promise must be rare."""

from __future__ import annotations

import numpy as np
import pytest

from gt_engine.autolabel.certify import (
    Guarantee,
    Method,
    Stratum,
    betting,
    certify,
    exact_binomial,
    level,
    powered,
    student_t,
)


def draw(rng: np.random.Generator, n: int, *, binary: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and losses: the surer, the better; the mean loss of all is 0.2, far above the target of 0.1."""
    confidence = rng.random(n)
    bad = rng.random(n) < 0.4 * (1 - confidence)
    size = np.ones(n) if binary else rng.choice([0.5, 0.75, 1.0], n)
    return confidence, bad * size


def violations(guarantee: Guarantee, runs: int = 200, *, binary: bool = False) -> tuple[float, float]:
    """(share of the runs whose machine labels miss the target, mean share labeled by the machine)."""
    missed, shares = 0, []
    for seed in range(runs):
        rng = np.random.default_rng([seed, 42])
        pool, truth = draw(rng, 1000, binary=binary)
        validation, losses = draw(rng, 200, binary=binary)
        threshold = certify(pool, validation, losses, [], guarantee, number=1)
        chosen = pool >= (np.inf if threshold is None else threshold)
        shares.append(float(chosen.mean()))
        missed += bool(chosen.any() and truth[chosen].mean() > guarantee.risk)
    return missed / runs, float(np.mean(shares))


@pytest.mark.parametrize("method", [Method.STUDENT_T, Method.FINITE_SAMPLE])
@pytest.mark.parametrize("binary", [False, True])
def test_the_target_is_missed_in_at_most_delta_of_the_runs(method: Method, binary: bool) -> None:
    missed, share = violations(Guarantee("f1", 0.9, delta=0.1, method=method), binary=binary)
    assert missed <= 0.1
    assert share > 0.05  # a rule that labels nothing keeps every promise


def test_a_plug_in_threshold_would_break_the_promise() -> None:
    assert violations(Guarantee("f1", 0.9, method=Method.PLUG_IN))[0] > 0.2


def test_nothing_is_labeled_by_a_model_that_guesses() -> None:
    rng = np.random.default_rng(0)
    losses = (rng.random(400) < 0.5).astype(float)
    assert certify(rng.random(800), rng.random(400), losses, [], Guarantee("f1", 0.9), number=1) is None


def test_everything_is_labeled_by_a_model_that_never_errs() -> None:
    rng = np.random.default_rng(0)
    pool = rng.random(800)
    threshold = certify(pool, rng.random(200), np.zeros(200), [], Guarantee("f1", 0.9), number=1)
    assert threshold is not None
    assert (pool >= threshold).all()


@pytest.mark.parametrize("pool", [0, 5])
def test_without_validation_or_without_a_pool_nothing_is_labeled(pool: int) -> None:
    nothing, some = np.zeros(0), np.zeros(3)
    assert certify(np.ones(pool), nothing, nothing, [], Guarantee("f1", 0.9), number=1) is None
    assert certify(nothing, some, some, [], Guarantee("f1", 0.9), number=1) is None


def test_good_earlier_rounds_leave_room_for_a_harder_one() -> None:
    # The promise is about the whole machine-labeled set: a rest at 0.15 is fine beside many labels at 0.02.
    rng = np.random.default_rng(1)
    pool, validation = rng.random(100), rng.random(100)
    losses = (rng.random(100) < 0.15).astype(float)
    early = Stratum(700, (np.arange(250) < 5).astype(float).tolist())
    assert certify(pool, validation, losses, [], Guarantee("f1", 0.9), number=2) is None
    assert certify(pool, validation, losses, [early], Guarantee("f1", 0.9), number=2) is not None


def test_the_rounds_together_spend_no_more_than_delta() -> None:
    assert sum(level(0.1, number) for number in range(1, 100)) == pytest.approx(0.1)


def test_confidences_take_out_luck_and_nothing_else() -> None:
    """Or objects are sent to people that the machine could have labeled; or worse, the other way round."""
    means, spreads = [], []
    for seed in range(300):
        rng = np.random.default_rng([seed, 7])
        pool, _ = draw(rng, 1000)
        validation, losses = draw(rng, 150)
        better = powered(losses, validation, pool)
        means.append([losses.mean(), better.mean()])
        spreads.append([losses.std(), better.std()])
    plain, better = np.array(means).T
    assert abs(plain.mean() - better.mean()) < 0.002
    assert better.std() < 0.97 * plain.std()
    assert (np.diff(spreads, axis=1) <= 1e-12).all()


def test_confidences_that_tell_nothing_change_nothing() -> None:
    losses, confidences = np.array([0.0, 0.5, 1.0, 0.0]), np.array([0.1, 0.8, 0.9, 0.2])
    assert (powered(losses, np.full(4, 0.5), np.full(9, 0.5)) == losses).all()
    assert (powered(losses, confidences, np.full(9, 0.7)) == losses).all(), "surer where it errs: that is chance"


def test_p_values_are_small_only_with_evidence() -> None:
    few, many = np.zeros(5), np.zeros(200)
    assert betting(few, 0.1) > 0.1 > betting(many, 0.1)
    assert exact_binomial(few, 0.1) == pytest.approx(0.9**5)
    assert student_t([(10, few)], 0.1) > student_t([(10, many)], 0.1)
    assert student_t([(10, np.zeros(1))], 0.1) == 1


@pytest.mark.parametrize("wrong", [{"target": 1.0}, {"target": 0.0}, {"target": 0.9, "delta": 0.0}])
def test_an_impossible_guarantee_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Guarantee("f1", **wrong)  # type: ignore[arg-type]
