"""From which confidence on may the machine label? A threshold with a guarantee.

Learn-then-Test (Angelopoulos et al. 2021) with a fixed sequence: the candidate thresholds are quantiles of the
confidences of the objects still to be labeled, so they are declared before any validation loss is seen. They are
tested from few objects to many, and a walk stops at its first failure: so each test may spend the walk's whole level.
Walks begin at different places and share the level. The chance that a threshold is accepted which should not be is
at most the level.

Validation losses count only in the region of the threshold, and those of a region that has been labeled are retired
(TBAL, Vishwakarma et al. 2023), so what is left stays a sample of what is left to label. The certificate is
cumulative: it speaks of everything that the machine has labeled in the job, round by round as strata. The level is
split over the rounds.

The t-test is prediction-powered (PPI++, Angelopoulos et al. 2023): the confidences of the objects to be labeled are
known, all of them, so that part of a validation sample's luck which shows in its confidences is taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special

Numbers = NDArray[np.float64]

DELTA = 0.05
"""How probable a miss of the target may be, unless the campaign says otherwise."""

STEP = 0.01
"""Candidate thresholds cover this much more of the objects at each test."""

STARTS = ((0.1, 0.1), (0.3, 0.15), (0.7, 0.75))
"""Where walks begin, and the share of the level that each may spend. A good model passes at 70 % of the objects, where
the test rests on many losses, more surely than at 30 %, where it rests on few; one that is good at some images only
passes at 10 % or not at all."""

EXACT_STARTS = ((0.3, 1.0),)
"""Exact tests need the whole level to pass at all."""

TARGETS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99)
"""The targets of `by_target`."""

FEWEST = 8
"""No test rests on fewer validation losses."""


class Method(StrEnum):
    """How a test bounds the mean loss.

    student-t      t-test of the labels' own (stratified) mean with a regularised variance; asymptotic
    finite-sample  betting martingale (Waudby-Smith & Ramdas 2023); exact binomial when all losses are 0 or 1; of the
                   loss to be expected
    plug-in        the mean itself, no guarantee: only for comparison
    """

    STUDENT_T = "student-t"
    FINITE_SAMPLE = "finite-sample"
    PLUG_IN = "plug-in"


class Scope(StrEnum):
    """Which labels of a job a guarantee speaks of.

    machine-labels  those that the machine gave
    dataset         all: the machine's and people's, with people's counted as right (as "PAC labels" do: Candès, Ilyas
                    & Zrnic 2025, arXiv 2506.10908). Of people's labels those count that are there when the machine
                    decides, so it holds at any moment, however early a job is stopped
    """

    MACHINE_LABELS = "machine-labels"
    DATASET = "dataset"


@dataclass(frozen=True)
class Guarantee:
    """With confidence 1 - delta, the mean loss of the labels in its scope is at most 1 - target.

    loss    f1 | mean-iou (boxes), error (classes)
    target  in (0, 1), for example 0.9: mean image F1 of at least 0.9
    """

    loss: str
    target: float
    delta: float = DELTA
    method: Method = Method.STUDENT_T
    scope: Scope = Scope.MACHINE_LABELS

    def __post_init__(self) -> None:
        if not 0 < self.target < 1 or not 0 < self.delta < 1:
            raise ValueError(f"target {self.target} and delta {self.delta} must lie between 0 and 1")

    @property
    def risk(self) -> float:
        """The largest mean loss allowed of the labels in its scope."""
        return 1 - self.target

    def machine_risk(self, machine: int, human: int) -> float:
        """The largest mean loss allowed of `machine` labels of the machine beside `human` labels of people. With few
        of the machine's it is 1 or more: no error of theirs could break the target."""
        return self.risk * (machine + human) / machine if self.scope is Scope.DATASET else self.risk


@dataclass(frozen=True)
class Stratum:
    """The certificate of one earlier round: how many objects the machine labeled, the validation losses there, and how
    many objects people had labeled by then."""

    machine: int
    losses: Sequence[float]
    human: int = 0


def level(delta: float, number: int) -> float:
    """The share of delta that round `number` (from 1) may spend; all rounds together spend delta."""
    return delta * 0.8 * 0.2 ** (number - 1)


def student_t(strata: Sequence[tuple[int, Numbers]], risk: float) -> float:
    """p-value of "the mean loss of all that is labeled is above `risk`"; each stratum is (objects, losses of a sample).

    Of the labels themselves, not of what such labels lose in the long run: those of a job are few, and scatter around
    it as the sample does. So the variance of their difference counts (as in a prediction interval).
    """
    total = sum(weight for weight, _ in strata)
    mean = variance = 0.0
    freedom = 0
    for weight, losses in strata:
        n = len(losses)
        if n < 2:
            if weight:
                return 1.0
            continue
        share = weight / total
        # A few losses that all happen to be zero must not look certain: a quarter of a loss of `risk` is added.
        spread = (float(((losses - losses.mean()) ** 2).sum()) + 0.25 * risk) / (n - 1)
        mean += share * float(losses.mean())
        variance += share**2 * spread * (1 / n + (1 / weight if weight else 0))
        freedom += n - 1
    return float(special.stdtr(freedom, (mean - risk) / np.sqrt(variance))) if freedom else 1.0


def powered(losses: Numbers, confidences: Numbers, pool: Numbers) -> Numbers:
    """The losses as they would be, as far as confidences tell, were the sample as confident on average as the pool.

    Their mean estimates the same as that of the losses, with a smaller variance where confidences are worth anything.
    """
    centred = confidences - confidences.mean()
    variance = float((centred**2).sum())
    slope = float((centred * losses).sum()) / variance if variance > 0 else 0.0
    # A greater loss at a greater confidence is chance.
    return np.asarray(losses - min(slope, 0.0) * (confidences - pool.mean()), np.float64)


def betting(losses: Numbers, risk: float) -> float:
    """p-value of "the mean loss is above `risk`" for losses in [0, 1], valid at any sample size.

    The losses are looked at in the order given, which must be one of chance.
    """
    n = len(losses)
    count = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(losses)) / (count + 1)
    variances = (0.25 + np.cumsum((losses - means) ** 2)) / (count + 1)
    before = np.concatenate([[0.25], variances[:-1]])  # a bet may only know the losses before it
    bets = np.minimum(np.sqrt(2 * np.log(10) / (n * before)), 0.75 / (1 - risk))
    wealth = np.cumsum(np.log1p(-bets * (losses - risk)))
    return float(min(1.0, np.exp(-wealth.max())))


def exact_binomial(losses: Numbers, risk: float) -> float:
    """p-value of "the error rate is above `risk`" for losses of 0 and 1."""
    return float(special.bdtr(losses.sum(), len(losses), risk))


def _finite_sample(losses: Numbers, risk: float) -> float:
    binary = bool(np.isin(losses, (0.0, 1.0)).all())
    return exact_binomial(losses, risk) if binary else betting(losses, risk)


def p_value(
    earlier: Sequence[Stratum],
    pool: Numbers,
    confidences: Numbers,
    losses: Numbers,
    guarantee: Guarantee,
    *,
    human: int = 0,
) -> float:
    """p-value of "labeling these objects as well breaks the target": `pool` has their confidences, and the labeled
    objects that speak for them have these `confidences` and `losses`; people have labeled `human` objects so far.

    The finite-sample tests look at the new region alone, beside the labels that people gave since the round before:
    when each round meets the target, so does the whole.
    """
    strata = [(one.machine, np.asarray(one.losses, float)) for one in earlier if one.machine]
    if guarantee.method is Method.FINITE_SAMPLE:
        counted = max((one.human for one in earlier if one.machine), default=0)
        risk = guarantee.machine_risk(len(pool), human - counted)
        return 0.0 if risk >= 1 else _finite_sample(losses, risk)
    total = len(pool) + sum(weight for weight, _ in strata)
    risk = guarantee.machine_risk(total, human)
    if risk >= 1:
        return 0.0
    if guarantee.method is Method.PLUG_IN:
        strata.append((len(pool), losses))
        mean = sum(weight * float(one.mean()) for weight, one in strata if len(one)) / total
        return 0.0 if mean <= risk else 1.0
    return student_t([*strata, (len(pool), powered(losses, confidences, pool))], risk)


def certify(
    pool: Numbers,
    validation: Numbers,
    losses: Numbers,
    earlier: Sequence[Stratum],
    guarantee: Guarantee,
    *,
    number: int,
    human: int = 0,
) -> float | None:
    """The lowest confidence at which the machine may label in round `number`; None when it may label nothing.

    pool        confidences of the objects still to be labeled
    validation  confidences of labeled objects that are a random sample of the same kind, in an order of chance
    losses      their losses in [0, 1], same order
    human       how many objects people have labeled so far; of weight where the guarantee is of the whole data set
    """
    if not len(pool) or not len(validation):
        return None
    allowed = 1.0 if guarantee.method is Method.PLUG_IN else level(guarantee.delta, number)
    fewest = min(1.0, FEWEST / len(validation))
    starts = EXACT_STARTS if guarantee.method is Method.FINITE_SAMPLE else STARTS
    accepted = [
        _walk(pool, validation, losses, earlier, guarantee, max(start, fewest), allowed * share, human)
        for start, share in starts
    ]
    return min((one for one in accepted if one is not None), default=None)


def by_target(
    pool: Numbers, validation: Numbers, losses: Numbers, guarantee: Guarantee, *, number: int, human: int
) -> dict[float, int]:
    """How many objects of the pool the machine might label had the target been another, while it has labeled none.

    Told after the fact, for the choice of the next job's target. A target picked from it for this very job would hold
    with less confidence than 1 - delta.
    """
    counts = {}
    for target in sorted({*TARGETS, guarantee.target}):
        threshold = certify(pool, validation, losses, (), replace(guarantee, target=target), number=number, human=human)
        counts[target] = 0 if threshold is None else int((pool >= threshold).sum())
    return counts


def _walk(
    pool: Numbers,
    validation: Numbers,
    losses: Numbers,
    earlier: Sequence[Stratum],
    guarantee: Guarantee,
    start: float,
    allowed: float,
    human: int,
) -> float | None:
    """The lowest confidence that a walk from `start` (a share of the pool) upwards accepts."""
    accepted: float | None = None
    for coverage in (*np.arange(start, 1.0, STEP), 1.0):
        threshold = float(np.quantile(pool, max(0.0, 1 - coverage)))
        chosen, above = pool[pool >= threshold], validation >= threshold
        if above.sum() < FEWEST:
            continue
        p = p_value(earlier, chosen, validation[above], losses[above], guarantee, human=human)
        passed = p < allowed
        if not passed and guarantee.method is not Method.PLUG_IN:
            break
        if passed:
            accepted = threshold
    return accepted
