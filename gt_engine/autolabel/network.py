"""A small fully connected network in numpy, trained by Adam; everything that learns here is built on it.

The cores of the machine are shared out by ourselves (`cores`)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from gt_engine.labels import Floats

Parameters = list[Floats]
"""Weights and bias of each layer in turn: W1, b1, W2, b2, …"""


def initial_parameters(sizes: Sequence[int], rng: np.random.Generator) -> Parameters:
    """He initialisation; the last layer starts small, so that training begins near its bias."""
    parameters: Parameters = []
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        spread = np.sqrt(2 / inputs) * (0.1 if layer == len(sizes) - 2 else 1)
        parameters += [
            rng.normal(0, spread, (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        ]
    return parameters


def sigmoid(x: Floats) -> Floats:
    """The logistic function, safe for large arguments."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def forward(parameters: Parameters, x: Floats) -> list[Floats]:
    """The input and the output of each layer; the last one is linear, the others are rectified."""
    outputs = [x]
    last = len(parameters) // 2 - 1
    for layer in range(last + 1):
        y = outputs[-1] @ parameters[2 * layer] + parameters[2 * layer + 1]
        outputs.append(y if layer == last else np.maximum(y, 0, out=y))
    return outputs


def predict(parameters: Parameters, x: Floats) -> Floats:
    """The network's output for a batch."""
    return forward(parameters, x)[-1]


def backward(parameters: Parameters, outputs: list[Floats], gradient: Floats) -> Parameters:
    """Gradients of all parameters, from the loss gradient at the output."""
    gradients: Parameters = []
    for layer in range(len(parameters) // 2 - 1, -1, -1):
        gradients = [outputs[layer].T @ gradient, gradient.sum(0), *gradients]
        if layer:
            gradient = (gradient @ parameters[2 * layer].T) * (outputs[layer] > 0)
    return gradients


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train: a short warm-up, then a cosine down to 2 % of `rate`."""

    steps: int
    rate: float
    decay: float = 1e-2
    warm_up: int = 20

    def shortened(self, times: int) -> Schedule:
        """A fraction of the steps: for tests, where what is learnt matters less than how long it takes."""
        return replace(self, steps=max(self.warm_up, self.steps // times))

    def at(self, step: int) -> float:
        """Learning rate of a step (from 1)."""
        cosine = 0.5 * (1 + np.cos(np.pi * step / self.steps))
        return float(self.rate * min(1.0, step / self.warm_up) * (0.98 * cosine + 0.02))


class Adam:
    """Adam with decoupled weight decay, in place on some parameters."""

    def __init__(self, parameters: Parameters, schedule: Schedule) -> None:
        self.parameters = parameters
        self.schedule = schedule
        self.steps = 0
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]
        self._scratch = [np.empty_like(p) for p in parameters]

    def step(self, gradients: Parameters) -> None:
        """Moves every parameter once; `gradients` are used up."""
        self.steps += 1
        rate = self.schedule.at(self.steps)
        first = np.float32(rate / (1 - 0.9**self.steps))
        second = np.float32(1 / (1 - 0.99**self.steps))
        for p, g, m, v, t in zip(
            self.parameters, gradients, self._first, self._second, self._scratch, strict=True
        ):  # all in place: a training makes thousands of these steps
            np.multiply(g, np.float32(0.1), out=t)
            m *= np.float32(0.9)
            m += t
            np.multiply(g, g, out=t)
            t *= np.float32(0.01)
            v *= np.float32(0.99)
            v += t
            np.multiply(v, second, out=t)
            np.sqrt(t, out=t)
            t += np.float32(1e-8)
            np.divide(m, t, out=t)
            t *= first
            if p.ndim == 2:
                p *= np.float32(1 - rate * self.schedule.decay)
            p -= t


Batch = Callable[[np.random.Generator], tuple[Floats, Callable[[Floats], Floats]]]
"""Draws one batch: the inputs, and the loss gradient as a function of the network's output."""


def train(
    parameters: Parameters,
    draw: Batch,
    schedule: Schedule,
    rng: np.random.Generator,
    *,
    dropout: float = 0.1,
    on_step: Callable[[int, Parameters], None] | None = None,
) -> Parameters:
    """New parameters after `schedule.steps` steps of Adam; `dropout` blanks that share of the inputs of each batch."""
    parameters = [p.copy() for p in parameters]
    adam = Adam(parameters, schedule)
    for step in range(1, schedule.steps + 1):
        x, loss_gradient = draw(rng)
        if dropout:
            x = x * ((rng.random(x.shape[1]) > dropout) / np.float32(1 - dropout)).astype(np.float32)
        outputs = forward(parameters, x)
        adam.step(backward(parameters, outputs, loss_gradient(outputs[-1])))
        if on_step:
            on_step(step, parameters)
    return parameters


@contextmanager
def cores(count: int) -> Iterator[Executor]:
    """`count` threads for numpy work, each of which is one core: numpy's own threads are off meanwhile.

    Left on, they would wait for each other in loops, which takes twice the processor time for nothing; and results
    would differ in the last digits with the number of cores.
    """
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(count, thread_name_prefix="learner") as pool,
    ):
        yield pool
