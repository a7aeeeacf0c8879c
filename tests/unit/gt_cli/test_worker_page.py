"""The look at workers' pages: ours pass in a real Liquid engine, broken ones are named before they are paid for."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from gt_cli.worker_page import as_address, problems, render
from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import instruction_template
from gt_service.task_types import TaskType

LABELS = ["Bird's nest", 'Cat "Tom"', "{{ 1 }}"]


def template(task: TaskType = TaskType.OBJECT_DETECTION, **changes: Any) -> str:
    written = {
        "name": "birds",
        "task": task,
        "labels": LABELS,
        "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
        "label_attribute": "mask-ref" if task.facts.attribute_ends_in_ref else "category",
        "reviewed_attribute": "prior" if task.facts.reviews else None,
        **changes,
    }
    return instruction_template(CampaignSpec.model_validate(written), b"\x89PNG")


@pytest.mark.parametrize("task", TaskType)
def test_our_pages_are_in_order(task: TaskType) -> None:
    assert problems(template(task), LABELS) == []


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


def attributes(page: str) -> dict[str, dict[str, str | None]]:
    parser = _Attributes()
    parser.feed(page)
    return parser.found


def test_labels_reach_the_worker_whole_whatever_is_in_them() -> None:
    shown = attributes(render(template(), labels=LABELS))["crowd-bounding-box"]["labels"]
    assert json.loads(shown or "") == LABELS


LINE = {
    "prior": {"annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 3, "height": 4}]},
    "prior-metadata": {"class-map": {"1": 'Cat "Tom"'}},
}
MASK = {
    "prior": "s3://bucket/mask.png",
    "prior-metadata": {
        "internal-color-map": {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"},
            "1": {"class-name": "Bird's nest", "hex-color": "#2ca02c"},
        }
    },
}


def as_json(text: str | None) -> Any:
    """crowd-html reads these attributes leniently: a comma may follow the last entry."""
    return json.loads((text or "").replace(",]", "]").replace(", }", " }"))


def test_boxes_to_adjust_arrive_with_their_labels() -> None:
    page = render(template(TaskType.OBJECT_DETECTION_ADJUSTMENT), labels=LABELS, manifest_line=LINE)
    shown = as_json(attributes(page)["crowd-bounding-box"]["initial-value"])
    assert shown == [{"label": 'Cat "Tom"', "left": 1, "top": 2, "width": 3, "height": 4}]


def test_boxes_to_verify_lie_over_the_image() -> None:
    page = render(template(TaskType.OBJECT_DETECTION_VERIFICATION), labels=["good", "bad"], manifest_line=LINE)
    shown = as_json(attributes(page)["crowd-image-classifier"]["overlay"])["boundingBox"]
    assert shown["labels"] == ['Cat "Tom"']
    assert shown["value"][0]["label"] == 'Cat "Tom"'


@pytest.mark.parametrize(
    "task", [TaskType.SEMANTIC_SEGMENTATION_ADJUSTMENT, TaskType.SEMANTIC_SEGMENTATION_VERIFICATION]
)
def test_masks_arrive_with_their_colours_and_without_the_background(task: TaskType) -> None:
    page = render(template(task), labels=LABELS, manifest_line=MASK)
    (element,) = (found for tag, found in attributes(page).items() if tag.startswith("crowd-") and "src" in found)
    shown = as_json(element.get("initial-value") or element.get("overlay"))
    shown = shown.get("semanticSegmentation", shown)
    assert shown["src"] == "s3://bucket/mask.png"
    assert shown["labelMappings"] == {"Bird's nest": {"color": "#2ca02c"}}


def test_an_image_can_travel_in_its_address() -> None:
    page = render(template(), labels=LABELS, task_object=as_address(b"\xff\xd8\xff"))
    assert attributes(page)["crowd-bounding-box"]["src"] == "data:image/jpeg;base64,/9j/"


def changed(old: str, new: str) -> str:
    assert old in template()
    return template().replace(old, new)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (changed("{{ task.input.labels | to_json | escape }}", "['Bird']"), "instead of the job's labels"),
        (changed("task.input.labels | to_json", "task.input.labels"), "instead of the job's labels"),
        (changed("task.input.labels", "task.input.label"), "task.input.label is not known"),
        (changed("task.input.taskObject", "task.input.image"), "is not on the page"),
        (changed("grant_read_access", "grant_acces"), "no filter 'grant_acces'"),
        (changed("to_json | escape }}", "to_json | escape }"), "cannot be read"),
        (changed("</crowd-form>", ""), "<crowd-form> is never closed"),
        (changed("</full-instructions>", ""), "<full-instructions> is never closed"),
        (changed("</short-instructions>", "</div></short-instructions>"), "</div> closes nothing"),
        (changed("crowd-form>", "form>"), "0 <crowd-form>"),
        (changed("crowd-bounding-box", "crowd-boxes"), "0 elements to label with"),
        (changed("https://assets.crowd.aws/", "https://example.com/"), "is not loaded"),
        (changed('name="boundingBox"', ""), "has no name"),
        (changed("short-instructions", "div"), "no <short-instructions>"),
        ("", "is not on the page"),
    ],
)
def test_what_would_waste_money_is_named(broken: str, says: str) -> None:
    assert any(says in problem for problem in problems(broken, LABELS)), problems(broken, LABELS)
