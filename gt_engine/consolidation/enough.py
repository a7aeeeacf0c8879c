"""Whether an object has answers enough: ask on only while another answer could change the label. Pure.

Classes: a majority of all that may be asked stands already, or the posterior of the class is `SURE`, from what is known
of the workers. Boxes: every box that was drawn is in or out whatever is answered yet, and the boxes lie close together;
a first answer is enough only of a worker whose answers are nearly always the label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from gt_engine.autolabel.boxes.geometry import matches
from gt_engine.consolidation.boxes import clusters
from gt_engine.consolidation.classes import AGREES, confusions
from gt_engine.consolidation.skills import WHOLE, Skill, Skills
from gt_engine.labels import BoxLabel, ClassLabel, Label

SURE = 0.99
"""The posterior from which a class is taken."""
CLOSE = 0.7
"""Two people's boxes around one thing that agree so much (IoU) need no third for their place."""
CHECKED = 0.1
"""The share of objects, by chance, that a worker is never trusted alone with: whose care goes is to be noticed."""

Given = Sequence[tuple[str, Label]]
"""(worker id, answer) of one object."""


def is_enough(given: Given, *, most: int, classes: int, skills: Skills, is_checked: bool) -> bool:
    """Whether the answers to one object make its label. most: how many may be asked; is_checked: at least two are."""
    if len(given) >= most:
        return True
    if not given or (len(given) == 1 and is_checked):
        return False
    labels = [label for _, label in given]
    boxes = [label for label in labels if isinstance(label, BoxLabel)]
    if len(boxes) == len(labels):
        return _boxes_stand(
            [(worker, box_label) for (worker, _), box_label in zip(given, boxes, strict=True)], most, skills
        )
    votes = [(worker, label.class_id) for worker, label in given if isinstance(label, ClassLabel)]
    if len(votes) == len(labels):
        return _class_stands(votes, most, classes, skills)
    raise TypeError("labels of two kinds")


def is_checked(object_id: str) -> bool:
    """Whether an object is one of those that two people answer at least; the same whenever it is asked."""
    return int.from_bytes(sha256(object_id.encode()).digest()[:4], "big") < CHECKED * 2**32


def class_posterior(
    votes: Sequence[tuple[str, int]], classes: int, skills: Skills
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How probable each class is after these votes, before which all were alike."""
    log = np.zeros(classes)
    for worker, vote in votes:
        log += np.log(confusions(skills.get(worker, Skill()), classes)[:, vote])
    posterior = np.exp(log - log.max())
    return np.asarray(posterior / posterior.sum())


def _class_stands(votes: Sequence[tuple[str, int]], most: int, classes: int, skills: Skills) -> bool:
    posterior = class_posterior(votes, classes, skills)
    probable = int(posterior.argmax())
    [(chosen, count)] = Counter(vote for _, vote in votes).most_common(1)
    return bool(posterior[probable] >= SURE) or (2 * count > most and chosen == probable)


def _boxes_stand(drawn: Sequence[tuple[str, BoxLabel]], most: int, skills: Skills) -> bool:
    if len(drawn) == 1:
        right, wrong = skills.get(drawn[0][0], Skill()).of(WHOLE)
        return (right + AGREES / 2) / (right + wrong + AGREES) >= SURE
    left = most - len(drawn)
    for cluster in clusters(drawn):
        votes = Counter(cluster.class_ids).most_common(1)[0][1]
        is_in, is_out = 2 * len(cluster.workers) > most, 2 * (len(cluster.workers) + left) <= most
        # The class of a box that is in stands when the majority of those who drew it cannot turn.
        if not (is_out or (is_in and 2 * votes > len(cluster.workers) + left)):
            return False
    # A thing that nobody has drawn yet is out where those who are left are no majority.
    return 2 * left <= most and _are_close(drawn)


def _are_close(drawn: Sequence[tuple[str, BoxLabel]]) -> bool:
    ious = [iou for place, (_, a) in enumerate(drawn) for _, b in drawn[:place] for _, _, iou in matches(a, b)]
    return not ious or min(ious) >= CLOSE
