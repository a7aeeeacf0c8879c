"""The exact CreateLabelingJob requests: task types × regions × workforces.

What goes to Ground Truth costs money and cannot be taken back, so every request is kept in a file and a change of one
shows in review. The files hold one region; for the others only the region and its ARNs may differ (those are checked
against botocore's documentation in tests/unit/gt_service/test_regions.py). After a wanted change:

    python -m tests.golden.test_labeling_job_requests
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from gt_engine.api.shapes import parse_input
from gt_service.campaign import CampaignSpec
from gt_service.chain.request import job_request, label_category_config
from gt_service.deployment import Deployment
from gt_service.records.names import Role
from gt_service.regions import REGION_ACCOUNTS
from gt_service.task_types import TaskType
from tests.store_contract import a_job

HERE = Path(__file__).parent
HOME = "us-east-1"
CREATE = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateLabelingJob")
WORKFORCES = ("public", "private", "vendor")


def workforce(kind: str, region: str) -> str:
    return "public" if kind == "public" else f"arn:aws:sagemaker:{region}:111122223333:workteam/{kind}-crowd/birders"


def spec(task: TaskType, kind: str, region: str) -> CampaignSpec:
    written: dict[str, Any] = {
        "name": "birds",
        "task": task,
        "labels": ["Bird", "Cat"],
        "workforce": workforce(kind, region),
        "budget": "500",
        "gold_labels": "s3://inbox/birds/gold/gold.manifest",
        "content_classifiers": ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"],
        "label_attribute": "mask-ref" if task.facts.attribute_ends_in_ref else "category",
        "reviewed_attribute": "prior" if task.facts.reviews else None,
        "tags": {"project": "birds"},
    }
    return CampaignSpec.model_validate(written)


def request(task: TaskType, kind: str, region: str) -> dict[str, Any]:
    written = spec(task, kind, region)
    model = f"arn:aws:sagemaker:{region}:111122223333:model/birds-0001-model"
    job = replace(
        a_job("birds-0002", batch=2),
        role=Role.WARM,
        objects=900,
        manifest_uri="s3://results/birds/manifests/batch-0002.manifest",
        initial_model_arn=model if written.uses_auto_labeling else None,
    )
    sent = job_request(job, written, Deployment("inbox", "results", region, "arn:aws:iam::111122223333:role/labeling"))
    return {**sent}


def golden(task: TaskType) -> dict[str, Any]:
    requests = {kind: request(task, kind, HOME) for kind in WORKFORCES}
    return {"requests": requests, "label categories": label_category_config(spec(task, "private", HOME))}


def moved(text: str, region: str) -> str:
    return text.replace(REGION_ACCOUNTS[HOME], REGION_ACCOUNTS[region]).replace(HOME, region)


def kept(task: TaskType) -> str:
    return (HERE / f"{task}.json").read_text()


@pytest.mark.parametrize("task", TaskType)
def test_requests_and_label_files_are_those_kept(task: TaskType) -> None:
    assert json.loads(kept(task)) == golden(task)


@pytest.mark.parametrize("region", REGION_ACCOUNTS)
@pytest.mark.parametrize("kind", WORKFORCES)
@pytest.mark.parametrize("task", TaskType)
def test_in_each_region_only_the_arns_differ(task: TaskType, kind: str, region: str) -> None:
    assert request(task, kind, region) == json.loads(moved(kept(task), region))["requests"][kind]


@pytest.mark.parametrize("region", REGION_ACCOUNTS)
@pytest.mark.parametrize("kind", WORKFORCES)
@pytest.mark.parametrize("task", TaskType)
def test_botocores_model_takes_every_request(task: TaskType, kind: str, region: str) -> None:
    report = ParamValidator().validate(request(task, kind, region), CREATE.input_shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("kind", WORKFORCES)
@pytest.mark.parametrize("task", TaskType)
def test_the_engine_takes_every_request_unchanged(task: TaskType, kind: str) -> None:
    sent = request(task, kind, HOME)  # patterns, enumerations and maxima too, which boto3 leaves to the service
    assert parse_input("CreateLabelingJob", sent) == sent


if __name__ == "__main__":
    for each in TaskType:
        (HERE / f"{each}.json").write_text(json.dumps(golden(each), indent=2) + "\n")
