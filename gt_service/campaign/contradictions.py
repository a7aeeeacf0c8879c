"""What no field of a spec shows by itself: fields that contradict each other, and what is legal and yet probably not
meant."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gt_service.campaign.values import fits_a_tag, fits_a_tags_key
from gt_service.errors import InvalidInput, quoted, shown
from gt_service.money import usd
from gt_service.task_types import TaskType

if TYPE_CHECKING:
    from gt_service.backends import Backend
    from gt_service.campaign.spec import CampaignSpec

PROPOSING_TASKS = frozenset(
    {TaskType.OBJECT_DETECTION, TaskType.IMAGE_CLASSIFICATION, TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL}
)
OWN_TAG_PREFIX = "gt-service:"
MAX_PUBLIC_AVAILABILITY_SECONDS = 43_200


def contradictions(spec: CampaignSpec) -> list[InvalidInput]:
    """Every one, with the field to correct."""
    return [error for check in _CHECKS for error in check(spec)]


def warnings(spec: CampaignSpec, backend: Backend) -> Iterator[str]:
    """What is legal and yet probably not meant, and what the backend does not do."""
    if spec.auto_labeling and spec.task.facts.algorithm is None:
        yield f"auto_labeling: {spec.task} has no automated data labeling; people will label every object"
    if spec.uses_auto_labeling and spec.batch.size < backend.fewest_auto_labeled:
        yield (
            f"batch.size: auto-labeling takes {backend.fewest_auto_labeled:,} objects; of {spec.batch.size:,} people "
            "may label every one"
        )
    if not backend.asks_as_needed:
        most = spec.most_workers
        if spec.least_workers < most:
            yield f"workers_per_object: Ground Truth asks {most} for every object; gt-engine alone as needed"
        if spec.gold_items is not None:
            yield "gold_items: Ground Truth shows none; gt-engine alone does"


def _label_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    facts, count = spec.task.facts, len(spec.labels)
    blank = [label for label in spec.labels if not _as_seen(label)]
    if blank:
        yield InvalidInput(f"{quoted(blank[0])} shows as nothing", remedy="Give the label a name.", field="labels")
    seen = Counter(map(_as_seen, spec.labels))
    alike = [label for label in spec.labels if seen[_as_seen(label)] > 1 and _as_seen(label)]
    if alike:
        yield InvalidInput(
            f"{shown(', '.join(map(repr, alike)), 300)}: no worker can tell these apart",
            remedy="Give each label once.",
            field="labels",
        )
    if count < facts.min_labels:
        yield InvalidInput(
            f"{spec.task} needs at least {facts.min_labels} labels, {count} given",
            remedy="Add the missing categories.",
            field="labels",
        )
    limit = facts.label_limit(auto_labeling=spec.auto_labeling)
    if limit is not None and count > limit:
        yield InvalidInput(
            f"{spec.task} takes at most {limit} labels, {count} given",
            remedy="Merge labels, or split the work into several campaigns.",
            field="labels",
        )


def _as_seen(label: str) -> str:
    """What a worker sees of it: neither how letters are composed, nor how wide a blank is, nor what joins two signs."""
    shown_as = unicodedata.normalize("NFKC", label)
    return " ".join("".join(sign for sign in shown_as if unicodedata.category(sign) != "Cf").split())


def _attribute_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    name, facts = spec.label_attribute, spec.task.facts
    if name in {"source", "source-ref"} or name.endswith("-metadata"):
        yield InvalidInput(
            f"{name!r} has a meaning of its own in manifests", remedy="Choose another name.", field="label_attribute"
        )
    elif facts.attribute_ends_in_ref != name.endswith("-ref"):
        ending = "must end in '-ref'" if facts.attribute_ends_in_ref else "must not end in '-ref'"
        remedy = f"Write, for example, label_attribute: {'mask-ref' if facts.attribute_ends_in_ref else 'category'}."
        yield InvalidInput(f"with {spec.task} the label attribute {ending}", remedy=remedy, field="label_attribute")
    if facts.reviews and spec.reviewed_attribute in {None, name}:
        yield InvalidInput(
            f"{spec.task} needs the label attribute that it reviews, which is another than its own",
            remedy="Write reviewed_attribute: and the name of the attribute that the manifest holds.",
            field="reviewed_attribute",
        )
    if not facts.reviews and spec.reviewed_attribute is not None:
        yield InvalidInput(
            f"{spec.task} makes new labels and reviews none",
            remedy="Take the field out, or choose a verification or adjustment task.",
            field="reviewed_attribute",
        )


def _quality_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.quality.measure is not None and spec.task is not TaskType.OBJECT_DETECTION:
        yield InvalidInput(
            f"machine labels of {spec.task} are measured by accuracy",
            remedy="Take the field out.",
            field="quality.measure",
        )


def _proposal_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.proposals is not None and spec.task not in PROPOSING_TASKS:
        yield InvalidInput(f"there are no proposals for {spec.task}", remedy="Take the field out.", field="proposals")


def _review_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.review == type(spec.review)():
        return
    if spec.task not in {TaskType.OBJECT_DETECTION, TaskType.IMAGE_CLASSIFICATION}:
        yield InvalidInput(
            f"labels of {spec.task} cannot be reviewed",
            remedy="Take the field out; object-detection and image-classification have reviews.",
            field="review",
        )
    elif not spec.auto_labeling:
        yield InvalidInput(
            "without auto_labeling there is no model that could doubt a label",
            remedy="Take the field out, or turn auto_labeling on.",
            field="review",
        )


def _model_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.model is not None and not spec.uses_auto_labeling:
        yield InvalidInput(
            "there is no automated data labeling that a model could serve",
            remedy="Take the field out, or write auto_labeling: true with a task that has it.",
            field="model",
        )


def _price_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.wage is not None and ":workteam/private-crowd/" not in spec.workforce:
        yield InvalidInput(
            "only people of a private work team are paid by the hour",
            remedy="Take the field out, or name a private work team as the workforce.",
            field="wage",
        )
    price = spec.price_per_task
    if price is None:
        return
    if not spec.is_public:
        yield InvalidInput(
            "only the public workforce is paid by the task",
            remedy="Take the field out, or write workforce: public.",
            field="price_per_task",
        )
    elif price not in spec.task.facts.prices:
        ladder = ", ".join(usd(allowed) for allowed in spec.task.facts.prices)
        yield InvalidInput(
            f"{usd(price)} is not a price that Ground Truth takes for {spec.task}",
            remedy=f"Use one of {ladder}.",
            field="price_per_task",
        )


def _public_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if not spec.is_public:
        return
    personal = "FreeOfPersonallyIdentifiableInformation"
    if personal not in spec.content_classifiers:
        yield InvalidInput(
            "the public workforce takes only objects that are declared free of personal data",
            remedy=f"Where it is true, write content_classifiers: [{personal}]; else use a private work team.",
            field="content_classifiers",
        )
    if spec.availability_seconds > MAX_PUBLIC_AVAILABILITY_SECONDS:
        yield InvalidInput(
            f"the public workforce keeps a task at most {MAX_PUBLIC_AVAILABILITY_SECONDS:,} seconds (12 hours)",
            remedy=f"Write task_availability_seconds: {MAX_PUBLIC_AVAILABILITY_SECONDS} or less.",
            field="task_availability_seconds",
        )


def _batch_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    limit = spec.task.facts.max_objects
    if spec.batch.size > limit:
        yield InvalidInput(
            f"a {spec.task} job takes at most {limit:,} objects",
            remedy=f"Write size: {limit} or less.",
            field="batch.size",
        )
    if spec.batch.minimum > spec.batch.size:
        yield InvalidInput(
            f"{spec.batch.minimum} is more than the batch size, {spec.batch.size}",
            remedy="Write a minimum that is at most the size.",
            field="batch.minimum",
        )


def _worker_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.least_workers > spec.most_workers:
        yield InvalidInput(
            f"at least {spec.least_workers} people are more than at most {spec.most_workers}",
            remedy="Write a `least` that is not above `most`.",
            field="workers_per_object.least",
        )


def _duplicate_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.skip_near_duplicates and not spec.skip_duplicates:
        yield InvalidInput(
            "near-duplicates cannot be skipped while exact ones are labeled",
            remedy="Write skip_duplicates: true, or take skip_near_duplicates out.",
            field="skip_near_duplicates",
        )


def _tag_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    for key, value in spec.tags.items():
        if not (fits_a_tags_key(key) and fits_a_tag(value)):
            yield InvalidInput(
                "a tag's key has 1 to 128 and its value up to 256 letters, digits, blanks and _ . : / = + - @",
                remedy="Write it shorter, or with other characters.",
                field=f"tags.{shown(key)}",
            )
        elif key.lower().startswith(("aws:", OWN_TAG_PREFIX)):
            yield InvalidInput(
                "keys that begin with aws: or gt-service: are taken", remedy="Rename the tag.", field=f"tags.{key}"
            )


def _gold_errors(spec: CampaignSpec) -> Iterator[InvalidInput]:
    if spec.gold_items is not None and (spec.gold_labels is None or spec.task.facts.reviews):
        yield InvalidInput(
            "gold items are objects whose right label is known, in a campaign that makes new labels",
            remedy="Write gold_labels: and the S3 URI of known labels, or take gold_items out.",
            field="gold_items",
        )
    if spec.gold_labels is not None and not fits_a_tag(str(spec.gold_labels)):
        yield InvalidInput(
            f"{quoted(str(spec.gold_labels))} does not fit into a tag of a labeling job, by which the engine finds it",
            remedy="Rename the file: up to 256 letters, digits, blanks and _ . : / = + - @ with its bucket.",
            field="gold_labels",
        )


_CHECKS: tuple[Callable[[CampaignSpec], Iterator[InvalidInput]], ...] = (
    _label_errors,
    _attribute_errors,
    _duplicate_errors,
    _quality_errors,
    _review_errors,
    _proposal_errors,
    _model_errors,
    _price_errors,
    _public_errors,
    _batch_errors,
    _worker_errors,
    _tag_errors,
    _gold_errors,
)
