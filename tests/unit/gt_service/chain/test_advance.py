"""A campaign from its first image to its last report, driven by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from gt_service.backends import GT_ENGINE
from gt_service.campaign import CampaignSpec
from gt_service.chain.advance import MOST_IDLE_ROUNDS
from gt_service.chain.next_jobs import model_name
from gt_service.errors import AccessDenied, Conflict, NotFound
from gt_service.ingest.batching import Batching
from gt_service.objects import S3Uri
from gt_service.records import Campaign, Job
from gt_service.records.states import CampaignEvent, JobState
from tests.world import INBOX, RESULTS, World, spec_document

PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}


def campaign_of(world: World) -> Campaign:
    return world.store.campaigns.get("birds")


def jobs_of(world: World) -> dict[str, Job]:
    return {job.name: job for job in world.store.jobs.of("birds")}


def test_two_batches_and_a_control(world: World) -> None:
    """The notebook's experiment: the second batch starts from the first one's model, its control from none."""
    world.campaign(control_batches=[2])
    keys = world.images(8)
    world.advance()

    first = world.sagemaker.jobs["birds-0001"]
    assert "InitialActiveLearningModelArn" not in first["LabelingJobAlgorithmsConfig"]
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    world.finish("birds-0001")
    model = "arn:aws:sagemaker:us-east-1:111122223333:model/birds-0001-model"
    assert world.sagemaker.jobs["birds-0002"]["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] == model
    world.finish("birds-0002")
    control = world.sagemaker.jobs["birds-0002-control"]
    assert "InitialActiveLearningModelArn" not in control["LabelingJobAlgorithmsConfig"]
    assert world.manifest(control["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]) == keys[4:]
    world.finish("birds-0002-control")

    jobs = world.store.jobs.of("birds")
    assert [job.role.value for job in jobs] == ["first", "warm", "control"]
    assert [world.manifest(batch.manifest_uri) for batch in world.store.batches.of("birds")] == [keys[:4], keys[4:]]
    campaign = campaign_of(world)
    assert (campaign.committed, campaign.verdict.status) == (0, "active")
    assert campaign.spent == sum(job.cost or 0 for job in jobs) > 0


MINE = {"model": "s3://inbox/birds/models/mine.onnx"}


def test_a_model_of_the_owner_is_registered_once_and_the_first_job_starts_from_it(world: World) -> None:
    world.backend = GT_ENGINE
    world.campaign(**MINE)
    world.images(8)
    world.advance()
    ((name, file),) = world.sagemaker.models.items()
    assert file == MINE["model"]
    first = world.sagemaker.jobs["birds-0001"]["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"]
    assert first == f"arn:aws:sagemaker:us-east-1:111122223333:model/{name}"
    world.finish("birds-0001")
    second = world.sagemaker.jobs["birds-0002"]["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"]
    assert second.endswith("model/birds-0001-model")
    assert len(world.sagemaker.models) == 1


def test_a_model_that_the_engine_refuses_is_told_with_its_reason(world: World) -> None:
    world.backend = GT_ENGINE
    spec = CampaignSpec(name="birds", **spec_document(**MINE))
    world.sagemaker.refusals[model_name(spec)] = ("ValidationException", "the model is not an ONNX file")
    world.campaign(**MINE)
    world.images(4)
    world.advance()
    assert "not an ONNX file" in (campaign_of(world).verdict.reason or "")
    assert world.sagemaker.jobs == {}


def test_ground_truth_takes_no_model_of_others(world: World) -> None:
    """It would fail the job after its images were paid for, or ignore what the owner counts on."""
    world.campaign(**MINE)
    world.images(4)
    world.advance()
    assert "Ground Truth starts from no other models" in (campaign_of(world).verdict.reason or "")
    assert world.sagemaker.jobs == {}


def test_a_report_learns_of_its_control(world: World) -> None:
    """The warm job is reported before its control has run: the saving against it would stay unknown."""
    world.campaign(control_batches=[1])
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    report = S3Uri(RESULTS, "birds/reports/birds-0001/report.json")
    before = json.loads(world.objects.read(report))
    world.finish("birds-0001-control")
    after = json.loads(world.objects.read(report))
    assert before != after
    assert "birds-0001-control" in json.dumps(after)
    assert "birds-0001-control" not in json.dumps(before)


def test_what_was_sent_is_kept(world: World) -> None:
    """Without it nobody can say afterwards what SageMaker was asked for."""
    world.campaign()
    world.images(4)
    world.advance()
    sent = json.loads(world.objects.read(S3Uri(RESULTS, "birds/requests/birds-0001.json")))
    assert sent.items() <= world.sagemaker.jobs["birds-0001"].items()
    assert {"Key": "gt-service:campaign", "Value": "birds"} in sent["Tags"]


def test_a_follow_up_pays_for_nothing_twice(world: World) -> None:
    """A failed job's labels are paid: its follow-up may hold the other objects only."""
    world.campaign()
    keys = world.images(4)
    world.advance()
    world.finish("birds-0001", "Failed", labeled=3)
    follow_up = jobs_of(world)["birds-0001-r1"]
    assert world.manifest(follow_up.manifest_uri) == keys[3:]
    assert follow_up.objects == 1
    world.finish("birds-0001-r1")
    assert world.store.batches.get("birds", 1).unlabeled == 0
    assert list(world.sagemaker.jobs) == ["birds-0001", "birds-0001-r1"]


def test_tries_are_limited_and_resuming_grants_one_more(world: World) -> None:
    """A job that always fails would go on for ever."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001", "Failed", labeled=1)
    world.finish("birds-0001-r1", "Failed", labeled=1)
    assert campaign_of(world).verdict.status == "waiting"
    assert "2 objects unlabeled" in str(campaign_of(world).verdict.reason)
    world.chain.resume("birds")
    world.advance()
    assert campaign_of(world).verdict.status == "active"
    assert jobs_of(world)["birds-0001-r2"].objects == 2


def test_a_refused_budget_goes_on_when_the_cap_is_raised(world: World) -> None:
    """A refusal is an answer: it says why, costs nothing, and needs no restart."""
    world.campaign(**PUBLIC, budget="0.5")
    world.images(4)
    world.advance()
    assert world.sagemaker.jobs == {}
    campaign = campaign_of(world)
    assert (campaign.verdict.status, campaign.committed) == ("waiting", 0)
    assert "budget" in str(campaign.verdict.reason)
    world.later(minutes=1)
    world.campaign(**PUBLIC, budget="100")
    world.advance()
    campaign = campaign_of(world)
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    assert (campaign.verdict.status, campaign.committed) == ("active", jobs_of(world)["birds-0001"].reserved)
    world.finish("birds-0001")
    assert (campaign_of(world).committed, campaign_of(world).spent) == (0, jobs_of(world)["birds-0001"].cost)


def test_a_report_written_twice_is_booked_once(world: World) -> None:
    """Completion messages come twice."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    spent = campaign_of(world).spent
    world.settlement.settle("birds-0001")
    assert (campaign_of(world).spent, campaign_of(world).committed) == (spent, 0)


def test_a_job_that_runs_has_no_report_yet(world: World) -> None:
    """Booked too early, the cost would be too low for good."""
    world.campaign()
    world.images(4)
    world.advance()
    with pytest.raises(Conflict, match="InProgress"):
        world.settlement.settle("birds-0001")


# ---------------------------------------------------------------- creating


def test_a_job_that_was_created_before_the_answer_was_lost_is_ours(world: World) -> None:
    """ResourceInUse after a lost answer is success; taken for a failure, the batch would never be labeled."""
    world.campaign()
    world.images(4)
    create, lost = world.sagemaker.create_labeling_job, []

    def lose_the_answer(**request: object) -> dict[str, object]:
        create(**request)
        lost.append(request)
        raise ConnectionError("the answer is lost")

    world.sagemaker.create_labeling_job = lose_the_answer  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        world.advance()
    world.sagemaker.create_labeling_job = create  # type: ignore[method-assign]
    assert jobs_of(world)["birds-0001"].state is JobState.RESERVED
    world.advance()
    assert jobs_of(world)["birds-0001"].state is JobState.IN_PROGRESS
    assert len(lost) == 1


def test_a_stranger_with_our_name_is_not_taken_for_ours(world: World) -> None:
    """Its labels would be reported as the campaign's."""
    world.objects.write(S3Uri(INBOX, "other.manifest"), b'{"source-ref":"s3://x/y.png"}\n', "text/plain")
    world.campaign()
    world.images(4)
    stranger = {
        "LabelingJobName": "birds-0001",
        "LabelAttributeName": "category",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{INBOX}/other.manifest"}}},
        "OutputConfig": {"S3OutputPath": "s3://elsewhere/"},
    }
    world.sagemaker.create_labeling_job(**stranger)
    world.advance()
    assert jobs_of(world)["birds-0001"].state is JobState.REFUSED
    assert "another labeling job is named birds-0001" in str(campaign_of(world).verdict.reason)


def test_a_refused_request_goes_on_when_the_cause_is_fixed(world: World) -> None:
    """SageMaker's own words reach the owner, and correcting the spec is enough."""
    world.sagemaker.refusals["birds-0001"] = ("ValidationException", "Could not assume role.")
    world.campaign()
    world.images(4)
    world.advance()
    world.advance()
    assert "Could not assume role." in str(campaign_of(world).verdict.reason)
    world.sagemaker.refusals.clear()
    world.later(minutes=1)
    world.campaign(role_arn="arn:aws:iam::111122223333:role/better-labeling")
    world.advance()
    assert world.sagemaker.jobs["birds-0001"]["RoleArn"].endswith("better-labeling")
    assert jobs_of(world)["birds-0001"].revision == 2
    assert campaign_of(world).committed == jobs_of(world)["birds-0001"].reserved


def test_a_refused_request_is_not_tried_without_end_where_the_clock_was_set_back(world: World) -> None:
    """Resumed at eleven and refused at eight: each look found that it had been resumed since, and tried again."""
    world.sagemaker.refusals["birds-0001"] = ("ValidationException", "Could not assume role.")
    world.campaign()
    world.images(4)
    world.advance()
    world.chain.resume("birds")
    world.later(hours=-3)
    rounds = iter(range(20))
    world.chain.advance("birds", may_go_on=lambda: next(rounds) < 19)
    assert next(rounds) < 19, "it came to rest"
    world.later(hours=4)
    world.sagemaker.refusals.clear()
    world.chain.resume("birds")
    world.advance()
    assert "birds-0001" in world.sagemaker.jobs


def test_missing_examples_are_shown_and_nothing_is_lost(world: World) -> None:
    """A wrong URI in the spec must not end in a dead-letter queue."""
    world.campaign(instructions={"examples": f"s3://{INBOX}/birds/examples/none.manifest"})
    world.images(4)
    world.advance()
    assert "none.manifest" in str(campaign_of(world).verdict.reason)
    world.later(minutes=1)
    world.campaign()
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001"]


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        pytest.param(b"", "the file is empty", id="zero bytes"),
        pytest.param(b"no json\n", "line 1 is no image", id="not a manifest"),
        pytest.param(b'{"source-ref": "s3://inbox/birds/examples/gone.png"}\n', "examples", id="no image"),
    ],
)
def test_unusable_examples_make_a_campaign_wait_and_say_why(world: World, examples: bytes, said: str) -> None:
    """Retried for ever without a word, the campaign would seem to hang."""
    uri = S3Uri(INBOX, "birds/examples/examples.manifest")
    world.objects.write(uri, examples, "application/jsonlines")
    world.campaign(instructions={"examples": str(uri)})
    world.images(4)
    world.advance()
    verdict = campaign_of(world).verdict
    assert verdict.status == "waiting"
    assert said in str(verdict.reason)
    assert verdict.remedy


def test_examples_that_may_not_be_read_make_a_campaign_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another bucket's owner has to be asked, and nobody else can know."""
    uri, read = S3Uri("elsewhere", "examples.manifest"), world.objects.read

    def refused(asked: S3Uri, **options: Any) -> bytes:
        if asked == uri:
            raise AccessDenied(f"the service may not read {uri}", remedy="Let it.")
        return read(asked, **options)

    monkeypatch.setattr(world.objects, "read", refused)
    world.campaign(instructions={"examples": str(uri)})
    world.images(4)
    world.advance()
    assert (campaign_of(world).verdict.status, "may not read" in str(campaign_of(world).verdict.reason)) == (
        "waiting",
        True,
    )


def test_a_request_that_boto3_does_not_even_send_makes_a_campaign_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be made again and again, and fail each time before anybody sees it."""

    def refuses(**_: Any) -> None:
        raise ParamValidationError(report="Invalid length for parameter Tags")

    monkeypatch.setattr(world.sagemaker, "create_labeling_job", refuses)
    world.campaign()
    world.images(4)
    world.advance()
    assert campaign_of(world).verdict.status == "waiting"
    assert "Invalid length for parameter Tags" in str(campaign_of(world).verdict.reason)


def test_a_running_job_keeps_its_spec(world: World) -> None:
    """Class numbers are bound to the labels it was started with."""
    world.campaign(labels=["Bird"])
    world.images(8)
    world.advance()
    world.later(minutes=1)
    world.campaign(labels=["Bird", "Cat"])
    world.advance()
    place = S3Uri.parse(world.sagemaker.jobs["birds-0001"]["LabelCategoryConfigS3Uri"])
    assert [each["label"] for each in json.loads(world.objects.read(place))["labels"]] == ["Bird"]
    world.finish("birds-0001")
    second = world.sagemaker.jobs["birds-0002"]
    labels = json.loads(world.objects.read(S3Uri.parse(second["LabelCategoryConfigS3Uri"])))["labels"]
    assert [each["label"] for each in labels] == ["Bird", "Cat"]
    assert "InitialActiveLearningModelArn" not in second["LabelingJobAlgorithmsConfig"], "a model for other labels"


# ---------------------------------------------------------------- pause, stop, events


def test_pause_and_resume(world: World) -> None:
    world.campaign()
    world.store.campaigns.apply("birds", CampaignEvent.PAUSE, world.now())
    world.images(4)
    world.advance()
    assert world.sagemaker.jobs == {}
    assert campaign_of(world).verdict.status == "paused"
    world.chain.resume("birds")
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001"]


def test_stop_stops_what_runs_and_frees_the_money(world: World) -> None:
    world.campaign()
    world.images(8)
    world.advance()
    world.store.campaigns.apply("birds", CampaignEvent.STOP, world.now())
    world.advance()
    world.settle()
    assert world.sagemaker.jobs["birds-0001"]["LabelingJobStatus"] == "Stopped"
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    assert campaign_of(world).committed == 0
    with pytest.raises(Conflict):
        world.chain.resume("birds")


def test_a_job_never_created_is_withdrawn_once_nobody_can_create_it(world: World) -> None:
    """Its reservation would be held for ever; freed too early, a slow handler could spend it twice."""
    world.campaign()
    world.images(4)
    world.sagemaker.create_labeling_job = _down  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        world.advance()
    world.store.campaigns.apply("birds", CampaignEvent.STOP, world.now())
    world.advance()
    assert campaign_of(world).committed > 0
    world.later(minutes=21)
    world.advance()
    assert campaign_of(world).committed == 0
    assert jobs_of(world)["birds-0001"].state is JobState.WITHDRAWN


def _down(**_: object) -> dict[str, object]:
    raise ConnectionError("SageMaker cannot be reached")


def test_a_lost_event_is_made_good(world: World) -> None:
    """EventBridge delivers these events as best it can: the chain must not stop where it cannot."""
    world.campaign()
    world.images(8)
    world.advance()
    world.sagemaker.finish("birds-0001")
    world.chain.watch("birds")
    world.advance()
    assert "birds-0002" in world.sagemaker.jobs


def test_a_stuck_job_is_warned_of(world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    world.later(hours=25)
    world.chain.watch("birds")
    assert "no label since" in str(jobs_of(world)["birds-0001"].warning)
    world.sagemaker.jobs["birds-0001"]["LabelCounters"]["HumanLabeled"] = 1
    world.chain.watch("birds")
    assert jobs_of(world)["birds-0001"].warning is None
    world.later(days=28)
    world.chain.watch("birds")
    assert "30 days" in str(jobs_of(world)["birds-0001"].warning)


def test_someone_elses_job_is_not_found(world: World) -> None:
    """The rule delivers every labeling job's events."""
    with pytest.raises(NotFound):
        world.chain.observe("their-own-job")
    with pytest.raises(NotFound):
        world.chain.observe("theirs-0001")


def test_stopping_a_job_keeps_its_labels_and_sends_the_rest_once_more(world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    job = world.chain.stop_job("birds-0001")
    assert job.state is JobState.STOPPED
    with pytest.raises(Conflict, match="Stopped"):
        world.chain.stop_job("birds-0001")
    world.advance()
    assert jobs_of(world)["birds-0001-r1"].objects == 4


def test_time_runs_out_between_rounds(world: World) -> None:
    """Lambda ends a function after its timeout: the rest of the work must be asked for, not forgotten."""
    world.campaign()
    world.images(8)
    rounds = iter([True, False])
    world.chain.advance("birds", may_go_on=lambda: next(rounds))
    assert world.hints == ["birds"]
    world.advance()
    assert len(world.store.batches.of("birds")) == 2


def test_a_plan_that_changes_nothing_is_not_carried_out_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function ran until its time was over, and was called again at once: day and night, for money."""
    world.campaign()
    world.images(4)
    tried: list[int] = []
    monkeypatch.setattr(Batching, "choose", lambda *_: tried.append(1))
    world.chain.advance("birds", may_go_on=lambda: len(tried) < 99)
    assert (len(tried), world.hints) == (MOST_IDLE_ROUNDS, [])


def test_a_look_writes_nothing(world: World) -> None:
    """Reading the API must not change anything."""
    world.campaign()
    world.images(4)
    world.advance()
    before = jobs_of(world)["birds-0001"]
    world.sagemaker.finish("birds-0001")
    assert world.chain.look(before).state is JobState.COMPLETED
    assert jobs_of(world)["birds-0001"] == before
    assert world.chain.look(replace(before, name="birds-0009")) == replace(before, name="birds-0009")
