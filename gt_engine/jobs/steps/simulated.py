"""Asking simulated people: a batch of objects out, answers in, one label for each, all in one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from gt_engine.consolidation import together
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.crowd import GoldLabels, read_gold_labels, with_size
from gt_engine.jobs.manifest import ManifestLine
from gt_engine.jobs.proposing import propose
from gt_engine.jobs.reading import read_facts, read_lines
from gt_engine.jobs.reviewing import reviewed_label
from gt_engine.jobs.state import HumanWork, JobState
from gt_engine.jobs.steps.consolidating import learnt, told, write_intermediate, write_labels
from gt_engine.jobs.tools import ONE_SECOND, Outcome, Tools
from gt_engine.jobs.work import Ask
from gt_engine.labels import BoxLabel
from gt_engine.outputs import records
from gt_engine.outputs.label_form import AnyLabel
from gt_engine.outputs.records import WorkerAnswer, drawn
from gt_engine.workforce import Answer
from gt_engine.workforce.proposals import Proposal, is_unchanged, was_shown, without_planted
from gt_service.errors import NotFound
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType


def ask(work: Ask, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    lines = {str(line.number): line for line in read_lines(job, tools, work.step.object_ids)}
    sizes = read_facts(job, tools, lines).sizes
    blind = state.progress.by_people | set(state.problems)
    to_correct = {object_id: line for object_id, line in lines.items() if not work.certifies and object_id not in blind}
    proposals = propose(work.iteration, 0, job, state, to_correct, sizes, tools)
    shown: dict[str, AnyLabel] = {
        object_id: each.label for object_id, each in proposals.items() if each.label is not None
    }
    shown |= _reviewed(job, lines, sizes)
    answers, failed = _answers(work, job, state, lines, sizes, shown, proposals, tools)
    meant = {
        object_id: [replace(each, label=without_planted(proposals.get(object_id), each.label)) for each in given]
        for object_id, given in answers.items()
    }
    labels = job.crowd.consolidate(meant, state.skills_but())
    last = max((given.submitted_at for all_given in answers.values() for given in all_given), default=state.clock)
    written = {
        object_id: [_as_written(job, answer, shown.get(object_id)) for answer in given]
        for object_id, given in answers.items()
    }
    first = last.replace(microsecond=0) + 2 * ONE_SECOND
    files = write_labels(work.iteration, job, lines, labels, written, proposals, first, tools)
    write_intermediate(work.iteration, job, (lines[object_id] for object_id in written), tools)
    progress = state.progress.with_human(work.step, labeled=tuple(written), unlabeled=tuple(failed))
    if not state.human:  # the first sample: from now on nobody is asked about objects that cannot be shown
        progress = replace(progress, failed=frozenset(state.problems) - set(failed))
    after = state.after(
        clock=(files.ended if written else state.clock) + ONE_SECOND,
        progress=progress,
        human=(*state.human, HumanWork(work.iteration, files.responses, failed)),
        learnt=together([state.learnt, learnt(job, meant, labels, proposals)]),
        people_seconds=state.people_seconds + files.people_seconds,
    )
    return Outcome(after, told(work.iteration, work.step.purpose, written, failed))


def _answers(
    work: Ask,
    job: JobContext,
    state: JobState,
    lines: Mapping[str, ManifestLine],
    sizes: Mapping[str, tuple[int, int, int]],
    shown: Mapping[str, AnyLabel],
    proposals: Mapping[str, Proposal],
    tools: Tools,
) -> tuple[dict[str, list[Answer]], dict[str, str]]:
    """What the workers answer about each object, and why the others have no answer."""
    gold, skills = _gold(job, tools), state.skills_but()
    answers: dict[str, list[Answer]] = {}
    failed: dict[str, str] = {}
    for object_id in work.step.object_ids:
        source = lines[object_id].source
        if object_id in state.problems:
            failed[object_id] = state.problems[object_id]
        elif source not in gold.labels:
            reason = gold.problems.get(source, "the gold labels do not have it")
            failed[object_id] = f"NoAnswer: {reason}, so the simulated work team cannot answer."
        else:
            label = with_size(gold.labels[source], sizes.get(object_id))
            given = job.crowd.answers(object_id, label, state.clock, to_correct=shown.get(object_id))
            # Two who were shown the same proposal agree with it, whatever their care.
            if not was_shown(proposals.get(object_id)):
                given = job.crowd.as_many_as_needed(object_id, given, skills)
            if given:
                answers[object_id] = given
            else:
                failed[object_id] = "NoAnswer: no worker answered in time; the task expired."
    return answers, failed


def _reviewed(
    job: JobContext, lines: Mapping[str, ManifestLine], sizes: Mapping[str, tuple[int, int, int]]
) -> dict[str, BoxLabel]:
    """The boxes that are to be corrected, on the images as they are now."""
    if job.task.facts.reviews != "adjustment":
        return {}
    labels = {
        object_id: reviewed_label(line.text, job.form.attribute, job.classes) for object_id, line in lines.items()
    }
    shown = {
        object_id: with_size(label, sizes.get(object_id)) for object_id, label in labels.items() if label is not None
    }
    return {object_id: drawn(label) for object_id, label in shown.items() if isinstance(label, BoxLabel)}


def _as_written(job: JobContext, given: Answer, shown: AnyLabel | None) -> WorkerAnswer:
    content = records.answer_content(job.task, given.label, job.classes)
    if isinstance(shown, BoxLabel):
        is_modified = not is_unchanged(shown, given.label)
        content = {name: {**value, "initialValueModified": is_modified} for name, value in content.items()}
    worker = records.worker_id(given.worker_id, job.record.workteam_arn, job.region)
    return WorkerAnswer(worker, content, given.accepted_at, given.submitted_at)


def _gold(job: JobContext, tools: Tools) -> GoldLabels:
    head = tools.objects.head(job.gold_labels)
    if head is None:
        raise NotFound(f"the gold labels {job.gold_labels} are gone")
    return _gold_of_version(tools, job.gold_labels, head.etag, job.task, job.classes)


@lru_cache(maxsize=4)
def _gold_of_version(tools: Tools, uri: S3Uri, etag: str, task: TaskType, classes: tuple[str, ...]) -> GoldLabels:
    """A process reads one version of a gold labels file once."""
    return read_gold_labels(tools.objects.lines(uri), task, classes)
