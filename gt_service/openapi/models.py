"""What the HTTP API takes and answers. Tests hold it against what the API shows: a field too many or too few fails."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gt_service.campaign import CampaignSpec
from gt_service.estimates.estimate import MOST_OBJECTS

Time = str
TIME = "ISO 8601, UTC."
NEXT = "For the next page; null on the last."


class Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Health(Shown):
    status: Literal["ok"]
    version: str


class Version(Shown):
    version: str


class Ready(Shown):
    status: Literal["ready"]


class Problem(Shown):
    """Every error has this shape."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="What is wrong, for people.")
    remedy: str | None = Field(None, description="What to do about it.")
    field: str | None = Field(None, description="The field or file that is wrong, as a path such as `batch.size`.")
    errors: list[Problem] | None = Field(None, description="Of a refused spec: one for each wrong field.")


class ImageCounts(Shown):
    pending: int = Field(description="Waiting for a batch.")
    rejected: int = Field(description="Not labeled; the images say why.")
    duplicate: int = Field(description="Labeled once, under another key.")
    replaced: int = Field(description="Of those in batches: replaced since, and labeled as they were.")
    in_batches: int
    imported: int = Field(description="They had a label already; nobody is asked for one.")


class Import(Shown):
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


class Campaign(Shown):
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
    created_at: Time = Field(description=TIME)
    inbox_s3_uri: str | None = Field(description="Where its images are dropped; null in notifications.")


class Campaigns(Shown):
    campaigns: list[Campaign]
    NextToken: str | None = Field(description=NEXT)


class Batch(Shown):
    number: int
    campaign: str
    status: Literal["filling", "closed", "labeling", "labeled"]
    closed_because: str = Field(description="`full`, `quiet` or `on request`.")
    objects: int
    unlabeled: int | None = Field(description="Left without a label when the batch was done.")
    manifest_s3_uri: str | None
    created_at: Time = Field(description=TIME)
    closed_at: Time | None = Field(description=TIME)


class Batches(Shown):
    batches: list[Batch]
    NextToken: str | None = Field(description=NEXT)


class Job(Shown):
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
    created_at: Time = Field(description=TIME)
    ended_at: Time | None = Field(description=TIME)


class Jobs(Shown):
    jobs: list[Job]
    NextToken: str | None = Field(description=NEXT)


class TakenModel(Shown):
    """Where a job's final model can be had, as one ONNX file."""

    model_s3_uri: str
    url: str = Field(description="Downloads it, without a token; good for an hour at most.")


class Step(Shown):
    what: str = Field(description="In words.")
    job: str | None = Field(description="The labeling job it is about.")
    request: dict[str, Any] | None = Field(description="The CreateLabelingJob request, as it would be sent.")
    problem: str | None = Field(description="Why the request cannot be made.")
    reserved_mills: int | None = Field(description="What the budget would set aside.")


class Plan(Shown):
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


class CampaignReport(BaseModel):
    """The cost report of a campaign, as `campaign.json` beside its figure and page. More fields than these may come."""

    model_config = ConfigDict(extra="allow")

    version: int
    campaign: str
    totals: dict[str, Any] = Field(description="Of the chain, of the controls beside it, and of reviews.")
    without_chaining: dict[str, Any] | None = Field(None, description="What a control tells of the chain's worth.")
    jobs: list[dict[str, Any]] = Field(description="Parts of each job's own report.")


class EstimateRequest(Shown):
    """The name of a campaign, or a spec; never both. With a spec, the campaign of its name need not be there."""

    objects: int = Field(ge=1, le=MOST_OBJECTS, description="How many images are to come.")
    imported: int = Field(
        0, ge=0, le=MOST_OBJECTS, description="Labels that are imported besides; a share of them is checked by people."
    )
    campaign: str | None = Field(None, description="A campaign: its spec in force and its own finished jobs count.")
    spec: CampaignSpec | None = Field(
        None, description="A spec that need not be in force; the finished jobs of the campaign of its name count."
    )


class MachineShare(Shown):
    """The share of a job's images that the machine labels, 0 to 1: pessimistic, likely, optimistic."""

    low: float = Field(ge=0, le=1)
    likely: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class CostRange(Shown):
    """In mills. The actual amount is expected between `low` and `high`, and never above `ceiling`."""

    low: int
    likely: int
    high: int
    ceiling: int


class EstimatedJob(Shown):
    role: Literal["first", "warm", "control"]
    objects: int
    machine_share: MachineShare
    cost_mills: CostRange
    compute_mills: CostRange = Field(description="The part of the cost that is for computing.")


class EstimateFact(Shown):
    name: str
    value: str = Field(description="In US dollars.")
    note: str = Field(description="What it is compared to, or made of.")


class Estimate(Shown):
    """What labeling some images would cost."""

    low_mills: int
    likely_mills: int
    high_mills: int
    ceiling_mills: int = Field(description="Every image labeled by all its workers, in all their time.")
    all_human_mills: int = Field(description="The same images without auto-labeling.")
    low_usd: float
    likely_usd: float
    high_usd: float
    ceiling_usd: float
    all_human_usd: float
    jobs: list[EstimatedJob] = Field(description="The jobs to come, in order.")
    facts: list[EstimateFact] = Field(description="The same in words, for people.")
    assumptions: list[str] = Field(description="In words, such as whose machine shares were taken.")


class SpecFile(Shown):
    """A campaign's spec as a file. The ETag of the answer is that of the spec."""

    text: str = Field(description="YAML, with its owner's comments, or JSON; empty where there is no spec.")
    revision: int = Field(ge=0, description="Counts the accepted specs.")


class SpecDraft(Shown):
    """A spec that is being written."""

    text: str = Field(description="YAML or JSON.")
    fields: dict[str, str] = Field(
        default_factory=dict,
        description="To be set in the text, as typed in a form: by paths such as `batch.size`, labels one a line.",
    )
    objects: int | None = Field(
        None, ge=1, le=MOST_OBJECTS, description="How many images are to come. Left out: those of one batch."
    )


class SpecChange(Shown):
    field: str
    before: str = Field(description="Empty where the spec said nothing.")
    after: str


class SpecPreview(Shown):
    """What a spec would do in place of the one in force."""

    text: str = Field(description="With the fields set.")
    fields: dict[str, str] = Field(description="Those of the form, as the text has them.")
    changes: list[SpecChange]
    consequences: list[str] = Field(description="What the changes mean for what is labeled already.")
    plan: Plan = Field(description="What would be done at once; of a new campaign, its first steps.")
    estimate: Estimate
