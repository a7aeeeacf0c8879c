"""As many workers as needed: where the answers to an object do not make its label yet, one more is asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from gt_engine.aws import in_parallel
from gt_engine.consolidation import Skills
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.crowd import Given
from gt_engine.jobs.tools import Tools
from gt_engine.workforce import offers
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.offers import ObjectOffer
from gt_service.errors import InvalidInput

log = logging.getLogger(__name__)


def ask_on(objects: Iterable[ObjectOffer], job: JobContext, skills: Skills, tools: Tools) -> None:
    """Decides on every undecided object. What was decided in an instant is in the table, and whoever changes an answer
    after that undoes it. Objects that people mend are asked of as many as at most."""
    files = WorkFiles.of(job.tree, tools.objects)
    undecided = [item for item in objects if item.is_undecided]
    mended = files.mended(item.part for item in undecided) if job.proposals is not None else set[int]()
    for item, is_enough in zip(
        undecided,
        in_parallel(lambda it: it.place not in mended and _is_enough(it, job, skills, files), undecided),
        strict=True,
    ):
        # Closes the race with an answer that is changed meanwhile: the object is looked at again.
        tools.people.replace(offers.decide(item, is_enough=is_enough))


def _is_enough(item: ObjectOffer, job: JobContext, skills: Skills, files: WorkFiles) -> bool:
    given = []
    for mine in item.answers:
        answer = files.answer(item.object_id, mine.worker)
        if answer is None:
            log.error("an answer is gone", extra={"job": job.record.name, "object": item.object_id})
            continue
        try:
            label = read_answer(job.task, answer.content, job.classes, None)
        except InvalidInput:
            continue  # told when labels are made
        given.append(Given(mine.worker, label, answer.accepted_at, answer.submitted_at))
    return job.crowd.is_enough(item.object_id, given, skills)
