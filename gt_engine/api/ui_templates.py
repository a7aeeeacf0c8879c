"""RenderUiTemplate: the page that workers get, made from a template and the input of one task.

The service model names no error codes; these are `gt_engine.portal.templates`'s, plus `NotJson` for Task.Input.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from gt_engine.portal.assets import HERE
from gt_engine.portal.templates import BrokenTemplate, Grant, TemplateProblem, render, with_elements
from gt_engine.request.errors import ResourceNotFound, ValidationException
from gt_service.documents import strict_json

_BUILT_IN = {"NamedEntityRecognition": "named-entity-recognition.html"}


def render_ui_template(request: Mapping[str, Any], *, grant: Grant, origin: str) -> dict[str, Any]:
    """The response's members. What is wrong with the template or the input is part of it, not an error of the call.

    grant: what `grant_read_access` makes of an S3 address; origin: where the crowd elements are loaded from.
    """
    template = _template(request)
    try:
        task_input = strict_json(request["Task"]["Input"])
    except ValueError as error:
        return _response("", [TemplateProblem("NotJson", f"Task.Input is not JSON: {error}")])
    try:
        page = render(template, task_input, grant=grant)
    except BrokenTemplate as broken:
        return _response("", [broken.problem])
    return _response(with_elements(page.html, origin), page.problems)


@cache
def built_in_page(human_task_ui_arn: str) -> str:
    """The template behind the ARN of one of Ground Truth's own. Task input: taskObject, labels, perhaps
    shortInstruction, fullInstruction.

    The instructions of such a job stand in its label category file (developer guide: sms-named-entity-recg), as HTML.
    Errors: `ResourceNotFound`.
    """
    name = human_task_ui_arn.rpartition("human-task-ui/")[2]
    if name not in _BUILT_IN:
        raise ResourceNotFound(f"there is no worker page {human_task_ui_arn!r}")
    return (HERE / "built_in" / _BUILT_IN[name]).read_text(encoding="utf-8")


def _template(request: Mapping[str, Any]) -> str:
    content, arn = request.get("UiTemplate", {}).get("Content"), request.get("HumanTaskUiArn")
    if (content is None) == (arn is None):
        raise ValidationException("The request must have exactly one of UiTemplate and HumanTaskUiArn.")
    return str(content) if arn is None else built_in_page(arn)


def _response(html: str, problems: list[TemplateProblem] | tuple[TemplateProblem, ...]) -> dict[str, Any]:
    return {"RenderedContent": html, "Errors": [{"Code": p.code, "Message": str(p)} for p in problems]}
