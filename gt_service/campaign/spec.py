"""The spec as a value. Contradictions between fields (a price that the task's ladder lacks, too many labels) are found
when it is made, so there is no such thing as an invalid one.

Limits are Ground Truth's own (botocore's `CreateLabelingJobRequest`, developer guide).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Discriminator, Field, StrictBool, StrictInt, StrictStr, Tag, model_validator

from gt_service.campaign import parts
from gt_service.campaign.contradictions import contradictions
from gt_service.campaign.values import MAX_NAME_CHARACTERS, NAME_PATTERN, ContentClassifier, Dollars, Label, Location
from gt_service.errors import SpecErrors
from gt_service.money import Mills
from gt_service.task_types import TaskType

MAX_LABELS = 1_000
MAX_BATCHES = 9_999
"""Their numbers have four digits in the names of jobs."""
MAX_TAGS = 50
OWN_TAGS = 16
"""How many of a labeling job's 50 tags gt-service may write itself: campaign, batch, role, gold labels, quality (5),
proposals (2), workers, gold items (3), people's seconds."""
MAX_AVAILABILITY_SECONDS = 2_592_000
PUBLIC_AVAILABILITY_SECONDS = 21_600
TEAM_AVAILABILITY_SECONDS = 864_000

_ATTRIBUTE = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}$"
_TEAM = r"(public|private|vendor)-crowd/[a-zA-Z0-9._-]{1,63}"
_WORKFORCE = rf"^(public|arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{{12}}:workteam/{_TEAM})$"
_ROLE = r"^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$"
_KMS_KEY = r"^[a-zA-Z0-9:/_-]*$"


class CampaignSpec(parts.SpecPart):
    """One labeling goal. Constructed with what a user writes: amounts are dollars, locations are S3 URIs."""

    name: StrictStr = Field(
        min_length=1,
        max_length=MAX_NAME_CHARACTERS,
        pattern=NAME_PATTERN,
        description="The campaign's name, which is its folder in the inbox bucket. It begins every job's name.",
        examples=["birds"],
    )
    task: TaskType = Field(description="What is asked about each object.", examples=["object-detection"])
    labels: tuple[Label, ...] = Field(
        min_length=1,
        max_length=MAX_LABELS,
        description="The categories, in the order that gives them their numbers.",
        examples=[["Bird"]],
    )
    instructions: parts.Instructions = Field(
        default_factory=parts.Instructions, description="What workers read.", examples=[{"title": "Box the birds"}]
    )
    workforce: StrictStr = Field(
        max_length=256,
        pattern=_WORKFORCE,
        description="Who labels: `public`, or the ARN of a private or vendor work team.",
        examples=["arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"],
    )
    workers_per_object: Annotated[
        Annotated[StrictInt, Field(ge=1, le=parts.MAX_WORKERS), Tag("[number]")]
        | Annotated[parts.Workers, Tag("[range]")],
        Discriminator(parts.form_of_workers),
    ] = Field(
        3,
        description="How many people label the same object; or `{least: 1, most: 5}`: as many as it needs.",
        examples=[3, {"least": 1, "most": 5}],
    )
    price_per_task: Dollars | None = Field(
        None,
        description="US dollars for one worker's answer to one object; public workforce only, from the task type's "
        "list of prices. Left out, it is the lowest of them.",
        examples=["0.036"],
    )
    wage: Dollars | None = Field(
        None,
        gt=0,
        description="US dollars an hour that you pay the people of your own work team. Reports then tell what their "
        "time cost, and the budget holds it, whatever an answer takes up to task_time_limit_seconds.",
        examples=["18"],
    )
    batch: parts.BatchRule = Field(
        default_factory=parts.BatchRule, description="When images become a batch.", examples=[{"size": 1250}]
    )
    budget: Dollars | None = Field(
        None,
        gt=0,
        description="US dollars that the whole campaign may cost. A job whose worst case does not fit is not started; "
        "with a wage, gt-engine starts it and stops it in time.",
        examples=["500"],
    )
    role_arn: Annotated[StrictStr, Field(min_length=20, max_length=2048, pattern=_ROLE)] | None = Field(
        None,
        description="Role that labeling jobs assume. Left out, it is the one deployed with the service.",
        examples=["arn:aws:iam::111122223333:role/labeling"],
    )
    gold_labels: Location | None = Field(
        None,
        description="Known right answers in the form of an output manifest: reports score the labels against them, "
        "and simulated annotators answer from them.",
        examples=["s3://my-inbox/birds/gold/gold.manifest"],
    )
    gold_items: parts.GoldItems | None = Field(
        None,
        description="Shows people objects whose answer is known, hidden among the others, and pauses who takes no "
        "care. Needs gold_labels of images that are not in the campaign. gt-engine alone does so.",
        examples=[{"share": 0.05}],
    )
    auto_labeling: StrictBool = Field(
        True, description="Whether a model labels what it is sure of, where the task type has one.", examples=[True]
    )
    skip_duplicates: StrictBool = Field(
        True,
        description="Whether images with the same bytes are labeled only once.",
        examples=[True],
    )
    skip_near_duplicates: StrictBool = Field(
        False,
        description="Whether copies of one picture that were saved anew or scaled are labeled only once as well. "
        "Compares images that come after this is switched on.",
        examples=[True],
    )
    quality: parts.Quality = Field(
        default_factory=parts.Quality,
        description="What gt-engine's machine labels must meet.",
        examples=[{"target": 0.95}],
    )
    model: Location | None = Field(
        None,
        description="A detector or classifier of your own for gt-engine: an ONNX file, or a .tar.gz of it as "
        "model.onnx with the names of its classes in labels.txt. The first job starts from it.",
        examples=["s3://my-inbox/birds/models/yolox.tar.gz"],
    )
    proposals: Annotated[parts.Proposals | None, BeforeValidator(parts.proposals_written_short)] = Field(
        None,
        description="`true`, or fields: gt-engine's people correct the machine's boxes instead of drawing them, or "
        "find its class chosen already, wherever their labels cannot certify the machine.",
        examples=[{"blind": 0.1}],
    )
    check_imported: float = Field(
        0.05,
        ge=0,
        le=1,
        description="The share of imported labels whose images people are asked about all the same, without seeing the "
        "label. The report tells how well both agree; people's labels hold.",
        examples=[0.1],
    )
    review: parts.Review = Field(
        default_factory=parts.Review,
        description="A second look at labels that seem wrong.",
        examples=[{"share": 0.1}],
    )
    control_batches: tuple[Annotated[StrictInt, Field(ge=1, le=MAX_BATCHES)], ...] = Field(
        (),
        max_length=MAX_BATCHES,
        description="Numbers of the batches that are labeled a second time without the pre-trained model, to "
        "measure what it saves. Each is paid for twice.",
        examples=[[2]],
    )
    label_attribute: StrictStr = Field(
        "category",
        pattern=_ATTRIBUTE,
        description="The name under which labels appear in manifests.",
        examples=["category"],
    )
    reviewed_attribute: StrictStr | None = Field(
        None,
        pattern=_ATTRIBUTE,
        description="The label attribute to verify or adjust; for the review task types only.",
        examples=["category"],
    )
    max_concurrent_tasks: StrictInt = Field(
        200, ge=1, le=5000, description="Objects that are with workers at the same time.", examples=[200]
    )
    task_time_limit_seconds: StrictInt = Field(
        300, ge=30, le=28_800, description="How long a worker may take over one object.", examples=[300]
    )
    task_availability_seconds: StrictInt | None = Field(
        None,
        ge=60,
        le=MAX_AVAILABILITY_SECONDS,
        description="How long an object waits for workers before it expires. Left out: 864,000 (10 days), or 21,600 (6 "
        "hours) with `public`, where 43,200 is the most.",
        examples=[864_000],
    )
    content_classifiers: tuple[ContentClassifier, ...] = Field(
        (),
        max_length=2,
        description="What you declare of the images. The public workforce takes only images that are free of "
        "personal data.",
        examples=[["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]],
    )
    follow_ups: StrictInt = Field(
        1,
        ge=0,
        le=9,
        description="How many times what a job left unlabeled is sent again, before the campaign waits for you.",
        examples=[1],
    )
    stopping: parts.Stopping = Field(
        default_factory=parts.Stopping,
        description="Ground Truth's stopping conditions for every job.",
        examples=[{"max_percent_labeled": 95}],
    )
    tags: dict[StrictStr, StrictStr] = Field(
        default_factory=dict,
        max_length=MAX_TAGS - OWN_TAGS,
        description="Tags for every labeling job, besides the service's own.",
        examples=[{"project": "birds"}],
    )
    output_kms_key: Annotated[StrictStr, Field(max_length=2048, pattern=_KMS_KEY)] | None = Field(
        None,
        description="KMS key that encrypts what jobs write to S3.",
        examples=["alias/labels"],
    )
    volume_kms_key: Annotated[StrictStr, Field(max_length=2048, pattern=_KMS_KEY)] | None = Field(
        None,
        description="KMS key that encrypts the disks of training and inference.",
        examples=["alias/volumes"],
    )

    @property
    def is_public(self) -> bool:
        """Whether the public workforce labels, which is the only one with a price per task."""
        return self.workforce == "public" or ":workteam/public-crowd/" in self.workforce

    @property
    def availability_seconds(self) -> int:
        """How long an object waits for workers. A team of people has nights and weekends."""
        default = PUBLIC_AVAILABILITY_SECONDS if self.is_public else TEAM_AVAILABILITY_SECONDS
        return default if self.task_availability_seconds is None else self.task_availability_seconds

    @property
    def worker_price(self) -> Mills:
        """What one worker is paid for one object; 0 where the service pays no workers (private and vendor)."""
        if not self.is_public:
            return Mills(0)
        return self.task.facts.suggested_price if self.price_per_task is None else self.price_per_task

    @property
    def least_workers(self) -> int:
        """How many people label an object at least."""
        workers = self.workers_per_object
        return workers.least if isinstance(workers, parts.Workers) else workers

    @property
    def most_workers(self) -> int:
        """How many people label an object at most: what is set aside, and what Ground Truth asks."""
        workers = self.workers_per_object
        return workers.most if isinstance(workers, parts.Workers) else workers

    @property
    def gold_share(self) -> float:
        """Answers to gold items for each other answer."""
        return 0.0 if self.gold_items is None else self.gold_items.share

    @property
    def uses_auto_labeling(self) -> bool:
        """Whether jobs carry an algorithm: asked for, and the task type has one."""
        return self.auto_labeling and self.task.facts.algorithm is not None

    @model_validator(mode="after")
    def _without_contradictions(self) -> Self:
        errors = contradictions(self)
        if errors:
            raise SpecErrors(errors)
        return self
