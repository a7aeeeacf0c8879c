"""The one interface of everything that learns from labels; the two task types differ only behind it.

A model is bytes: the payload of `model.tar.gz`. It carries its own facts (task, classes, how many labels it
learnt from), and what a later job needs to start warm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.features import FeatureView
from gt_engine.autolabel.payload import ModelFacts
from gt_engine.labels import Label, Task

EpochReport = Callable[[int, float], None]
"""Called with (epoch from 0, validation score in [0, 1]): mAP for boxes, accuracy for classes."""


@dataclass(frozen=True)
class Predictions:
    """What a model says of some objects, in the order asked.

    labels       one label per object
    confidences  float64 [n] in [0, 1]: how probable it is that the whole label meets the target
    seen         of a training, for boxes: what the learner itself sees, sure or not; not known of the last ones where
                 it is shorter
    """

    ids: tuple[str, ...]
    labels: tuple[Label, ...]
    confidences: NDArray[np.float64]
    seen: tuple[Detections | None, ...] = ()

    def of(self, ids: Sequence[str]) -> Predictions:
        """Of some of the objects. Raises KeyError for one that nothing is said of."""
        at = {one: i for i, one in enumerate(self.ids)}
        rows = [at[one] for one in ids]
        seen = tuple(self.seen[i] if i < len(self.seen) else None for i in rows) if self.seen else ()
        return Predictions(tuple(ids), tuple(self.labels[i] for i in rows), self.confidences[rows], seen)

    def __add__(self, more: Predictions) -> Predictions:
        """Of these objects and of others."""
        confidences = np.concatenate([self.confidences, more.confidences])
        unknown = (None,) * (len(self.ids) - len(self.seen)) if more.seen else ()
        return Predictions(self.ids + more.ids, self.labels + more.labels, confidences, self.seen + unknown + more.seen)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What a learner trains on.

    features  of all that is learnt from
    examples  people's labels by object id; None for one that was taken out: it is forgotten
    classes   their names
    seed      of whatever is drawn
    initial   the model to start from; None on a cold start. It brings its own examples along: they are learnt from
              again, so that nothing is forgotten but what was taken out
    guesses   labels of the machine by object id: learnt from as well, but no confidence is ever fitted to them. They
              tell what the members know to each other, so they may be there only when this job decides nothing any
              more: a training with guesses, be they none, is its last, and takes longer. None before
    """

    features: FeatureView
    examples: Mapping[str, Label | None]
    classes: Sequence[str]
    seed: int
    initial: bytes | None = None
    guesses: Mapping[str, Label] | None = None


@dataclass(frozen=True)
class Learnt:
    """What a training leaves.

    model     bytes, see above
    left_out  what it says of the examples, each by the member that never saw it: what `predict` would say. Of very
              many examples it learns from the newest, and says nothing of the others
    """

    model: bytes
    left_out: Predictions


class NothingToLearn(ValueError):
    """There is no label of people to learn from."""


ValueT = TypeVar("ValueT")


@dataclass(frozen=True, eq=False)
class Example(Generic[ValueT]):
    """A label that a model learns from (boxes, or the number of a class): people's, or the machine's own guess."""

    label: ValueT
    human: bool


def gathered_examples(
    training: TrainingSet, earlier: Mapping[str, Example[ValueT]], value_of: Callable[[Label], ValueT]
) -> dict[str, Example[ValueT]]:
    """All that there is to learn from, by content key: of earlier trainings what was not taken out, guesses of the
    machine, people's labels of this job. No guess takes the place of a label that people gave to the same picture in an
    earlier job."""
    features = training.features
    labels = {features.content_key(one): label for one, label in training.examples.items()}
    own = {key: Example(value_of(label), True) for key, label in labels.items() if label is not None}
    kept = {key: one for key, one in earlier.items() if key in own or key not in labels}
    by_people = {key for key, one in kept.items() if one.human}
    guesses = training.guesses or {}
    guessed = {features.content_key(one): Example(value_of(label), False) for one, label in guesses.items()}
    return {**kept, **{key: one for key, one in guessed.items() if key not in by_people}, **own}


def contents_to_learn_from(features: FeatureView, gathered: Mapping[str, Example[ValueT]]) -> list[str]:
    """Those whose features are there. Raises NothingToLearn where people have labeled none of them."""
    keys = [key for key in gathered if features.store.has(key)]
    if not any(gathered[key].human for key in keys):
        raise NothingToLearn("no examples to learn from")
    return keys


def facts_of_training(
    task: Task, classes: Sequence[str], gathered: Mapping[str, Example[ValueT]], earlier: ModelFacts | None
) -> ModelFacts:
    """What a model that was trained just now says of itself. earlier: of the model that it began from."""
    by_people = sum(one.human for one in gathered.values())
    return ModelFacts(task, tuple(classes), by_people, earlier.generation + 1 if earlier else 1)


class Learner(Protocol):
    """Trains on examples and labels the rest.

    Honest by construction: a model is a small set of members, and each content belongs to one fold, given by a
    hash of its key. The member that answers for a content never saw the fold that it is in. So predictions for
    labeled and unlabeled objects are alike, and losses on labeled objects are fair validation.
    """

    @property
    def task(self) -> Task:
        """What it labels."""
        ...

    def train(self, training: TrainingSet, *, on_epoch: EpochReport | None = None) -> Learnt:
        """A model of a training set. Deterministic for the same one. Raises NothingToLearn."""
        ...

    def predict(
        self, model: bytes, features: FeatureView, ids: Sequence[str], *, together: bool = False
    ) -> Predictions:
        """A label and a confidence for each object.

        With `together` all members answer for contents that the model has not learnt from, which is better than one
        alone. That is fair only where whether a content was learnt from does not hang together with whether it is
        labeled in this job: for a model that has seen no label of the job, or when nothing is decided any more.
        """
        ...

    def losses(self, predicted: Sequence[Label], truth: Sequence[Label]) -> NDArray[np.float64]:
        """The loss of each pair, float64 [n] in [0, 1]: what the guarantee bounds on average."""
        ...
