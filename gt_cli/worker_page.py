"""The page that workers will see: looked over for mistakes, and shown with an object in it.

Broken instructions do not fail a labeling job: they fill it with worthless labels that are paid for all the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from gt_engine.portal import templates
from gt_service.chain.instructions import CROWD_SCRIPT, PROPOSAL

_INPUTS = ("task.input.taskObject", "task.input.labels", "task.input.manifestLine", PROPOSAL)
"""What Ground Truth's own pre-annotation functions hand to a page, and gt-engine beside them."""
_TAKES_LABELS: Mapping[str, str] = {
    "crowd-bounding-box": "labels",
    "crowd-semantic-segmentation": "labels",
    "crowd-entity-annotation": "labels",
    "crowd-image-classifier": "categories",
    "crowd-image-classifier-multi-select": "categories",
    "crowd-classifier": "categories",
    "crowd-classifier-multi-select": "categories",
}
_SELF_CONTAINED = "crowd-entity-annotation"
OFFLINE = f"""
<style>
:is(crowd-form, {_SELF_CONTAINED}):not(:defined)::before {{
  content: "The photo and the tools are missing: AWS's elements for workers' pages, {CROWD_SCRIPT}, were not loaded."
    " This preview needs the internet.";
}}
</style>
"""
"""What a preview says where its browser has no internet."""
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})


def problems(template: str, labels: Sequence[str] = ("Label",)) -> list[str]:
    """What is wrong with a template, in words; nothing where workers can work with it.

    labels: those of the job, to see whether they reach the page whole.
    """
    try:
        mistakes = list(_liquid_problems(template))
        return mistakes or list(_page_problems(render(template, labels=labels), labels))
    except templates.BrokenTemplate as error:
        return [f"the Liquid in it cannot be read: {error.message}"]


def render(
    template: str,
    *,
    labels: Sequence[str],
    task_object: str = "s3://bucket/object",
    manifest_line: Mapping[str, Any] | None = None,
) -> str:
    """The page as a browser gets it. task_object: the text to label, or the address of the image."""
    task_input = {"taskObject": task_object, "labels": list(labels), "manifestLine": dict(manifest_line or {})}
    return templates.render(template, task_input).html


def as_address(image: bytes) -> str:
    """An image as an address that holds it, so that a preview needs no server."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def _liquid_problems(template: str) -> Iterator[str]:
    yield from templates.mistakes(template, known=_INPUTS)
    if "task.input.taskObject" not in templates.variables(template):
        yield "the object to label (task.input.taskObject) is not on the page"


def _page_problems(page: str, labels: Sequence[str]) -> Iterator[str]:
    elements = _Elements()
    elements.feed(page)
    elements.close()
    yield from elements.misplaced
    yield from (f"<{tag}> is never closed" for tag in elements.open)
    if CROWD_SCRIPT not in elements.scripts:
        yield f"the script {CROWD_SCRIPT} is not loaded, so no crowd element works"
    tools = [(tag, attributes) for tag, attributes in elements.found if tag in _TAKES_LABELS]
    if len(tools) != 1:
        yield f"there are {len(tools)} elements to label with; there must be one of {', '.join(_TAKES_LABELS)}"
        return
    ((tag, attributes),) = tools
    forms = sum(name == "crowd-form" for name, _ in elements.found)
    wanted = 0 if tag == _SELF_CONTAINED else 1
    if forms != wanted:
        yield f"there are {forms} <crowd-form>, and <{tag}> needs {wanted}: answers could not be submitted"
    for needed in ("name", "header"):
        if not attributes.get(needed):
            yield f"<{tag}> has no {needed}"
    yield from _label_problems(tag, attributes.get(_TAKES_LABELS[tag]), labels)
    for part in ("full-instructions", "short-instructions"):
        if part not in dict(elements.found):
            yield f"there are no <{part}>"


def _label_problems(tag: str, written: str | None, labels: Sequence[str]) -> Iterator[str]:
    try:
        shown = json.loads(written or "")
    except ValueError:
        shown = None
    if shown != list(labels):
        offered = written or "nothing"
        yield f"<{tag}> offers {offered} instead of the job's labels (task.input.labels | to_json | escape)"


class _Elements(HTMLParser):
    """The elements of a page, what of them is closed where it should not be, and what stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str | None] = []
        self.open: list[str] = []
        self.misplaced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag in self.open:
            while self.open and self.open[-1] != tag:
                self.misplaced.append(f"<{self.open.pop()}> is never closed")
            self.open.pop()
        else:
            self.misplaced.append(f"</{tag}> closes nothing")
