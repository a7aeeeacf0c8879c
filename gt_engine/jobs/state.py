"""Where a labeling job stands: one frozen value, written after every step and read before the next. Pure.

The labels themselves are not in it. They are in the output files that the state lists, so that what is counted and
what is written can never differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gt_engine.autolabel.rounds import HumanBatch, Progress, Purpose, Round
from gt_engine.store import Counters


@dataclass(frozen=True)
class HumanWork:
    """A batch that people answered in an iteration. `failed` has the reason of each object without a label;
    `responses` are the names of the consolidation-response files, in order."""

    iteration: int
    responses: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Training:
    """A training that ended with a model. `s3_uri` is its model.tar.gz."""

    iteration: int
    model_name: str
    s3_uri: str


@dataclass(frozen=True)
class JobState:
    """A labeling job between two steps.

    clock      virtual time: when the last step would have ended with real people and real training
    lines      lines of the manifest; None until it was read
    prepared   how many of the objects to label have been looked at (images only)
    problems   objects that cannot be shown to anybody, with the reason
    progress   what people and machine have labeled, in the words of the auto-labeling plan
    human      the batches of people's labels, machine: the iterations with machine labels
    trainings  in order; the last one's model is the job's final model
    is_trained_to_the_end  the final training is done, or there was nothing to learn from
    """

    clock: datetime
    lines: int | None = None
    prepared: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(objects=()))
    human: tuple[HumanWork, ...] = ()
    machine: tuple[int, ...] = ()
    trainings: tuple[Training, ...] = ()
    is_trained_to_the_end: bool = False

    @property
    def counters(self) -> Counters:
        human = sum(len(batch.labeled) for batch in self.progress.batches)
        failed = sum(len(batch.unlabeled) for batch in self.progress.batches) + len(self.progress.failed)
        machine = sum(len(round_.machine) for round_ in self.progress.rounds)
        return Counters(human, machine, failed, len(self.progress.objects) - human - machine - failed)

    @property
    def iteration(self) -> int:
        """The iteration that is under way or was last; 0 before the first."""
        return max([0, *(work.iteration for work in self.human), *self.machine])

    def iteration_to_ask(self) -> int:
        """The iteration of the next human batch: the one that the machine's last round began, else a new one.

        Numbers have no gaps: readers of Ground Truth's output count iterations instead of reading their numbers.
        """
        asked = max([0, *(work.iteration for work in self.human)])
        return self.iteration if self.iteration > asked else self.iteration + 1

    def after(self, **changes: Any) -> JobState:
        return replace(self, **changes)


def dump(state: JobState) -> bytes:
    """The state as JSON."""
    document = asdict(state)
    document["clock"] = state.clock.isoformat()
    document["progress"]["failed"] = sorted(state.progress.failed)
    return json.dumps(document, separators=(",", ":")).encode()


def load(body: bytes) -> JobState:
    """The state that `dump` wrote."""
    document = json.loads(body)
    progress = document.pop("progress")
    return JobState(
        clock=datetime.fromisoformat(document.pop("clock")).astimezone(UTC),
        progress=Progress(
            objects=tuple(progress["objects"]),
            failed=frozenset(progress["failed"]),
            batches=tuple(_batch(**batch) for batch in progress["batches"]),
            rounds=tuple(Round(**_tuples(round_)) for round_ in progress["rounds"]),
        ),
        human=tuple(HumanWork(**_tuples(work)) for work in document.pop("human")),
        machine=tuple(document.pop("machine")),
        trainings=tuple(Training(**training) for training in document.pop("trainings")),
        **document,
    )


def _batch(purpose: str, labeled: list[str], unlabeled: list[str]) -> HumanBatch:
    return HumanBatch(Purpose(purpose), tuple(labeled), tuple(unlabeled))


def _tuples(members: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in members.items()}
