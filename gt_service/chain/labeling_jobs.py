"""SageMaker's labeling jobs, and of them ours alone: the one door to Describe, Create and Stop.

Job names are the account's, not ours: another stage, another program or a person may have given the same one first.
Whoever describes, stops, counts or books a job comes through here, and never sees somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from gt_service.objects import S3Uri
from gt_service.records import Job

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import (
        CreateLabelingJobRequestTypeDef,
        DescribeLabelingJobResponseTypeDef,
    )

_MISSING = {"ResourceNotFound", "ResourceNotFoundException"}


class LabelingJobs:
    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def find(self, job: Job) -> DescribeLabelingJobResponseTypeDef | None:
        """What SageMaker says of our job; None where it does not know it, also where the name is somebody else's."""
        description = self._describe(job.name)
        return description if description is not None and is_same_job(job, description) else None

    def is_taken(self, name: str) -> bool:
        """Whether there is a job of this name, whoever's it is."""
        return self._describe(name) is not None

    def create(self, request: CreateLabelingJobRequestTypeDef) -> None:
        self._sagemaker.create_labeling_job(**request)

    def create_model(self, name: str, file: S3Uri, role_arn: str) -> None:
        """Registers a model's file; one that is registered already stays, for its name says which file it is."""
        try:
            self._sagemaker.create_model(
                ModelName=name, PrimaryContainer={"ModelDataUrl": str(file)}, ExecutionRoleArn=role_arn
            )
        except ClientError as error:
            if "already existing model" not in error.response["Error"]["Message"]:
                raise

    def stop(self, job: Job) -> None:
        """Asks for the end of our job; one that has just ended, or was never there, is as good as stopped."""
        if self.find(job) is None:
            return
        try:
            self._sagemaker.stop_labeling_job(LabelingJobName=job.name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"ValidationException", *_MISSING}:
                raise

    def _describe(self, name: str) -> DescribeLabelingJobResponseTypeDef | None:
        try:
            return self._sagemaker.describe_labeling_job(LabelingJobName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise


def is_same_job(job: Job, description: Mapping[str, Any]) -> bool:
    """Whether a labeling job of this name is the one that was asked for: nobody else writes our manifests."""
    source = description["InputConfig"]["DataSource"].get("S3DataSource", {})
    root = description["OutputConfig"]["S3OutputPath"] + description["LabelingJobName"]
    return bool(source.get("ManifestS3Uri") == job.manifest_uri and root == job.output_uri)
