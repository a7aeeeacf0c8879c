"""What is behind the SageMaker API, as far as a campaign's images and money depend on it. Tables and nothing else.

Which of the two it is follows from the deployment: the template sets `GT_BACKEND` where it sets the endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gt_service.errors import InvalidInput
from gt_service.task_types import MIN_AUTO_LABELING_OBJECTS, TaskType


@dataclass(frozen=True)
class Backend:
    """One way to have labels.

    fewest_auto_labeled: of fewer objects in a job people label every one. Ground Truth does not begin (developer guide,
    sms-automated-labeling); gt-engine's model could not be shown to be right often enough.
    limits_auto_labeled_pixels: whether images must be smaller where a model may label them. Ground Truth trains on them
    as they are (developer guide, input-data-limits); gt-engine scales them itself.
    service_fee: whether AWS bills a fee for each labeled object.
    learns_from_labeled_lines: whether a job trains on lines of its manifest that have its label attribute already.
    Ground Truth labels them again and writes over what was there (developer guide, sms-reusing-data).
    tells_who_works: whether a running job's files say how many people are at work.
    asks_as_needed: whether fewer than the most workers are asked where they agree. Ground Truth's number is fixed.
    holds_to_people_seconds: whether a job can be told how long all of its answers together may take.
    bills_functions: whether its computing is functions of the same account, paid by use; a machine's is not counted.
    """

    name: str
    fewest_auto_labeled: int
    limits_auto_labeled_pixels: bool
    service_fee: bool
    learns_from_labeled_lines: bool = False
    asks_as_needed: bool = False
    holds_to_people_seconds: bool = False
    bills_functions: bool = False
    tells_who_works: bool = False

    def pixel_limit(self, task: TaskType, *, auto_labeling: bool) -> int:
        """Width × height of the largest image that a job of this task takes."""
        return task.facts.pixel_limit(auto_labeling=auto_labeling and self.limits_auto_labeled_pixels)


GROUND_TRUTH = Backend(
    "ground-truth",
    fewest_auto_labeled=MIN_AUTO_LABELING_OBJECTS,
    limits_auto_labeled_pixels=True,
    service_fee=True,
)
GT_ENGINE = Backend(
    "gt-engine",
    fewest_auto_labeled=100,
    limits_auto_labeled_pixels=False,
    service_fee=False,
    learns_from_labeled_lines=True,
    asks_as_needed=True,
    holds_to_people_seconds=True,
    tells_who_works=True,
)
GT_ENGINE_SERVERLESS = replace(GT_ENGINE, name="gt-engine-serverless", bills_functions=True)
BACKENDS = {backend.name: backend for backend in (GROUND_TRUTH, GT_ENGINE, GT_ENGINE_SERVERLESS)}


def backend_of(name: str, *, field: str = "backend") -> Backend:
    """Errors: `InvalidInput` for a name of none."""
    try:
        return BACKENDS[name]
    except KeyError:
        raise InvalidInput(
            f"there is no backend {name!r}", remedy=f"Use one of {', '.join(BACKENDS)}.", field=field
        ) from None
