"""RenderUiTemplate: the page that workers get, made from a template and the input of one task.

The service model names no error codes; these are `gt_engine.portal.templates`'s, plus `NotJson` for Task.Input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt_engine.api.errors import ResourceNotFound, ValidationException
from gt_engine.portal.built_in_pages import built_in_page
from gt_engine.portal.templates import BrokenTemplate, Grant, TemplateProblem, render, with_elements
from gt_service.documents import strict_json
from gt_service.errors import NotFound


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


def _template(request: Mapping[str, Any]) -> str:
    content, arn = request.get("UiTemplate", {}).get("Content"), request.get("HumanTaskUiArn")
    if (content is None) == (arn is None):
        raise ValidationException("The request must have exactly one of UiTemplate and HumanTaskUiArn.")
    if content is not None:
        return str(content)
    try:
        return built_in_page(str(arn))
    except NotFound as error:
        raise ResourceNotFound(error.message) from None


def _response(html: str, problems: list[TemplateProblem] | tuple[TemplateProblem, ...]) -> dict[str, Any]:
    return {"RenderedContent": html, "Errors": [{"Code": p.code, "Message": str(p)} for p in problems]}
