"""The pages that gt-service itself makes: each can be worked on, and the engine reads what comes out."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gt_engine.api.ui_templates import built_in_page
from gt_engine.portal.templates import render
from gt_engine.workforce.forms import read_answer
from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import instruction_template
from gt_service.task_types import TaskType
from tests.browser.elements.tasks import Site, TaskPage

OpenTask = Callable[..., TaskPage]
FILL = (Path(__file__).parents[2] / "templates" / "fill.js").read_text()
LABELS = ["Bird", "Cat"]
READ = {
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL,
    TaskType.TEXT_CLASSIFICATION,
    TaskType.TEXT_CLASSIFICATION_MULTI_LABEL,
}
PRIOR = {
    "boxes": {
        "prior": {"annotations": [{"class_id": 1, "left": 10, "top": 20, "width": 30, "height": 40}]},
        "prior-metadata": {"class-map": {"0": "Bird", "1": "Cat"}},
    },
    "mask": {
        "prior": "s3://bucket/mask.png",
        "prior-metadata": {
            "internal-color-map": {
                "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
                "1": {"class-name": "Bird", "hex-color": "#2ca02c"},
            }
        },
    },
}


def page_of(task: TaskType, site: Site) -> str:
    """A campaign's page with an object in it, as the portal renders it."""
    spec = CampaignSpec.model_validate(
        {
            "name": "birds",
            "task": task,
            "labels": LABELS,
            "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
            "label_attribute": "mask-ref" if task.facts.attribute_ends_in_ref else "category",
            "reviewed_attribute": "prior" if task.facts.reviews else None,
        }
    )
    source = "Ada saw a bird, not a cat." if task.facts.medium == "text" else "s3://bucket/bird.jpg"
    line = PRIOR["mask" if "segmentation" in task else "boxes"] if task.facts.reviews else {}
    task_input: dict[str, Any] = {"taskObject": source, "labels": LABELS, "manifestLine": line}
    named = task is TaskType.NAMED_ENTITY_RECOGNITION
    template = built_in_page("human-task-ui/NamedEntityRecognition") if named else instruction_template(spec)

    def grant(uri: str) -> str:
        return site.put(mask(), kind="image/png") if uri.endswith(".png") else site.put_picture(400, 300)

    return render(template, task_input, grant=grant).html


def mask() -> bytes:
    """A bird in an image of 400 x 300 pixels."""
    picture = Image.new("RGB", (400, 300), "#ffffff")
    picture.paste("#2ca02c", (50, 60, 150, 160))
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("task", list(TaskType))
def test_a_page_of_ours_is_filled_and_submitted_and_its_answer_is_read(
    task: TaskType, open_task: OpenTask, site: Site
) -> None:
    page = open_task(page_of(task, site))
    if task.facts.reviews != "adjustment":  # there the work of before is a whole answer
        page.run(FILL)
    answer = page.submit()
    assert answer
    if task in READ:
        read_answer(task, answer, LABELS, (400, 300, 3))
    assert page.console() == []
