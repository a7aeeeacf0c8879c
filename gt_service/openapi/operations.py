"""The operations of the HTTP API: what each takes and answers. Who may use one, `gt_service.routes` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from gt_service.campaign import CampaignSpec
from gt_service.estimates.estimate import MOST_OBJECTS
from gt_service.listing import DIRECTIONS, ORDERS
from gt_service.openapi import image_models as images
from gt_service.openapi import models
from gt_service.routes import Role, route_at


@dataclass(frozen=True)
class Parameter:
    name: str
    meaning: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """One method on one path, as `request` names them.

    answer: None where it is a page of the status page, or leads to one. takes: what is sent, as JSON. refusals: the
    statuses of errors that do not follow from the rest.
    """

    request: str
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    refusals: tuple[int, ...] = ()
    query: tuple[Parameter, ...] = ()
    takes: type[BaseModel] | None = None

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.request.partition(" ")[2]

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

    @property
    def refused(self) -> list[int]:
        """The statuses of all errors that it may answer with."""
        statuses = {429, 500, *self.refusals}
        if not self.public:
            statuses |= {401, 403}
        if self.changes:
            statuses.add(415)
        if "{name}" in self.path and self.method != "put":
            statuses.add(404)
        if self.method == "post":  # of its Idempotency-Key
            statuses |= {409, 422}
        if self.takes or (self.query and self.answer):
            statuses.add(422)
        return sorted(statuses)


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
    Parameter("workforce", "Who labels.", {"type": "string", "enum": ["public", "private"], "default": "private"}),
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


IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "Of your choice, new for each request. The same request again, within a day, is answered as before and not done "
    "again; with another request it is refused.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)

OPERATIONS = (
    Operation("get /health", "Whether the API answers.", models.Health),
    Operation("get /openapi.json", "This description, for programs.", models.Description),
    Operation("get /ready", "Whether what the API needs answers too.", models.Ready, refusals=(503,)),
    Operation("get /version", "The service's version.", models.Version),
    Operation("get /campaigns", "All campaigns.", models.Campaigns, query=_listed(_words(models.Campaign))),
    Operation("get /campaigns/{name}", "A campaign: how it stands, and why it waits.", models.Campaign),
    Operation("get /campaigns/{name}/plan", "What would be done next, and nothing of it is done.", models.Plan),
    Operation(
        "put /campaigns/{name}",
        "Puts a spec in force, as dropping it into the inbox does. Where it is refused, nothing changes. "
        "`If-Match` with the ETag of `GET /campaigns/{name}/spec` replaces that spec alone, `If-None-Match: *` none.",
        models.Campaign,
        refusals=(409, 412),
        takes=CampaignSpec,
    ),
    Operation(
        "get /campaigns/{name}/spec",
        "The spec in force as its owner wrote it, in YAML or JSON, to be changed.",
        models.SpecFile,
    ),
    Operation(
        "post /campaigns/{name}/spec",
        "What a spec would do and cost, whether the campaign is there or not. Changes nothing. `If-Match` and "
        "`If-None-Match` as with `PUT /campaigns/{name}`.",
        models.SpecPreview,
        refusals=(412,),
        takes=models.SpecDraft,
    ),
    Operation("get /new-campaign", "A spec to begin a campaign with.", models.SpecFile),
    Operation("post /campaigns/{name}/pause", "Starts nothing new; what runs goes on.", models.Campaign, status=202),
    Operation(
        "post /campaigns/{name}/resume",
        "Goes on; where tries were used up, one more is granted, and an output that is not whole is taken as it is.",
        models.Campaign,
        status=202,
    ),
    Operation(
        "post /campaigns/{name}/leave-out",
        "Goes on without the images that the campaign waits for; they keep no label, and the reports list them.",
        models.Campaign,
        status=202,
    ),
    Operation(
        "get /campaigns/{name}/second-look",
        "The campaign's labels that seem wrong, worst first. gt-engine only.",
        images.SecondLook,
        query=(_TOP,),
    ),
    Operation(
        "post /campaigns/{name}/second-look",
        "Sends the labels that seem wrong most to people: a review job beside the chain, its worst case set aside. "
        "What was sent once is not sent again.",
        models.Job,
        query=(_TOP,),
        status=202,
    ),
    Operation(
        "post /campaigns/{name}/stop",
        "Stops the campaign for good: its running jobs are stopped, their labels kept.",
        models.Campaign,
        status=202,
    ),
    Operation(
        "get /campaigns/{name}/batches", "The campaign's batches.", models.Batches, query=_listed(_words(models.Batch))
    ),
    Operation(
        "post /campaigns/{name}/batches", "Closes the open batch now, however small.", models.Campaign, status=202
    ),
    Operation(
        "get /campaigns/{name}/images", "The campaign's images of one status.", images.Images, query=(_STATUS, *_PAGING)
    ),
    Operation(
        "post /campaigns/{name}/uploads",
        "A signed form by which the files named can be uploaded, and what is known of them already. The form is "
        "good for a quarter of an hour, for images of this campaign alone.",
        images.Uploads,
        takes=images.UploadRequest,
    ),
    Operation(
        "get /campaigns/{name}/jobs",
        "The campaign's jobs, in order of batch.",
        models.Jobs,
        query=_listed(_words(models.Job)),
    ),
    Operation(
        "get /campaigns/{name}/labeled-images",
        "Labeled images of the campaign, from a place on.",
        images.LabeledImages,
        query=_FILTERS,
    ),
    Operation(
        "get /campaigns/{name}/exports",
        "The labels as files to download; one that is asked for by its format is made.",
        images.Exports,
        query=(Parameter("format", "To be made of the labels as they are now.", {"type": "string"}),),
    ),
    Operation(
        "post /campaigns/{name}/corrections",
        "Gives an image another label, in the place of the one that it has.",
        images.Correction,
        status=201,
        takes=images.CorrectionRequest,
    ),
    Operation("get /campaigns/{name}/labels", "Where to download the campaign's labels.", images.Labels),
    Operation("get /campaigns/{name}/report", "The cost report of all jobs of a campaign.", models.CampaignReport),
    Operation("get /jobs/{name}", "A labeling job.", models.Job),
    Operation("get /jobs/{name}/report", "A job's cost report, once it is written.", models.Report),
    Operation("get /jobs/{name}/model", "A job's final model, to take away.", models.TakenModel),
    Operation(
        "get /jobs/{name}/images",
        "Labeled images of a job, once its report is written.",
        images.LabeledImages,
        query=tuple(each for each in _FILTERS if each.name != "job"),
    ),
    Operation(
        "post /jobs/{name}/stop",
        "Stops a job and keeps its labels. A follow-up sends what is left, unless the campaign is paused.",
        models.Job,
        status=202,
    ),
    Operation(
        "get /estimates",
        "What labeling would cost, for a campaign or for a few settings.",
        models.Estimate,
        refusals=(404,),
        query=_SETTINGS,
    ),
    Operation(
        "post /estimates",
        "What labeling would cost, for a campaign or for a whole spec. Changes nothing; viewers may ask.",
        models.Estimate,
        refusals=(404,),
        takes=models.EstimateRequest,
    ),
    Operation("get /", "Leads to the campaigns' page.", None, status=303),
    Operation("get /login", "The page where a person gives their token.", None, query=(_LEADS_TO,)),
    Operation(
        "post /login",
        "Keeps the token of the page's form in a cookie, and leads on.",
        None,
        status=303,
        refusals=(401, 403),
    ),
    Operation("post /logout", "Forgets the cookie.", None, status=303),
    Operation("get /static/{name}", "A file that the pages load.", None),
)
