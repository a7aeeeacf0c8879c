"""Each function's policy against the calls that it really makes: what is missing fails only in somebody's account.

A campaign's whole life runs through the functions, from a failed job to a stopped campaign; every call to DynamoDB, S3,
SQS and SageMaker is written down under the function that made it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.test import Client

from chalicelib import wiring
from gt_service.campaign import parse_spec
from gt_service.campaign.writing import written
from gt_service.objects import S3Uri
from gt_service.records import Token
from gt_service.store.tokens import digest
from tests.unit.chalicelib.test_handlers import failed, messages, told
from tests.world import INBOX, RESULTS, World, picture, spec_document

CHALICE = Path(__file__).parents[3] / ".chalice"
TABLES = {name: f"{name.capitalize()}Table" for name in ("campaigns", "images", "batches", "jobs", "tokens")}
FUNCTIONS = tuple(sorted(file.stem.removeprefix("policy-") for file in CHALICE.glob("policy-*.json")))
JOBS = "labeling-job/*"
PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}
OBJECT_ACTIONS = {
    "etag": (),  # of the test itself
    "list": ("s3:ListBucket",),
    "read": ("s3:GetObject",),
    "lines": ("s3:GetObject",),
    "write": ("s3:PutObject",),
    "write_stream": ("s3:PutObject", "s3:AbortMultipartUpload"),
}

FOLDERS = ("exports", "corrections", "manifests", "specs")
"""Of the results bucket, which a function may write to alone."""

WITHOUT_RESOURCES = {"sagemaker:ListWorkteams"}
"""IAM lets nobody do these on some things alone; they name what there is, and change nothing."""

Call = tuple[str, str]
"""An action of IAM, and the resource by its name in the template."""


def allowed(function: str) -> set[Call]:
    """What the function's policy lets it do."""
    statements = json.loads((CHALICE / f"policy-{function}.json").read_text())["Statement"]
    return {
        (action, name(resource))
        for statement in statements
        for action in statement["Action"]
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }


def refused(calls: set[Call], function: str) -> set[Call]:
    """The calls that the function's policy does not let it make."""
    may = allowed(function)
    return {(action, place) for action, place in calls if not {(action, place), (action, _whole(place))} & may}


def _whole(place: str) -> str:
    return f"{place.split('/')[0]}/*" if "/" in place else place


def name(resource: Mapping[str, Any] | str) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text: str = resource["Fn::Sub"]
    return JOBS if text.endswith(f":{JOBS}") else text.replace("${", "").replace(".Arn}", "")


class Record:
    """Who called what. `function` is the one at work; None while the test itself sets the scene."""

    def __init__(self) -> None:
        self.function: str | None = None
        self.calls: defaultdict[str, set[Call]] = defaultdict(set)

    def note(self, action: str, resource: str) -> None:
        if self.function is not None:
            self.calls[self.function].add((action, resource))

    def dynamodb(self, model: Any, params: Mapping[str, Any], **_: Any) -> None:
        body = json.loads(params["body"])
        if model.name == "TransactWriteItems":
            for item in body["TransactItems"]:
                for kind, write in item.items():
                    action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                    self.note(f"dynamodb:{action}", TABLES[write["TableName"]])
        elif model.name == "BatchGetItem":
            for table in body["RequestItems"]:
                self.note("dynamodb:BatchGetItem", TABLES[table])
        else:
            index = "/index/*" if "IndexName" in body else ""
            self.note(f"dynamodb:{model.name}", TABLES[body["TableName"]] + index)


class Noted:
    """A fake that tells of each call by its name and arguments."""

    def __init__(self, inner: Any, note: Callable[..., None]) -> None:
        self._inner, self._note = inner, note

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._note(name, *arguments)
            return method(*arguments, **named)

        return call if callable(method) else method

    def read_many(self, uris: Iterable[S3Uri]) -> Iterator[bytes]:
        """Many calls, each of them noted."""
        return map(self.read, uris)


@pytest.fixture
def record(wired: World, monkeypatch: pytest.MonkeyPatch) -> Record:
    record, world = Record(), wired

    def s3(method: str, uri: S3Uri, *_: Any) -> None:
        bucket = "InboxBucket" if uri.bucket == INBOX else "ResultsBucket"
        folder = next((each for each in FOLDERS if method == "write" and f"/{each}/" in uri.key), None)
        place = f"{bucket}/*" if folder is None else f"{bucket}/*/{folder}/*"
        for action in OBJECT_ACTIONS[method]:
            record.note(action, bucket if method == "list" else place)
        # An object that is not there is only told from one that may not be read to those who may list.
        record.note("s3:ListBucket", bucket) if method in {"read", "lines"} else None

    def sagemaker(method: str, *_: Any) -> None:
        action = "sagemaker:" + "".join(map(str.capitalize, method.split("_")))
        record.note(action, "*" if action in WITHOUT_RESOURCES else JOBS)

    world.store.tables.connection.client.meta.events.register("before-call.dynamodb", record.dynamodb)
    monkeypatch.setattr(world, "objects", Noted(world.objects, s3))
    monkeypatch.setattr(world, "sagemaker", Noted(world.sagemaker, sagemaker))
    monkeypatch.setattr(wiring, "settings", lambda: SimpleNamespace(deployment=world.deployment))
    for signal, queue in (
        ("hint", "Batches"),
        ("ask_report", "Completions"),
        ("ask_labels", "Completions"),
        ("ask_export", "Completions"),
    ):
        send = getattr(world, signal)

        def sent(*arguments: Any, _send: Any = send, _queue: str = queue, **named: Any) -> None:
            record.note("sqs:SendMessage", f"{_queue}Queue")
            _send(*arguments, **named)

        monkeypatch.setattr(world, signal, sent)
    return record


class Life:
    """A campaign's life, each step of it by one function."""

    def __init__(self, client: Client, world: World, record: Record) -> None:
        self._client, self._world, self._record = client, world, record

    def by(self, function: str, do: Callable[[], Any]) -> Any:
        self._record.function = function
        try:
            return do()
        finally:
            self._record.function = None

    def advanced(self) -> None:
        tick = self._client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        self.by("reconcile", lambda: self._client.lambda_.invoke("reconcile", tick))

    def uploaded(self, *uploads: Any) -> None:
        event = messages({"Records": [told(upload) for upload in uploads]})
        assert self.by("on_uploads", lambda: failed(self._client, "on_uploads", event)) == []

    def completed(self) -> None:
        world = self._world
        bodies = [{"job": job} for job in world.report_requests] + [{"labels": one} for one in world.label_requests]
        world.report_requests.clear()
        bodies += [{"export": one, "format": form} for one, form in world.export_requests]
        world.label_requests.clear()
        world.export_requests.clear()
        assert self.by("on_job_completed", lambda: failed(self._client, "on_job_completed", messages(*bodies))) == []

    def asked(self, method: str, path: str, body: Any = None, **more: str) -> None:
        headers = {"Authorization": "Bearer gts_boss", "Content-Type": "application/json", **more}
        text = json.dumps(body).encode() if body else b""
        answer = self.by("api", lambda: self._client.http.request(method, path, headers=headers, body=text))
        assert answer.status_code < 300, (path, answer.body)

    def _doubt(self, job: str) -> None:
        """What gt-engine leaves of a label that its model holds for wrong."""
        label = {"category": {"annotations": [], "image_size": []}, "category-metadata": {"class-map": {}}}
        said = {**self._world.sagemaker.lines(job)[0], "label": label, "suspicion": 0.9, "mistake": "missed"}
        place = S3Uri(RESULTS, f"birds/output/{job}/left-out-predictions/predictions.jsonl")
        self._world.objects.write(place, json.dumps(said).encode(), "application/x-jsonlines")

    def lived(self) -> None:
        world = self._world
        batch = {"size": 2, "quiet_minutes": 30, "minimum": 1}
        document = spec_document(**PUBLIC, batch=batch, skip_near_duplicates=True, control_batches=[1], budget="500")
        self._world.store.tokens.add(Token(digest("gts_boss"), "boss", "operator", world.now() + timedelta(days=9999)))
        self.asked("PUT", "/campaigns/birds", document)
        world.later(seconds=1)
        self.uploaded(world.put("birds/campaign.json", json.dumps(document | {"follow_ups": 2}).encode()))
        pictures = [world.put(f"birds/images/{number}.png", picture(number)) for number in range(5)]
        self.uploaded(*pictures, world.put("birds/images/twin.png", picture(1)), world.put("birds/images/x.png", b"x"))
        self.advanced()
        world.sagemaker.finish("birds-0001", "Failed", labeled=1)
        for _ in range(2):  # what is left of it, and the next batch with the control
            self.advanced()
            world.sagemaker.finish(list(world.sagemaker.jobs)[-1])
        self._doubt("birds-0001")
        self.completed()
        self.asked("POST", "/campaigns/birds/batches")
        self.advanced()
        self.completed()
        for path in ("", "/plan", "/batches", "/jobs", "/images", "/images?status=duplicate"):
            self.asked("GET", f"/campaigns/birds{path}")
        self.asked("GET", "/campaigns")
        self.asked("GET", "/jobs/birds-0001/report")
        self.asked("GET", "/campaigns/birds/report")
        self.asked("GET", "/campaigns/birds/second-look")
        self.asked("POST", "/campaigns/birds/second-look?top=1")
        self.advanced()
        world.sagemaker.finish("birds-0001-review1")
        self.advanced()
        self.asked("GET", "/campaigns/birds/exports?format=coco")
        self.completed()
        self.asked("POST", "/campaigns/birds/corrections", {"image": "birds-0001.0", "label": None})
        self.completed()
        running = [job for job in world.store.jobs.of("birds") if job.state == "InProgress"]
        self.asked("POST", f"/jobs/{running[0].name}/stop")
        self.asked("GET", "/campaigns/birds/spec", Accept="text/html")
        text = written(parse_spec(json.dumps(document), filename="campaign.json", campaign="birds"))
        self.asked("POST", "/campaigns/birds/spec", {"text": text, "fields": {"budget": "600"}})
        self.asked("POST", "/campaigns/birds/uploads", {"files": [{"path": "1.png", "digest": "0" * 64}]})
        self.asked("POST", "/campaigns/birds/pause")
        self.asked("POST", "/campaigns/birds/resume")
        self.advanced()
        world.put("birds/images/lost.png", picture(9))  # and nobody is told
        world.later(hours=2)
        self.advanced()
        assert world.store.images.get("birds", "birds/images/lost.png") is not None
        self.asked("POST", "/campaigns/birds/stop")
        self.advanced()


def test_every_function_may_do_what_it_does(client: Client, world: World, record: Record) -> None:
    Life(client, world, record).lived()
    assert set(record.calls) == {"api", "on_uploads", "on_job_completed", "reconcile"}
    missing = {name: refused(calls, name) for name, calls in record.calls.items()}
    # The others that advance campaigns make the same calls, and only reconcile looks for all campaigns there are.
    advancing = record.calls["reconcile"] - {("dynamodb:Scan", "CampaignsTable")}
    missing |= {name: refused(advancing, name) for name in ("on_batch_ready", "on_job_state_change")}
    assert not any(missing.values()), missing
    # It would show nothing had the campaign not come so far.
    assert {(f"sagemaker:{verb}LabelingJob", JOBS) for verb in ("Create", "Describe", "Stop")} < advancing


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_do_everything(function: str) -> None:
    """A star in an action, or the right to delete, would let a mistake of ours take what is not ours to take."""
    for action, resource in allowed(function):
        assert "*" not in action
        assert "Delete" not in action or action == "sqs:DeleteMessage"
        assert resource != "*" or action in WITHOUT_RESOURCES
