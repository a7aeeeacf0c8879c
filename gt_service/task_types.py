"""What Ground Truth can label, and the limits and prices of each task type. Tables and nothing else.

Sources: the SageMaker developer guide (pages sms-automated-labeling, input-data-limits, sms-supported-data-formats)
and the documentation strings of botocore's service model `sagemaker/2017-07-24` (HumanTaskConfig,
PublicWorkforceTaskPrice).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from gt_service.money import Mills

MAX_OBJECTS_PER_JOB = 100_000
MIN_AUTO_LABELING_OBJECTS = 1_250
"""Fewer objects than this and Ground Truth's auto-labeling does not start (5,000 are recommended)."""
MAX_IMAGE_BYTES = 40 * 1024 * 1024
MAX_MANIFEST_LINE_CHARACTERS = 100_000
MAX_LABEL_CHARACTERS = 256

_FULL_PIXELS = 100_000_000
_UHD_PIXELS = 3840 * 2160
_HD_PIXELS = 1920 * 1080

_TOP_PRICES = (840, 960, 1080, 1200)
_BOX_PRICES = (36, 48, 60, 72, 120, 240, 360, 480, 600, 720, *_TOP_PRICES)
_CLASS_PRICES = (12, 24, *_BOX_PRICES)


class TaskType(StrEnum):
    """What people and models are asked to do with each object of a campaign."""

    OBJECT_DETECTION = "object-detection"
    IMAGE_CLASSIFICATION = "image-classification"
    IMAGE_CLASSIFICATION_MULTI_LABEL = "image-classification-multilabel"
    SEMANTIC_SEGMENTATION = "semantic-segmentation"
    TEXT_CLASSIFICATION = "text-classification"
    TEXT_CLASSIFICATION_MULTI_LABEL = "text-classification-multilabel"
    NAMED_ENTITY_RECOGNITION = "named-entity-recognition"
    OBJECT_DETECTION_VERIFICATION = "object-detection-verification"
    OBJECT_DETECTION_ADJUSTMENT = "object-detection-adjustment"
    SEMANTIC_SEGMENTATION_VERIFICATION = "semantic-segmentation-verification"
    SEMANTIC_SEGMENTATION_ADJUSTMENT = "semantic-segmentation-adjustment"

    @property
    def facts(self) -> TaskFacts:
        return TASKS[self]


@dataclass(frozen=True)
class TaskFacts:
    """What Ground Truth fixes for a task type.

    function: name after `PRE-` and `ACS-` of the Lambda functions that prepare tasks and consolidate answers.
    algorithm: name in the algorithm specification's ARN, or None where there is no automated data labeling.
    metadata_type: `type` in the label's metadata, after `groundtruth/`.
    attribute_ends_in_ref: whether the label attribute's name must end in `-ref`; elsewhere it must not.
    min_labels, max_labels, max_labels_with_auto_labeling: sizes of the label list; None where there is no limit.
    prices: what one worker of the public workforce may be paid for one object, in mills, lowest first.
    max_objects: largest manifest of one labeling job.
    max_pixels, max_pixels_with_auto_labeling: width × height of one image.
    reviews: what the task does to labels that are there already, or None where it makes new ones.
    human_task_ui: name of the ready-made worker page where the task takes one instead of a template.
    """

    function: str
    metadata_type: str
    prices: tuple[Mills, ...]
    medium: Literal["image", "text"] = "image"
    algorithm: str | None = None
    attribute_ends_in_ref: bool = False
    min_labels: int = 1
    max_labels: int | None = None
    max_labels_with_auto_labeling: int | None = None
    max_objects: int = MAX_OBJECTS_PER_JOB
    max_pixels: int = _FULL_PIXELS
    max_pixels_with_auto_labeling: int = _UHD_PIXELS
    reviews: Literal["verification", "adjustment"] | None = None
    human_task_ui: str | None = None

    @property
    def suggested_price(self) -> Mills:
        """The lowest of the allowed prices, which is what AWS suggests."""
        return self.prices[0]

    @property
    def takes_inbox_images(self) -> bool:
        """Whether images are all that a campaign needs: no text, and no labels that are there already."""
        return self.medium == "image" and self.reviews is None

    def label_limit(self, *, auto_labeling: bool) -> int | None:
        return self.max_labels_with_auto_labeling if auto_labeling and self.algorithm else self.max_labels

    def pixel_limit(self, *, auto_labeling: bool) -> int:
        return self.max_pixels_with_auto_labeling if auto_labeling and self.algorithm else self.max_pixels


def _mills(prices: tuple[int, ...]) -> tuple[Mills, ...]:
    return tuple(Mills(price) for price in prices)


TASKS: Mapping[TaskType, TaskFacts] = MappingProxyType(
    {
        TaskType.OBJECT_DETECTION: TaskFacts(
            function="BoundingBox",
            metadata_type="object-detection",
            algorithm="object-detection",
            prices=_mills(_BOX_PRICES),
            max_labels=50,
            max_labels_with_auto_labeling=50,
        ),
        TaskType.IMAGE_CLASSIFICATION: TaskFacts(
            function="ImageMultiClass",
            metadata_type="image-classification",
            algorithm="image-classification",
            prices=_mills(_CLASS_PRICES),
            min_labels=2,
        ),
        TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: TaskFacts(
            function="ImageMultiClassMultiLabel",
            metadata_type="image-classification-multilabel",
            prices=_mills(_CLASS_PRICES),
            min_labels=2,
            max_labels=50,
        ),
        TaskType.SEMANTIC_SEGMENTATION: TaskFacts(
            function="SemanticSegmentation",
            metadata_type="semantic-segmentation",
            algorithm="semantic-segmentation",
            prices=_mills(_TOP_PRICES),
            attribute_ends_in_ref=True,
            max_labels_with_auto_labeling=20,
            max_objects=20_000,
            max_pixels_with_auto_labeling=_HD_PIXELS,
        ),
        TaskType.TEXT_CLASSIFICATION: TaskFacts(
            function="TextMultiClass",
            medium="text",
            metadata_type="text-classification",
            algorithm="text-classification",
            prices=_mills(_CLASS_PRICES),
            min_labels=2,
        ),
        TaskType.TEXT_CLASSIFICATION_MULTI_LABEL: TaskFacts(
            function="TextMultiClassMultiLabel",
            medium="text",
            metadata_type="text-classification-multilabel",
            prices=_mills(_CLASS_PRICES),
            min_labels=2,
            max_labels=50,
        ),
        # The documentation has no price list of its own for named entities and for reviews of labels: entities and
        # verifications take the one of "text classification and custom tasks", adjustments that of the task adjusted.
        TaskType.NAMED_ENTITY_RECOGNITION: TaskFacts(
            function="NamedEntityRecognition",
            medium="text",
            metadata_type="text-span",
            prices=_mills(_CLASS_PRICES),
            human_task_ui="NamedEntityRecognition",
        ),
        TaskType.OBJECT_DETECTION_VERIFICATION: TaskFacts(
            function="VerificationBoundingBox",
            metadata_type="label-verification",
            prices=_mills(_CLASS_PRICES),
            reviews="verification",
        ),
        TaskType.OBJECT_DETECTION_ADJUSTMENT: TaskFacts(
            function="AdjustmentBoundingBox",
            metadata_type="object-detection",
            prices=_mills(_BOX_PRICES),
            max_labels=50,
            reviews="adjustment",
        ),
        TaskType.SEMANTIC_SEGMENTATION_VERIFICATION: TaskFacts(
            function="VerificationSemanticSegmentation",
            metadata_type="label-verification",
            prices=_mills(_CLASS_PRICES),
            max_objects=20_000,
            reviews="verification",
        ),
        TaskType.SEMANTIC_SEGMENTATION_ADJUSTMENT: TaskFacts(
            function="AdjustmentSemanticSegmentation",
            metadata_type="semantic-segmentation",
            prices=_mills(_TOP_PRICES),
            attribute_ends_in_ref=True,
            max_objects=20_000,
            reviews="adjustment",
        ),
    }
)
