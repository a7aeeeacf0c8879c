"""What workers read and work with: the texts of a task, and the page ("template") that shows an object.

Pages are made of Ground Truth's crowd-html elements, with Liquid for what differs from object to object
(developer guide: sms-ui-template-reference, sms-custom-templates-step2, and the page of each task type). A user's
own words are text, never markup: they can break neither the page nor the Liquid in it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from gt_service.campaign import CampaignSpec
from gt_service.campaign.values import TITLE_PATTERN
from gt_service.task_types import TaskType

CROWD_SCRIPT = "https://assets.crowd.aws/crowd-html-elements.js"
PROPOSAL = "task.input.proposal"
"""What gt-engine gives a page beside Ground Truth's own inputs, where the worker is to correct the machine's boxes."""
_CORRECTING = (
    "<p><strong>The boxes with a dashed outline are a machine's.</strong> Some are wrong, and some objects have none. "
    "Accept (Y), move or delete each of them, and draw what is missing.</p>"
)
_CHOSEN = (
    "<p><strong>What is chosen already is a machine's choice.</strong> Some of it is wrong. Look for yourself, and "
    "change it then.</p>"
)
LABELS = "{{ task.input.labels | to_json | escape }}"
_IMAGE = 'src="{{ task.input.taskObject | grant_read_access }}"'


@dataclass(frozen=True)
class TaskText:
    """The words of a task, whole: the user's where given, else made from the task type and the labels."""

    title: str
    description: str
    keywords: tuple[str, ...]
    header: str
    short: str
    full: str

    @property
    def short_html(self) -> str:
        return paragraphs(self.short)

    @property
    def full_html(self) -> str:
        return paragraphs(self.full)


@dataclass(frozen=True)
class _Wording:
    """Default words of a task type; `{thing}` is a label or "object on the list"."""

    title: str
    header: str
    keywords: tuple[str, ...]
    short: str
    full: str


_BOX_RULES = (
    "One box for each {thing}, also where several overlap.\n\n"
    "A good box touches the object on all four sides and holds nothing but the object.\n\n"
    "Box only what can be seen: leave out shadows, reflections and parts hidden behind something else.\n\n"
    "Where the object runs off the picture, end the box at the edge."
)
_MASK_RULES = (
    "Paint every pixel of each {thing}, and none beside it.\n\n"
    "Leave out shadows and reflections.\n\n"
    "Zoom in at the outline; a clean edge matters more than speed."
)
_ONE_RULES = "Look at the whole {medium} first.\n\nChoose the one category that fits best, even when you hesitate."
_MANY_RULES = (
    "Look at the whole {medium} first.\n\nChoose every category that applies, and none that does not.\n\n"
    "If none applies, say so with the last choice."
)

_WORDING: Mapping[TaskType, _Wording] = MappingProxyType(
    {
        TaskType.OBJECT_DETECTION: _Wording(
            "Draw a box around each {thing}",
            "Draw a tight box around each {thing} that you see.",
            ("image", "object", "detection"),
            'A tight box around each {thing}. None to be seen? Tick "Nothing to label".',
            _BOX_RULES,
        ),
        TaskType.IMAGE_CLASSIFICATION: _Wording(
            "Say what an image shows",
            "Which category fits this image best?",
            ("image", "classification"),
            "Choose the one category that fits best.",
            _ONE_RULES.format(medium="image"),
        ),
        TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: _Wording(
            "Say everything that an image shows",
            "Which of these categories apply to this image?",
            ("image", "classification", "multiple choice"),
            "Choose every category that applies.",
            _MANY_RULES.format(medium="image"),
        ),
        TaskType.SEMANTIC_SEGMENTATION: _Wording(
            "Paint each {thing}",
            "Paint over each {thing} that you see.",
            ("image", "segmentation"),
            "Paint each {thing} right up to its outline.",
            _MASK_RULES,
        ),
        TaskType.TEXT_CLASSIFICATION: _Wording(
            "Say what a text is about",
            "Which category fits this text best?",
            ("text", "classification"),
            "Choose the one category that fits best.",
            _ONE_RULES.format(medium="text"),
        ),
        TaskType.TEXT_CLASSIFICATION_MULTI_LABEL: _Wording(
            "Say everything that a text is about",
            "Which of these categories apply to this text?",
            ("text", "classification", "multiple choice"),
            "Choose every category that applies.",
            _MANY_RULES.format(medium="text"),
        ),
        TaskType.NAMED_ENTITY_RECOGNITION: _Wording(
            "Mark names in a text",
            "Mark each {thing} in the text.",
            ("text", "named entities"),
            "Mark each {thing}, whole and with nothing around it.",
            "Read the text once before you mark anything.\n\n"
            "Choose a label, then mark the words it names: all of them, without blanks or punctuation around them.\n\n"
            "Mark a name each time it occurs.",
        ),
        TaskType.OBJECT_DETECTION_VERIFICATION: _Wording(
            "Judge the boxes on an image",
            "Are the boxes on this image right?",
            ("image", "boxes", "review"),
            "Right means: each object has one tight box with the right label.",
            "Check that no object lacks a box, that no box holds nothing, and that each fits on all four sides.\n\n"
            "Say in the comment what is wrong.",
        ),
        TaskType.OBJECT_DETECTION_ADJUSTMENT: _Wording(
            "Correct the boxes on an image",
            "Correct the boxes until there is a tight one around each {thing}.",
            ("image", "boxes", "review"),
            "Move, resize, add and delete boxes until each {thing} has one.",
            _BOX_RULES,
        ),
        TaskType.SEMANTIC_SEGMENTATION_VERIFICATION: _Wording(
            "Judge the painted areas of an image",
            "Are the painted areas of this image right?",
            ("image", "segmentation", "review"),
            "Right means: each object is painted up to its outline, in its own colour.",
            "Look for objects that were left out, for paint beside an object and for wrong colours.\n\n"
            "Say in the comment what is wrong.",
        ),
        TaskType.SEMANTIC_SEGMENTATION_ADJUSTMENT: _Wording(
            "Correct the painted areas of an image",
            "Correct the paint until it covers each {thing} and nothing else.",
            ("image", "segmentation", "review"),
            "Add and remove paint until each {thing} is covered up to its outline.",
            _MASK_RULES,
        ),
    }
)


def task_text(spec: CampaignSpec) -> TaskText:
    """The words of a campaign's tasks; none exceeds Ground Truth's limits (title 128, description 255)."""
    given, wording = spec.instructions, _WORDING[spec.task]
    thing = _thing(spec.labels)
    header = given.header or wording.header.format(thing=thing)
    return TaskText(
        title=given.title or wording.title.format(thing=thing),
        description=given.description or wording.header.format(thing=thing),
        keywords=given.keywords or wording.keywords,
        header=header,
        short=given.short or wording.short.format(thing=thing),
        full=given.full or wording.full.format(thing=thing),
    )


def _thing(labels: tuple[str, ...]) -> str:
    """The labels as part of a sentence, or a general word where they are many, long or no text for a title."""
    *rest, last = (" ".join(label.split()) for label in labels)
    spoken = f"{', '.join(rest)} or {last}" if rest else last
    fits = len(labels) <= 3 and len(spoken) <= 60 and re.fullmatch(TITLE_PATTERN, spoken)
    return spoken if fits else "object on the list"


def instruction_template(spec: CampaignSpec, examples_png: bytes | None = None) -> str:
    """The worker's page for a campaign's task type.

    examples_png: picture of rightly labeled examples, shown beside each object; it travels inside the page, since
    workers' browsers have no access to the bucket.

    Named entities are marked on a page of Ground Truth's own; theirs is for the preview alone.
    """
    text = task_text(spec)
    tag, attributes, body = _element(spec, text)
    words = _CORRECTING if tag == "crowd-bounding-box" else _CHOSEN
    picture = [] if examples_png is None else [f"      {_picture(examples_png)}"]
    lines = [
        f"  <{tag}",
        *(f"    {attribute}" for attribute in attributes),
        "  >",
        *(f"    {line}" for line in body),
        f'    <full-instructions header="{as_text(text.title)}">',
        f"      {text.full_html}",
        "    </full-instructions>",
        "    <short-instructions>",
        *picture,
        f"      {text.short_html}",
        *([f"      {{% if {PROPOSAL} %}}{words}{{% endif %}}"] if spec.proposals is not None else []),
        "    </short-instructions>",
        f"  </{tag}>",
    ]
    if tag != "crowd-entity-annotation":  # the one element that is a form by itself
        lines = ["<crowd-form>", *lines, "</crowd-form>"]
    return "\n".join([f'<script src="{CROWD_SCRIPT}"></script>', *lines, ""])


def as_text(words: str) -> str:
    """A user's words for HTML with Liquid: no markup and no `{{…}}` comes out of them."""
    return escape(words).replace("{", "&#123;").replace("}", "&#125;")


def paragraphs(words: str) -> str:
    """Text as HTML; blank lines separate paragraphs."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", words))
    return "\n      ".join(f"<p>{as_text(block)}</p>" for block in blocks if block)


def _picture(png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="Rightly labeled examples" style="max-width:100%">'


def _element(spec: CampaignSpec, text: TaskText) -> tuple[str, list[str], list[str]]:
    """A task's element: its tag, its attributes, and the lines before the instructions."""
    tag = _ELEMENTS[spec.task]
    # The key of the answer: readers of worker responses look for `boundingBox` and the others' own names.
    name = "boundingBox" if tag == "crowd-bounding-box" else tag
    choices = "categories" if "classifier" in tag else "labels"
    attributes = [f'name="{name}"', f'header="{as_text(text.header)}"', f'{choices}="{LABELS}"']
    body: list[str] = []
    if spec.task is TaskType.NAMED_ENTITY_RECOGNITION:
        attributes.append('text="{{ task.input.taskObject }}"')
    elif spec.task.facts.medium == "text":
        shown = "{{ task.input.taskObject }}"
        body.append(f'<classification-target style="white-space: pre-wrap">{shown}</classification-target>')
    else:
        attributes.append(_IMAGE)
    if tag.endswith("-multi-select"):
        attributes.append("exclusion-category=\"{ text: 'None of them' }\"")
    if spec.task.facts.reviews is not None:
        attributes.append(_prior_labels(spec))
    if spec.proposals is not None:
        member = {TaskType.OBJECT_DETECTION: "boundingBoxes", TaskType.IMAGE_CLASSIFICATION: "label"}.get(
            spec.task, "labels"
        )
        value = f'initial-value="{{{{ {PROPOSAL}.{member} | to_json | escape }}}}"'
        attributes.append(f"{{% if {PROPOSAL} %}}proposed {value}{{% endif %}}")
    if spec.task.facts.reviews == "verification":
        body.append('<worker-comment header="What is wrong?" link-text="Say what is wrong"></worker-comment>')
    return tag, attributes, body


_ELEMENTS: Mapping[TaskType, str] = MappingProxyType(
    {
        TaskType.OBJECT_DETECTION: "crowd-bounding-box",
        TaskType.OBJECT_DETECTION_ADJUSTMENT: "crowd-bounding-box",
        TaskType.OBJECT_DETECTION_VERIFICATION: "crowd-image-classifier",
        TaskType.IMAGE_CLASSIFICATION: "crowd-image-classifier",
        TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: "crowd-image-classifier-multi-select",
        TaskType.SEMANTIC_SEGMENTATION: "crowd-semantic-segmentation",
        TaskType.SEMANTIC_SEGMENTATION_ADJUSTMENT: "crowd-semantic-segmentation",
        TaskType.SEMANTIC_SEGMENTATION_VERIFICATION: "crowd-image-classifier",
        TaskType.TEXT_CLASSIFICATION: "crowd-classifier",
        TaskType.TEXT_CLASSIFICATION_MULTI_LABEL: "crowd-classifier-multi-select",
        TaskType.NAMED_ENTITY_RECOGNITION: "crowd-entity-annotation",
    }
)


def _prior_labels(spec: CampaignSpec) -> str:
    """The attribute that shows the labels under review, which Liquid takes from the object's manifest line."""
    line = f"task.input.manifestLine.{spec.reviewed_attribute}"
    boxes = spec.task in {TaskType.OBJECT_DETECTION_VERIFICATION, TaskType.OBJECT_DETECTION_ADJUSTMENT}
    if spec.task.facts.reviews == "adjustment":
        return f"initial-value='{_boxes(line) if boxes else '{ ' + _mask(line) + ' }'}'"
    if boxes:
        return f'overlay=\'{{ "boundingBox": {{ "labels": {_box_labels(line)}, "value": {_boxes(line)} }} }}\''
    return f'overlay=\'{{ "semanticSegmentation": {{ "labels": {_mask_labels(line)}, {_mask(line)} }} }}\''


def _boxes(line: str) -> str:
    return (
        f"[{{% for box in {line}.annotations %}}"
        "{% capture class_id %}{{ box.class_id }}{% endcapture %}"
        f"{{% assign label = {line}-metadata.class-map[class_id] %}}"
        '{ "label": {{ label | to_json | escape }}, "left": {{ box.left }}, "top": {{ box.top }}, '
        '"width": {{ box.width }}, "height": {{ box.height }} },'
        "{% endfor %}]"
    )


def _box_labels(line: str) -> str:
    each = "{{ entry[1] | to_json | escape }},"
    return f"[{{% for entry in {line}-metadata.class-map %}}{each}{{% endfor %}}]"


def _mask_labels(line: str) -> str:
    return f"[{_each_colour(line, _CLASS + ',')}]"


def _mask(line: str) -> str:
    colours = _each_colour(line, _CLASS + ': { "color": {{ entry[1]["hex-color"] | to_json | escape }} },')
    return f'"src": "{{{{ {line} | grant_read_access }}}}", "labelMappings": {{ {colours} }}'


_CLASS = '{{ entry[1]["class-name"] | to_json | escape }}'


def _each_colour(line: str, shown: str) -> str:
    return (
        f"{{% for entry in {line}-metadata.internal-color-map %}}"
        f'{{% if entry[1]["class-name"] != "BACKGROUND" %}}{shown}{{% endif %}}{{% endfor %}}'
    )
