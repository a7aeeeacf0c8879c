"""The spec a user writes: what is taken, what is refused, and whether the refusal says how to correct it."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt_service.backends import GROUND_TRUTH, GT_ENGINE
from gt_service.campaign import MAX_SPEC_BYTES, CampaignSpec, parse_spec
from gt_service.campaign.contradictions import warnings
from gt_service.errors import InvalidInput, SpecErrors
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType

PRIVATE = "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"
SMALLEST: dict[str, Any] = {
    "name": "birds",
    "task": "object-detection",
    "labels": ["Bird"],
    "workforce": PRIVATE,
}
PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}


def parse(**changes: Any) -> CampaignSpec:
    document = {**SMALLEST, **changes}
    given_fields = {name: value for name, value in document.items() if value is not ...}
    return parse_spec(yaml.safe_dump(given_fields), filename="campaign.yaml")


def errors_of(text: str | bytes, *, filename: str = "campaign.yaml") -> dict[str | None, InvalidInput]:
    with pytest.raises(SpecErrors) as refusal:
        parse_spec(text, filename=filename)
    assert len({error.field for error in refusal.value.errors}) == len(refusal.value.errors), "one error per field"
    assert all(error.message and error.remedy for error in refusal.value.errors)
    return {error.field: error for error in refusal.value.errors}


def errors_with(**changes: Any) -> dict[str | None, InvalidInput]:
    with pytest.raises(SpecErrors) as refusal:
        parse(**changes)
    assert all(error.message and error.remedy for error in refusal.value.errors)
    return {error.field: error for error in refusal.value.errors}


def test_the_smallest_spec_takes_the_notebooks_settings() -> None:
    spec = parse()
    assert (spec.workers_per_object, spec.max_concurrent_tasks) == (3, 200)
    assert (spec.task_time_limit_seconds, spec.availability_seconds) == (300, 864_000)
    assert (spec.batch.size, spec.label_attribute, spec.auto_labeling) == (1250, "category", True)


def test_json_and_yaml_say_the_same() -> None:
    assert parse_spec(json.dumps(SMALLEST), filename="birds/campaign.json") == parse()


@pytest.mark.parametrize("written", [0.036, "0.036", "$0.036"])
def test_amounts_are_dollars_however_they_are_written(written: object) -> None:
    spec = parse(**PUBLIC, price_per_task=written, budget=500)
    assert (spec.price_per_task, spec.budget) == (36, 500_000)


def test_a_stored_spec_comes_back_unchanged() -> None:
    spec = parse(
        **PUBLIC,
        price_per_task="0.048",
        budget="12.5",
        gold_labels="s3://b/birds/gold/g.manifest",
        tags={"team": "birds"},
        batch={"size": 100},
        control_batches=[2],
    )
    stored = json.loads(spec.model_dump_json())
    assert CampaignSpec.model_validate(stored) == spec
    assert spec.gold_labels == S3Uri("b", "birds/gold/g.manifest")


def test_public_workers_get_the_lowest_price_unless_told_and_private_ones_none() -> None:
    assert parse(**PUBLIC).worker_price == 36
    assert parse(**PUBLIC, price_per_task="0.12").worker_price == 120
    assert parse().worker_price == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n\t\n", "empty"),
        ("# only a comment", "comments"),
        ("- a\n- b", "list"),
        ("hello", "plain text"),
        ("task: [", "line 1"),
        ("name: a\nname: b", "'name' is given twice (line 2"),
        ("name: &x a\ntask: *x", "aliases"),
        ("a: \x07", "character"),
        ("!!python/object:os.system {}", "tag"),
        ("? [a, b]\n: 1", "key"),
        ("[" * 5000, "deeply"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\xff\xd8\xff\xe0" + bytes(MAX_SPEC_BYTES), "more than"),
    ],
)
def test_a_file_that_is_no_spec_is_refused_as_a_whole(text: str | bytes, says: str) -> None:
    (error,) = errors_of(text).items()
    assert error[0] == "campaign.yaml"
    assert says in error[1].message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"name": "a", "name": "b"}', "twice"),
        ('{"name": ', "line 1"),
        ("[" * 60_000, "deeply"),
        ("[]", "list"),
        ('{"budget": NaN}', "NaN"),
    ],
)
def test_json_files_are_refused_as_clearly(text: str, says: str) -> None:
    assert says in errors_of(text, filename="campaign.json")["campaign.json"].message


def test_every_wrong_field_is_named_at_once() -> None:
    wrong = errors_with(
        task="object-detektion",
        labels=[True, "Bird", 3],
        workforce="privat",
        batch={"sise": 3, "size": 0},
        workers_per_object=12,
        budget="lots",
        gold_labels="gold.manifest",
        auto_labeling="perhaps",
        instructions="hello",
        prise_per_task=3,
    )
    assert {str(field) for field in wrong} == {
        "task",
        "labels.0",
        "labels.2",
        "workforce",
        "batch.sise",
        "batch.size",
        "workers_per_object",
        "budget",
        "gold_labels",
        "auto_labeling",
        "instructions",
        "prise_per_task",
    }
    assert wrong["task"].remedy == "Did you mean object-detection?"
    assert wrong["batch.sise"].remedy == "Did you mean size?"
    assert wrong["prise_per_task"].remedy == "Did you mean price_per_task?"
    assert "quotes" in wrong["labels.0"].remedy


def test_a_missing_field_is_named_with_an_example() -> None:
    error = errors_with(task=...)["task"]
    assert (error.message, "task: object-detection" in error.remedy) == ("this field is required", True)


@pytest.mark.parametrize("name", ["Birds", "birds-", "-birds", "my birds", "bird_s", "", "b" * 41, "vögel"])
def test_names_that_a_job_could_not_carry_are_refused(name: str) -> None:
    assert "name" in errors_with(name=name)


def test_the_folder_names_the_campaign_and_no_other_name_passes() -> None:
    nameless = yaml.safe_dump({key: value for key, value in SMALLEST.items() if key != "name"})
    assert parse_spec(nameless, filename="birds/campaign.yaml", campaign="birds").name == "birds"
    with pytest.raises(SpecErrors) as refusal:
        parse_spec(yaml.safe_dump(SMALLEST), filename="fish/campaign.yaml", campaign="fish")
    assert refusal.value.errors[0].field == "name"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"labels": ["Bird", "Bird"]}, "labels", "tell these apart"),
        ({"labels": ["caf\u00e9", "cafe\u0301"]}, "labels", "tell these apart"),
        ({"labels": ["a b", "a\u00a0b"]}, "labels", "tell these apart"),
        ({"labels": ["Bird", "\u200b"]}, "labels", "nothing"),
        ({"labels": ["Bird", "Bird "]}, "labels.1", "blank"),
        ({"labels": [" "]}, "labels.0", "blank"),
        ({"labels": ["a\bb"]}, "labels.0", "U+0008"),
        ({"labels": ["a\nb"]}, "labels.0", "U+000A"),
        ({"instructions": {"full": "a\x00b"}}, "instructions.full", "U+0000"),
        ({"gold_labels": "s3://in/birds/gold/gold (1).manifest"}, "gold_labels", "tag"),
        ({"gold_labels": "s3://in/" + "g" * 300}, "gold_labels", "tag"),
        ({"gold_labels": "s3://in"}, "gold_labels", "no key"),
        ({"tags": {"x": "50 %"}}, "tags.x", "letters"),
        ({"budget": 0}, "budget", "greater than 0"),
        ({"budget": 10_000_001}, "budget", "10,000,000"),
        ({"task": "image-classification"}, "labels", "at least 2"),
        ({"labels": [f"l{n}" for n in range(51)]}, "labels", "at most 50"),
        ({"label_attribute": "source-ref"}, "label_attribute", "meaning"),
        ({"label_attribute": "x-metadata"}, "label_attribute", "meaning"),
        ({"label_attribute": "x-ref"}, "label_attribute", "must not end"),
        ({"task": "semantic-segmentation"}, "label_attribute", "must end"),
        ({"task": "object-detection-adjustment"}, "reviewed_attribute", "reviews"),
        ({"task": "object-detection-adjustment", "reviewed_attribute": "category"}, "reviewed_attribute", "another"),
        ({"reviewed_attribute": "boxes"}, "reviewed_attribute", "none"),
        ({"price_per_task": "0.036"}, "price_per_task", "public"),
        ({**PUBLIC, "price_per_task": "0.04"}, "price_per_task", "not a price"),
        ({"workforce": "public"}, "content_classifiers", "personal"),
        ({**PUBLIC, "task_availability_seconds": 43_201}, "task_availability_seconds", "12 hours"),
        ({"batch": {"minimum": 2000}}, "batch.minimum", "more than"),
        ({"tags": {"aws:x": "1"}}, "tags.aws:x", "taken"),
        ({"tags": {"GT-service:batch": "1"}}, "tags.GT-service:batch", "taken"),
        ({"tags": {"x": "v" * 257}}, "tags.x", "256"),
    ],
)
def test_contradictions_are_named_by_field(changes: dict[str, Any], field: str, says: str) -> None:
    wrong = errors_with(**changes)
    assert set(wrong) == {field}
    assert says in wrong[field].message


def test_segmentation_batches_stay_within_the_smaller_quota() -> None:
    wrong = errors_with(task="semantic-segmentation", label_attribute="mask-ref", batch={"size": 20_001})
    assert "20,000" in wrong["batch.size"].message


def test_what_is_legal_but_hardly_meant_is_a_warning() -> None:
    assert list(warnings(parse(), GROUND_TRUTH)) == []
    (warning,) = warnings(parse(batch={"size": 500}), GROUND_TRUTH)
    assert "1,250" in warning
    assert list(warnings(parse(batch={"size": 500}), GT_ENGINE)) == []  # it labels such a job by machine
    multi_label = parse(task="image-classification-multilabel", labels=["a", "b"], batch={"size": 50})
    (warning,) = warnings(multi_label, GROUND_TRUTH)
    assert "no automated data labeling" in warning


def test_auto_labeling_runs_only_where_there_is_an_algorithm_and_it_is_wanted() -> None:
    assert parse().uses_auto_labeling
    assert not parse(auto_labeling=False).uses_auto_labeling
    assert not parse(task="image-classification-multilabel", labels=["a", "b"]).uses_auto_labeling


def test_messages_hold_no_text_that_json_or_a_table_could_not() -> None:
    wrong = errors_of('{"\\ud800": 1, "name": "\\ud800"}', filename="campaign.json")
    for error in wrong.values():
        json.dumps(error.as_dict(), ensure_ascii=False).encode("utf-8")


def test_messages_stay_short_whatever_was_written() -> None:
    error = errors_with(workforce="x" * 60_000)["workforce"]
    assert len(error.message) < 200


@pytest.mark.parametrize(
    ("written", "budget"),
    [("0500", 500_000), ("500", 500_000), ("12.50", 12_500), ("'$1.5'", 1_500), ("5e2", 500_000)],
)
def test_an_amount_is_the_one_that_is_written(written: str, budget: int) -> None:
    """YAML 1.1 reads 0500 as octal: the owner would have a cap of $320."""
    text = yaml.safe_dump(SMALLEST) + f"budget: {written}\n"
    assert parse_spec(text, filename="campaign.yaml").budget == budget


@pytest.mark.parametrize("written", ["0100", "0x64", "0b1100100", "1_00", "1:40", "1e2", "100.0", "=", "<<"])
def test_a_whole_number_in_a_form_that_two_readers_may_read_as_two_is_refused(written: str) -> None:
    text = yaml.safe_dump(SMALLEST) + f"batch: {{size: {written}}}\n"
    assert set(errors_of(text)) == {"batch.size"}


@pytest.mark.parametrize("label", ["2026-11-26", "12:30", "0x1F", "1_000"])
def test_what_only_looks_like_a_date_or_a_number_is_text(label: str) -> None:
    text = yaml.safe_dump({**SMALLEST, "labels": ["Bird"]}).replace("- Bird", f"- {label}")
    assert parse_spec(text, filename="campaign.yaml").labels == (label,)


@pytest.mark.parametrize("folder", ["2024", "birds", "null", "1e3", "true"])
def test_the_remedy_for_another_name_can_be_pasted(folder: str) -> None:
    """name: 2024 is a number, and the remedy was to write name: 2024."""
    with pytest.raises(SpecErrors) as refusal:
        parse_spec(yaml.safe_dump({**SMALLEST, "name": "other"}), filename="campaign.yaml", campaign=folder)
    pasted = refusal.value.errors[0].remedy.removeprefix("Write ").removesuffix(", or leave the field out.")
    text = yaml.safe_dump(SMALLEST | {"name": "x"}).replace("name: x", pasted)
    assert parse_spec(text, filename="campaign.yaml", campaign=folder).name == folder


def test_a_name_of_digits_is_told_to_be_put_in_quotes() -> None:
    with pytest.raises(SpecErrors) as refusal:
        parse_spec(yaml.safe_dump({**SMALLEST, "name": 2024}), filename="campaign.yaml", campaign="2024")
    assert 'name: "2024"' in refusal.value.errors[0].remedy


@pytest.mark.parametrize("sign", ["|", ">", "|+"])
def test_a_description_may_be_written_as_a_block(sign: str) -> None:
    """Its last line break is YAML's, and Ground Truth takes one line."""
    text = yaml.safe_dump(SMALLEST) + f"instructions:\n  description: {sign}\n    Find the birds\n    in a photo.\n"
    assert parse_spec(text, filename="campaign.yaml").instructions.description == "Find the birds in a photo."


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # CI machines are slow
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@unhurried
@given(st.dictionaries(st.sampled_from(sorted(CampaignSpec.model_fields)), _ANYTHING))
def test_whatever_is_written_ends_in_a_spec_or_in_errors_that_name_fields(document: dict[str, Any]) -> None:
    assert all(refused_fields(json.dumps({**SMALLEST, **document})))


def refused_fields(text: str) -> list[str | None]:
    try:
        parse_spec(text, filename="campaign.json")
    except SpecErrors as refusal:
        return [error.field for error in refusal.errors]
    return []


@unhurried
@given(st.text(max_size=200))
def test_whatever_text_comes_no_other_error_escapes(text: str) -> None:
    with pytest.raises(SpecErrors):
        parse_spec(text, filename="campaign.yaml")


@pytest.mark.parametrize("task", TaskType)
def test_tasks_that_images_alone_can_feed_are_taken_and_the_others_refused(task: TaskType) -> None:
    attribute = "mask-ref" if task.facts.attribute_ends_in_ref else "category"
    changes: dict[str, Any] = {"task": str(task), "labels": ["a", "b"], "label_attribute": attribute}
    if task.facts.reviews:
        changes["reviewed_attribute"] = "boxes"
    if task.facts.medium == "image" and not task.facts.reviews:
        assert parse(**changes).task is task
    else:
        assert "fed with images" in errors_with(**changes)["task"].message


def test_proposals_are_switched_on_in_a_word_or_with_their_shares() -> None:
    assert parse().proposals is None
    assert parse(proposals=False).proposals is None
    usual = parse(proposals=True).proposals
    assert usual is not None
    assert (usual.blind, usual.wrong) == (0.1, 0.05)
    assert set(errors_with(proposals={"blind": 1, "wrong": "many"})) == {"proposals.blind", "proposals.wrong"}
    assert set(errors_with(task="semantic-segmentation", label_attribute="mask-ref", proposals=True)) == {"proposals"}


def test_a_quality_target_is_a_share_and_its_measure_one_of_the_task() -> None:
    assert parse(quality={"measure": "mean-iou", "target": 0.6}).quality.target == 0.6
    wrong = errors_with(quality={"measure": "f2", "target": 90})
    assert set(wrong) == {"quality.measure", "quality.target"}
    assert wrong["quality.measure"].remedy == "Did you mean f1?"
    classes = errors_with(task="image-classification", labels=["a", "b"], quality={"measure": "f1"})
    assert "accuracy" in classes["quality.measure"].message


def test_workers_as_needed_are_a_range_and_a_number_is_a_range_of_one() -> None:
    as_needed = parse(workers_per_object={"least": 2, "most": 5})
    assert (as_needed.least_workers, as_needed.most_workers) == (2, 5)
    fixed = parse(workers_per_object=4)
    assert (fixed.least_workers, fixed.most_workers) == (4, 4)
    assert CampaignSpec.model_validate_json(as_needed.model_dump_json()) == as_needed


@pytest.mark.parametrize(
    ("written", "field", "says"),
    [
        ({"least": 4, "most": 3}, "workers_per_object.least", "more than at most 3"),
        ({"leest": 1}, "workers_per_object.leest", "no such field"),
        ({"most": 10}, "workers_per_object.most", "less than or equal to 9"),
        (10, "workers_per_object", "less than or equal to 9"),
        ("three", "workers_per_object", "not a whole number"),
    ],
)
def test_a_wrong_range_of_workers_is_named(written: object, field: str, says: str) -> None:
    error = errors_with(workers_per_object=written)[field]
    assert says in error.message
    assert error.remedy


def test_gold_items_need_gold_labels_and_are_paid_for() -> None:
    """Without known answers nobody's care can be looked after; not set aside, they would exceed the budget."""
    assert errors_with(gold_items={"share": 0.1})["gold_items"].remedy
    checked = parse(gold_items={"share": 0.1}, gold_labels="s3://inbox/birds/gold/gold.manifest")
    assert (checked.gold_share, parse().gold_share) == (0.1, 0.0)
