"""The HTTP API as an OpenAPI 3.1 document, from the pydantic models of what goes in and comes out.

`document()` is what `/openapi.json` answers and what docs/reference/http-api.md is made of. Tests hold the operations
against the app's routes, and the models against what the API really shows: a field too many or too few is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from gt_service import __version__
from gt_service.campaign import CampaignSpec
from gt_service.listing import DIRECTIONS, ORDERS
from gt_service.reports.estimate import MOST_OBJECTS
from gt_service.routes import Role, route_at

Time = str
_TIME = "ISO 8601, UTC."
_NEXT = "For the next page; null on the last."


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Health(_Shown):
    status: Literal["ok"]
    version: str


class Version(_Shown):
    version: str


class Ready(_Shown):
    status: Literal["ready"]


class Problem(_Shown):
    """Every error has this shape."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="What is wrong, for people.")
    remedy: str | None = Field(None, description="What to do about it.")
    field: str | None = Field(None, description="The field or file that is wrong, as a path such as `batch.size`.")
    errors: list[Problem] | None = Field(None, description="Of a refused spec: one for each wrong field.")


class ImageCounts(_Shown):
    pending: int = Field(description="Waiting for a batch.")
    rejected: int = Field(description="Not labeled; the images say why.")
    duplicate: int = Field(description="Labeled once, under another key.")
    replaced: int = Field(description="Of those in batches: replaced since, and labeled as they were.")
    in_batches: int
    imported: int = Field(description="They had a label already; nobody is asked for one.")


class Import(_Shown):
    """A file of labels, dropped at `<campaign>/labels/<name>.manifest` in the inbox."""

    name: str
    key: str
    etag: str
    status: Literal["unread", "read", "refused"]
    labels: int = Field(description="Images with a label in the file.")
    proposals: int = Field(description="Images with a prediction in the file.")
    held: int = Field(description="Labels of the file that are labels of the campaign.")
    waiting: int = Field(description="Labels whose images have not been uploaded.")
    left_out: int = Field(description="Labels that will not be the campaign's.")
    checked: int = Field(description="Labels whose images people are asked about, without seeing them, to check them.")
    notes: list[str] = Field(description="Why, for the first of those left out.")
    problem: Problem | None = Field(description="Why the file was refused.")


class Campaign(_Shown):
    name: str
    status: Literal["active", "waiting", "paused", "stopped"]
    reason: str | None = Field(description="Why it waits, is paused or stopped.")
    remedy: str | None = Field(description="What makes it go on.")
    waits_for: Literal["spec", "budget", "request", "output", "unlabeled"] | None = Field(
        description="What it waits for, in a word for programs."
    )
    spec_errors: list[Problem] = Field(description="Of the latest spec, where it was refused; the one before holds.")
    warnings: list[str] = Field(description="What is legal in the spec and yet probably not meant.")
    spec: CampaignSpec | None = Field(description="The spec in force; null while images wait for one.")
    revision: int = Field(description="Counts the accepted specs.")
    images: ImageCounts
    images_more: list[str] = Field(description="Statuses of which there are more than were counted.")
    batches: int
    imports: list[Import] = Field(description="Labels that were there before the campaign, in the order of their drop.")
    cap_mills: int | None = Field(description="The budget, in tenths of a cent; null where there is none.")
    committed_mills: int = Field(description="Set aside for jobs whose real cost is not known yet.")
    spent_mills: int = Field(description="Real cost of the jobs that have a report.")
    created_at: Time = Field(description=_TIME)
    inbox_s3_uri: str | None = Field(description="Where its images are dropped; null in notifications.")


class Campaigns(_Shown):
    campaigns: list[Campaign]
    NextToken: str | None = Field(description=_NEXT)


class Batch(_Shown):
    number: int
    campaign: str
    status: Literal["filling", "closed", "labeling", "labeled"]
    closed_because: str = Field(description="`full`, `quiet` or `on request`.")
    objects: int
    unlabeled: int | None = Field(description="Left without a label when the batch was done.")
    manifest_s3_uri: str | None
    created_at: Time = Field(description=_TIME)
    closed_at: Time | None = Field(description=_TIME)


class Batches(_Shown):
    batches: list[Batch]
    NextToken: str | None = Field(description=_NEXT)


class Job(_Shown):
    name: str
    campaign: str
    batch: int
    role: Literal["first", "warm", "control", "review"]
    attempt: int = Field(description="0, or the number of the follow-up, or of the review that its owner asked for.")
    status: Literal["Initializing", "InProgress", "Completed", "Failed", "Stopping", "Stopped"] = Field(
        description="SageMaker's LabelingJobStatus."
    )
    stage: str = Field(description="The status, or what only the service knows: `Reserved`, `Refused`, `Withdrawn`.")
    objects: int
    counters: dict[str, int] = Field(description="SageMaker's LabelCounters.")
    unlabeled: int | None = Field(description="Objects without a label once it ended; null until counted.")
    initial_model_arn: str | None
    final_model_arn: str | None
    manifest_s3_uri: str
    output_s3_uri: str = Field(description="Root of the job's output.")
    reserved_mills: int = Field(description="Its worst case, set aside from the budget.")
    cost_mills: int | None = Field(description="Null until the report is written.")
    report_s3_uri: str | None = Field(description="Prefix of the report's files.")
    failure_reason: str | None
    output_problem: str | None = Field(description="Why labels may be missing in its output.")
    warning: str | None = Field(description="Such as a job without progress.")
    created_at: Time = Field(description=_TIME)
    ended_at: Time | None = Field(description=_TIME)


class Jobs(_Shown):
    jobs: list[Job]
    NextToken: str | None = Field(description=_NEXT)


class Image(_Shown):
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
    uploaded_at: Time = Field(description=_TIME)
    replaced_after_batch: bool = Field(description="Uploaded again after its batch was closed; that is not labeled.")


class Images(_Shown):
    images: list[Image]
    NextToken: str | None = Field(description=_NEXT)


class TakenModel(_Shown):
    """Where a job's final model can be had, as one ONNX file."""

    model_s3_uri: str
    url: str = Field(
        description="Downloads it, without a token; good for an hour at most. A model that rests on one that was "
        "brought is no file of its own: then S3 answers 404."
    )


class Labels(_Shown):
    """Where the labels of all of a campaign's ended jobs can be had, as JSON Lines in Ground Truth's augmented form."""

    manifest_s3_uri: str
    url: str = Field(description="Downloads the same file, without a token; good for an hour at most.")
    label_attribute: str = Field(description="The field of each line that holds its label.")
    labels: list[str] = Field(description="The campaign's labels, in the order that numbers them.")


class Step(_Shown):
    what: str = Field(description="In words.")
    job: str | None = Field(description="The labeling job it is about.")
    request: dict[str, Any] | None = Field(description="The CreateLabelingJob request, as it would be sent.")
    problem: str | None = Field(description="Why the request cannot be made.")
    reserved_mills: int | None = Field(description="What the budget would set aside.")


class Plan(_Shown):
    """What the service would do for a campaign now; mostly nothing, since it does it at once."""

    steps: list[Step]
    status: Literal["active", "waiting", "paused", "stopped"] = Field(description="After the steps.")
    reason: str | None
    remedy: str | None
    warnings: list[str] = Field(description="Of the spec.")


class Description(BaseModel):
    """An OpenAPI document: this one."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


class Report(BaseModel):
    """The cost report of a job, as `report.json` beside its figure and page. More fields than these may come."""

    model_config = ConfigDict(extra="allow")

    version: int
    job: dict[str, Any]
    counts: dict[str, int]
    machine_share: float = Field(ge=0, le=1)
    cost: dict[str, Any]
    all_human: dict[str, Any] = Field(description="What people alone would have cost.")
    saving: dict[str, Any]
    iterations: list[dict[str, Any]]
    training: list[dict[str, Any]]
    imported_labels: dict[str, Any] | None = Field(
        None, description="How well imported labels agree with those of people who did not see them."
    )
    proposals: dict[str, Any] | None = Field(
        None,
        description="What people with the machine's labels shown took, mistook and reached, and without.",
    )
    quality: dict[str, Any] | None = Field(None, description="Against gold labels, where there are any.")


class ImageCorrection(_Shown):
    by: str
    at: Time = Field(description=_TIME)
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


class LabeledImages(_Shown):
    """Some of the images that pass a filter, the least sure first."""

    count: int = Field(ge=0, description="How many pass.")
    first: int = Field(ge=0)
    images: list[ImageRow]


class ExportState(_Shown):
    format: str
    state: Literal["ready", "making", "refused", "none"]
    problem: str | None = Field(description="Why the labels do not fit the format.")
    url: str | None = Field(description="Where the zip file can be downloaded, for an hour.")


class Exports(_Shown):
    exports: list[ExportState]


class CorrectedBox(_Shown):
    """A box in whole pixels of the upright image."""

    label: str
    left: int = Field(ge=0)
    top: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class CorrectedLabel(_Shown):
    """Boxes or classes, as the campaign's task has them."""

    boxes: list[CorrectedBox] | None = None
    classes: list[str] | None = None


class CorrectionRequest(_Shown):
    image: str = Field(description="The image's `id`.")
    source: str = Field("", description="Its `source`, to be refused where the `id` is another image's by now.")
    label: CorrectedLabel | None = Field(description="The label that holds from now on; null takes the label out.")
    replaces: str = Field("", description="`name` of the correction that the caller has seen last; empty for none.")
    why: str = Field("", max_length=2000, description="For the history.")


class Correction(_Shown):
    """A label that somebody put right, as it is kept."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    name: str
    source_ref: str = Field(alias="source-ref")
    label: dict[str, Any] | None = Field(description="In the form of an output manifest.")
    by: str
    at: Time = Field(description=_TIME)
    why: str
    replaces: dict[str, Any]
    picture: str = Field(description="Fingerprint of the image that was put right; empty where it is not known.")


class Suspect(_Shown):
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


class SecondLook(_Shown):
    """Labels that seem wrong and were not sent to people again, worst first."""

    judged: int = Field(description="Labels of people that a model was held against.")
    suspects: list[Suspect]


class EstimateRequest(_Shown):
    """The name of a campaign, or a spec; never both. With a spec, the campaign of its name need not be there."""

    objects: int = Field(ge=1, le=MOST_OBJECTS, description="How many images are to come.")
    imported: int = Field(
        0, ge=0, le=MOST_OBJECTS, description="Labels that are imported besides; a share of them is checked by people."
    )
    campaign: str | None = Field(None, description="A campaign: its spec in force and its own finished jobs count.")
    spec: CampaignSpec | None = Field(
        None, description="A spec that need not be in force; the finished jobs of the campaign of its name count."
    )


class MachineShare(_Shown):
    """The share of a job's images that the machine labels, 0 to 1: pessimistic, likely, optimistic."""

    low: float = Field(ge=0, le=1)
    likely: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class CostRange(_Shown):
    """In mills. The actual amount is expected between `low` and `high`, and never above `ceiling`."""

    low: int
    likely: int
    high: int
    ceiling: int


class EstimatedJob(_Shown):
    role: Literal["first", "warm", "control"]
    objects: int
    machine_share: MachineShare
    cost_mills: CostRange
    compute_mills: CostRange = Field(description="The part of the cost that is for computing.")


class Estimate(_Shown):
    """What labeling some images would cost."""

    low_mills: int
    likely_mills: int
    high_mills: int
    ceiling_mills: int = Field(description="Every image labeled by all its workers: what a budget must hold.")
    all_human_mills: int = Field(description="The same images without auto-labeling.")
    low_usd: float
    likely_usd: float
    high_usd: float
    ceiling_usd: float
    all_human_usd: float
    jobs: list[EstimatedJob] = Field(description="The jobs to come, in order.")
    assumptions: list[str] = Field(description="In words, such as whose machine shares were taken.")


@dataclass(frozen=True)
class Parameter:
    name: str
    meaning: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method on one path. `refusals` are the statuses of its errors besides those of every operation.

    answer: None where it is a page of the status page, or leads to one. takes: what is sent, as JSON.
    """

    method: str
    path: str
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    refusals: tuple[int, ...] = ()
    query: tuple[Parameter, ...] = ()
    takes: type[BaseModel] | None = None

    @property
    def changes(self) -> bool:
        return self.method != "get"

    @property
    def needs(self) -> Role:
        """Who may use it."""
        return route_at(self.method.upper(), self.path).needs

    @property
    def public(self) -> bool:
        return self.needs == "anybody"


_PAGING = (
    Parameter("MaxResults", "At most so many.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 100}),
    Parameter("NextToken", "Of the page before.", {"type": "string"}),
)
_STATUS = Parameter(
    "status",
    "Which images.",
    {
        "type": "string",
        "enum": ["pending", "batch", "imported", "rejected", "duplicate", "replaced"],
        "default": "rejected",
    },
)
_FILTERS = (
    Parameter("who", "Who labeled them.", {"type": "string", "enum": ["people", "machine"]}),
    Parameter("class", "A label that is on them.", {"type": "string"}),
    Parameter(
        "sure",
        "How sure their label is: 0 under 50 %, then to 70, 80, 90, 95 and 100 %.",
        {"type": "integer", "minimum": 0, "maximum": 5},
    ),
    Parameter(
        "only",
        "Those with nothing on them, where the machine said something else than people, or that were corrected.",
        {"type": "string", "enum": ["nothing", "disagrees", "corrected", "removed"]},
    ),
    Parameter("job", "Of one labeling job.", {"type": "string"}),
    Parameter("first", "Place of the first image, from 0.", {"type": "integer", "minimum": 0, "default": 0}),
)
_TOP = Parameter("top", "How many.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 24})
_LEADS_TO = Parameter("next", "Where to go then: a page, relative to the API's root.", {"type": "string"})
_WHOLE = {"type": "integer", "minimum": 1}
_SETTINGS = (
    Parameter("objects", "How many images are to come.", {**_WHOLE, "maximum": MOST_OBJECTS}, required=True),
    Parameter("campaign", "A campaign. Its own spec and finished jobs count, and nothing below.", {"type": "string"}),
    Parameter("task", "As in a spec.", {"type": "string", "default": "object-detection"}),
    Parameter("workforce", "Who labels.", {"type": "string", "enum": ["public", "private"], "default": "public"}),
    Parameter("workers_per_object", "How many answer for each image.", {**_WHOLE, "maximum": 9, "default": 3}),
    Parameter("price_per_task", "US dollars for one answer, of the public workforce.", {"type": "string"}),
    Parameter("batch_size", "Images in a batch.", {**_WHOLE, "default": 1250}),
    Parameter(
        "auto_labeling", "Whether the machine labels too.", {"type": "string", "enum": ["yes", "no"], "default": "yes"}
    ),
)


def _listed(statuses: list[str]) -> tuple[Parameter, ...]:
    """SageMaker's parameters of lists."""
    time = {"type": "string", "format": "date-time"}
    return (
        Parameter("StatusEquals", "Those of one status.", {"type": "string", "enum": statuses}),
        Parameter("NameContains", "Those with this in their names.", {"type": "string", "maxLength": 63}),
        Parameter("CreationTimeAfter", "Those created after.", time),
        Parameter("CreationTimeBefore", "Those created before.", time),
        Parameter("SortBy", "In which order.", {"type": "string", "enum": list(ORDERS)}),
        Parameter("SortOrder", "", {"type": "string", "enum": list(DIRECTIONS), "default": DIRECTIONS[0]}),
        *_PAGING,
    )


def _words(model: type[BaseModel]) -> list[str]:
    """The statuses that a model may have."""
    return list(get_args(model.model_fields["status"].annotation))


_KEY = Parameter(
    "Idempotency-Key",
    "Of your choice, new for each request. The same request again, within a day, is answered as before and not done "
    "again; with another request it is refused.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)

OPERATIONS = (
    Operation("get", "/health", "Whether the API answers.", Health),
    Operation("get", "/openapi.json", "This description, for programs.", Description),
    Operation("get", "/ready", "Whether what the API needs answers too.", Ready, refusals=(503,)),
    Operation("get", "/version", "The service's version.", Version),
    Operation("get", "/campaigns", "All campaigns.", Campaigns, refusals=(422,), query=_listed(_words(Campaign))),
    Operation("get", "/campaigns/{name}", "A campaign: how it stands, and why it waits.", Campaign, refusals=(404,)),
    Operation(
        "get", "/campaigns/{name}/plan", "What would be done next, and nothing of it is done.", Plan, refusals=(404,)
    ),
    Operation(
        "put",
        "/campaigns/{name}",
        "Puts a spec in force, as dropping it into the inbox does. Where it is refused, nothing changes.",
        Campaign,
        refusals=(409, 422),
        takes=CampaignSpec,
    ),
    Operation(
        "post",
        "/campaigns/{name}/pause",
        "Starts nothing new; what runs goes on.",
        Campaign,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "post",
        "/campaigns/{name}/resume",
        "Goes on; where tries were used up, one more is granted, and an output that is not whole is taken as it is.",
        Campaign,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "post",
        "/campaigns/{name}/leave-out",
        "Goes on without the images that the campaign waits for; they keep no label, and the reports list them.",
        Campaign,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "get",
        "/campaigns/{name}/second-look",
        "The campaign's labels that seem wrong, worst first. gt-engine only.",
        SecondLook,
        query=(_TOP,),
        refusals=(404, 422),
    ),
    Operation(
        "post",
        "/campaigns/{name}/second-look",
        "Sends the labels that seem wrong most to people: a review job beside the chain, its worst case set aside. "
        "What was sent once is not sent again.",
        Job,
        query=(_TOP,),
        status=202,
        refusals=(404, 409, 422),
    ),
    Operation(
        "post",
        "/campaigns/{name}/stop",
        "Stops the campaign for good: its running jobs are stopped, their labels kept.",
        Campaign,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "get",
        "/campaigns/{name}/batches",
        "The campaign's batches.",
        Batches,
        refusals=(404, 422),
        query=_listed(_words(Batch)),
    ),
    Operation(
        "post",
        "/campaigns/{name}/batches",
        "Closes the open batch now, however small.",
        Campaign,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "get",
        "/campaigns/{name}/images",
        "The campaign's images of one status.",
        Images,
        refusals=(404, 422),
        query=(_STATUS, *_PAGING),
    ),
    Operation(
        "get",
        "/campaigns/{name}/jobs",
        "The campaign's jobs, in order of batch.",
        Jobs,
        refusals=(404, 422),
        query=_listed(_words(Job)),
    ),
    Operation(
        "get",
        "/campaigns/{name}/labeled-images",
        "Labeled images of the campaign, from a place on.",
        LabeledImages,
        query=_FILTERS,
        refusals=(404, 422),
    ),
    Operation(
        "get",
        "/campaigns/{name}/exports",
        "The labels as files to download; one that is asked for by its format is made.",
        Exports,
        refusals=(404, 422),
        query=(Parameter("format", "To be made of the labels as they are now.", {"type": "string"}),),
    ),
    Operation(
        "post",
        "/campaigns/{name}/corrections",
        "Gives an image another label, in the place of the one that it has.",
        Correction,
        status=201,
        refusals=(404, 409, 422),
        takes=CorrectionRequest,
    ),
    Operation("get", "/campaigns/{name}/labels", "Where to download the campaign's labels.", Labels, refusals=(404,)),
    Operation("get", "/jobs/{name}", "A labeling job.", Job, refusals=(404,)),
    Operation("get", "/jobs/{name}/report", "A job's cost report, once it is written.", Report, refusals=(404,)),
    Operation("get", "/jobs/{name}/model", "A job's final model, to take away.", TakenModel, refusals=(404,)),
    Operation(
        "get",
        "/jobs/{name}/images",
        "Labeled images of a job, once its report is written.",
        LabeledImages,
        query=tuple(each for each in _FILTERS if each.name != "job"),
        refusals=(404, 422),
    ),
    Operation(
        "post",
        "/jobs/{name}/stop",
        "Stops a job and keeps its labels. A follow-up sends what is left, unless the campaign is paused.",
        Job,
        status=202,
        refusals=(404, 409),
    ),
    Operation(
        "get",
        "/estimates",
        "What labeling would cost, for a campaign or for a few settings.",
        Estimate,
        refusals=(404, 422),
        query=_SETTINGS,
    ),
    Operation(
        "post",
        "/estimates",
        "What labeling would cost, for a campaign or for a whole spec. Changes nothing; viewers may ask.",
        Estimate,
        refusals=(404, 422),
        takes=EstimateRequest,
    ),
    Operation("get", "/", "Leads to the campaigns' page.", None, status=303),
    Operation("get", "/login", "The page where a person gives their token.", None, query=(_LEADS_TO,)),
    Operation(
        "post",
        "/login",
        "Keeps the token of the page's form in a cookie, and leads on.",
        None,
        status=303,
        refusals=(401, 403),
    ),
    Operation("post", "/logout", "Forgets the cookie.", None, status=303),
    Operation("get", "/static/{name}", "A file that the pages load.", None, refusals=(404,)),
)

_ANSWERS: Mapping[int, str] = {200: "Found.", 201: "Kept.", 202: "Accepted.", 303: "Look there."}
_REFUSALS: Mapping[int, str] = {
    401: "No token, or one that is unknown or has expired.",
    403: "The token's role or the signer's IAM policies may not do this, or the signature is wrong.",
    404: "There is no such campaign or job.",
    409: "Not possible in the present state.",
    415: "The body's type is none that is taken here.",
    422: "What was sent is wrong; `field` and `errors` say where.",
    429: "Too many requests at once; try again a little later.",
    500: "The service failed.",
    503: "Something that the service needs does not answer now.",
}
_CAMPAIGN_NAME = "^[a-z0-9](-*[a-z0-9]){0,39}$"
_JOB_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
_OPEN = {"url": ".", "description": "For callers with a token."}
_SIGNED = {"url": "./iam", "description": "The same for callers that sign with AWS credentials (SigV4)."}
_REF = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """The OpenAPI document, as JSON."""
    models: list[type[BaseModel]] = [
        *(model for operation in OPERATIONS for model in (operation.answer, operation.takes) if model is not None),
        Problem,
    ]
    _, schemas = models_json_schema([(model, "validation") for model in dict.fromkeys(models)], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gt-service",
            "version": __version__,
            "description": "Campaigns, batches, labeling jobs and cost reports. Money is in mills, tenths of a cent.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_OPEN, _SIGNED],
        "security": [{"token": []}, {"sigv4": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From `gt-service token issue`; viewers may look, operators may change.",
                },
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4 for the service `execute-api`, on the server `iam` alone. "
                    "What a signer may do is said by IAM policies; the stack has two to attach.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "responses": {
            str(operation.status): _content(_ANSWERS[operation.status], operation.answer),
            **{str(status): _content(_REFUSALS[status], _problem(operation)) for status in refusals(operation)},
        },
    }
    parameters = [_parameter(parameter) for parameter in operation.query]
    if "{name}" in operation.path:
        pattern = _CAMPAIGN_NAME if operation.path.startswith("/campaigns") else _JOB_NAME
        name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        parameters.insert(0, name)
    if operation.method == "post" and operation.answer:
        parameters.append({**_parameter(_KEY), "in": "header"})
    elif operation.status == 200 and operation.method == "get" and operation.answer:
        shown["responses"]["304"] = {"description": "As in `If-None-Match`, the ETag of an earlier answer."}
    if parameters:
        shown["parameters"] = parameters
    if operation.public:
        shown |= {"security": [], "servers": [_OPEN]}
    else:
        shown["x-role"] = operation.needs
    if operation.takes is not None:
        content: dict[str, Any] = {
            "application/json": {"schema": {"$ref": _REF.format(model=operation.takes.__name__)}}
        }
        if operation.takes is CampaignSpec:
            content["application/yaml"] = {"schema": {"type": "string", "description": "The same as YAML."}}
        shown["requestBody"] = {"required": True, "content": content}
    if operation.answer is None:
        shown["tags"] = ["status page"]
    return shown


def refusals(operation: Operation) -> list[int]:
    """The statuses of all errors that an operation may answer with."""
    everywhere = () if operation.public else (401, 403)
    sent = (415,) if operation.changes else ()
    keyed = (409, 422) if operation.method == "post" else ()
    return sorted({*everywhere, *sent, *keyed, *operation.refusals, 429, 500})


def _identifier(operation: Operation) -> str:
    """`get /campaigns/{name}/batches` → getCampaignBatches, unique since method and path are."""
    words = [part for part in operation.path.split("/") if part]
    after = [*words[1:], ""]
    singular = [word.removesuffix("s") if then == "{name}" else word for word, then in zip(words, after, strict=False)]
    named = [word.removesuffix(".json") for word in singular if word != "{name}"] or ["start"]
    return operation.method + "".join(word.title() for word in named)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    shown = {"name": parameter.name, "in": "query", "description": parameter.meaning, "schema": dict(parameter.schema)}
    return {**shown, "required": True} if parameter.required else shown


def _problem(operation: Operation) -> type[BaseModel] | None:
    """Errors of what only browsers ask for are pages too, but for a file that is not there."""
    return None if operation.answer is None and operation.path == "/login" else Problem


def _content(description: str, model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"description": description}
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


__all__ = ["OPERATIONS", "Operation", "document", "refusals"]
