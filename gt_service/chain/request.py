"""The `CreateLabelingJob` request of a batch: everything Ground Truth wants to know, from the spec and the tables.

The form is that of AWS's notebook "Using a pre-trained model for cost effective data labeling", for every task type,
region and workforce. Nothing is sent here; the planner prints the same request that the service sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gt_service import job_tags, regions
from gt_service.backends import GROUND_TRUTH
from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import task_text
from gt_service.errors import InvalidInput
from gt_service.money import MILLS_PER_DOLLAR, Mills
from gt_service.objects import S3Uri
from gt_service.records.names import Places
from gt_service.task_types import TaskType

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        CreateLabelingJobRequestTypeDef,
        HumanTaskConfigTypeDef,
        LabelingJobAlgorithmsConfigTypeDef,
        LabelingJobInputConfigTypeDef,
        LabelingJobOutputConfigTypeDef,
        LabelingJobStoppingConditionsTypeDef,
        PublicWorkforceTaskPriceTypeDef,
    )

    from gt_service.deployment import Deployment
    from gt_service.records import Job


def job_request(job: Job, spec: CampaignSpec, deployment: Deployment) -> CreateLabelingJobRequestTypeDef:
    """The request of a job that the planner has named, with its files where the service writes them.

    spec: the revision that the job was planned from, as its role has it (`gt_service.chain.reviews.spec_of`).

    Errors: `InvalidInput` where the region has no Ground Truth, the work team or the model lives in another region,
    or a model is given to a task or a backend that takes none.
    """
    if spec.model is not None and deployment.backend is GROUND_TRUTH:
        raise InvalidInput(
            "Ground Truth starts from no other models than those that it has trained",
            remedy="Leave model out of the spec, or label with gt-engine.",
            field="model",
        )
    places, region = Places(deployment.results_bucket, job.campaign), deployment.region
    request: CreateLabelingJobRequestTypeDef = {
        "InputConfig": _input_config(spec, job.manifest_uri),
        "OutputConfig": _output_config(spec, places.output),
        "HumanTaskConfig": _human_task_config(spec, region, places.template(job.revision, job.role)),
        "LabelingJobName": job.name,
        "RoleArn": spec.role_arn or deployment.role_arn,
        "LabelAttributeName": spec.label_attribute,
        "LabelCategoryConfigS3Uri": str(places.of_spec(job.revision, "class_labels.json")),
        "StoppingConditions": _stopping_conditions(spec, job),
        "Tags": [{"Key": key, "Value": value} for key, value in {**spec.tags, **_own_tags(job, spec)}.items()],
    }
    algorithms = _algorithms_config(spec, region, job.initial_model_arn)
    if algorithms is not None:
        request["LabelingJobAlgorithmsConfig"] = algorithms
    return request


def label_category_config(spec: CampaignSpec) -> dict[str, Any]:
    """The label category file: the labels in the order that numbers them, and for named entities the instructions."""
    document: dict[str, Any] = {
        "document-version": "2018-11-28",
        "labels": [{"label": label} for label in spec.labels],
    }
    if spec.task is TaskType.NAMED_ENTITY_RECOGNITION:
        text = task_text(spec)
        for entry, short in zip(document["labels"], _short_names(spec.labels), strict=True):
            entry["shortDisplayName"] = short
        document["instructions"] = {"shortInstruction": text.short_html, "fullInstruction": text.full_html}
    return document


def _input_config(spec: CampaignSpec, manifest: str) -> LabelingJobInputConfigTypeDef:
    config: LabelingJobInputConfigTypeDef = {"DataSource": {"S3DataSource": {"ManifestS3Uri": manifest}}}
    if spec.content_classifiers:
        config["DataAttributes"] = {"ContentClassifiers": list(spec.content_classifiers)}
    return config


def _output_config(spec: CampaignSpec, output_path: S3Uri) -> LabelingJobOutputConfigTypeDef:
    config: LabelingJobOutputConfigTypeDef = {"S3OutputPath": str(output_path)}
    if spec.output_kms_key is not None:
        config["KmsKeyId"] = spec.output_kms_key
    return config


def _human_task_config(spec: CampaignSpec, region: str, template: S3Uri) -> HumanTaskConfigTypeDef:
    text, ready_made = task_text(spec), regions.human_task_ui_arn(spec.task, region)
    config: HumanTaskConfigTypeDef = {
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": regions.annotation_consolidation_arn(spec.task, region)
        },
        "PreHumanTaskLambdaArn": regions.pre_human_task_arn(spec.task, region),
        "MaxConcurrentTaskCount": spec.max_concurrent_tasks,
        "NumberOfHumanWorkersPerDataObject": spec.most_workers,
        "TaskAvailabilityLifetimeInSeconds": spec.availability_seconds,
        "TaskDescription": text.description,
        "TaskKeywords": list(text.keywords),
        "TaskTimeLimitInSeconds": spec.task_time_limit_seconds,
        "TaskTitle": text.title,
        "UiConfig": {"UiTemplateS3Uri": str(template)} if ready_made is None else {"HumanTaskUiArn": ready_made},
        "WorkteamArn": _workteam_arn(spec, region),
    }
    if spec.is_public:
        config["PublicWorkforceTaskPrice"] = _task_price(spec.worker_price)
    return config


def _workteam_arn(spec: CampaignSpec, region: str) -> str:
    if spec.workforce == "public":
        return regions.public_workteam_arn(region)
    return _in_region(spec.workforce, region, field="workforce", what="the work team")


def _task_price(price: Mills) -> PublicWorkforceTaskPriceTypeDef:
    dollars, rest = divmod(price, MILLS_PER_DOLLAR)
    cents, tenths = divmod(rest, 10)
    return {"AmountInUsd": {"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths}}


def _algorithms_config(
    spec: CampaignSpec, region: str, initial_model_arn: str | None
) -> LabelingJobAlgorithmsConfigTypeDef | None:
    algorithm = regions.algorithm_specification_arn(spec.task, region)
    if algorithm is None or not spec.auto_labeling:
        if initial_model_arn is not None:
            raise InvalidInput(
                "a model was given to a job without automated data labeling",
                remedy="Start the job without a model, or turn auto_labeling on.",
                field="initial_model_arn",
            )
        return None
    config: LabelingJobAlgorithmsConfigTypeDef = {"LabelingJobAlgorithmSpecificationArn": algorithm}
    if initial_model_arn is not None:
        config["InitialActiveLearningModelArn"] = _in_region(
            initial_model_arn, region, field="initial_model_arn", what="the model"
        )
    if spec.volume_kms_key is not None:
        config["LabelingJobResourceConfig"] = {"VolumeKmsKeyId": spec.volume_kms_key}
    return config


def _stopping_conditions(spec: CampaignSpec, job: Job) -> LabelingJobStoppingConditionsTypeDef:
    """What was set aside pays people for so many objects and no more, whatever the manifest holds by then. A job that
    holds what it was planned with never meets it before its end (docs/decisions/0010)."""
    objects, percent = spec.stopping.max_human_labeled_objects, spec.stopping.max_percent_labeled
    conditions: LabelingJobStoppingConditionsTypeDef = {
        "MaxHumanLabeledObjectCount": job.objects if objects is None else min(objects, job.objects)
    }
    if percent is not None:
        conditions["MaxPercentageOfInputDatasetLabeled"] = percent
    return conditions


def _own_tags(job: Job, spec: CampaignSpec) -> dict[str, str]:
    """The service's tags. What only gt-engine understands travels so, since the API has no room for it; Ground Truth
    ignores it."""
    quality = spec.quality
    wanted = {
        job_tags.QUALITY_LOSS_TAG: quality.measure,
        job_tags.QUALITY_TARGET_TAG: quality.target,
        job_tags.QUALITY_SCOPE_TAG: quality.scope,
        job_tags.QUALITY_DELTA_TAG: quality.risk,
        job_tags.QUALITY_METHOD_TAG: quality.method,
    }
    tags = {name: str(value) for name, value in wanted.items() if value is not None}
    if spec.proposals is not None:
        tags[job_tags.PROPOSALS_BLIND_TAG] = str(spec.proposals.blind)
        tags[job_tags.PROPOSALS_WRONG_TAG] = str(spec.proposals.wrong)
    if spec.gold_items is not None:
        tags[job_tags.GOLD_SHARE_TAG] = str(spec.gold_items.share)
        tags[job_tags.PASSING_SHARE_TAG] = str(spec.gold_items.pass_mark)
        if spec.gold_items.show_accuracy:
            tags[job_tags.SHOW_ACCURACY_TAG] = "true"
    if spec.least_workers < spec.most_workers:
        tags[job_tags.LEAST_WORKERS_TAG] = str(spec.least_workers)
    if job.people_seconds is not None:
        tags[job_tags.PEOPLE_SECONDS_TAG] = str(job.people_seconds)
    if spec.gold_labels is not None:
        tags[job_tags.GOLD_LABELS_TAG] = str(spec.gold_labels)
    own = {"campaign": job.campaign, "batch": str(job.batch), "role": job.role.value}
    return tags | {f"gt-service:{name}": value for name, value in own.items()}


def _in_region(arn: str, region: str, *, field: str, what: str) -> str:
    arn_region = arn.split(":")[3]
    if arn_region != region:
        raise InvalidInput(
            f"{what} {arn} is in region {arn_region!r}, the job would run in {region!r}",
            remedy=f"Name one in {region}, or deploy the service in {arn_region}.",
            field=field,
        )
    return arn


def _short_names(labels: tuple[str, ...]) -> list[str]:
    """What stands on the highlighted text: a label's first letters where they tell it from the others, else L1, L2…"""
    letters = [label[:3].upper() for label in labels]
    return letters if len(set(letters)) == len(letters) else [f"L{number}" for number, _ in enumerate(labels, 1)]
