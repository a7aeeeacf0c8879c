"""What the HTTP API takes and answers about labeled images, corrections and second looks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gt_service.openapi.models import TIME, Shown, Time


class ImageCorrection(Shown):
    by: str
    at: Time = Field(description=TIME)
    name: str


class ImageRow(BaseModel):
    """A labeled image. Boxes are `[label, left, top, width, height, confidence]` in pixels."""

    id: str = Field(description="Stays the image's own: `<job>.<number>`.")
    source: str
    human: bool = Field(description="Whether people labeled it.")
    confidence: float = Field(description="Of the least sure part of its label.")
    size: list[int] | None = None
    boxes: list[list[str | float | None]] | None = None
    classes: list[str] | None = None
    agreement: float | None = Field(None, description="Of people's label with the machine's, where it is known.")
    corrected: ImageCorrection | None = Field(None, description="Who corrected the label last.")
    removed: bool | None = Field(None, description="Whether the label was taken out.")
    url: str = Field(description="Where the file can be read, for an hour.")


class LabeledImages(Shown):
    """Some of the images that pass a filter, the least sure first."""

    count: int = Field(ge=0, description="How many pass.")
    first: int = Field(ge=0)
    images: list[ImageRow]


class ExportState(Shown):
    format: str
    state: Literal["ready", "making", "refused", "none"]
    problem: str | None = Field(description="Why the labels do not fit the format.")
    url: str | None = Field(description="Where the zip file can be downloaded, for an hour.")


class Exports(Shown):
    exports: list[ExportState]


class CorrectedBox(Shown):
    """A box in whole pixels of the upright image."""

    label: str
    left: int = Field(ge=0)
    top: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class CorrectedLabel(Shown):
    """Boxes or classes, as the campaign's task has them."""

    boxes: list[CorrectedBox] | None = None
    classes: list[str] | None = None


class CorrectionRequest(Shown):
    image: str = Field(description="The image's `id`.")
    source: str = Field("", description="Its `source`, to be refused where the `id` is another image's by now.")
    label: CorrectedLabel | None = Field(description="The label that holds from now on; null takes the label out.")
    replaces: str = Field("", description="`name` of the correction that the caller has seen last; empty for none.")
    why: str = Field("", max_length=2000, description="For the history.")


class Correction(Shown):
    """A label that somebody put right, as it is kept."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    source_ref: str = Field(alias="source-ref")
    label: dict[str, Any] | None = Field(description="In the form of an output manifest.")
    by: str
    at: Time = Field(description=TIME)
    why: str
    replaces: dict[str, Any]
    picture: str = Field(description="Fingerprint of the image that was put right; empty where it is not known.")


class Suspect(Shown):
    """A label of people that seems wrong. Labels are in Ground Truth's form: the attribute and its metadata."""

    source: str
    suspicion: float = Field(ge=0, le=1, description="How surely the label is wrong.")
    mistake: Literal["missed", "spurious", "moved", "swapped"] = Field(
        description="What seems wrong: an object without a box, a box without an object, a box in a wrong place, a "
        "wrong class."
    )
    job: str
    batch: int
    label: dict[str, Any]
    machine: dict[str, Any] = Field(description="What a model says that never saw the label.")
    url: str = Field(description="Where the image can be read, for an hour.")


class SecondLook(Shown):
    """Labels that seem wrong and were not sent to people again, worst first."""

    judged: int = Field(description="Labels of people that a model was held against.")
    suspects: list[Suspect]
