"""The `CreateLabelingJob` request of a batch: everything Ground Truth wants to know, from the spec and the tables.

The form is that of AWS's notebook "Using a pre-trained model for cost effective data labeling", for every task type,
region and workforce. Nothing is sent here; the planner prints the same request that the service sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gt_service import regions
from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import task_text
from gt_service.chain.models import check_backend
from gt_service.errors import InvalidInput
from gt_service.money import MILLS_PER_DOLLAR, Mills
from gt_service.objects import S3Uri
from gt_service.records.names import Places
from gt_service.regions import TaskType

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        CreateLabelingJobRequestTypeDef,
        HumanTaskConfigTypeDef,
        LabelingJobAlgorithmsConfigTypeDef,
        LabelingJobInputConfigTypeDef,
        LabelingJobOutputConfigTypeDef,
        LabelingJobStoppingConditionsTypeDef,
        PublicWorkforceTaskPriceTypeDef,
        UiConfigTypeDef,
    )

    from gt_service.deployment import Deployment
    from gt_service.records import Job


def job_request(job: Job, spec: CampaignSpec, deployment: Deployment) -> CreateLabelingJobRequestTypeDef:
    """The request of a job that the planner has named, with its files where the service writes them.

    spec: the revision that the job was planned from, as its role has it (`gt_service.chain.reviews.spec_of`).
    """
    check_backend(spec, deployment)
    places = Places(deployment.results_bucket, job.campaign)
    tags = {
        "gt-service:campaign": job.campaign,
        "gt-service:batch": str(job.batch),
        "gt-service:role": job.role.value,
    }
    if spec.gold_labels is not None:
        tags["gt-service:gold-labels"] = str(spec.gold_labels)
    if job.people_seconds is not None:
        tags["gt-engine:people-seconds"] = str(job.people_seconds)
    return labeling_job_request(
        spec,
        job_name=job.name,
        region=deployment.region,
        role_arn=spec.role_arn or deployment.role_arn,
        manifest=S3Uri.parse(job.manifest_uri),
        output_path=places.output,
        label_categories=places.of_spec(job.revision, "class_labels.json"),
        template=places.template(job.revision, job.role),
        tags=tags,
        initial_model_arn=job.initial_model_arn,
        # What was set aside pays people for so many objects and no more, whatever the manifest holds by then. A job
        # that holds what it was planned with never meets it before its end (docs/decisions/0010).
        stopping_conditions={"MaxHumanLabeledObjectCount": job.objects},
    )


def labeling_job_request(
    spec: CampaignSpec,
    *,
    job_name: str,
    region: str,
    role_arn: str,
    manifest: S3Uri,
    output_path: S3Uri,
    label_categories: S3Uri,
    template: S3Uri,
    tags: Mapping[str, str],
    initial_model_arn: str | None = None,
    stopping_conditions: LabelingJobStoppingConditionsTypeDef | None = None,
) -> CreateLabelingJobRequestTypeDef:
    """The request that starts one labeling job.

    manifest, label_categories, template: the files written for this batch. output_path: prefix of the job's output;
    Ground Truth and its readers put the job's name right behind it, so it ends in a slash.
    initial_model_arn: model that the job starts from, the last one the chain trained.
    stopping_conditions: limits in SageMaker's own names, on top of the spec's; of two, the tighter one holds.
    tags: the service's own; the spec's are added.

    Errors: `InvalidInput` where the region has no Ground Truth, the work team or the model lives in another region,
    or a model is given to a task without automated data labeling.
    """
    request: CreateLabelingJobRequestTypeDef = {
        "InputConfig": _input_config(spec, manifest),
        "OutputConfig": _output_config(spec, output_path),
        "HumanTaskConfig": _human_task_config(spec, region, template),
        "LabelingJobName": job_name,
        "RoleArn": role_arn,
        "LabelAttributeName": spec.label_attribute,
        "LabelCategoryConfigS3Uri": str(label_categories),
        "Tags": [{"Key": key, "Value": value} for key, value in {**spec.tags, **_engine_tags(spec), **tags}.items()],
    }
    algorithms = _algorithms_config(spec, region, initial_model_arn)
    if algorithms is not None:
        request["LabelingJobAlgorithmsConfig"] = algorithms
    conditions = _stopping_conditions(spec, stopping_conditions or {})
    if conditions:
        request["StoppingConditions"] = conditions
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


def _input_config(spec: CampaignSpec, manifest: S3Uri) -> LabelingJobInputConfigTypeDef:
    config: LabelingJobInputConfigTypeDef = {"DataSource": {"S3DataSource": {"ManifestS3Uri": str(manifest)}}}
    if spec.content_classifiers:
        config["DataAttributes"] = {"ContentClassifiers": list(spec.content_classifiers)}
    return config


def _output_config(spec: CampaignSpec, output_path: S3Uri) -> LabelingJobOutputConfigTypeDef:
    config: LabelingJobOutputConfigTypeDef = {"S3OutputPath": f"{str(output_path).rstrip('/')}/"}
    if spec.output_kms_key is not None:
        config["KmsKeyId"] = spec.output_kms_key
    return config


def _human_task_config(spec: CampaignSpec, region: str, template: S3Uri) -> HumanTaskConfigTypeDef:
    text = task_text(spec)
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
        "UiConfig": _ui_config(spec, region, template),
        "WorkteamArn": _workteam_arn(spec, region),
    }
    if spec.is_public:
        config["PublicWorkforceTaskPrice"] = _task_price(spec.worker_price)
    return config


def _ui_config(spec: CampaignSpec, region: str, template: S3Uri) -> UiConfigTypeDef:
    ready_made = regions.human_task_ui_arn(spec.task, region)
    return {"UiTemplateS3Uri": str(template)} if ready_made is None else {"HumanTaskUiArn": ready_made}


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


def _stopping_conditions(
    spec: CampaignSpec, limits: LabelingJobStoppingConditionsTypeDef
) -> LabelingJobStoppingConditionsTypeDef:
    conditions: LabelingJobStoppingConditionsTypeDef = {}
    objects = _tighter(spec.stopping.max_human_labeled_objects, limits.get("MaxHumanLabeledObjectCount"))
    if objects is not None:
        conditions["MaxHumanLabeledObjectCount"] = objects
    percent = _tighter(spec.stopping.max_percent_labeled, limits.get("MaxPercentageOfInputDatasetLabeled"))
    if percent is not None:
        conditions["MaxPercentageOfInputDatasetLabeled"] = percent
    return conditions


def _engine_tags(spec: CampaignSpec) -> dict[str, str]:
    """What only gt-engine understands travels as tags, since the API has no room for it; Ground Truth ignores them."""
    quality = spec.quality
    wanted = {
        "loss": quality.measure,
        "target": quality.target,
        "scope": quality.scope,
        "delta": quality.risk,
        "method": quality.method,
    }
    tags = {f"gt-engine:quality-{name}": str(value) for name, value in wanted.items() if value is not None}
    if spec.proposals is not None:
        tags["gt-engine:proposals-blind"] = str(spec.proposals.blind)
        tags["gt-engine:proposals-wrong"] = str(spec.proposals.wrong)
    if spec.gold_items is not None:
        tags["gt-engine:gold-share"] = str(spec.gold_items.share)
        tags["gt-engine:pass-mark"] = str(spec.gold_items.pass_mark)
        if spec.gold_items.show_accuracy:
            tags["gt-engine:show-accuracy"] = "true"
    if spec.least_workers < spec.most_workers:
        tags["gt-engine:least-workers"] = str(spec.least_workers)
    return tags


def _tighter(first: int | None, second: int | None) -> int | None:
    given = [limit for limit in (first, second) if limit is not None]
    return min(given) if given else None


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
