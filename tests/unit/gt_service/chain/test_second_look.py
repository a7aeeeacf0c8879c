"""A second look at labels that seem wrong: paid once, within the budget, and the campaign has what it corrects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gt_service.chain.reviews import review_spec
from gt_service.chain.second_look import SecondLook, Suspect
from gt_service.corrections.files import read_corrections, write_correction
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.estimates.worst_case import worst_case
from gt_service.listing import suspects_wanted
from gt_service.objects import S3Uri, write_json
from gt_service.prices import PriceTable
from gt_service.records import Job
from gt_service.records.names import Places
from gt_service.records.states import CampaignEvent
from tests.factories import REGION
from tests.world import INBOX, RESULTS, World, a_world

ROOT = Places(RESULTS, "birds").root
BOX = {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}
SIZE = [{"width": 64, "height": 48, "depth": 3}]


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def image(number: int) -> str:
    return f"s3://{INBOX}/birds/images/{number:04}.png"


def label(attribute: str, boxes: list[Mapping[str, int]], **metadata: Any) -> dict[str, Any]:
    known = {"class-map": {"0": "Bird"}, "job-name": "labeling-job/x", "human-annotated": "yes", **metadata}
    return {attribute: {"image_size": SIZE, "annotations": boxes}, f"{attribute}-metadata": known}


def doubt(world: World, job: str, suspicions: Mapping[int, float]) -> None:
    """What gt-engine leaves beside a job: its model doubts some labels, and others not."""
    lines = [
        {
            "source-ref": line["source-ref"],
            "label": label("category", [BOX], **{"human-annotated": "no"}),
            "confidence": 0.9,
            "loss": 1.0,
            "suspicion": suspicions.get(number, 0.0),
            "mistake": "missed" if number in suspicions else None,
        }
        for number, line in enumerate(world.sagemaker.lines(job))
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    uri = ROOT / f"output/{job}/left-out-predictions/predictions.jsonl"
    world.objects.write(uri, body, "application/x-jsonlines")


def labeled(world: World, suspicions: Mapping[int, float], **spec: Any) -> None:
    """A campaign whose first batch, four images, is labeled, some of it doubtful."""
    world.campaign(**spec)
    world.images(4)
    world.advance()
    doubt(world, "birds-0001", suspicions)
    world.finish("birds-0001")


def reviewed(world: World, job: str, adjusted: Mapping[int, bool]) -> None:
    """A review job ends: of the images named, some labels were changed."""
    world.sagemaker.finish(job)
    output = ROOT / f"output/{job}/manifests/output/output.manifest"
    lines = [json.loads(line) for line in world.objects.lines(output)]
    for line in lines:
        number = int(line["source-ref"][-8:-4])
        status = "adjusted" if adjusted[number] else "unadjusted"
        line |= label("category-review", [BOX], **{"adjustment-status": status, "job-name": f"labeling-job/{job}"})
    world.objects.write(output, "".join(json.dumps(line) + "\n" for line in lines).encode(), "x")
    world.chain.observe(job)
    world.advance()
    world.settle()
    world.advance()


def listed(world: World, most: int = 100) -> list[tuple[str, float]]:
    found = SecondLook(world.store, world.objects, RESULTS).listed("birds", most)
    return [(each.source, each.suspicion) for each in found.worst]


def labels(world: World) -> dict[str, dict[str, Any]]:
    lines = (json.loads(line) for line in world.objects.lines(Places(RESULTS, "birds").labels))
    return {line["source-ref"]: line for line in lines}


def reviews(world: World) -> list[Job]:
    return [job for job in world.store.jobs.of("birds") if job.is_review]


# ---------------------------------------------------------------- the list


def test_labels_that_seem_wrong_are_listed_worst_first(world: World) -> None:
    labeled(world, {0: 0.2, 2: 0.9})
    assert listed(world) == [(image(2), 0.9), (image(0), 0.2)]
    assert listed(world, 1) == [(image(2), 0.9)]
    found = SecondLook(world.store, world.objects, RESULTS).listed("birds", 9)
    assert found.judged == 4
    assert (found.worst[0].job, found.worst[0].batch, found.worst[0].mistake) == ("birds-0001", 1, "missed")
    assert found.worst[0].machine["category"]["annotations"] == [BOX]
    assert found.worst[0].label["category"]["annotations"] == []


def test_what_was_put_right_is_no_longer_listed(world: World) -> None:
    labeled(world, {0: 0.2, 2: 0.9})
    own = label("category", [BOX])
    write_correction(world.objects, ROOT, source=image(2), label=own, by="owner", at=world.now(), token="1")
    world.settlement.refresh("birds")
    assert listed(world) == [(image(0), 0.2)]


def test_without_gt_engine_nothing_is_known(world: World) -> None:
    world.campaign(review={"share": 0.5})
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    with pytest.raises(NotFound, match="nothing is known of the labels"):
        listed(world)
    with pytest.raises(NotFound):
        world.chain.review("birds", 1)
    assert reviews(world) == []


# ---------------------------------------------------------------- sending


def test_the_worst_go_to_a_job_of_their_own_within_the_budget(world: World) -> None:
    labeled(world, {0: 0.2, 1: 0.5, 2: 0.9}, budget="50", workforce="public", **PUBLIC)
    before = world.store.campaigns.get("birds")
    job = world.chain.review("birds", 2)
    world.advance()
    assert (job.name, job.objects, job.task, job.initial_model_arn) == (
        "birds-0001-review1",
        2,
        "object-detection-adjustment",
        None,
    )
    after = world.store.campaigns.get("birds")
    assert after.committed - before.committed == job.reserved > 0
    request = world.sagemaker.jobs[job.name]
    assert request["HumanTaskConfig"]["PreHumanTaskLambdaArn"].endswith("function:PRE-AdjustmentBoundingBox")
    assert "LabelingJobAlgorithmsConfig" not in request
    asked = world.sagemaker.lines(job.name)
    assert [line["source-ref"] for line in asked] == [image(2), image(1)]
    assert asked[0]["category"] == labels(world)[image(2)]["category"]
    page = world.objects.read(S3Uri.parse(request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])).decode()
    assert "initial-value" in page
    assert "task.input.manifestLine.category" in page


PUBLIC: dict[str, Any] = {"content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}


def test_a_label_too_long_for_a_manifest_is_listed_and_not_sent(world: World) -> None:
    """gt-engine refuses the whole review for one line, and its labels would count as reviewed for ever."""
    crowd = label("category", [BOX] * 2_000)
    suspects = [
        Suspect(image(n), 0.9, "missed", "birds-0001", 1, each, each)
        for n, each in enumerate([crowd, label("category", [BOX])])
    ]
    assert [each.is_reviewable for each in suspects] == [False, True]
    document = {"judged": 2, "suspects": [each.as_dict() for each in suspects]}
    world.campaign()
    write_json(world.objects, Places(RESULTS, "birds").suspects, document)
    look = SecondLook(world.store, world.objects, RESULTS)
    assert len(look.listed("birds", 9).worst) == 2
    assert [each.source for each in look.to_review("birds", 1)] == [image(1)]


def test_nothing_is_sent_or_paid_twice(world: World) -> None:
    labeled(world, {0: 0.2, 1: 0.5, 2: 0.9})
    first = world.chain.review("birds", 2)
    second = world.chain.review("birds", 2)
    world.advance()
    asked = [line["source-ref"] for job in (first, second) for line in world.sagemaker.lines(job.name)]
    assert asked == [image(2), image(1), image(0)]
    with pytest.raises(Conflict, match="that was not sent before"):
        world.chain.review("birds", 2)
    assert [job.name for job in reviews(world)] == ["birds-0001-review1", "birds-0001-review2"]


def test_two_who_ask_at_the_same_time_pay_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen the same list before either has sent it."""
    labeled(world, {0: 0.2, 2: 0.9})
    chain = world.chain
    standing = chain._standing("birds")
    monkeypatch.setattr(chain, "_standing", lambda _: standing)
    monkeypatch.setattr(chain._second_look, "_reviewed", lambda _: set[str]())
    chain.review("birds", 2)
    with pytest.raises(Conflict, match="has just changed"):
        chain.review("birds", 2)
    assert len(reviews(world)) == 1


def test_a_review_that_the_budget_does_not_hold_is_refused(world: World) -> None:
    labeled(world, {0: 0.2, 2: 0.9}, budget="50", workforce="public", **PUBLIC)
    before = world.store.campaigns.get("birds")
    cap = f"{(before.spent + before.committed + 100) / 1000:.3f}"
    world.campaign(budget=cap, workforce="public", **PUBLIC)
    with pytest.raises(Conflict, match=r"may cost .*, and of the budget \$0.10 are left"):
        world.chain.review("birds", 2)
    assert world.store.campaigns.get("birds").committed == before.committed
    assert reviews(world) == []


def test_what_a_batchs_own_review_waits_to_send_is_not_sent_before_it(world: World) -> None:
    """Where the budget held the owner's review and not yet the batch's, people were paid for the same labels twice."""
    labeled(world, {0: 0.2, 2: 0.9}, budget="50", workforce="public", **PUBLIC)
    before = world.store.campaigns.get("birds")
    for_one = worst_case(review_spec(before.spec), 1, prices=PriceTable.current(), region=REGION)
    cap = f"{(before.spent + before.committed + for_one) / 1000:.3f}"
    world.campaign(budget=cap, workforce="public", review={"share": 0.5}, **PUBLIC)
    world.advance()
    assert (world.store.batches.get("birds", 1).review_objects, reviews(world)) == (2, [])
    with pytest.raises(Conflict, match="that was not sent before"):
        world.chain.review("birds", 1)
    world.campaign(budget="50", workforce="public", **PUBLIC)
    assert world.chain.review("birds", 1).objects == 1, "no review of the batch's own is wanted any more"


def test_a_stopped_campaign_sends_nothing(world: World) -> None:
    labeled(world, {0: 0.9})
    world.store.campaigns.apply("birds", CampaignEvent.STOP, world.now())
    with pytest.raises(Conflict, match="is stopped"):
        world.chain.review("birds", 1)


def test_a_share_of_every_batch_is_sent_by_itself_once(world: World) -> None:
    labeled(world, {0: 0.2, 1: 0.5, 2: 0.9}, review={"share": 0.5, "workers_per_object": 1})
    (job,) = reviews(world)
    assert (job.name, job.objects) == ("birds-0001-review", 2)
    assert [line["source-ref"] for line in world.sagemaker.lines(job.name)] == [image(2), image(1)]
    assert world.sagemaker.jobs[job.name]["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"] == 1
    world.advance()
    reviewed(world, job.name, {2: True, 1: False})
    assert [job.name for job in reviews(world)] == ["birds-0001-review"]
    # What its owner sends besides has names of its own, and none of what was sent before.
    assert world.chain.review("birds", 5).objects == 1


def test_a_batch_without_a_doubtful_label_gets_no_review(world: World) -> None:
    labeled(world, {}, review={"share": 0.5})
    assert reviews(world) == []
    assert world.store.batches.get("birds", 1).review_objects == 0


def test_the_chain_goes_on_beside_a_review(world: World) -> None:
    """The next batch's job starts from the model of the chain, and waits for no review."""
    labeled(world, {0: 0.9}, review={"share": 0.5})
    world.images(4, first=4)
    world.advance()
    request = world.sagemaker.jobs["birds-0002"]
    arn = request["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"]
    assert arn.endswith("model/birds-0001-model")


# ---------------------------------------------------------------- what comes of it


def test_what_people_correct_replaces_the_label_and_its_history_is_kept(world: World) -> None:
    labeled(world, {0: 0.2, 2: 0.9})
    job = world.chain.review("birds", 2)
    world.advance()
    reviewed(world, job.name, {2: True, 0: False})
    found = labels(world)
    assert len(found) == 4
    assert found[image(2)]["category"]["annotations"] == [BOX]
    assert found[image(2)]["category-metadata"]["job-name"] == f"labeling-job/{job.name}"
    assert found[image(0)]["category"]["annotations"] == []
    assert "category-review" not in found[image(2)]
    ((correction,),) = read_corrections(world.objects, ROOT).values()
    assert (correction.by, correction.why, correction.replaces["job"]) == (job.name, "second look", "birds-0001")
    assert correction.replaces["label"]["category"]["annotations"] == []
    assert listed(world) == []
    totals = json.loads(world.objects.read(ROOT / "reports/campaign.json"))["totals"]
    assert (totals["chain"]["jobs"], totals["reviews"]["jobs"]) == (1, 1)


def test_settled_again_a_review_changes_nothing_more(world: World) -> None:
    """Events come twice."""
    labeled(world, {2: 0.9})
    job = world.chain.review("birds", 1)
    world.advance()
    reviewed(world, job.name, {2: True})
    world.settlement.settle(job.name)
    assert [len(each) for each in read_corrections(world.objects, ROOT).values()] == [1]


def test_who_puts_a_label_right_while_it_is_reviewed_has_the_last_word(world: World) -> None:
    labeled(world, {2: 0.9})
    job = world.chain.review("birds", 1)
    world.advance()
    world.later(minutes=1)
    own = label("category", [{**BOX, "left": 9}])
    write_correction(world.objects, ROOT, source=image(2), label=own, by="owner", at=world.now(), token="1")
    reviewed(world, job.name, {2: True})
    assert labels(world)[image(2)]["category"]["annotations"][0]["left"] == 9


def test_a_class_is_asked_for_again_and_changed_where_people_choose_another(world: World) -> None:
    """Ground Truth has no adjustment of classes."""
    labeled(world, {2: 0.9, 1: 0.8}, task="image-classification", labels=["Owl", "Wren"])
    job = world.chain.review("birds", 2)
    world.advance()
    request = world.sagemaker.jobs[job.name]
    assert request["HumanTaskConfig"]["PreHumanTaskLambdaArn"].endswith("function:PRE-ImageMultiClass")
    assert request["LabelAttributeName"] == "category-review"
    world.finish(job.name)
    # The fake's answer is that of before.
    assert read_corrections(world.objects, ROOT) == {}


@pytest.mark.parametrize("text", ["0", "1001", "many", "-1", "٣", "9" * 5000])
def test_how_many_is_a_number(text: str) -> None:
    assert suspects_wanted(None) == 24
    assert suspects_wanted("7") == 7
    with pytest.raises(InvalidInput, match="top"):
        suspects_wanted(text)
