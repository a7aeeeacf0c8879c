"""RenderUiTemplate: owners see the page that workers get, and what is wrong with it, before anybody is paid."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gt_engine.api.ui_templates import render_ui_template
from gt_engine.request.errors import ResourceNotFound, ValidationException
from gt_service.errors import AccessDenied

NER = "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/NamedEntityRecognition"


def rendered(content: str | None = None, task_input: object = None, **request: Any) -> dict[str, Any]:
    written = task_input if isinstance(task_input, str) else json.dumps(task_input or {})
    template = {} if content is None else {"UiTemplate": {"Content": content}}
    body = {**template, "Task": {"Input": written}, **request}
    return render_ui_template(body, grant=lambda uri: f"https://signed/{uri[5:]}", origin="https://engine")


def test_the_page_has_the_task_in_it_and_the_engine_s_elements() -> None:
    page = rendered(
        '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
        '<img src="{{ task.input.image | grant_read_access }}">',
        {"image": "s3://bucket/a.jpg"},
    )
    assert page["Errors"] == []
    assert 'src="https://engine/elements/' in page["RenderedContent"]
    assert '<img src="https://signed/bucket/a.jpg">' in page["RenderedContent"]


@pytest.mark.parametrize(
    ("content", "task_input", "code"),
    [
        ("{{ task.input.a", {}, "LiquidSyntax"),
        ("{{ 1 | nope }}", {}, "UnknownFilter"),
        ("{{ task.input.nope }}", {}, "UndefinedVariable"),
        ("{{ 1 }}", "{not json", "NotJson"),
        ("{% for i in (1..999999999) %}{% endfor %}", {}, "ResourceLimit"),
    ],
)
def test_what_is_wrong_has_a_code_that_programs_may_rely_on(content: str, task_input: object, code: str) -> None:
    assert [error["Code"] for error in rendered(content, task_input)["Errors"]] == [code]


def test_what_the_engine_may_not_read_is_not_granted() -> None:
    """Its rights are not the caller's: an address for any bucket would hand out what only the engine may see."""

    def refuse(uri: str) -> str:
        raise AccessDenied(f"the engine may not use {uri}")

    body = {"UiTemplate": {"Content": "{{ 's3://other/x' | grant_read_access }}"}, "Task": {"Input": "{}"}}
    page = render_ui_template(body, grant=refuse, origin="https://engine")
    assert [error["Code"] for error in page["Errors"]] == ["NotGranted"]
    assert page["RenderedContent"] == ""


def test_ground_truth_s_page_for_named_entities_is_there_by_its_arn() -> None:
    page = rendered(HumanTaskUiArn=NER, task_input={"taskObject": "Anna <b>", "labels": ["Person"]})
    assert page["Errors"] == []
    assert 'text="Anna &lt;b&gt;"' in page["RenderedContent"]
    assert "<p>Choose a label" in page["RenderedContent"]


def test_an_unknown_page_is_not_there() -> None:
    with pytest.raises(ResourceNotFound):
        rendered(HumanTaskUiArn=NER.replace("Named", "Other"))


def test_a_request_names_one_template() -> None:
    with pytest.raises(ValidationException):
        rendered()
    with pytest.raises(ValidationException):
        rendered("x", HumanTaskUiArn=NER)
