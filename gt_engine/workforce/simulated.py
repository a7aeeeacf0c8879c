"""Simulated annotators: what they see is the gold label, what they answer is human.

Everything about a worker follows from (seed, worker number), everything about an answer from (seed, object id):
a replay gives the same answers, in whatever order the objects come.

Who is shown boxes corrects them instead of drawing all of them.
Assumptions, for there is no public study of this very task: a look at a proposed box takes 2 s (judging one box is the
quick part of Papadopoulos et al., CVPR 2016, and Konyushkova et al., CVPR 2018), correcting costs what drawing does,
and deleting a second. Everybody accepts some boxes unseen, careless people many (Beck et al. 2025: people accept wrong
suggestions); a box that is good enough stays as it is; and an object that has no proposal is overlooked twice as often
as without proposals (in KITTI, far more objects were missing than wrong: arXiv 2508.06556).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.boxes.geometry import same_places
from gt_engine.labels import BoxLabel, ClassLabel, Label, box_label
from gt_engine.outputs.label_form import AnyLabel

Corners = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

DRAW_SECONDS = 4.0
LOOK_SECONDS = 2.0
DELETE_SECONDS = 1.0
OVERLOOKS = 2.0
"""How much oftener an object without a proposal is missed than in a blind image."""
SAME_OBJECT_IOU = 0.3
"""A proposed box that overlaps an object so well is corrected to fit it, any other is deleted."""
SMALL = 0.1
"""A box narrower than this share of the image is missed more often."""


@dataclass(frozen=True)
class Answer:
    """What one worker submitted for one object; both times are timezone-aware UTC."""

    worker_id: str
    label: AnyLabel
    accepted_at: datetime
    submitted_at: datetime


@dataclass(frozen=True)
class Trust:
    """accepts_unseen: probability to accept a box without a look; tolerance: IoU from which one is good enough."""

    accepts_unseen: float
    tolerance: float


def trust_of(worker_id: str, *, sloppy: bool) -> Trust:
    """The same for the same worker in every job."""
    rng = np.random.default_rng(int.from_bytes(sha256(worker_id.encode()).digest()[:8], "big"))
    unseen, tolerance = ((0.3, 0.6), (0.65, 0.8)) if sloppy else ((0.05, 0.2), (0.75, 0.9))
    return Trust(float(rng.uniform(*unseen)), float(rng.uniform(*tolerance)))


@dataclass(frozen=True)
class BoxCorrection:
    """What a worker does with the boxes that are shown.

    kept    rows of them that stay as they are
    corrected  rows of the truth that one of them is fitted to
    missing  rows of the truth that none of them was about
    seconds  for the looks and deletions; each corrected or added box takes as long as a drawn one
    """

    kept: tuple[int, ...]
    corrected: tuple[int, ...]
    missing: tuple[int, ...]
    seconds: float


def correct(shown: BoxLabel, truth: BoxLabel, trust: Trust, rng: np.random.Generator) -> BoxCorrection:
    pairs = same_places(shown, truth, SAME_OBJECT_IOU)
    about = {i: (j, iou if shown.class_ids[i] == truth.class_ids[j] else 0.0) for i, j, iou in pairs}
    unseen: NDArray[np.bool_] = rng.random(len(shown)) < trust.accepts_unseen
    kept, corrected, seconds = list[int](), list[int](), LOOK_SECONDS * int((~unseen).sum())
    for i in range(len(shown)):
        truth_row, overlap = about.get(i, (None, 0.0))
        if unseen[i] or overlap >= trust.tolerance:
            kept.append(i)
        elif truth_row is None:
            seconds += DELETE_SECONDS
        else:
            corrected.append(truth_row)
    missing = set(range(len(truth))) - {j for j, _ in about.values()}
    return BoxCorrection(tuple(kept), tuple(corrected), tuple(sorted(missing)), seconds)


@dataclass(frozen=True)
class Worker:
    """How one annotator works.

    spread     standard deviation of a drawn side, as a share of the box's width or height
    misses     probability to overlook a box (small boxes: 2.5 times)
    spurious   probability to draw a box where nothing is
    confuses   probability to pick a wrong class
    seconds    time per task, before the boxes: median of a log-normal
    absent     never accepts anything
    trust      how the machine's boxes are corrected
    """

    worker_id: str
    spread: float
    misses: float
    spurious: float
    confuses: float
    seconds: float
    absent: bool
    trust: Trust


@dataclass(frozen=True)
class SimulatedWorkforce:
    """A crowd of annotators with skill, misses, spurious boxes, sloppiness, absence and speed.

    seed                everything follows from it
    workers             how many there are
    classes             number of label categories, from which a confused worker picks
    sloppy_share        share of the workers who are careless
    absent_share        share of the workers who never accept anything
    declining_share     share of the offers that are declined
    expiring_share      share of the accepted tasks that are never submitted
    time_limit_seconds  after which an accepted task expires
    draw_seconds        what a box takes that is drawn or corrected
    """

    seed: int
    workers: int = 30
    classes: int = 1
    sloppy_share: float = 0.15
    absent_share: float = 0.1
    declining_share: float = 0.02
    expiring_share: float = 0.005
    time_limit_seconds: int = 300
    draw_seconds: float = DRAW_SECONDS

    @cached_property
    def crowd(self) -> tuple[Worker, ...]:
        """Everyone who works here."""
        return tuple(self._worker(number) for number in range(self.workers))

    def accepts_unseen(self, worker_id: str) -> float:
        """How probable it is that a worker takes a label of the machine's without a look."""
        return next((worker.trust.accepts_unseen for worker in self.crowd if worker.worker_id == worker_id), 0.0)

    def answer(
        self,
        object_id: str,
        gold: Label,
        workers_per_object: int,
        start: datetime,
        *,
        to_correct: BoxLabel | None = None,
    ) -> list[Answer]:
        """The submitted answers for one object, by time; fewer than asked when too few workers are there.

        A virtual clock begins at `start`. Each worker is offered an object once, until enough have answered or nobody
        is left. to_correct: the boxes that the workers are shown; None where they draw.
        """
        digest = sha256(object_id.encode()).digest()
        rng = np.random.default_rng([self.seed, 1, int.from_bytes(digest[:8], "big")])
        submitted: list[Answer] = []
        # One queue per answer wanted: a declined or expired task is offered again when it ended.
        free_at = [start + timedelta(seconds=float(rng.exponential(20))) for _ in range(workers_per_object)]
        for number in rng.permutation(self.workers):
            worker = self.crowd[number]
            if worker.absent:
                continue
            if not free_at:
                break
            ended, label = self._work(worker, gold, accepted := free_at.pop(0), rng, to_correct)
            if label is None:
                free_at.append(ended)
            else:
                submitted.append(Answer(worker.worker_id, label, accepted, ended))
        return sorted(submitted, key=lambda answer: (answer.submitted_at, answer.worker_id))

    def _worker(self, number: int) -> Worker:
        rng = np.random.default_rng([self.seed, 0, number])
        sloppy = rng.random() < self.sloppy_share
        return Worker(
            worker_id=f"simulated-{self.seed}-{number:03d}",
            spread=rng.uniform(0.08, 0.16) if sloppy else rng.uniform(0.02, 0.05),
            misses=0.15 if sloppy else 0.04,
            spurious=0.08 if sloppy else 0.02,
            confuses=rng.uniform(0.15, 0.35) if sloppy else rng.uniform(0.01, 0.05),
            seconds=rng.uniform(3, 8) if sloppy else rng.uniform(6, 20),
            absent=bool(rng.random() < self.absent_share),
            trust=trust_of(f"{self.seed}/{number}", sloppy=bool(sloppy)),
        )

    def _work(
        self, worker: Worker, gold: Label, accepted: datetime, rng: np.random.Generator, to_correct: BoxLabel | None
    ) -> tuple[datetime, Label | None]:
        """When a task ended, and its label; None of one that was declined, or had expired."""
        chance = rng.random()
        if chance < self.declining_share:
            return accepted + timedelta(seconds=round(float(rng.uniform(1, 10)), 3)), None
        correction = None
        work = self.draw_seconds * len(gold) if isinstance(gold, BoxLabel) else 0.0
        if to_correct is not None and isinstance(gold, BoxLabel):
            correction = correct(to_correct, gold, worker.trust, rng)
            work = correction.seconds + self.draw_seconds * (len(correction.corrected) + len(correction.missing))
        seconds = float(rng.lognormal(np.log(worker.seconds + work), 0.4))
        if chance < self.declining_share + self.expiring_share or seconds > self.time_limit_seconds:
            return accepted + timedelta(seconds=self.time_limit_seconds), None
        if not isinstance(gold, BoxLabel):
            label: Label = ClassLabel(self._confused(worker, gold.class_id, rng))
        elif correction is None or to_correct is None:
            label = self._boxes(worker, gold, rng)
        else:
            label = self._corrected(worker, gold, to_correct, correction, rng)
        return accepted + timedelta(seconds=round(seconds, 3)), label

    def _confused(self, worker: Worker, class_id: int, rng: np.random.Generator) -> int:
        if self.classes > 1 and rng.random() < worker.confuses:
            return int((class_id + rng.integers(1, self.classes)) % self.classes)
        return class_id

    def _boxes(self, worker: Worker, gold: BoxLabel, rng: np.random.Generator) -> BoxLabel:
        size = np.array(gold.image_size[:2], float)
        drawn: list[Corners] = []
        classes: list[int] = []
        for row in range(len(gold)):
            if rng.random() < self._misses(worker, gold, row):
                continue
            self._draw(worker, gold, row, drawn, classes, rng)
        if rng.random() < worker.spurious:
            extent = rng.uniform(0.08, 0.4, 2) * size
            corner = rng.uniform(0, 1, 2) * (size - extent)
            drawn.append(np.concatenate([corner, corner + extent]))
            classes.append(int(rng.integers(self.classes)))
        # People's boxes are whole pixels, as Ground Truth writes them.
        return box_label(np.round(np.array(drawn).reshape(-1, 4)), classes, gold.image_size)

    def _corrected(
        self, worker: Worker, gold: BoxLabel, shown: BoxLabel, correction: BoxCorrection, rng: np.random.Generator
    ) -> BoxLabel:
        drawn: list[Corners] = [shown.boxes[row].astype(float) for row in correction.kept]
        classes = [int(shown.class_ids[row]) for row in correction.kept]
        for row in correction.corrected:
            self._draw(worker, gold, row, drawn, classes, rng)
        for row in correction.missing:
            if rng.random() >= OVERLOOKS * self._misses(worker, gold, row):
                self._draw(worker, gold, row, drawn, classes, rng)
        return box_label(np.round(np.array(drawn).reshape(-1, 4)), classes, gold.image_size)

    def _misses(self, worker: Worker, gold: BoxLabel, row: int) -> float:
        box, size = gold.boxes[row].astype(float), np.array(gold.image_size[:2], float)
        return worker.misses * (2.5 if ((box[2:] - box[:2]) / size).min() < SMALL else 1)

    def _draw(
        self,
        worker: Worker,
        gold: BoxLabel,
        row: int,
        drawn: list[Corners],
        classes: list[int],
        rng: np.random.Generator,
    ) -> None:
        """Adds the box as the worker draws it; one of two pixels or less is none."""
        box = gold.boxes[row].astype(float)
        size = np.array(gold.image_size[:2], float)
        extent = box[2:] - box[:2]
        noise = rng.normal(0, worker.spread, 4) * np.tile(extent, 2) + rng.normal(0, 0.7, 4)
        corners = np.clip(gold.boxes[row] + noise, 0, np.tile(size, 2))
        if (corners[2:] - corners[:2]).min() > 2:
            drawn.append(corners)
            classes.append(self._confused(worker, int(gold.class_ids[row]), rng))
