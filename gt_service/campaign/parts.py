"""The parts of a spec that have fields of their own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from gt_service.campaign.values import TITLE_PATTERN, Keyword, Line, Location, Text

MAX_WORKERS = 9


class SpecPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instructions(SpecPart):
    """What workers read. Whatever is left out is worded from the task type and the labels."""

    title: Annotated[Line, Field(max_length=128, pattern=TITLE_PATTERN)] | None = Field(
        None, description="One line, shown in the list of tasks.", examples=["Draw a box around each bird"]
    )
    description: Annotated[Line, Field(max_length=255)] | None = Field(
        None, description="One or two sentences, shown with the title.", examples=["Find the birds in a photo."]
    )
    keywords: tuple[Keyword, ...] | None = Field(
        None,
        min_length=1,
        max_length=5,
        description="One to five words by which workers of the public workforce find the task.",
        examples=[["image", "birds"]],
    )
    header: Text | None = Field(
        None, description="The sentence above each object.", examples=["Draw a tight box around each bird you see."]
    )
    short: Text | None = Field(
        None, description="Text always visible beside the object.", examples=["Boxes touch the bird on all four sides."]
    )
    full: Text | None = Field(
        None,
        description="Text behind “View full instructions”; blank lines separate paragraphs.",
        examples=["Draw one box for each bird.\n\nLeave out shadows."],
    )
    examples: Location | None = Field(
        None,
        description="A manifest of a few rightly labeled images, in the form of an output manifest. They are drawn "
        "into the picture beside the task.",
        examples=["s3://my-inbox/birds/examples/examples.manifest"],
    )


class BatchRule(SpecPart):
    """When pending images are closed into a batch, which is one labeling job."""

    size: StrictInt = Field(1250, ge=1, le=100_000, description="Images that fill a batch.", examples=[1250])
    quiet_minutes: StrictInt = Field(
        30,
        ge=1,
        le=43_200,
        description="After so long without an upload coming in, what is pending becomes a batch.",
        examples=[30],
    )
    minimum: StrictInt = Field(1, ge=1, description="Fewer images than this wait, however quiet it is.", examples=[100])


class Workers(SpecPart):
    """As many people as needed."""

    least: StrictInt = Field(1, ge=1, le=MAX_WORKERS, description="So many label an object at least.", examples=[1])
    most: StrictInt = Field(
        3,
        ge=1,
        le=MAX_WORKERS,
        description="So many at most. The next one is asked only while the answers do not make the label. gt-engine "
        "alone asks so; Ground Truth asks `most` of them for every object.",
        examples=[3],
    )


def form_of_workers(value: Any) -> str:
    return "[range]" if isinstance(value, dict | Workers) else "[number]"


class Stopping(SpecPart):
    """Ground Truth's own stopping conditions; whichever is met first ends the job."""

    max_human_labeled_objects: StrictInt | None = Field(
        None, ge=1, description="A job stops once people have labeled so many objects.", examples=[800]
    )
    max_percent_labeled: StrictInt | None = Field(
        None, ge=1, le=100, description="A job stops once this share of its objects is labeled.", examples=[95]
    )


class Quality(SpecPart):
    """What the labels of gt-engine's machine must meet. Ground Truth's own targets are fixed and take none of this."""

    measure: Literal["f1", "mean-iou"] | None = Field(
        None,
        description="For boxes: mean F1 of an image at IoU 0.5, or the mean IoU that Ground Truth documents. Classes "
        "are measured by accuracy.",
        examples=["f1"],
    )
    target: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="What the labels in the scope reach on average. Left out: 0.90 for f1, 0.60 for mean-iou, 0.95 for "
        "accuracy.",
        examples=[0.9],
    )
    scope: Literal["machine-labels", "dataset"] | None = Field(
        None,
        description="Which labels of a job are to reach the target: `machine-labels`, those of the machine, or "
        "`dataset`, all of them, with people's counted as right: then the machine's may be worse than the target, and "
        "there are more of them. Left out: machine-labels.",
        examples=["dataset"],
    )
    risk: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="How probable a miss of the target may be at most. Left out: 0.05.",
        examples=[0.05],
    )
    method: Literal["student-t", "finite-sample"] | None = Field(
        None,
        description="The test behind the promise: `student-t` (approximate, labels more) or `finite-sample` (exact, "
        "labels less). Left out: student-t.",
        examples=["student-t"],
    )


class Proposals(SpecPart):
    """How gt-engine's people are shown the machine's labels to correct, where theirs certify nothing."""

    blind: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="The share of those images that is shown without, to measure what proposals do to time and labels.",
        examples=[0.2],
    )
    wrong: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="The share of the proposals that is wrong on purpose (a box shifted, left out or added, another "
        "class), to measure how many mistakes people accept.",
        examples=[0.1],
    )


class GoldItems(SpecPart):
    """Hidden checks of care: objects with a gold label among those that gt-engine's people are shown."""

    share: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="So many of them for each answer. They are paid as all work, and set aside in the budget.",
        examples=[0.1],
    )
    pass_mark: float = Field(
        0.8,
        gt=0,
        le=0.9,
        description="Who is right on a smaller share of them gets no new work until a manager lets them go on.",
        examples=[0.85],
    )
    show_accuracy: bool = Field(
        False,
        description="Workers see under My day how many of them they had right. Who looks after every answer can tell "
        "by it which objects are known.",
        examples=[True],
    )


def proposals_written_short(value: object) -> object:
    """`true` is the usual proposals, `false` none."""
    if isinstance(value, bool):
        return Proposals() if value else None
    return value


class Review(SpecPart):
    """A second look at labels of people that seem wrong to the model. With gt-engine only: Ground Truth does not tell
    what its models think of people's labels."""

    share: float | None = Field(
        None,
        gt=0,
        le=1,
        description="When a batch is labeled, this share of its people's labels, those that seem wrong most, goes to a "
        "review job. Left out, only what you choose yourself is reviewed.",
        examples=[0.1],
    )
    workers_per_object: StrictInt | None = Field(
        None,
        ge=1,
        le=9,
        description="How many people review the same label. Left out: the campaign's `workers_per_object`.",
        examples=[1],
    )
