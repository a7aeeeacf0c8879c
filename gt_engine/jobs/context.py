"""What stays fixed while a labeling job runs, worked out once from its request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from gt_engine.autolabel.rounds import JobPlan
from gt_engine.aws import EngineObjects
from gt_engine.jobs.crowd import Crowd, seed_of
from gt_engine.jobs.stopping import StoppingConditions
from gt_engine.outputs.label_form import LabelForm
from gt_engine.outputs.tree import JobTree
from gt_engine.request import job_tags, rules
from gt_engine.request.errors import ValidationException
from gt_engine.store import JobRecord
from gt_engine.workforce.care import CareRule
from gt_engine.workforce.proposals import ProposalRule
from gt_service.errors import InvalidInput
from gt_service.job_tags import GOLD_LABELS_TAG
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType

DEFAULT_CONCURRENT_TASKS = 1_000
DEFAULT_PUBLIC_LIFETIME = timedelta(seconds=21_600)
DEFAULT_PRIVATE_LIFETIME = timedelta(days=30)


@dataclass(frozen=True)
class JobContext:
    """One labeling job: its record, its task and classes, where its files lie, its plan, its workers; `proposals` where
    they may be shown the machine's labels to correct, `care` where gold items are hidden among what they are shown."""

    record: JobRecord
    task: TaskType
    classes: tuple[str, ...]
    tree: JobTree
    form: LabelForm
    plan: JobPlan
    conditions: StoppingConditions
    crowd: Crowd
    region: str
    proposals: ProposalRule | None = None
    care: CareRule | None = None

    @property
    def looks_at_images(self) -> bool:
        return self.task.facts.medium == "image"

    @property
    def manifest(self) -> S3Uri:
        return S3Uri.parse(self.record.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"])

    @property
    def template(self) -> S3Uri:
        return S3Uri.parse(self.record.request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])

    @property
    def gold_labels(self) -> S3Uri:
        return S3Uri.parse(self.record.tags[GOLD_LABELS_TAG])

    @property
    def skills(self) -> S3Uri:
        """What jobs of this team with these labels and this output path have learnt of its workers."""
        names = json.dumps([self.record.workteam_arn, self.task, self.classes])
        place = S3Uri.parse(self.record.request["OutputConfig"]["S3OutputPath"], field="S3OutputPath")
        return place / f"skills/{sha256(names.encode()).hexdigest()[:32]}.json"


def context_of(record: JobRecord, objects: EngineObjects, *, region: str, account: str) -> JobContext:
    """The context of a job whose request was accepted.

    Errors: `NotFound`, `InvalidInput` where the label categories have gone or changed for the worse since.
    """
    request = record.request
    tags = [{"Key": key, "Value": value} for key, value in record.tags.items()]
    task = rules.check_request({**request, "Tags": tags}, region=region, account=account, by_people=record.by_people)
    auto_labeling = rules.is_auto_labeling(request)
    categories = S3Uri.parse(request["LabelCategoryConfigS3Uri"])
    try:
        document = json.loads(objects.read(categories))
        classes = rules.check_label_categories(document, task, auto_labeling=auto_labeling, source=str(categories))
    except (ValidationException, ValueError, RecursionError) as problem:
        raise InvalidInput(
            f"the label categories {categories} are wrong: {problem}", field=str(categories)
        ) from problem
    config = request["HumanTaskConfig"]
    most = config["NumberOfHumanWorkersPerDataObject"]
    least = job_tags.least_workers(record.tags, most)
    conditions = request.get("StoppingConditions", {})
    proposals = job_tags.proposals(record.tags, task)
    team = rules.parse_workteam(config["WorkteamArn"], region=region, account=account)
    lifetime = config.get("TaskAvailabilityLifetimeInSeconds")
    default_lifetime = DEFAULT_PUBLIC_LIFETIME if team.is_public else DEFAULT_PRIVATE_LIFETIME
    return JobContext(
        record=record,
        task=task,
        classes=classes,
        tree=record.tree,
        form=LabelForm(task, request["LabelAttributeName"], classes, record.name),
        plan=JobPlan(
            seed=seed_of(record.name.lower()),
            warm=record.initial_model_arn is not None,
            auto_labeling=auto_labeling,
            max_concurrent=config.get("MaxConcurrentTaskCount", DEFAULT_CONCURRENT_TASKS),
            guarantee=job_tags.guarantee(record.tags, task),
            proposes=proposals is not None,
            workers_per_object=least,
        ),
        conditions=StoppingConditions(
            conditions.get("MaxHumanLabeledObjectCount"),
            conditions.get("MaxPercentageOfInputDatasetLabeled"),
            job_tags.people_seconds(record.tags, config),
            job_tags.object_seconds(config),
        ),
        crowd=Crowd(
            task=task,
            classes=classes,
            workteam_arn=team.arn,
            job_name=record.name,
            workers_per_object=most,
            least_workers=least,
            time_limit_seconds=config["TaskTimeLimitInSeconds"],
            lifetime=timedelta(seconds=lifetime) if lifetime is not None else default_lifetime,
        ),
        region=region,
        care=job_tags.care(record.tags, task),
        proposals=proposals,
    )
