"""The certificate: customers are promised that machine labels meet the target; a broken promise must be rare."""

from __future__ import annotations

import numpy as np
import pytest

from gt_engine.autolabel.certify import (
    Guarantee,
    Method,
    Scope,
    Stratum,
    betting,
    by_target,
    certify,
    exact_binomial,
    level,
    p_value,
    powered,
    student_t,
)


def draw(rng: np.random.Generator, n: int, *, binary: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Confidences and losses: the surer, the better; the mean loss of all is 0.2, far above the target of 0.1."""
    confidence = rng.random(n)
    bad = rng.random(n) < 0.4 * (1 - confidence)
    size = np.ones(n) if binary else rng.choice([0.5, 0.75, 1.0], n)
    return confidence, bad * size


def violations(guarantee: Guarantee, runs: int = 200, *, binary: bool = False, human: int = 200) -> tuple[float, float]:
    """(share of the runs whose labels miss the target, mean share labeled by the machine)."""
    missed, shares = 0, []
    for seed in range(runs):
        rng = np.random.default_rng([seed, 42])
        pool, truth = draw(rng, 1000, binary=binary)
        validation, losses = draw(rng, 200, binary=binary)
        threshold = certify(pool, validation, losses, [], guarantee, number=1, human=human)
        chosen = pool >= (np.inf if threshold is None else threshold)
        shares.append(float(chosen.mean()))
        labels = chosen.sum() + (human if guarantee.scope is Scope.DATASET else 0)
        missed += bool(chosen.any() and truth[chosen].sum() / labels > guarantee.risk)
    return missed / runs, float(np.mean(shares))


@pytest.mark.parametrize("method", [Method.STUDENT_T, Method.FINITE_SAMPLE])
@pytest.mark.parametrize("binary", [False, True])
def test_the_target_is_missed_in_at_most_delta_of_the_runs(method: Method, binary: bool) -> None:
    missed, share = violations(Guarantee("f1", 0.9, delta=0.1, method=method), binary=binary)
    assert missed <= 0.1
    assert share > 0.05  # a rule that labels nothing keeps every promise


@pytest.mark.parametrize("method", [Method.STUDENT_T, Method.FINITE_SAMPLE])
@pytest.mark.parametrize("human", [200, 600])
def test_a_data_set_keeps_its_target_and_has_more_labels_of_the_machine(method: Method, human: int) -> None:
    """At the moment of the decision, before people have labeled the rest: a job may be stopped there."""
    dataset = Guarantee("f1", 0.9, delta=0.1, method=method, scope=Scope.DATASET)
    missed, share = violations(dataset, human=human)
    assert missed <= 0.1
    assert share > violations(Guarantee("f1", 0.9, delta=0.1, method=method), 20)[1] + 0.05


@pytest.mark.parametrize("method", list(Method))
def test_a_model_that_always_errs_cannot_break_a_data_set(method: Method) -> None:
    guarantee = Guarantee("f1", 0.9, method=method, scope=Scope.DATASET)
    pool, validation = np.linspace(0, 1, 1000), np.linspace(0, 1, 200)
    threshold = certify(pool, validation, np.ones(200), [], guarantee, number=1, human=1000)
    wrong = 0 if threshold is None else int((pool >= threshold).sum())
    assert wrong <= guarantee.risk * (wrong + 1000)
    assert certify(pool, validation, np.ones(200), [], guarantee, number=1, human=500) is None


def test_people_s_labels_make_up_for_one_round_only() -> None:
    """Each round of the exact test has the labels since the round before; all of them again would be counted twice."""
    exact = Guarantee("f1", 0.9, method=Method.FINITE_SAMPLE, scope=Scope.DATASET)
    pool, some = np.ones(100), np.ones(100)
    losses = (np.arange(100) % 5 == 0).astype(float)
    first = Stratum(100, losses.tolist(), human=200)
    assert p_value([], pool, some, losses, exact, human=200) < 0.05
    assert p_value([first], pool, some, losses, exact, human=200) > 0.5
    assert p_value([first], pool, some, losses, exact, human=400) < 0.05


def test_people_s_labels_are_counted_for_all_rounds_together() -> None:
    dataset = Guarantee("f1", 0.9, scope=Scope.DATASET)
    pool, some = np.ones(100), np.ones(60)
    losses = (np.arange(60) % 5 == 0).astype(float)
    first = Stratum(300, losses.tolist(), human=500)
    alone = p_value([], pool, some, losses, dataset, human=500)
    assert alone < 0.01 < p_value([first], pool, some, losses, dataset, human=400)


def test_the_stricter_the_target_the_less_is_labeled() -> None:
    rng = np.random.default_rng(3)
    pool, _ = draw(rng, 1000)
    validation, losses = draw(rng, 300)
    guarantee = Guarantee("f1", 0.87)
    counts = by_target(pool, validation, losses, guarantee, number=1, human=300)
    assert list(counts) == sorted(counts)
    assert [*counts.values()] == sorted(counts.values(), reverse=True)
    threshold = certify(pool, validation, losses, [], guarantee, number=1, human=300)
    assert counts[0.87] == (pool >= threshold).sum() > 0
    assert counts[0.5] == 1000


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


def test_few_labels_scatter_and_the_promise_is_about_them() -> None:
    """Small jobs missed their target twice as often as promised: their labels lost more than such labels usually do."""
    missed = 0
    for seed in range(500):
        rng = np.random.default_rng([seed, 11])
        pool, own = draw(rng, 100)
        validation, losses = draw(rng, 200)
        threshold = certify(pool, validation, losses, [], Guarantee("f1", 0.9), number=1)
        missed += threshold is not None and own[pool >= threshold].mean() > 0.1
    assert missed <= 25, f"{missed} of 500, at a level of 4 %"


@pytest.mark.parametrize("wrong", [{"target": 1.0}, {"target": 0.0}, {"target": 0.9, "delta": 0.0}])
def test_an_impossible_guarantee_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Guarantee("f1", **wrong)  # type: ignore[arg-type]
