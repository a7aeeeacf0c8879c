"""The worker's page: whole, safe against what users write, and with the labels of the job."""

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from gt_engine.portal.templates import render
from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import LABELS, instruction_template, paragraphs, task_text
from gt_service.task_types import TaskType


def spec(task: TaskType = TaskType.OBJECT_DETECTION, **changes: Any) -> CampaignSpec:
    written = {
        "name": "birds",
        "task": task,
        "labels": ["Bird", "Cat"],
        "workforce": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders",
        "label_attribute": "mask-ref" if task.facts.attribute_ends_in_ref else "category",
        "reviewed_attribute": "prior" if task.facts.reviews else None,
        **changes,
    }
    return CampaignSpec.model_validate(written)


class _Tags(HTMLParser):
    """Elements with their attributes; fails on a tag closed in the wrong place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, dict[str, str | None]] = {}
        self.parents: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)
        self.parents[tag] = self.open[-1] if self.open else ""
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def elements(template: str) -> _Tags:
    tags = _Tags()
    tags.feed(template)
    tags.close()
    assert tags.open == []
    return tags


EXPECTED = {
    TaskType.OBJECT_DETECTION: "crowd-bounding-box",
    TaskType.IMAGE_CLASSIFICATION: "crowd-image-classifier",
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: "crowd-image-classifier-multi-select",
    TaskType.SEMANTIC_SEGMENTATION: "crowd-semantic-segmentation",
    TaskType.TEXT_CLASSIFICATION: "crowd-classifier",
    TaskType.TEXT_CLASSIFICATION_MULTI_LABEL: "crowd-classifier-multi-select",
    TaskType.NAMED_ENTITY_RECOGNITION: "crowd-entity-annotation",
    TaskType.OBJECT_DETECTION_VERIFICATION: "crowd-image-classifier",
    TaskType.OBJECT_DETECTION_ADJUSTMENT: "crowd-bounding-box",
    TaskType.SEMANTIC_SEGMENTATION_VERIFICATION: "crowd-image-classifier",
    TaskType.SEMANTIC_SEGMENTATION_ADJUSTMENT: "crowd-semantic-segmentation",
}


@pytest.mark.parametrize("task", TaskType)
def test_each_task_has_its_element_with_the_labels_of_the_job(task: TaskType) -> None:
    tags = elements(instruction_template(spec(task)))
    element = tags.found[EXPECTED[task]]
    assert LABELS in {element.get("labels"), element.get("categories")}
    assert element["header"]
    assert tags.parents["full-instructions"] == tags.parents["short-instructions"] == EXPECTED[task]
    inside = "" if task is TaskType.NAMED_ENTITY_RECOGNITION else "crowd-form"
    assert tags.parents[EXPECTED[task]] == inside


@pytest.mark.parametrize("task", [task for task in TaskType if task.facts.medium == "image"])
def test_images_are_shown_through_a_link_the_worker_may_open(task: TaskType) -> None:
    element = elements(instruction_template(spec(task))).found[EXPECTED[task]]
    assert element["src"] == "{{ task.input.taskObject | grant_read_access }}"


def test_box_answers_are_named_as_readers_of_worker_responses_expect() -> None:
    assert 'name="boundingBox"' in instruction_template(spec())


def test_proposals_are_on_the_page_of_who_corrects_and_on_no_other() -> None:
    """A page that is blind must look as it does without proposals, or workers know when they are measured."""
    page, without = instruction_template(spec(proposals=True)), instruction_template(spec())
    known = {"taskObject": "s3://b/1.jpg", "labels": ["Bird", "Cat"], "manifestLine": {}}
    boxes = [{"label": 'Bird\'s "own"', "left": 1, "top": 2, "width": 3, "height": 4}]
    shown = elements(render(page, {**known, "proposal": {"boundingBoxes": boxes}}).html).found["crowd-bounding-box"]
    assert "proposed" in shown
    assert json.loads(shown["initial-value"] or "") == boxes
    blind = render(page, known)
    assert not blind.problems
    assert blind.html.split() == render(without, known).html.split()
    assert "task.input.proposal" not in without


@pytest.mark.parametrize(
    ("task", "given"),
    [
        (TaskType.IMAGE_CLASSIFICATION, {"label": "Cat"}),
        (TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL, {"labels": ["Bird", "Cat"]}),
    ],
)
def test_a_proposed_class_is_chosen_already(task: TaskType, given: dict[str, Any]) -> None:
    page = instruction_template(spec(task, proposals=True))
    known = {"taskObject": "s3://b/1.jpg", "labels": ["Bird", "Cat"], "manifestLine": {}}
    shown = render(page, {**known, "proposal": given})
    element = elements(shown.html).found[EXPECTED[task]]
    assert "proposed" in element
    assert [json.loads(element["initial-value"] or "")] == list(given.values())
    assert "a machine's choice" in shown.html
    assert render(page, known).html.split() == render(instruction_template(spec(task)), known).html.split()


@pytest.mark.parametrize("task", [task for task in TaskType if task.facts.reviews])
def test_reviews_show_the_labels_under_review(task: TaskType) -> None:
    element = elements(instruction_template(spec(task))).found[EXPECTED[task]]
    shown = element["overlay" if task.facts.reviews == "verification" else "initial-value"]
    assert shown is not None
    assert "task.input.manifestLine.prior" in shown


def test_verifiers_can_say_what_is_wrong() -> None:
    assert "worker-comment" in elements(instruction_template(spec(TaskType.OBJECT_DETECTION_VERIFICATION))).found


def test_examples_travel_inside_the_page_since_workers_cannot_open_the_bucket() -> None:
    template = instruction_template(spec(), b"\x89PNG picture")
    source = elements(template).found["img"]["src"]
    assert source is not None
    assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == b"\x89PNG picture"
    assert "<img" not in instruction_template(spec())


def test_a_users_words_break_neither_the_page_nor_its_liquid() -> None:
    nasty = "\"><script>alert('x')</script> {{ task.input.secret }} {% raw %}"
    words = {"title": nasty, "header": nasty, "short": nasty, "full": nasty}
    template = instruction_template(spec(instructions=words))
    assert "alert('x')" not in template
    assert set(re.findall(r"\{\{ ([\w.]+)", template)) == {"task.input.labels", "task.input.taskObject"}
    assert "{%" not in template
    assert elements(template).found["crowd-bounding-box"]["header"] == nasty


@pytest.mark.parametrize("task", TaskType)
@pytest.mark.parametrize("labels", [["Bird", "Cat"], ["x" * 256, "y"], ["🐦", "Cat"], [f"l{n}" for n in range(20)]])
def test_default_words_keep_ground_truths_limits(task: TaskType, labels: list[str]) -> None:
    text = task_text(spec(task, labels=labels))
    assert 1 <= len(text.title) <= 128
    assert 1 <= len(text.description) <= 255
    assert max(text.title) <= "\ufffd"
    assert 1 <= len(text.keywords) <= 5
    assert all(re.fullmatch("[A-Za-z0-9]+( [A-Za-z0-9]+)*", word) and len(word) <= 30 for word in text.keywords)
    assert "{thing}" not in f"{text}"


def test_default_words_name_the_label_as_the_notebook_does() -> None:
    assert task_text(spec(labels=["Bird"])).title == "Draw a box around each Bird"


def test_blank_lines_make_paragraphs_whatever_wrote_them() -> None:
    assert paragraphs("One\nline.\r\n\r\n  Two & more.\n \n") == "<p>One line.</p>\n      <p>Two &amp; more.</p>"
