"""The functions as Lambda runs them: what a message does, and which messages come again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from chalice.test import Client

from chalicelib import handlers, notifications
from gt_engine.outputs.events import worker_paused
from gt_service.chain.advance import Chain
from gt_service.ingest.events import Upload
from gt_service.ingest.intake import Intake, Taken
from gt_service.notifications.due import Kind, Notification
from gt_service.records import ImageStatus
from tests.world import World, picture


def told(upload: Upload) -> dict[str, Any]:
    """S3's notification."""
    item = {"key": quote_plus(upload.key), "size": upload.size, "eTag": upload.etag, "sequencer": upload.sequencer}
    return {
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "eventTime": upload.event_time,
        "s3": {"bucket": {"name": upload.bucket}, "object": item},
    }


def messages(*bodies: Any) -> dict[str, Any]:
    """What the queue hands to a function."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:queue",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def failed(client: Client, function: str, event: dict[str, Any]) -> list[str]:
    """Invokes and returns the messages that are to come again."""
    answer = client.lambda_.invoke(function, event).payload
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


# ---------------------------------------------------------------- on_uploads


def test_many_uploads_make_one_hint(client: Client, world: World) -> None:
    """A million uploads must not make a million hints."""
    world.campaign()
    uploads = [told(world.put(f"birds/images/a b+{number}.png", picture(number))) for number in range(3)]
    assert failed(client, "on_uploads", messages({"Records": uploads[:2]}, {"Records": uploads[2:]})) == []
    assert world.store.images.count("birds", ImageStatus.PENDING) == 3
    assert world.hints == ["birds"]
    more = told(world.put("birds/images/c.png", picture(9)))
    failed(client, "on_uploads", messages({"Records": [more]}))
    assert world.hints == ["birds"]
    world.later(seconds=5)
    again = told(world.put("birds/images/d.png", picture(10)))
    failed(client, "on_uploads", messages({"Records": [again]}))
    assert world.hints == ["birds", "birds"]


def test_a_broken_message_comes_again_and_it_alone(client: Client, world: World) -> None:
    """Otherwise nine good uploads are taken back with a bad one, or the bad one is lost."""
    world.campaign()
    good = {"Records": [told(world.put("birds/images/a.png", picture()))]}
    assert failed(client, "on_uploads", messages("no JSON", good, {"Event": "s3:TestEvent"})) == ["m0"]
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1


def test_an_upload_that_cannot_be_read_now_comes_again(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 throttles; an image must not be rejected for it."""
    world.campaign()
    upload = {"Records": [told(world.put("birds/images/a.png", picture()))]}

    def throttled(*_: object, **__: object) -> bytes:
        raise ConnectionError("slow down")

    with monkeypatch.context() as patch:
        patch.setattr(world.objects, "read", throttled)
        assert failed(client, "on_uploads", messages(upload)) == ["m0"]
    assert world.store.images.get("birds", "birds/images/a.png") is None
    assert failed(client, "on_uploads", messages(upload)) == []


def test_a_slow_message_fails_alone(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that used up the function's time took the nine with it into the dead letters."""
    world.campaign()
    slow, good = ({"Records": [told(world.put(f"birds/images/{name}.png", picture()))]} for name in ("slow", "good"))
    take = Intake.take

    def slowly(self: Intake, upload: Upload, now: datetime) -> Taken:
        while "slow" in upload.key:
            pass
        return take(self, upload, now)

    monkeypatch.setattr(Intake, "take", slowly)
    monkeypatch.setattr(handlers, "_SECONDS_EACH", 0.2)
    assert failed(client, "on_uploads", messages(slow, good)) == ["m0"]
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1


def test_what_there_is_no_time_for_comes_again(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that is killed tells nobody which of its messages were done."""
    world.campaign()
    one, other = ({"Records": [told(world.put(f"birds/images/{name}.png", picture(name)))]} for name in (1, 2))
    monkeypatch.setattr(handlers, "_SECONDS_EACH", 3600)
    assert failed(client, "on_uploads", messages(one, other)) == ["m0", "m1"]


def test_a_spec_that_cannot_be_read_leaves_its_neighbours_alone(client: Client, world: World) -> None:
    """Anybody who may drop images, or a wrong file of this name, could stop everybody's."""
    specs = [
        "\n".join(f"field{number}: 1" for number in range(5000)),
        "budget: 0x" + "f" * 5000,
        "budget: '1E+999999'",
        '{"labels": ' + "[" * 60_000,
    ]
    told_of = [told(world.put(f"evil-{number}/campaign.yaml", spec.encode())) for number, spec in enumerate(specs)]
    image = told(world.put("birds/images/a.png", picture()))
    assert failed(client, "on_uploads", messages(*({"Records": [upload]} for upload in [*told_of, image]))) == []
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1
    for number in range(len(specs)):
        assert world.store.campaigns.get(f"evil-{number}").spec_errors


# ---------------------------------------------------------------- the chain's functions


def state_change(client: Client, job: str, status: str) -> Any:
    event = client.events.generate_cw_event(
        source="aws.sagemaker",
        detail_type="SageMaker Ground Truth Labeling Job State Change",
        detail={"LabelingJobStatus": status},
        resources=[f"arn:aws:sagemaker:us-east-1:111122223333:labeling-job/{job}"],
    )
    return client.lambda_.invoke("on_job_state_change", event)


def test_a_hint_advances_its_campaign(client: Client, world: World) -> None:
    world.campaign()
    world.images(4)
    assert failed(client, "on_batch_ready", messages({"campaign": "birds"})) == []
    assert list(world.sagemaker.jobs) == ["birds-0001"]


def test_a_hint_for_an_unknown_campaign_ends_in_the_dead_letters(client: Client) -> None:
    assert failed(client, "on_batch_ready", messages({"campaign": "nobody"})) == ["m0"]


def test_a_job_s_end_starts_the_next_and_its_report(client: Client, world: World) -> None:
    """The status comes from SageMaker and not from the event, which may be old."""
    world.campaign()
    world.images(8)
    world.advance()
    world.sagemaker.finish("birds-0001")
    state_change(client, "birds-0001", "InProgress")
    assert "birds-0002" in world.sagemaker.jobs
    assert world.report_requests == ["birds-0001"]
    assert failed(client, "on_job_completed", messages({"job": "birds-0001"})) == []
    assert world.store.jobs.get("birds-0001").cost is not None


def test_the_owner_is_told_of_a_worker_who_is_paused(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Notification] = []
    monkeypatch.setattr(notifications, "tell_of", told.append)
    world.campaign()
    world.images(4)
    world.advance()
    arn = "arn:aws:sagemaker:us-east-1:111122223333:labeling-job/birds-0001"
    entry = worker_paused(arn, "private.us-east-1.ANN", 2, 9, datetime(2026, 5, 3, tzinfo=UTC))
    event = client.events.generate_cw_event(
        entry["Source"], entry["DetailType"], json.loads(entry["Detail"]), list(entry["Resources"])
    )
    client.lambda_.invoke("on_job_state_change", event)
    [paused] = told
    assert (paused.kind, paused.campaign, paused.job) == (Kind.PAUSED, "birds", "birds-0001")
    assert "2 of 9" in paused.text
    state_change(client, "birds-0001", "InProgress")
    assert len(told) == 1


def test_other_peoples_jobs_are_let_pass(client: Client, world: World) -> None:
    """Failing on them would fill the events' dead-letter queue."""
    world.campaign()
    before = world.store.campaigns.get("birds")
    state_change(client, "their-job", "Completed")
    state_change(client, "theirs-0001", "Completed")
    assert list(world.store.jobs.of("theirs")) == []
    assert world.sagemaker.jobs == {}
    assert world.store.campaigns.get("birds") == before


def test_a_report_of_a_running_job_comes_again(client: Client, world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    assert failed(client, "on_job_completed", messages({"job": "birds-0001"})) == ["m0"]


def test_reconcile_makes_good_what_was_lost(client: Client, world: World) -> None:
    """No hint and no event arrived at all."""
    world.campaign()
    world.images(8)
    reconcile = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    client.lambda_.invoke("reconcile", reconcile)
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    world.sagemaker.finish("birds-0001")
    client.lambda_.invoke("reconcile", reconcile)
    assert list(world.sagemaker.jobs) == ["birds-0001", "birds-0002"]


def test_one_broken_campaign_does_not_keep_the_others(client: Client, world: World) -> None:
    """And the function fails all the same, so that somebody is told."""
    for name in ("a-campaign", "z-campaign"):
        world.campaign(name)
        world.images(4, campaign=name)
        world.advance(name)
        world.sagemaker.finish(f"{name}-0001")
    world.sagemaker.jobs["a-campaign-0001"]["LabelingJobStatus"] = "Dreaming"
    reconcile = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    with pytest.raises(RuntimeError, match="a-campaign"):
        client.lambda_.invoke("reconcile", reconcile)
    assert world.report_requests == ["z-campaign-0001"]


def test_campaigns_take_turns_where_there_is_no_time_for_all(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun at the same end each time, the last of very many campaigns would never be looked at."""
    for name in ("a-campaign", "b-campaign", "c-campaign"):
        world.campaign(name)
    watched: list[str] = []
    monkeypatch.setattr(Chain, "watch", lambda _, name: watched.append(name))
    reconcile = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    for tick in range(1, 4):
        monkeypatch.setattr(handlers, "time_left", lambda _, tick=tick: lambda: len(watched) < tick)
        client.lambda_.invoke("reconcile", reconcile)
        world.later(minutes=handlers.EVERY_MINUTES)
    assert sorted(watched) == ["a-campaign", "b-campaign", "c-campaign"]


def test_a_late_duplicate_gets_its_label_without_another_job(client: Client, world: World) -> None:
    """Also where the handler that registered it was killed before it could say so."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    upload = world.put("birds/images/late.png", picture(1))
    world.take(upload)
    assert failed(client, "on_uploads", messages({"Records": [told(upload)]})) == []
    assert failed(client, "on_batch_ready", messages({"campaign": "birds"})) == []
    assert failed(client, "on_job_completed", messages({"labels": world.label_requests.pop()})) == []
    assert "birds/images/late.png" in world.manifest("s3://results/birds/labels/output.manifest")


def test_a_corrected_file_is_healed_by_uploading_it_again(client: Client, world: World) -> None:
    """The remedy that the list of rejected images shows."""
    world.campaign()
    key = "birds/images/a.png"
    failed(client, "on_uploads", messages({"Records": [told(world.put(key, picture(1)[:20]))]}))
    assert world.store.images.count("birds", ImageStatus.REJECTED) == 1
    failed(client, "on_uploads", messages({"Records": [told(world.put(key, picture(1)))]}))
    assert world.store.images.count("birds", ImageStatus.REJECTED) == 0
    assert world.store.images.count("birds", ImageStatus.PENDING) == 1
