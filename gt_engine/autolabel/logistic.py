"""Ridge-penalised logistic regression by Newton's method: how probable is a label to be good?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gt_engine.autolabel.certify import Numbers

RIDGE = 1.0
ITERATIONS = 60


@dataclass(frozen=True, eq=False)
class Logistic:
    """weights [1 + d] on standardised inputs (mean and spread [d])."""

    weights: Numbers
    mean: Numbers
    spread: Numbers

    def __call__(self, x: Numbers) -> Numbers:
        """Probability [n] of each row of x [n, d]; d may be more than the weights were fitted on: later models know
        more, and what came later is at the end."""
        known = x[:, : len(self.mean)]
        z = np.column_stack([np.ones(len(x)), (known - self.mean) / self.spread]) @ self.weights
        return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), np.float64)

    def packed(self) -> Numbers:
        """All numbers in one row."""
        return np.concatenate([self.weights, self.mean, self.spread])


def fit(x: Numbers, y: Numbers) -> Logistic:
    """From inputs [n, d] and outcomes [n] in [0, 1] (shares are fine)."""
    x = np.asarray(x, np.float64)
    mean, spread = x.mean(0), x.std(0) + 1e-6
    design = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    ridge = np.full(design.shape[1], RIDGE)
    ridge[0] = 1e-3  # the level itself is hardly penalised
    weights = np.zeros(design.shape[1])
    for _ in range(ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (p - y) + ridge * weights
        curvature = (design * (p * (1 - p) + 1e-6)[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return Logistic(weights, mean, spread)


def unpacked(stored: Numbers) -> Logistic:
    """The inverse of `Logistic.packed`."""
    inputs = (len(stored) - 1) // 3
    weights, mean, spread = np.split(stored, [inputs + 1, 2 * inputs + 1])
    return Logistic(weights, mean, spread)
