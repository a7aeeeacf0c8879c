"""How right the labels are: people's and the machine's apart, against gold labels; without gold, a sample to look at.

Boxes are matched to gold boxes of the same class at an IoU of 0.5. The score of an image is F1 = 2 TP/(2 TP + FP + FN),
1 where nothing is to find and nothing was found; `true_error` is 1 minus its mean over the machine's images. Ground
Truth's own measure, the mean IoU of predicted and missed boxes of an image, is given beside it. Intervals are
percentile bootstraps over images, 95 %, with a fixed seed: the same labels give the same report.
"""

from __future__ import annotations

import heapq
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import records
from gt_service.outputs.labels import Boxes, Classes, Label, label_of, match_boxes, scaled
from gt_service.outputs.records import UNREADABLE, JsonObject
from gt_service.outputs.tally import LabeledObject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TARGETS: Mapping[str, float] = {"f1": 0.90, "mean-iou": 0.60, "accuracy": 0.95}
"""What the machine's labels are to reach where the campaign names no target: Ground Truth's documented mean IoU and
accuracy, and for the F1 of boxes gt-engine's default."""

LEVEL = 0.95
SAMPLE_SIZE = 139
"""Enough to know an error rate near 10 % to ± 5 points at 95 %: 1.96² × 0.1 × 0.9 / 0.05²."""

_SEED = 20_181_128
_MOST_RESAMPLES = 1_000
_RESAMPLED_ROWS = 5_000_000


_MEASURED = {"f1": ("mean_f1", "mean F1"), "mean-iou": ("mean_image_iou", "mean IoU"), "accuracy": ("accuracy",) * 2}


@dataclass(frozen=True)
class Gold:
    """Gold labels by the object they belong to; `skipped` lines hold none that can be compared."""

    labels: Mapping[str, Label]
    skipped: int


def read_gold(objects: ObjectStore, uri: S3Uri, classes: Sequence[str] = ()) -> Gold:
    """Gold labels from a manifest, under whatever label attribute each line uses.

    `classes` are the campaign's labels, for records that give a class's number without its name.
    Errors: `NotFound` where there is no such file.
    """
    labels: dict[str, Label] = {}
    skipped = 0
    for _, line in records.gold_lines(objects.lines(uri)):
        gold = gold_label(line, classes)
        if gold is not None:
            labels[gold[0]] = gold[1]
        else:
            skipped += 1
    return Gold(labels, skipped)


def gold_label(line: bytes, classes: Sequence[str]) -> tuple[str, Label] | None:
    """The object and its label in a line of gold labels; None where it holds none that can be compared."""
    try:
        record = records.manifest_object(line)
        attribute = next(iter(records.label_attributes(record)), None)
        parsed = None if attribute is None else records.label_record(record, attribute)
        label = None if parsed is None else label_of(parsed, classes)
    except UNREADABLE:
        return None
    named = records.source(record)
    return None if named is None or label is None else (named, label)


@dataclass
class Audit:
    """Scores labels against gold labels as they come by; give its `add` to the reader of a job.

    `measure` is one of `TARGETS`, None for the F1 of boxes or the accuracy of classes; `target` None for its default.
    `whole`: the target is one of all labels together, not of the machine's alone.
    """

    gold: Mapping[str, Label]
    measure: str | None = None
    target: float | None = None
    whole: bool = False
    _boxes: dict[bool, list[tuple[float, int, int, int, float]]] = field(default_factory=lambda: {True: [], False: []})
    _classes: dict[bool, Counter[tuple[str, str]]] = field(default_factory=lambda: {True: Counter(), False: Counter()})

    def add(self, labeled: LabeledObject) -> None:
        self.compare(labeled, self.gold.get(labeled.source or ""))

    def compare(self, labeled: LabeledObject, gold: Label | None) -> None:
        """As `add`, with gold labels that come one by one."""
        label = None if labeled.record is None else label_of(labeled.record)
        if isinstance(label, Boxes) and isinstance(gold, Boxes):
            match = match_boxes(label.boxes, scaled(gold, label.image_size).boxes)
            row = (match.f1, match.matched, match.unmatched, match.missed, sum(match.ious))
            self._boxes[labeled.human].append(row)
        elif isinstance(label, Classes) and isinstance(gold, Classes):
            self._classes[labeled.human][", ".join(gold.names), ", ".join(label.names)] += 1

    def result(self) -> dict[str, Any] | None:
        """The report's `quality`; None where no label has a gold label."""
        sides = {name: self._side(human) for name, human in (("human", (True,)), ("machine", (False,)))}
        if not any(sides.values()):
            return None
        machine = sides["machine"]
        measure = self.measure or ("accuracy" if any(self._classes.values()) else "f1")
        return {
            **sides,
            "true_error": None if machine is None else machine["error"],
            "verdict": _verdict("All labels", self._side((True, False)), measure, self.target)
            if self.whole
            else _verdict("Machine labels", machine, measure, self.target),
        }

    def _side(self, of: Sequence[bool]) -> dict[str, Any] | None:
        """The scores of people's labels (True), the machine's (False), or both."""
        if boxes := [row for human in of for row in self._boxes[human]]:
            return score_boxes(boxes)
        if classes := sum((self._classes[human] for human in of), Counter[tuple[str, str]]()):
            return score_classes(classes)
        return None


def score_boxes(rows: Sequence[tuple[float, int, int, int, float]]) -> dict[str, Any]:
    """Scores of images, each a row (F1, matched, unmatched, missed boxes, sum of the matched boxes' IoU)."""
    import numpy as np

    table = np.asarray(rows, float)
    all_boxes = table[:, 1:4].sum(axis=1)
    image_iou = np.divide(table[:, 4], all_boxes, out=np.ones(len(table)), where=all_boxes > 0)
    table = np.column_stack([table, image_iou])
    names = ("mean_f1", "precision", "recall", "f1", "mean_iou", "mean_image_iou")
    point = dict(zip(names, _box_scores(table.sum(axis=0), len(table)), strict=True))
    draws = np.array([_box_scores(weights @ table, len(table)) for weights in _resamples(len(table))], float)
    intervals = {name: _interval(draws[:, column]) for column, name in enumerate(names)}
    mean_f1 = float(table[:, 0].mean())
    low, high = intervals["mean_f1"] or (mean_f1, mean_f1)
    return {
        "images": len(table),
        "boxes": int(table[:, 1].sum() + table[:, 3].sum()),
        **{name: _rounded(value) for name, value in point.items()},
        "error": _rounded(1 - mean_f1),
        "error_interval": [_rounded(1 - high), _rounded(1 - low)],
        "interval": [_rounded(low), _rounded(high)],
        "intervals": {name: pair and [_rounded(pair[0]), _rounded(pair[1])] for name, pair in intervals.items()},
    }


def score_classes(pairs: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """Accuracy and confusion matrix from counts of (gold class, given class); rows of the matrix are gold classes."""
    names = sorted({name for pair in pairs for name in pair})
    total = sum(pairs.values())
    right = sum(count for (gold, given), count in pairs.items() if gold == given)
    low, high = wilson_interval(right, total)
    return {
        "images": total,
        "accuracy": _rounded(right / total),
        "error": _rounded(1 - right / total),
        "error_interval": [_rounded(1 - high), _rounded(1 - low)],
        "interval": [_rounded(low), _rounded(high)],
        "confusion": {
            "classes": names,
            "matrix": [[pairs.get((gold, given), 0) for given in names] for gold in names],
        },
    }


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z = 1.959964
    share = right / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * (share * (1 - share) / total + z * z / (4 * total * total)) ** 0.5 / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


class ArmAudit:
    """Scores people's labels with and without proposals apart, of the objects that could have either."""

    def __init__(self, audit: Callable[[], Audit]) -> None:
        self._arms = {True: audit(), False: audit()}

    def add(self, labeled: LabeledObject) -> None:
        if labeled.blind is not None and labeled.human:
            self._arms[labeled.blind].add(labeled)

    def result(self) -> Mapping[bool, dict[str, Any] | None]:
        """The scores by whether the labels were made blind."""
        results = {blind: audit.result() for blind, audit in self._arms.items()}
        return {blind: None if audit is None else audit["human"] for blind, audit in results.items()}


class AuditSample:
    """A random sample of the machine's labels for people to look at, where there are no gold labels.

    Which objects depends on the job's name alone, so that a report made again offers the same sample.
    """

    def __init__(self, job_name: str) -> None:
        self._job_name = job_name
        self._heap: list[tuple[int, str, dict[str, Any]]] = []
        self._machine = 0

    def add(self, labeled: LabeledObject) -> None:
        if labeled.record is None or labeled.human:
            return
        self._machine += 1
        rank = -zlib.crc32(f"{self._job_name}/{labeled.object_id}".encode())
        if len(self._heap) < SAMPLE_SIZE or rank > self._heap[0][0]:
            item = (rank, labeled.object_id, _shown(labeled, label_of(labeled.record)))
            (heapq.heappush if len(self._heap) < SAMPLE_SIZE else heapq.heapreplace)(self._heap, item)

    def result(self) -> dict[str, Any] | None:
        """The report's `audit_sample`; None where the machine labeled nothing."""
        if not self._machine:
            return None
        return {
            "size": len(self._heap),
            "of": self._machine,
            "why": (
                f"No gold labels: look at these {len(self._heap)} machine labels drawn at random. "
                "If 10 % of them are wrong, the machine's error is 10 % ± 5 points (95 %)."
                if len(self._heap) == SAMPLE_SIZE
                else f"No gold labels: look at these {len(self._heap)} machine labels."
            ),
            "objects": [shown for _, _, shown in sorted(self._heap, reverse=True)],
        }


def _shown(labeled: LabeledObject, label: Label | None) -> dict[str, Any]:
    says: list[Any] = []
    if isinstance(label, Boxes):
        says = [[box.label, box.left, box.top, box.width, box.height] for box in label.boxes]
    elif isinstance(label, Classes):
        says = list(label.names)
    return {"object_id": labeled.object_id, "source": labeled.source, "label": says}


def _box_scores(sums: NDArray[np.float64], images: int) -> tuple[float | None, ...]:
    f1, matched, unmatched, missed, overlap, image_iou = map(float, sums)
    drawn, gold = matched + unmatched, matched + missed
    return (
        f1 / images,
        matched / drawn if drawn else None,
        matched / gold if gold else None,
        2 * matched / (drawn + gold) if drawn + gold else None,
        overlap / matched if matched else None,
        image_iou / images,
    )


def _resamples(rows: int) -> Iterator[NDArray[np.int64]]:
    """Bootstrap draws as how often each row was drawn; fewer of them for very many rows, where it matters less."""
    import numpy as np

    generator = np.random.default_rng(_SEED)
    for _ in range(max(200, min(_MOST_RESAMPLES, _RESAMPLED_ROWS // rows))):
        yield np.bincount(generator.integers(0, rows, rows), minlength=rows)


def _interval(draws: Iterable[float]) -> tuple[float, float] | None:
    import numpy as np

    known = np.asarray(list(draws), float)
    known = known[~np.isnan(known)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _verdict(which: str, scores: JsonObject | None, measure: str, target: float | None) -> dict[str, Any]:
    """Whether these labels reach the target: yes or no where the whole interval says so, else not shown."""
    goal = TARGETS[measure] if target is None else target
    verdict: dict[str, Any] = {"measure": measure, "target": goal, "passes": None}
    if scores is None:
        return {**verdict, "text": "The machine labeled nothing that has a gold label."}
    key, name = _MEASURED[measure]
    low, high = scores["intervals"][key] if "intervals" in scores else scores["interval"]
    measured = f"{name} {scores[key]:.3f}, 95 % interval {low:.3f} to {high:.3f}, {scores['images']:,} images"
    if low >= goal:
        return {**verdict, "passes": True, "text": f"{which} reach the target of {goal:.2f}: {measured}."}
    if high < goal:
        return {**verdict, "passes": False, "text": f"{which} miss the target of {goal:.2f}: {measured}."}
    side = "above" if scores[key] >= goal else "below"
    text = f"{which} measure {side} the target of {goal:.2f}, with too few images to be sure: {measured}."
    return {**verdict, "text": text}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
