"""The request of a job: what of the spec reaches Ground Truth, and what is refused before it is sent."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from gt_service.backends import GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.campaign.spec import MAX_TAGS, OWN_TAGS
from gt_service.chain.request import job_request, label_category_config
from gt_service.deployment import Deployment
from gt_service.errors import InvalidInput
from tests.store_contract import a_job

TEAM = "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"
MODEL = "arn:aws:sagemaker:us-east-1:111122223333:model/birds-0001-model"


def spec(**changes: Any) -> CampaignSpec:
    written = {"name": "birds", "task": "object-detection", "labels": ["Bird"], "workforce": TEAM, **changes}
    return CampaignSpec.model_validate(written)


def request(spec: CampaignSpec, region: str = "us-east-1", **changes: Any) -> Any:
    deployment = Deployment("inbox", "results", region, "arn:aws:iam::111122223333:role/labeling", backend=GT_ENGINE)
    return job_request(replace(a_job(), **changes), spec, deployment)


def test_the_first_job_has_an_algorithm_and_no_model_the_next_one_both() -> None:
    first = request(spec())["LabelingJobAlgorithmsConfig"]
    warm = request(spec(), initial_model_arn=MODEL)["LabelingJobAlgorithmsConfig"]
    assert "InitialActiveLearningModelArn" not in first
    assert warm == {**first, "InitialActiveLearningModelArn": MODEL}


@pytest.mark.parametrize("changes", [{"auto_labeling": False}, {"task": "named-entity-recognition"}])
def test_without_auto_labeling_no_algorithm_is_sent_and_a_model_is_an_error(changes: dict[str, Any]) -> None:
    assert "LabelingJobAlgorithmsConfig" not in request(spec(**changes))
    with pytest.raises(InvalidInput, match="without automated"):
        request(spec(**changes), initial_model_arn=MODEL)


def test_three_tenths_of_a_cent_stay_three_tenths() -> None:
    public = spec(workforce="public", content_classifiers=["FreeOfPersonallyIdentifiableInformation"])
    price = request(public)["HumanTaskConfig"]["PublicWorkforceTaskPrice"]
    assert price == {"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}}


@pytest.mark.parametrize(
    ("price", "amount"),
    [("1.080", (1, 8, 0)), ("0.960", (0, 96, 0)), ("0.072", (0, 7, 2))],
)
def test_prices_split_into_dollars_cents_and_tenths(price: str, amount: tuple[int, int, int]) -> None:
    public = spec(
        workforce="public", content_classifiers=["FreeOfPersonallyIdentifiableInformation"], price_per_task=price
    )
    sent = request(public)["HumanTaskConfig"]["PublicWorkforceTaskPrice"]["AmountInUsd"]
    assert (sent["Dollars"], sent["Cents"], sent["TenthFractionsOfACent"]) == amount


def test_private_teams_are_sent_without_a_price() -> None:
    config = request(spec())["HumanTaskConfig"]
    assert config["WorkteamArn"] == TEAM
    assert "PublicWorkforceTaskPrice" not in config


def test_a_team_or_model_of_another_region_is_refused_before_the_job_fails() -> None:
    with pytest.raises(InvalidInput) as team:
        request(spec(), region="eu-west-1")
    with pytest.raises(InvalidInput) as model:
        request(spec(), initial_model_arn=MODEL.replace("us-east-1", "us-west-2"))
    assert (team.value.field, model.value.field) == ("workforce", "initial_model_arn")


def test_the_output_path_always_ends_in_a_slash_since_readers_append_the_job_name() -> None:
    assert request(spec())["OutputConfig"]["S3OutputPath"] == "s3://results/birds/output/"


def test_of_two_stopping_conditions_the_tighter_one_is_sent() -> None:
    stopping = {"max_human_labeled_objects": 500, "max_percent_labeled": 90}
    sent = request(spec(stopping=stopping), objects=300)
    assert sent["StoppingConditions"] == {
        "MaxHumanLabeledObjectCount": 300,
        "MaxPercentageOfInputDatasetLabeled": 90,
    }
    assert request(spec(), objects=300)["StoppingConditions"] == {"MaxHumanLabeledObjectCount": 300}


def test_tags_and_keys_reach_the_job() -> None:
    sent = request(spec(tags={"team": "a"}, output_kms_key="alias/labels", volume_kms_key="alias/volumes"))
    assert sent["Tags"] == [
        {"Key": "team", "Value": "a"},
        {"Key": "gt-service:campaign", "Value": "birds"},
        {"Key": "gt-service:batch", "Value": "1"},
        {"Key": "gt-service:role", "Value": "first"},
    ]
    assert sent["OutputConfig"]["KmsKeyId"] == "alias/labels"
    assert sent["LabelingJobAlgorithmsConfig"]["LabelingJobResourceConfig"] == {"VolumeKmsKeyId": "alias/volumes"}


def test_a_quality_target_reaches_the_engine_as_tags() -> None:
    quality = {"measure": "f1", "target": 0.95, "scope": "dataset"}
    tags = {tag["Key"]: tag["Value"] for tag in request(spec(quality=quality))["Tags"]}
    assert tags["gt-engine:quality-loss"] == "f1"
    assert tags["gt-engine:quality-target"] == "0.95"
    assert tags["gt-engine:quality-scope"] == "dataset"
    assert "gt-engine:quality-delta" not in tags


def test_proposals_reach_the_engine_as_tags_and_only_where_they_are_asked_for() -> None:
    shares = {"gt-engine:proposals-blind": "0.2", "gt-engine:proposals-wrong": "0.05"}
    tags = {tag["Key"]: tag["Value"] for tag in request(spec(proposals={"blind": 0.2}))["Tags"]}
    assert shares.items() <= tags.items()
    for off in (False, None):
        assert not any("proposals" in tag["Key"] for tag in request(spec(proposals=off))["Tags"])


def test_content_is_declared_only_as_the_user_declared_it() -> None:
    assert "DataAttributes" not in request(spec())["InputConfig"]
    declared = request(spec(content_classifiers=["FreeOfAdultContent"]))["InputConfig"]["DataAttributes"]
    assert declared == {"ContentClassifiers": ["FreeOfAdultContent"]}


def test_the_label_file_keeps_the_order_that_numbers_the_classes() -> None:
    document = label_category_config(spec(labels=["Owl", "Bird"]))
    assert document == {"document-version": "2018-11-28", "labels": [{"label": "Owl"}, {"label": "Bird"}]}


def test_named_entities_carry_their_instructions_in_the_label_file() -> None:
    written = spec(task="named-entity-recognition", labels=["Person", "Place"], instructions={"short": "Mark <names>."})
    document = label_category_config(written)
    assert document["instructions"]["shortInstruction"] == "<p>Mark &lt;names&gt;.</p>"
    assert [entry["shortDisplayName"] for entry in document["labels"]] == ["PER", "PLA"]


def test_short_names_of_alike_labels_differ() -> None:
    document = label_category_config(spec(task="named-entity-recognition", labels=["Person", "Percent"]))
    assert [entry["shortDisplayName"] for entry in document["labels"]] == ["L1", "L2"]


def test_workers_as_needed_are_the_most_for_ground_truth_and_the_least_for_the_engine() -> None:
    """Sent as the least alone, Ground Truth would ask one worker and nobody would notice."""
    adaptive = request(spec(workers_per_object={"least": 1, "most": 5}))
    assert adaptive["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"] == 5
    assert {"Key": "gt-engine:least-workers", "Value": "1"} in adaptive["Tags"]
    assert not any(tag["Key"] == "gt-engine:least-workers" for tag in request(spec(workers_per_object=5))["Tags"])


def test_a_spec_with_every_tag_that_it_may_have_leaves_room_for_the_services_own() -> None:
    """Of 51 tags SageMaker refuses the whole job, and no campaign with so many could start one."""
    fullest = spec(
        tags={f"t{number}": "x" for number in range(MAX_TAGS - OWN_TAGS)},
        quality={"measure": "f1", "target": 0.9, "scope": "dataset", "risk": 0.1, "method": "student-t"},
        proposals=True,
        gold_items={"show_accuracy": True},
        gold_labels="s3://inbox/birds/gold/gold.manifest",
        workers_per_object={"least": 1, "most": 5},
    )
    sent = request(fullest, people_seconds=3600)
    assert len(sent["Tags"]) == MAX_TAGS
    with pytest.raises(ValidationError, match="tags"):
        spec(tags={f"t{number}": "x" for number in range(MAX_TAGS - OWN_TAGS + 1)})


def test_gold_items_travel_as_tags() -> None:
    checked = spec(gold_items={"share": 0.1, "pass_mark": 0.7}, gold_labels="s3://inbox/birds/gold/gold.manifest")
    tags = {tag["Key"]: tag["Value"] for tag in request(checked)["Tags"]}
    assert (tags["gt-engine:gold-share"], tags["gt-engine:pass-mark"]) == ("0.1", "0.7")
    assert "gt-engine:show-accuracy" not in tags, "it tells which objects are known"
    shown = spec(gold_items={"show_accuracy": True}, gold_labels="s3://inbox/birds/gold/gold.manifest")
    assert {"Key": "gt-engine:show-accuracy", "Value": "true"} in request(shown)["Tags"]
