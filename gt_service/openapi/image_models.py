"""What the HTTP API takes and answers about images, their labels, corrections and second looks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gt_service.ingest.uploading import MOST_FILES
from gt_service.openapi.models import NEXT, TIME, Shown, Time


class Image(Shown):
    key: str
    status: Literal["pending", "batch", "imported", "rejected", "duplicate"]
    batch: int | None
    reason: str | None = Field(description="Why it was rejected, or is labeled as it was.")
    remedy: str | None
    duplicate_of: str | None = Field(description="The key that is labeled in its stead.")
    size: int = Field(description="Bytes.")
    width: int | None = Field(description="Pixels of the upright picture, as people see it.")
    height: int | None
    format: Literal["JPEG", "PNG"] | None
    orientation: int = Field(description="How it is stored, as EXIF numbers it.")
    uploaded_at: Time = Field(description=TIME)
    replaced_after_batch: bool = Field(description="Uploaded again after its batch was closed; that is not labeled.")


class Images(Shown):
    images: list[Image]
    NextToken: str | None = Field(description=NEXT)


class FileToUpload(Shown):
    path: str = Field(description="In the folder that was chosen.")
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the content.")


class UploadRequest(Shown):
    files: list[FileToUpload] = Field(max_length=MOST_FILES, description="None of them: to renew the form.")


class PlacedFile(Shown):
    path: str
    key: str | None = Field(description="Where it goes: another name where a file of its name holds something else.")
    image: Image | None = Field(description="The same file, as it is registered already; it need not be sent.")
    reason: str | None = Field(description="Why it is not taken.")
    remedy: str | None


class Uploads(Shown):
    """How files are uploaded: as `multipart/form-data`, each with all `fields`, its `key`, and `file` as the last."""

    url: str
    fields: dict[str, str]
    seconds: int = Field(description="So long the form is good for.")
    most_bytes: int = Field(description="Larger files are refused.")
    files: list[PlacedFile] = Field(description="In the order of the request.")


class Labels(Shown):
    """Where the labels of all of a campaign's ended jobs can be had, as JSON Lines in Ground Truth's augmented form."""

    manifest_s3_uri: str
    url: str = Field(description="Downloads the same file, without a token; good for an hour at most.")
    label_attribute: str = Field(description="The field of each line that holds its label.")
    labels: list[str] = Field(description="The campaign's labels, in the order that numbers them.")


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
