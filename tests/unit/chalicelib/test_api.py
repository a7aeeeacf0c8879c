"""The HTTP API: what it answers, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse
from pynamodb.exceptions import GetError

from app import app
from chalicelib import pages, wiring
from chalicelib.access import authorize
from chalicelib.page_data import PageData
from gt_service import __version__
from gt_service.backends import GROUND_TRUTH, GT_ENGINE
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.deployment import Deployment
from gt_service.estimates.estimate import estimate
from gt_service.estimates.ranges import PastJob
from gt_service.objects import S3Uri
from gt_service.openapi.image_models import Labels, SecondLook
from gt_service.prices import PriceTable
from gt_service.records import Batch, Token
from gt_service.records.states import BatchState
from gt_service.routes import ROUTES, Route
from gt_service.store.tokens import digest
from gt_service.task_types import MAX_IMAGE_BYTES
from tests.world import INBOX, REGION, RESULTS, ROLE, World, picture, spec_document


@pytest.fixture(autouse=True)
def tokens(wired: World) -> None:
    soon = wired.now() + timedelta(days=3650)
    for role in ("viewer", "operator"):
        wired.store.tokens.add(Token(digest(f"gts_{role}"), f"a {role}", role, soon))


def ask(
    client: Client, method: str, path: str, body: Any = None, *, role: str = "operator", **headers: str
) -> HTTPResponse:
    text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer gts_{role}", "Content-Type": "application/json", **headers}
    return client.http.request(method, path, headers=sent, body=text)


def test_health_needs_no_token(client: Client) -> None:
    answer = client.http.get("/health")
    assert (answer.status_code, answer.json_body["status"]) == (200, "ok")


def test_a_campaign_over_http(client: Client, world: World) -> None:
    """Everything that a drop in the inbox can do, for people who have no bucket at hand."""
    answer = ask(client, "PUT", "/campaigns/birds", spec_document())
    assert (answer.status_code, answer.json_body["status"], answer.json_body["revision"]) == (200, "active", 1)
    world.images(3)
    assert ask(client, "GET", "/campaigns/birds").json_body["images"] == {
        "pending": 3,
        "rejected": 0,
        "duplicate": 0,
        "replaced": 0,
        "in_batches": 0,
        "imported": 0,
    }
    assert ask(client, "POST", "/campaigns/birds/batches").status_code == 202
    world.advance()
    (batch,) = ask(client, "GET", "/campaigns/birds/batches").json_body["batches"]
    assert (batch["number"], batch["objects"], batch["closed_because"]) == (1, 3, "on request")
    (job,) = ask(client, "GET", "/campaigns/birds/jobs").json_body["jobs"]
    assert (job["name"], job["status"], job["cost_mills"], job["report_s3_uri"]) == (
        "birds-0001",
        "InProgress",
        None,
        None,
    )
    assert ask(client, "GET", "/jobs/birds-0001/report").status_code == 404
    assert ask(client, "GET", "/campaigns/birds/report").status_code == 404
    world.finish("birds-0001")
    job = ask(client, "GET", "/jobs/birds-0001").json_body
    assert job["status"] == "Completed"
    assert job["final_model_arn"]
    assert ask(client, "GET", "/jobs/birds-0001/report").json_body["cost"]["total_mills"] == job["cost_mills"]
    (row,) = ask(client, "GET", "/campaigns/birds/report").json_body["jobs"]
    assert row["job"]["name"] == "birds-0001"
    assert [each["name"] for each in ask(client, "GET", "/campaigns").json_body["campaigns"]] == ["birds"]


def test_a_model_can_be_taken_away_once_gt_engine_has_left_one(client: Client, world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    world.backend = GT_ENGINE
    assert ask(client, "GET", "/jobs/birds-0001/model").status_code == 404
    world.finish("birds-0001")
    answer = ask(client, "GET", "/jobs/birds-0001/model")
    assert answer.status_code == 404  # what was learnt rests on a brought model: an address would lead to nothing
    assert "rests on a model that you brought" in answer.json_body["message"]
    world.objects.write(S3Uri(RESULTS, "birds/output/birds-0001/model/model.onnx"), b"onnx", "application/octet-stream")
    answer = ask(client, "GET", "/jobs/birds-0001/model")
    assert answer.status_code == 200
    assert answer.json_body["model_s3_uri"].endswith("/output/birds-0001/model/model.onnx")
    world.backend = GROUND_TRUTH
    assert ask(client, "GET", "/jobs/birds-0001/model").status_code == 404


def test_a_spec_in_yaml(client: Client) -> None:
    body = b"task: object-detection\nlabels: [Bird]\nworkforce: " + spec_document()["workforce"].encode()
    answer = ask(client, "PUT", "/campaigns/birds", body, **{"Content-Type": "application/yaml"})
    assert answer.json_body["spec"]["labels"] == ["Bird"]


def test_a_bad_spec_is_refused_field_by_field_and_changes_nothing(client: Client) -> None:
    ask(client, "PUT", "/campaigns/birds", spec_document())
    answer = ask(client, "PUT", "/campaigns/birds", spec_document(task="bird-watching", workers_per_object=0))
    assert (answer.status_code, answer.json_body["code"]) == (422, "invalid_spec")
    assert {error["field"] for error in answer.json_body["errors"]} == {"task", "workers_per_object"}
    assert ask(client, "GET", "/campaigns/birds").json_body["revision"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/campaigns/nobody", 404, "not_found"),
        ("GET", "/campaigns/nobody/jobs", 404, "not_found"),
        ("GET", "/jobs/nobody-0001", 404, "not_found"),
        ("GET", "/jobs/nobody", 404, "not_found"),
        ("POST", "/jobs/nobody-0001/stop", 404, "not_found"),
        ("POST", "/campaigns/nobody/pause", 404, "not_found"),
        ("POST", "/campaigns/birds/batches", 409, "conflict"),
        ("PUT", "/campaigns/Birds", 422, "invalid_input"),
        ("GET", "/campaigns/birds/images?status=lost", 422, "invalid_input"),
        ("GET", "/campaigns/birds/images?MaxResults=1000", 422, "invalid_input"),
        ("GET", "/campaigns/birds/images?NextToken=x", 422, "invalid_input"),
    ],
)
def test_refusals_have_one_shape(client: Client, world: World, method: str, path: str, status: int, code: str) -> None:
    world.campaign()
    answer = ask(client, method, path, spec_document() if method == "PUT" else None)
    assert (answer.status_code, answer.json_body["code"]) == (status, code)
    assert answer.json_body["message"]


def test_a_body_of_another_type_is_refused_in_the_same_shape(client: Client) -> None:
    answer = ask(client, "POST", "/estimates", b"<x/>", **{"Content-Type": "text/xml"})
    assert (answer.status_code, answer.json_body["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("route", [route for route in ROUTES if route.needs == "operator"], ids=str)
def test_viewers_change_nothing(client: Client, world: World, route: Route) -> None:
    world.campaign()
    body = spec_document() if route.method == "PUT" else None
    path = route.path.replace("{name}", "birds" if route.path.startswith("/campaigns") else "birds-0001")
    assert ask(client, route.method, path, body, role="viewer").status_code == 403
    assert ask(client, route.method, path, body, role="operator").status_code != 403


def test_labels_can_be_downloaded_once_a_job_has_ended(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was paid for must be within reach of people who have no bucket at hand."""
    signed: list[tuple[str, Any]] = []
    sign = SimpleNamespace(generate_presigned_url=lambda method, **told: signed.append((method, told)) or "https://s3")
    monkeypatch.setattr(wiring, "signer", lambda: sign)
    settings = SimpleNamespace(deployment=Deployment(INBOX, RESULTS, REGION, ROLE))
    monkeypatch.setattr(wiring, "settings", lambda: settings)
    world.campaign()
    world.images(4)
    world.advance()
    early = ask(client, "GET", "/campaigns/birds/labels", role="viewer")
    assert (early.status_code, early.json_body["code"]) == (404, "not_found")
    world.finish("birds-0001")
    found = ask(client, "GET", "/campaigns/birds/labels", role="viewer").json_body
    Labels.model_validate(found)
    assert (found["url"], found["label_attribute"], found["labels"]) == ("https://s3", "category", ["Bird"])
    assert len(list(world.objects.lines(S3Uri.parse(found["manifest_s3_uri"])))) == 4
    ((method, told),) = signed
    assert (method, f"s3://{told['Params']['Bucket']}/{told['Params']['Key']}") == (
        "get_object",
        found["manifest_s3_uri"],
    )


@pytest.fixture
def in_ireland(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment's region decides what instances cost."""
    settings = SimpleNamespace(deployment=Deployment(INBOX, RESULTS, "eu-west-1", ROLE))
    monkeypatch.setattr(wiring, "settings", lambda: settings)


def estimated(spec: CampaignSpec, objects: int, **facts: Any) -> Any:
    return json.loads(
        json.dumps(estimate(spec, objects, prices=PriceTable.current(), region="eu-west-1", **facts).as_dict())
    )


def test_an_image_of_a_batch_that_is_being_filled_is_counted_once(client: Client, world: World) -> None:
    """Somebody with 900 photos was told that 1,566 were left."""
    ask(client, "PUT", "/campaigns/birds", spec_document())
    world.images(3)
    world.store.batches.create(
        Batch("birds", 1, BatchState.FILLING, "full", 2, "s3://results/members", None, world.now())
    )
    images = ask(client, "GET", "/campaigns/birds").json_body["images"]
    assert (images["pending"], images["in_batches"]) == (1, 2)


@pytest.mark.usefixtures("in_ireland")
def test_an_estimate_learns_from_the_campaigns_own_jobs(client: Client, world: World) -> None:
    """Whoever has labeled 3,000 images knows better what the next cost than a notebook of somebody else's birds."""
    document = spec_document(
        labels=["Bird"],
        workforce="public",
        content_classifiers=["FreeOfPersonallyIdentifiableInformation"],
        control_batches=[2],
    )
    spec = parse_spec(json.dumps(document), filename="campaign.json", campaign="birds")
    by_spec = {"objects": 2500, "spec": {**document, "name": "birds"}}
    fresh = ask(client, "POST", "/estimates", by_spec, role="viewer")
    assert (fresh.status_code, fresh.json_body) == (200, estimated(spec, 2500))

    world.upload("birds/campaign.json", json.dumps(document).encode())
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    report = ask(client, "GET", "/jobs/birds-0001/report").json_body
    expected = estimated(spec, 2500, history=[PastJob.of(report)], first_batch=2)
    assert expected != fresh.json_body
    assert ask(client, "POST", "/estimates", by_spec).json_body == expected
    assert ask(client, "POST", "/estimates", {"objects": 2500, "campaign": "birds"}).json_body == expected
    assert ask(client, "GET", "/estimates?objects=2500&campaign=birds").json_body == expected
    # Jobs for other labels tell nothing of these: the model does not fit.
    other = {**document, "name": "birds", "labels": ["Fish"]}
    answer = ask(client, "POST", "/estimates", {"objects": 2500, "spec": other}).json_body
    assert answer == estimated(spec.model_copy(update={"labels": ("Fish",)}), 2500, first_batch=2)


@pytest.mark.usefixtures("in_ireland")
@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"campaign": "birds"}, 422, "objects"),
        ({"campaign": "birds", "objects": True}, 422, "objects"),
        ({"objects": 5}, 422, "campaign"),
        ({"objects": 5, "campaign": "birds", "spec": spec_document()}, 422, "campaign"),
        ({"objects": 5, "campaign": "nobody"}, 404, "name"),
        ({"objects": 5, "spec": {**spec_document(task="bird-watching"), "name": "x"}}, 422, None),
        (b"no JSON", 422, "objects"),
    ],
)
def test_an_estimate_that_cannot_be_made_says_why(
    client: Client, world: World, body: Any, status: int, field: str | None
) -> None:
    world.campaign()
    answer = ask(client, "POST", "/estimates", body)
    assert (answer.status_code, answer.json_body.get("field")) == (status, field)


def test_rejected_images_are_listed_page_by_page(client: Client, world: World) -> None:
    """Whoever uploaded a thousand wrong files must see all of them, each once."""
    world.campaign()
    keys = {f"birds/images/{number}.txt" for number in range(7)}
    for key in keys:
        world.upload(key, b"no image")
    found: list[str] = []
    token = ""
    for _ in range(4):
        page = ask(client, "GET", f"/campaigns/birds/images?status=rejected&MaxResults=3&NextToken={token}").json_body
        found += [image["key"] for image in page["images"]]
        assert all(image["reason"] and image["remedy"] for image in page["images"])
        token = page["NextToken"]
        if token is None:
            break
    assert len(found) == 7
    assert set(found) == keys


def test_duplicates_name_the_image_that_is_labeled(client: Client, world: World) -> None:
    world.campaign()
    world.upload("birds/images/a.png", picture(1))
    world.upload("birds/images/b.png", picture(1))
    (image,) = ask(client, "GET", "/campaigns/birds/images?status=duplicate").json_body["images"]
    assert (image["key"], image["duplicate_of"]) == ("birds/images/b.png", "birds/images/a.png")


def test_pause_resume_and_stop(client: Client, world: World) -> None:
    world.campaign()
    world.images(4)
    assert ask(client, "POST", "/campaigns/birds/pause").status_code == 202
    world.advance()
    assert ask(client, "GET", "/campaigns/birds").json_body["status"] == "paused"
    assert ask(client, "POST", "/campaigns/birds/resume").status_code == 202
    world.advance()
    assert ask(client, "GET", "/campaigns/birds/jobs").json_body["jobs"][0]["status"] == "InProgress"
    assert ask(client, "POST", "/campaigns/birds/stop").status_code == 202
    world.advance()
    assert ask(client, "GET", "/campaigns/birds/jobs").json_body["jobs"][0]["status"] == "Stopped"
    assert ask(client, "POST", "/campaigns/birds/resume").status_code == 409
    assert len(world.hints) == 3


def test_going_on_without_what_has_no_label(client: Client, world: World) -> None:
    """The owner's way out where images can be labeled by nobody."""
    world.campaign(follow_ups=0)
    world.images(8)
    world.advance()
    assert ask(client, "POST", "/campaigns/birds/leave-out").status_code == 409
    world.finish("birds-0001", "Failed", labeled=3)
    assert ask(client, "GET", "/campaigns/birds").json_body["waits_for"] == "unlabeled"
    assert ask(client, "POST", "/campaigns/birds/leave-out").status_code == 202
    world.advance()
    assert ask(client, "GET", "/campaigns/birds").json_body["waits_for"] is None
    assert [batch["unlabeled"] for batch in ask(client, "GET", "/campaigns/birds/batches").json_body["batches"]] == [
        1,
        None,
    ]
    assert "birds-0002" in world.sagemaker.jobs


def test_a_second_look_over_http(client: Client, world: World) -> None:
    """What the page and the command do, for programs."""
    ask(client, "PUT", "/campaigns/birds", spec_document())
    assert ask(client, "GET", "/campaigns/birds/second-look").status_code == 404
    world.images(4)
    world.advance()
    (line, *_) = world.sagemaker.lines("birds-0001")
    label = {"category": {"annotations": [], "image_size": []}, "category-metadata": {"class-map": {}}}
    said = {**line, "label": label, "confidence": 0.9, "loss": 1.0, "suspicion": 0.8, "mistake": "missed"}
    left_out = S3Uri(RESULTS, "birds/output/birds-0001/left-out-predictions/predictions.jsonl")
    world.objects.write(left_out, json.dumps(said).encode() + b"\n", "application/x-jsonlines")
    world.finish("birds-0001")
    found = ask(client, "GET", "/campaigns/birds/second-look?top=5", role="viewer").json_body
    SecondLook.model_validate(found)
    assert [(each["suspicion"], each["mistake"]) for each in found["suspects"]] == [(0.8, "missed")]
    assert ask(client, "GET", "/campaigns/birds/second-look?top=x").status_code == 422
    assert ask(client, "POST", "/campaigns/birds/second-look?top=5", role="viewer").status_code in {401, 403}
    sent = ask(client, "POST", "/campaigns/birds/second-look?top=5")
    assert (sent.status_code, sent.json_body["name"], sent.json_body["role"]) == (202, "birds-0001-review1", "review")
    assert world.hints[-1:] == ["birds"]
    assert ask(client, "POST", "/campaigns/birds/second-look?top=5").status_code == 409
    assert ask(client, "GET", "/campaigns/birds/second-look").json_body["suspects"] == []


def test_stopping_a_job(client: Client, world: World) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    answer = ask(client, "POST", "/jobs/birds-0001/stop")
    assert (answer.status_code, answer.json_body["status"]) == (202, "Stopped")
    assert ask(client, "POST", "/jobs/birds-0001/stop").status_code == 409


def test_a_job_that_was_refused_is_shown_in_ground_truths_words(client: Client, world: World) -> None:
    """Readers of the API know six statuses; `stage` tells the seventh."""
    world.sagemaker.refusals["birds-0001"] = ("ValidationException", "no such role")
    world.campaign()
    world.images(4)
    world.advance()
    job = ask(client, "GET", "/jobs/birds-0001").json_body
    assert (job["status"], job["stage"]) == ("Failed", "Refused")
    assert "no such role" in job["failure_reason"]


@pytest.mark.usefixtures("in_ireland")
def test_the_page_of_a_running_job_knows_what_its_labels_have_cost(wired: World) -> None:
    """By the spec that the job was started with: another spec's price would be a wrong sum of money."""

    def so_far() -> Any:
        return PageData().job("birds-0001")["so_far_mills"]

    wired.campaign()
    wired.images(4)
    wired.advance()
    running = wired.sagemaker.jobs["birds-0001"]
    running["LabelCounters"] = {**running["LabelCounters"], "HumanLabeled": 3, "MachineLabeled": 1}
    assert so_far() == 4 * 80
    wired.campaign(workers_per_object=5)
    assert so_far() is None
    wired.finish("birds-0001")
    assert so_far() is None


# ---------------------------------------------------------------- once, and not again


def test_the_same_request_is_done_once(client: Client, world: World) -> None:
    """A client whose connection broke sends it again: a second try must not be granted, nor the answer be another."""
    world.campaign()
    world.images(4)
    world.advance()
    answers = [ask(client, "POST", "/jobs/birds-0001/stop", **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json_body == answers[1].json_body
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len(world.hints) == 1
    assert ask(client, "POST", "/jobs/birds-0001/stop", **{"Idempotency-Key": "two"}).status_code == 409


def test_a_refusal_is_kept_too_and_a_key_is_for_one_request_of_one_caller(client: Client, world: World) -> None:
    world.campaign()
    once = {"Idempotency-Key": "one"}
    assert ask(client, "POST", "/campaigns/birds/batches", **once).status_code == 409
    world.images(4)
    assert ask(client, "POST", "/campaigns/birds/batches", **once).status_code == 409
    assert ask(client, "POST", "/campaigns/birds/pause", **once).status_code == 422
    other = Token(digest("gts_other"), "another operator", "operator", world.now() + timedelta(days=3650))
    world.store.tokens.add(other)
    assert ask(client, "POST", "/campaigns/birds/batches", role="other", **once).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(client: Client, world: World, key: str) -> None:
    world.campaign()
    answer = ask(client, "POST", "/campaigns/birds/pause", **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json_body["field"]) == (422, "Idempotency-Key")


def test_what_the_caller_has_already_is_not_sent_again(client: Client, world: World) -> None:
    world.campaign()
    tag = ask(client, "GET", "/campaigns/birds").headers["ETag"]
    assert ask(client, "GET", "/campaigns/birds", **{"If-None-Match": tag}).status_code == 304
    world.images(1)
    again = ask(client, "GET", "/campaigns/birds", **{"If-None-Match": tag})
    assert (again.status_code, again.json_body["images"]["pending"]) == (200, 1)


def test_ready_tells_whether_the_tables_answer(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.http.get("/ready").json_body == {"status": "ready"}

    def find(name: str) -> None:
        raise GetError("no such table")

    monkeypatch.setattr(world.store.campaigns, "find", find)
    answer = client.http.get("/ready")
    assert (answer.status_code, answer.json_body["code"]) == (503, "not_ready")


def test_version(client: Client) -> None:
    assert client.http.get("/version").json_body == {"version": __version__}


# ---------------------------------------------------------------- lists


def test_lists_take_sagemakers_parameters(client: Client, world: World) -> None:
    world.campaign()
    world.images(8)
    world.advance()
    world.finish("birds-0001")
    jobs = "/campaigns/birds/jobs"
    first = ask(client, "GET", f"{jobs}?MaxResults=1&SortBy=Name&SortOrder=Descending").json_body
    assert [job["name"] for job in first["jobs"]] == ["birds-0002"]
    rest = ask(client, "GET", f"{jobs}?SortBy=Name&SortOrder=Descending&NextToken={first['NextToken']}").json_body
    assert ([job["name"] for job in rest["jobs"]], rest["NextToken"]) == (["birds-0001"], None)
    completed = ask(client, "GET", f"{jobs}?StatusEquals=Completed").json_body["jobs"]
    assert [job["name"] for job in completed] == ["birds-0001"]
    batches = ask(client, "GET", "/campaigns/birds/batches?SortOrder=Descending").json_body["batches"]
    assert [batch["number"] for batch in batches] == [2, 1]
    assert ask(client, "GET", "/campaigns?NameContains=cat").json_body["campaigns"] == []
    assert len(ask(client, "GET", "/campaigns?StatusEquals=active").json_body["campaigns"]) == 1
    for path in ("/campaigns", jobs, "/campaigns/birds/batches"):
        answer = ask(client, "GET", f"{path}?StatusEquals=odd")
        assert (answer.status_code, answer.json_body["field"]) == (422, "StatusEquals")


# ---------------------------------------------------------------- requests that are signed

ROBOT = "arn:aws:sts::111122223333:assumed-role/robot/i-0123456789"


def signed(method: str, path: str, *, by: str | None = ROBOT, key: str | None = "ASIA", **headers: str) -> Any:
    """As Lambda is called for a request below /iam whose signature API Gateway has checked."""
    identity = {"sourceIp": "203.0.113.7", "userArn": by, "accessKey": key}
    event = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": f"/iam{path}".replace("/birds-0001", "/{name}").replace("/birds", "/{name}"),
            "path": f"/api/iam{path}",
            "identity": identity,
        },
        "headers": {"accept": "text/html", "content-type": "application/json", **headers},
        "pathParameters": {"name": path.split("/")[2]} if path.count("/") > 1 else {},
        "multiValueQueryStringParameters": None,
        "stageVariables": {},
        "body": "",
        "isBase64Encoded": False,
    }
    answer = app(event, SimpleNamespace(aws_request_id="one"))
    return answer["statusCode"], json.loads(answer["body"])


def test_a_machine_signs_and_needs_no_token(wired: World) -> None:
    """What it may do was asked of IAM by the gateway; the answers are the API's, never pages."""
    wired.campaign()
    assert signed("GET", "/campaigns/birds")[1]["name"] == "birds"
    status, campaign = signed("POST", "/campaigns/birds/pause")
    assert (status, campaign["status"]) == (202, "paused")


@pytest.mark.parametrize(("by", "key"), [(None, None), (ROBOT, None), (None, "ASIA")])
def test_a_request_without_a_signer_is_refused(wired: World, by: str | None, key: str | None) -> None:
    wired.campaign()
    status, problem = signed("POST", "/campaigns/birds/pause", by=by, key=key)
    assert (status, problem["code"]) == (403, "access_denied")
    assert wired.store.campaigns.get("birds").state == "active"


def test_the_log_names_who_changed_something(client: Client, wired: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(pages.logger, "info", lambda message, extra: told.append((message, extra)))
    wired.campaign()
    signed("POST", "/campaigns/birds/pause")
    ask(client, "POST", "/campaigns/birds/resume")
    ask(client, "GET", "/campaigns/birds")
    assert told == [
        ("change asked for", {"principal": ROBOT, "method": "POST", "path": "/iam/campaigns/birds/pause"}),
        ("change asked for", {"principal": "a operator", "method": "POST", "path": "/campaigns/birds/resume"}),
    ]


def test_a_key_is_its_signers_own(wired: World) -> None:
    """Two machines that number their requests from one must not be given each other's answers."""
    wired.campaign()
    once = {"idempotency-key": "one"}
    assert signed("POST", "/campaigns/birds/batches", **once)[0] == 409
    wired.images(4)
    assert signed("POST", "/campaigns/birds/batches", **once)[0] == 409
    assert signed("POST", "/campaigns/birds/batches", by=ROBOT.replace("robot", "other"), **once)[0] == 202


# ---------------------------------------------------------------- who may


def allowed(token: str) -> Any:
    event = {
        "type": "TOKEN",
        "authorizationToken": token,
        "methodArn": "arn:aws:execute-api:us-east-1:111122223333:api/api/GET/campaigns",
    }
    return authorize(event, None)


def resources(answer: Any) -> list[str]:
    return [resource for statement in answer["policyDocument"]["Statement"] for resource in statement["Resource"]]


def test_an_operator_may_do_everything(wired: World) -> None:
    answer = allowed("Bearer gts_operator")
    assert (answer["principalId"], answer["context"]) == ("a operator", {"role": "operator"})
    assert {resource.split("/")[2] for resource in resources(answer)} == {"GET", "PUT", "POST"}


def test_a_viewer_may_look(wired: World) -> None:
    """Somebody who shows the numbers to others must not be able to spend."""
    assert {resource.split("/")[2] for resource in resources(allowed("bearer gts_viewer"))} == {"GET"}


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "gts_operator", "Basic gts_operator"])
def test_nobody_else_gets_in(wired: World, token: str) -> None:
    assert resources(allowed(token)) == []


def test_an_expired_token_is_refused(wired: World) -> None:
    """DynamoDB removes expired items late, up to two days."""
    wired.store.tokens.add(Token(digest("gts_old"), "old", "operator", wired.now()))
    assert resources(allowed("Bearer gts_old")) == []


def test_the_table_holds_no_token(wired: World) -> None:
    """Who reads the table must not become an operator."""
    items = [item.digest for item in wired.store.tables.tokens.scan()]
    assert len(items) == 2
    assert all(len(item) == 64 and "gts_" not in item for item in items)


def policy_of(form: dict[str, Any]) -> list[Any]:
    conditions: list[Any] = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    return conditions


def test_images_are_uploaded_by_a_form_that_reaches_nothing_else(client: Client, world: World) -> None:
    """Or whoever may upload images could name the budget, forge gold labels, or write into another campaign."""
    world.campaign()
    digest_of = hashlib.sha256(picture(1)).hexdigest()
    files = [{"path": "day/1.png", "digest": digest_of}]
    form = ask(client, "POST", "/campaigns/birds/uploads", {"files": files}).json_body
    assert ["starts-with", "$key", "birds/images/"] in policy_of(form)
    assert ["content-length-range", 1, MAX_IMAGE_BYTES] in policy_of(form)
    assert form["seconds"] <= 900
    (place,) = form["files"]
    assert (place["key"], place["image"]) == ("birds/images/day/1.png", None)
    world.upload(place["key"], picture(1))
    (place,) = ask(client, "POST", "/campaigns/birds/uploads", {"files": files}).json_body["files"]
    assert place["image"]["status"] == "pending", "the same folder, dropped again, goes on where it stopped"


def test_nobody_uploads_into_what_is_stopped_or_not_there(client: Client, world: World) -> None:
    assert ask(client, "POST", "/campaigns/birds/uploads", {"files": []}).status_code == 404
    world.campaign()
    assert ask(client, "POST", "/campaigns/birds/uploads", {"files": []}, role="viewer").status_code == 403
    ask(client, "POST", "/campaigns/birds/stop")
    assert ask(client, "POST", "/campaigns/birds/uploads", {"files": []}).status_code == 409
