"""What workers answered: each answer counted once, because each is paid, and a line for each worker. Pure.

A worker's answer to an object appears in the worker-response file and, once the object is consolidated, in a
consolidation request as well; an object that is consolidated twice in an iteration appears there twice. It is one
answer, and one payment, for each worker, object and iteration.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from statistics import fmean, median

from gt_service.outputs.labels import Label, agreement, label_of_answer
from gt_service.outputs.records import AnswerRecord, answer_content

GOLD_PREFIX = "gold-"


@dataclass(frozen=True)
class WorkerStats:
    """One worker in one job.

    answers         how many answers they gave, all of them counted
    median_seconds, mean_seconds   time for an answer, of the `timed` answers whose time is known; None without any
    agreement       mean agreement (F1 of the boxes, or same class) with the final labels of the `compared` objects
    """

    worker_id: str
    answers: int
    median_seconds: float | None
    mean_seconds: float | None
    timed: int
    agreement: float | None
    compared: int


class AnswerLedger:
    """Takes answers in any order, any number of times. `sampled` says which objects' answers are kept to compare."""

    def __init__(self, sampled: Callable[[str], bool]) -> None:
        self._sampled = sampled
        self._who: dict[tuple[int, str], list[str]] = {}
        self._answers: Counter[str] = Counter()
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._kept: dict[tuple[str, str], Label] = {}
        self.by_iteration: Counter[int] = Counter()

    def add(self, iteration: int, object_id: str, answers: Sequence[AnswerRecord]) -> None:
        if not answers:
            return
        who = self._who.setdefault((iteration, object_id), [])
        sampled = self._sampled(object_id)
        for answer in answers:
            worker_id = sys.intern(answer.worker_id)
            if worker_id in who:
                continue
            who.append(worker_id)
            self.by_iteration[iteration] += 1
            self._answers[worker_id] += 1
            if sampled and (label := label_of_answer(answer_content(answer))) is not None:
                self._kept[object_id, worker_id] = label

    def time(self, answers: Sequence[AnswerRecord]) -> None:
        """Notes how long answers took. Counts nothing."""
        for answer in answers:
            if answer.seconds is not None:
                self._seconds[answer.worker_id].append(answer.seconds)

    @property
    def answered(self) -> frozenset[tuple[int, str]]:
        """Iterations and objects of which any answer is known."""
        return frozenset(self._who)

    @property
    def gold_answers(self) -> int:
        """Answers to gt-engine's gold items: work as all, but no object of the job has them."""
        return sum(len(who) for (_, object_id), who in self._who.items() if object_id.startswith(GOLD_PREFIX))

    def answers_to(self, object_ids: Set[str]) -> Counter[str]:
        """How many answers each of the objects got, over all iterations."""
        counts: Counter[str] = Counter()
        for (_, object_id), who in self._who.items():
            if object_id in object_ids:
                counts[object_id] += len(who)
        return counts

    def workers(self, labels: Mapping[str, Label]) -> tuple[WorkerStats, ...]:
        """A line for each worker, most answers first; `labels` holds the final labels of sampled objects."""
        scores: defaultdict[str, list[float]] = defaultdict(list)
        for (object_id, worker_id), answer in self._kept.items():
            if object_id in labels:
                scores[worker_id].append(agreement(answer, labels[object_id]))
        return tuple(
            self._stats(worker_id, count, scores[worker_id])
            for worker_id, count in sorted(self._answers.items(), key=lambda item: (-item[1], item[0]))
        )

    def _stats(self, worker_id: str, count: int, scores: Sequence[float]) -> WorkerStats:
        seconds = self._seconds[worker_id]
        return WorkerStats(
            worker_id=worker_id,
            answers=count,
            median_seconds=median(seconds) if seconds else None,
            mean_seconds=fmean(seconds) if seconds else None,
            timed=len(seconds),
            agreement=fmean(scores) if scores else None,
            compared=len(scores),
        )
