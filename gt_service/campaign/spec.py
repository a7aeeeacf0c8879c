"""The spec as a value. Contradictions between fields (a price that the task's ladder lacks, too many labels) are found
when it is made, so there is no such thing as an invalid one.

Limits are Ground Truth's own (botocore's `CreateLabelingJobRequest`, developer guide).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)

from gt_service.campaign.contradictions import contradictions
from gt_service.campaign.values import (
    MAX_NAME_CHARACTERS,
    NAME_PATTERN,
    TITLE_PATTERN,
    ContentClassifier,
    Dollars,
    Keyword,
    Label,
    Line,
    Location,
    Text,
)
from gt_service.errors import SpecErrors
from gt_service.money import Mills
from gt_service.regions import TaskType

MAX_LABELS = 1_000
MAX_BATCHES = 9_999
"""Their numbers have four digits in the names of jobs."""
MAX_TAGS = 50
OWN_TAGS = 14
"""How many of a labeling job's 50 tags gt-service may write itself: campaign, batch, role, gold labels, quality (5),
proposals (2), workers, gold items (2)."""
MAX_WORKERS = 9
MAX_AVAILABILITY_SECONDS = 2_592_000

_ATTRIBUTE = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}$"
_TEAM = r"(public|private|vendor)-crowd/[a-zA-Z0-9._-]{1,63}"
_WORKFORCE = rf"^(public|arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{{12}}:workteam/{_TEAM})$"
_ROLE = r"^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$"
_KMS_KEY = r"^[a-zA-Z0-9:/_-]*$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Instructions(_Part):
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


class BatchRule(_Part):
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


class Workers(_Part):
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


def _form_of_workers(value: Any) -> str:
    return "[range]" if isinstance(value, dict | Workers) else "[number]"


class Stopping(_Part):
    """Ground Truth's own stopping conditions; whichever is met first ends the job."""

    max_human_labeled_objects: StrictInt | None = Field(
        None, ge=1, description="A job stops once people have labeled so many objects.", examples=[800]
    )
    max_percent_labeled: StrictInt | None = Field(
        None, ge=1, le=100, description="A job stops once this share of its objects is labeled.", examples=[95]
    )


class Quality(_Part):
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


class Proposals(_Part):
    """How gt-engine's people are shown the machine's labels to mend, where theirs certify nothing."""

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


class GoldItems(_Part):
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


def _proposals_written_short(value: object) -> object:
    """`true` is the usual proposals, `false` none."""
    if isinstance(value, bool):
        return Proposals() if value else None
    return value


class Review(_Part):
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


class CampaignSpec(_Part):
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
    instructions: Instructions = Field(
        default_factory=Instructions, description="What workers read.", examples=[{"title": "Box the birds"}]
    )
    workforce: StrictStr = Field(
        max_length=256,
        pattern=_WORKFORCE,
        description="Who labels: `public`, or the ARN of a private or vendor work team.",
        examples=["arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"],
    )
    workers_per_object: Annotated[
        Annotated[StrictInt, Field(ge=1, le=MAX_WORKERS), Tag("[number]")] | Annotated[Workers, Tag("[range]")],
        Discriminator(_form_of_workers),
    ] = Field(
        3,
        description="How many people label the same object; or `{least: 1, most: 3}`: as many as it needs.",
        examples=[3, {"least": 1, "most": 3}],
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
        "time cost, and the budget holds it: at most task_time_limit_seconds for each answer.",
        examples=["18"],
    )
    batch: BatchRule = Field(
        default_factory=BatchRule, description="When images become a batch.", examples=[{"size": 1250}]
    )
    budget: Dollars | None = Field(
        None,
        gt=0,
        description="US dollars that the whole campaign may cost. A job whose worst case does not fit is not started.",
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
    gold_items: GoldItems | None = Field(
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
    quality: Quality = Field(
        default_factory=Quality,
        description="What gt-engine's machine labels must meet.",
        examples=[{"target": 0.95}],
    )
    model: Location | None = Field(
        None,
        description="A detector or classifier of your own for gt-engine: an ONNX file, or a .tar.gz of it as "
        "model.onnx with the names of its classes in labels.txt. The first job starts from it.",
        examples=["s3://my-inbox/birds/models/yolox.tar.gz"],
    )
    proposals: Annotated[Proposals | None, BeforeValidator(_proposals_written_short)] = Field(
        None,
        description="`true`, or fields: gt-engine's people mend the machine's boxes instead of drawing them, or find "
        "its class chosen already, wherever their labels cannot certify the machine.",
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
    review: Review = Field(
        default_factory=Review,
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
    task_availability_seconds: StrictInt = Field(
        21_600,
        ge=60,
        le=MAX_AVAILABILITY_SECONDS,
        description="How long an object waits for workers before it expires; 43,200 at most with `public`.",
        examples=[21_600],
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
    stopping: Stopping = Field(
        default_factory=Stopping,
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
    def worker_price(self) -> Mills:
        """What one worker is paid for one object; 0 where the service pays no workers (private and vendor)."""
        if not self.is_public:
            return Mills(0)
        return self.task.facts.suggested_price if self.price_per_task is None else self.price_per_task

    @property
    def least_workers(self) -> int:
        """How many people label an object at least."""
        workers = self.workers_per_object
        return workers.least if isinstance(workers, Workers) else workers

    @property
    def most_workers(self) -> int:
        """How many people label an object at most: what is set aside, and what Ground Truth asks."""
        workers = self.workers_per_object
        return workers.most if isinstance(workers, Workers) else workers

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
