"""What the tags of a labeling job say to this engine, as pure functions.

Each function raises `ValidationException` where a tag says what cannot be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gt_engine.autolabel.certify import DELTA, Guarantee, Method, Scope
from gt_engine.request.errors import ValidationException
from gt_engine.workforce.care import MOST_PASS_MARK, PASS_MARK, CareRule
from gt_engine.workforce.proposals import BLIND, WRONG, ProposalRule
from gt_service.job_tags import (
    GOLD_LABELS_TAG,
    GOLD_SHARE_TAG,
    LEAST_WORKERS_TAG,
    PASSING_SHARE_TAG,
    PEOPLE_SECONDS_TAG,
    PROPOSALS_BLIND_TAG,
    PROPOSALS_WRONG_TAG,
    QUALITY_DELTA_TAG,
    QUALITY_LOSS_TAG,
    QUALITY_METHOD_TAG,
    QUALITY_SCOPE_TAG,
    QUALITY_TARGET_TAG,
    SHOW_ACCURACY_TAG,
)
from gt_service.task_types import TaskType

PROPOSING_TASKS = (
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL,
)
MOST_GOLD_SHARE = 0.5
_LOSSES: Mapping[TaskType, tuple[str, ...]] = {TaskType.OBJECT_DETECTION: ("f1", "mean-iou")}
_TARGETS = {"f1": 0.9, "mean-iou": 0.6, "error": 0.95}


def checked(request: Mapping[str, Any], task: TaskType) -> Mapping[str, str]:
    """The tags of a request, by their keys."""
    check_tags(request.get("Tags", ()))
    tags = by_key(request)
    guarantee(tags, task)
    proposals(tags, task)
    care(tags, task)
    least_workers(tags, request["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"])
    people_seconds(tags, request["HumanTaskConfig"])
    return tags


def check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    """Tag keys must differ from each other and may not begin with `aws:`."""
    keys = [tag["Key"] for tag in tags]
    for key in keys:
        if key.lower().startswith("aws:"):
            raise ValidationException(f"Tag key '{key}' is reserved: keys may not begin with 'aws:'.")
        if keys.count(key) > 1:
            raise ValidationException(f"Duplicate tag keys found: '{key}'. Tag keys are unique per resource.")


def check_kept(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Tags that say how a job is done stay as they were when it was created: a target that is chosen when labels are
    known promises nothing."""
    for key in sorted({*before, *after}):
        if (key.startswith("gt-engine:") or key == GOLD_LABELS_TAG) and before.get(key) != after.get(key):
            raise ValidationException(
                f"Tag '{key}' says how the labeling job is done: it stays as the job was created."
            )


def by_key(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of any request that has some."""
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}


def guarantee(tags: Mapping[str, str], task: TaskType) -> Guarantee:
    """What the machine's labels must meet: the engine's defaults, or what the job's `gt-engine:quality-…` tags say."""
    losses = _LOSSES.get(task, ("error",))
    loss = _choice(tags, QUALITY_LOSS_TAG, losses)
    method = _choice(tags, QUALITY_METHOD_TAG, (Method.STUDENT_T, Method.FINITE_SAMPLE))
    scope = _choice(tags, QUALITY_SCOPE_TAG, tuple(Scope))
    target = _share(tags, QUALITY_TARGET_TAG, _TARGETS[loss])
    delta = _share(tags, QUALITY_DELTA_TAG, DELTA)
    return Guarantee(loss, target, delta=delta, method=Method(method), scope=Scope(scope))


def proposals(tags: Mapping[str, str], task: TaskType) -> ProposalRule | None:
    """Whether people correct the machine's labels where theirs certify nothing: what the job's `gt-engine:proposals-…`
    tags say; None without the first of them."""
    if PROPOSALS_BLIND_TAG not in tags:
        return None
    if task not in PROPOSING_TASKS:
        raise ValidationException(f"Tag '{PROPOSALS_BLIND_TAG}': there are no proposals for {task.facts.function}.")
    blind = _share(tags, PROPOSALS_BLIND_TAG, BLIND, least=0)
    return ProposalRule(blind, _share(tags, PROPOSALS_WRONG_TAG, WRONG, least=0))


def care(tags: Mapping[str, str], task: TaskType) -> CareRule | None:
    """How workers' care is looked after with gold items: what the tags say; None without the first of them."""
    if GOLD_SHARE_TAG not in tags:
        return None
    if GOLD_LABELS_TAG not in tags or task.facts.reviews:
        raise ValidationException(
            f"Tag '{GOLD_SHARE_TAG}' needs the tag '{GOLD_LABELS_TAG}', whose labels are the known answers, and a task "
            "that makes new labels."
        )
    share, mark = _share(tags, GOLD_SHARE_TAG, 0.05), _share(tags, PASSING_SHARE_TAG, PASS_MARK)
    if share > MOST_GOLD_SHARE or mark > MOST_PASS_MARK:
        raise ValidationException(
            f"Tag '{GOLD_SHARE_TAG}' is {MOST_GOLD_SHARE} at most, and '{PASSING_SHARE_TAG}' {MOST_PASS_MARK}."
        )
    return CareRule(share, mark, is_shown=_choice(tags, SHOW_ACCURACY_TAG, ("false", "true")) == "true")


def least_workers(tags: Mapping[str, str], most: int) -> int:
    """How many answers an object has at least; without the tag as many as at most."""
    least = _whole(tags, LEAST_WORKERS_TAG, range(1, most + 1), f"to NumberOfHumanWorkersPerDataObject ({most})")
    return most if least is None else least


def people_seconds(tags: Mapping[str, str], config: Mapping[str, Any]) -> int | None:
    """The time that all of a job's answers together may take; None without the tag.

    The job ends as with StoppingConditions, before it could be exceeded. Known objects (gold items) are not in it.
    """
    limits = range(object_seconds(config), 10**12)
    why = "on, NumberOfHumanWorkersPerDataObject times TaskTimeLimitInSeconds"
    return _whole(tags, PEOPLE_SECONDS_TAG, limits, why)


def object_seconds(config: Mapping[str, Any]) -> int:
    """What the answers to one object may take. config: HumanTaskConfig."""
    return int(config["NumberOfHumanWorkersPerDataObject"]) * int(config["TaskTimeLimitInSeconds"])


def _whole(tags: Mapping[str, str], tag: str, limits: range, words: str) -> int | None:
    """A whole number within limits; None without the tag. words: for what follows the least of them."""
    text = tags.get(tag)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and int(text) in limits):
        raise ValidationException(f"Tag '{tag}' must be a whole number from {limits.start} {words}; it is '{text}'.")
    return int(text)


def _choice(tags: Mapping[str, str], tag: str, choices: Sequence[str]) -> str:
    value = tags.get(tag, choices[0])
    if value not in choices:
        raise ValidationException(f"Tag '{tag}' must be one of {', '.join(choices)}; it is '{value}'.")
    return value


def _share(tags: Mapping[str, str], tag: str, default: float, *, least: float | None = None) -> float:
    """A number between 0 and 1; 0 itself only where it is the least."""
    try:
        value = float(tags.get(tag, default))
    except ValueError:
        value = math.nan
    if not (0 < value < 1 or value == least):
        raise ValidationException(f"Tag '{tag}' must be a number between 0 and 1; it is '{tags[tag]}'.")
    return value
