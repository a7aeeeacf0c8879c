"""The spec of a review job: what of a campaign's own spec holds when its labels get a second look."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gt_service.campaign import CampaignSpec
from gt_service.campaign.parts import Quality, Review, Stopping
from gt_service.objects import ObjectStore
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.task_types import TaskType

REVIEW_TASKS: Mapping[TaskType, TaskType] = MappingProxyType(
    {
        TaskType.OBJECT_DETECTION: TaskType.OBJECT_DETECTION_ADJUSTMENT,
        # Ground Truth has no adjustment of classes: they are asked for again, of people who do not see the first.
        TaskType.IMAGE_CLASSIFICATION: TaskType.IMAGE_CLASSIFICATION,
    }
)


def review_spec(spec: CampaignSpec) -> CampaignSpec:
    """The spec of a campaign's review jobs: the same people and labels, another task and attribute, no machine.

    What a right label is stays in the owner's words; what to do is worded anew, where it is another task.
    """
    task = REVIEW_TASKS[spec.task]
    words = spec.instructions
    if task is not spec.task:
        words = words.model_copy(update={"title": None, "description": None, "header": None})
    return spec.model_copy(
        update={
            "task": task,
            "instructions": words,
            "label_attribute": f"{spec.label_attribute}-review",
            "reviewed_attribute": spec.label_attribute if task.facts.reviews else None,
            "workers_per_object": spec.review.workers_per_object or spec.workers_per_object,
            "auto_labeling": False,
            "proposals": None,
            "check_imported": 0.0,
            "model": None,
            "quality": Quality(),
            "stopping": Stopping(),
            "control_batches": (),
            "review": Review(),
        }
    )


def kept_spec(revision: int, objects: ObjectStore, places: Places) -> CampaignSpec:
    """The campaign's spec as jobs of a revision were planned from it, whatever it is by now."""
    return CampaignSpec.model_validate_json(objects.read(places.of_spec(revision, "campaign.json")))


def spec_of(job: Job, objects: ObjectStore, places: Places) -> CampaignSpec:
    """The spec that a job was planned from, as its role has it."""
    spec = kept_spec(job.revision, objects, places)
    return review_spec(spec) if job.is_review else spec
