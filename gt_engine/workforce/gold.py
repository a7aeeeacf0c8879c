"""Gold items: objects whose answer is known, hidden among those that a worker is asked about.

They are offered beside a job's own objects, at places below 0, and are never among what is consolidated: no label is
made of them. So many answers may be given to each that all of them together stay within the share that is paid for.

    people/gold.json    the known answers by object id: what no page of a worker ever gets
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from gt_engine.labels import BoxLabel, scaled
from gt_engine.workforce.agreement import alike
from gt_engine.workforce.asking import answered, by_object
from gt_engine.workforce.care import RIGHT_FROM
from gt_engine.workforce.files import OfferedLine, WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import JobOffer, TaskStore
from gt_engine.workforce.offers import ObjectOffer, Status, TaskAssignment
from gt_service.task_types import TaskType

MOST_ITEMS = 60
"""Known objects in one job. Of more, chance chooses those that the fewest workers have seen."""
PREFIX = "gold-"
PART = -1
"""Their part of the offer."""
RIGHT, WRONG = "right", "wrong"


@dataclass(frozen=True)
class GoldItem:
    """A known object. `shown_to`: workers who had it in jobs before."""

    source: str
    answer: Mapping[str, Any]
    shown_to: tuple[str, ...] = ()


def digest_of(source: str) -> str:
    """Names an object in files that outlive the job."""
    return sha256(source.encode()).hexdigest()[:32]


def choose(
    items: Iterable[GoldItem], besides: Collection[str], most_answers: int, seed: int
) -> list[tuple[GoldItem, int]]:
    """The items of a job, and how many answers each may get: together no more than `most_answers`.

    besides: sources of the job's own objects. Which ones is chance, the least seen first.
    """
    usable = sorted((item for item in items if item.source not in besides), key=lambda item: item.source)
    random.Random(seed).shuffle(usable)  # noqa: S311 - the same choice however often the step is done
    usable.sort(key=lambda item: len(item.shown_to))
    chosen = usable[: min(MOST_ITEMS, most_answers)]
    if not chosen:
        return []
    each, more = divmod(most_answers, len(chosen))
    return [(item, each + (place < more)) for place, item in enumerate(chosen)]


def write_choice(chosen: Sequence[tuple[GoldItem, int]], source_key: str, files: WorkFiles) -> None:
    """The files of a job's gold items, from which they can be put on offer at any time."""
    lines = [
        OfferedLine(-number, f"{PREFIX}{number}", json.dumps({source_key: item.source}), item.source)
        for number, (item, _) in enumerate(chosen, 1)
    ]
    files.write_offer(PART, lines)
    documents = {
        line.object_id: {"answer": item.answer, "answers": answers, "shownTo": item.shown_to}
        for line, (item, answers) in zip(lines, chosen, strict=True)
    }
    files.write_gold(documents)


def put_gold_on_offer(offer: JobOffer, files: WorkFiles, store: TaskStore) -> None:
    """Puts a job's gold items on offer, with what the files know of them; what is in the table stays as it is. Who had
    an item in an earlier job is not given it again."""
    known = files.gold()
    if not known:
        return
    workers = by_object(files.answered())
    objects = []
    for line in files.offer(PART).values():
        item = known[line.object_id]
        item_offer = ObjectOffer(offer.job, line.place, line.object_id, PART, wanted=item["answers"])
        for worker in item["shownTo"]:
            item_offer = item_offer.with_assignment(TaskAssignment(worker, "", Status.SEEN, offer.created_at))
        for worker in workers.get(line.object_id, ()):
            item_offer = item_offer.with_assignment(_answered(line.object_id, worker, item["answer"], offer, files))
        objects.append(item_offer)
    store.add(objects)


def _answered(
    object_id: str, worker: str, known: Mapping[str, Any], offer: JobOffer, files: WorkFiles
) -> TaskAssignment:
    file = files.answer(object_id, worker)
    if file is None:
        return TaskAssignment(worker, "", Status.SEEN, offer.created_at)
    return replace(answered(worker, file), grade=grade(file.content, known, offer.task_type, offer.labels))


def shown_in(
    known: Mapping[str, Mapping[str, Any]], items: Iterable[ObjectOffer], lines: Mapping[int, OfferedLine]
) -> dict[str, list[str]]:
    """Who has seen which item by the end of a job, by the item's digest."""
    shown: dict[str, list[str]] = {}
    for item in items:
        if item.object_id in known and item.place in lines:
            shown[digest_of(lines[item.place].source)] = sorted(mine.worker for mine in item.assignments)
    return shown


def grade(answer: Mapping[str, Any], known: Mapping[str, Any], task: TaskType, classes: Sequence[str]) -> str:
    """What an answer to a gold item is worth; both are answerContent."""
    label, right = read_answer(task, answer, classes, None), read_answer(task, known, classes, None)
    if isinstance(label, BoxLabel) and isinstance(right, BoxLabel):
        right = scaled(right, label.image_size)
    return RIGHT if alike(label, right) >= RIGHT_FROM else WRONG


def grades_of(items: Iterable[ObjectOffer], worker: str) -> list[bool]:
    """A worker's answers to known objects, in order of time: right or wrong. Those that were forgiven do not count."""
    graded = [mine for item in items if (mine := item.of(worker)) is not None and mine.grade]
    return [mine.grade == RIGHT for mine in sorted(graded, key=lambda mine: mine.ended_at or mine.expires_at)]
