"""What a model says of many objects, in chunks: the learner's work as a step asks for it, a part of it in each chunk.

A step that has to wait for its chunks is done again when they are there. So that it does not train again, what it has
learnt is kept beside them until the job ends.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel import FeatureView, Learner
from gt_engine.autolabel.kept_predictions import document_of, dump, load, predictions_of
from gt_engine.autolabel.learner import EpochReport, Learnt, Predictions, TrainingSet
from gt_engine.jobs.chunks import Chunk
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.reading import read_own
from gt_engine.jobs.tools import ARCHIVE, BYTES, JSON, Tools
from gt_engine.labels import Label, Task
from gt_service.errors import NotFound

PREDICT_AT_ONCE = 1_000
"""Objects of a chunk: some five seconds of work, beside the start of a function."""
PREDICT = "predict-"
"""The verb of these chunks, followed by the name of the question."""


@dataclass(frozen=True)
class Question:
    """What is asked of a model: of which objects, and whether its members answer together (`Learner.predict`)."""

    object_ids: tuple[str, ...]
    together: bool

    def dump(self) -> bytes:
        return json.dumps({"ids": self.object_ids, "together": self.together}).encode()


def question_of(verb: str) -> str:
    """The question that a verb names. Errors: `ValueError` for another verb."""
    if not verb.startswith(PREDICT):
        raise ValueError(f"no chunk is worked on with {verb!r}")
    return verb.removeprefix(PREDICT)


def read_question(name: str, job: JobContext, tools: Tools) -> tuple[Question, bytes]:
    """A question and the model that is asked."""
    document = json.loads(gzip.decompress(read_own(tools, job.tree.question(name, "ids"))))
    question = Question(tuple(document["ids"]), document["together"])
    return question, read_own(tools, job.tree.question(name, "model"))


@dataclass(frozen=True)
class ChunkedLearner:
    """A learner of a job whose predictions are made in chunks, here or elsewhere: the same come out."""

    learner: Learner
    job: JobContext
    tools: Tools

    @property
    def task(self) -> Task:
        return self.learner.task

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        # In one order, whatever the order asked: people may have been asked ahead since the step was taken last.
        question = Question(tuple(sorted(set(ids), key=int)), together)
        name = sha256(model + question.dump()).hexdigest()[:32]
        objects = len(question.object_ids)
        if self.tools.chunks.are_elsewhere(objects):
            self._ask(name, question, model)

        def part(first: int) -> Predictions:
            asked = question.object_ids[first : first + PREDICT_AT_ONCE]
            chunk = Chunk(PREDICT + name, first, PREDICT_AT_ONCE, objects, self.job.tree.predicted(name, first))
            here = partial(self.learner.predict, model, features, asked, together=together)
            return load(self.tools.chunks.result(self.job, chunk, lambda: dump(here())), asked)

        parts = [part(first) for first in range(0, objects, PREDICT_AT_ONCE)]
        return sum(parts, Predictions((), (), np.zeros(0))).of(ids)

    def _ask(self, name: str, question: Question, model: bytes) -> None:
        if self.tools.objects.head(self.job.tree.question(name, "ids")) is None:
            self.tools.objects.write(self.job.tree.question(name, "model"), model, BYTES)
            asked = gzip.compress(question.dump(), mtime=0)
            self.tools.objects.write(self.job.tree.question(name, "ids"), asked, ARCHIVE)

    def train(self, training: TrainingSet, *, on_epoch: EpochReport | None = None) -> Learnt:
        scores: list[float] = []

        def train() -> Learnt:
            report = None if on_epoch is None else lambda _, score: scores.append(score)
            return self.learner.train(training, on_epoch=report)

        if not self.tools.chunks.are_elsewhere(len(training.features.ids())):
            learnt = train()
        else:
            guesses = None if training.guesses is None else list(training.guesses)
            material = [training.seed, list(training.examples), guesses]
            name = sha256(json.dumps(material).encode() + (training.initial or b"")).hexdigest()[:32]
            learnt = self._learnt(name, scores) or self._keep(name, train(), scores)
        for epoch, score in enumerate(scores):
            if on_epoch is not None:
                on_epoch(epoch, score)
        return learnt

    def _learnt(self, name: str, scores: list[float]) -> Learnt | None:
        """What an earlier try of the step has learnt; `scores` take its epochs'."""
        try:
            report = json.loads(self.tools.objects.read(self.job.tree.learnt(name, "report")))
            model = self.tools.objects.read(self.job.tree.learnt(name, "model"))
        except (NotFound, ValueError):
            return None
        scores.extend(report["scores"])
        return Learnt(model, predictions_of(report["left_out"], report["ids"]))

    def _keep(self, name: str, learnt: Learnt, scores: Sequence[float]) -> Learnt:
        """The report last: where it is, all of it is."""
        self.tools.objects.write(self.job.tree.learnt(name, "model"), learnt.model, BYTES)
        left_out = learnt.left_out
        report = {"scores": list(scores), "ids": left_out.ids, "left_out": document_of(left_out)}
        self.tools.objects.write(self.job.tree.learnt(name, "report"), json.dumps(report).encode(), JSON)
        return learnt

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        return self.learner.losses(predicted, truth)
