"""Whole jobs that begin with a model of the user's own or with predictions: what that spares, and how it fails."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from gt_engine.api.operations import Operations
from gt_engine.autolabel import FeatureStore
from gt_engine.autolabel.own_model.model_file import parts_of
from gt_engine.jobs.machine import LearningMachine
from gt_engine.jobs.stepping import take_step
from gt_engine.jobs.steps import Tools
from gt_engine.request.errors import ConflictException, ValidationException
from gt_engine.store import JobRecord, ModelKind
from tests import onnx_models
from tests.engine import (
    ACCOUNT,
    BUCKET,
    GOLD,
    REGION,
    MemoryEngineObjects,
    MemoryEvents,
    files_under,
    job_record,
    memory_tools,
    numbers,
    request,
)
from tests.onnx_models import CLASSES, detector, picture

COUNT = 240
WIDTH, HEIGHT = 96, 72
MODEL = f"s3://{BUCKET}/mine/model.onnx"
LABELS = ("Blue", "Red")
"""In another order than the model's, and written otherwise."""


@cache
def inputs() -> dict[str, bytes]:
    """Pictures with a red and a blue rectangle, or one of them; their gold labels."""
    contents: dict[str, bytes] = {}
    manifest, gold = [], []
    for number in range(COUNT):
        source = f"s3://{BUCKET}/images/{number}.png"
        contents[source], rows = picture(number, (WIDTH, HEIGHT))
        manifest.append(json.dumps({"source-ref": source}).encode())
        boxes = [
            {"class_id": 1 - int(kind), "left": int(x), "top": int(y), "width": int(r - x), "height": int(b - y)}
            for x, y, r, b, kind in rows.tolist()
        ]
        gold.append(json.dumps({"source-ref": source} | label("gold", boxes)).encode())
    contents[f"s3://{BUCKET}/input.manifest"] = b"\n".join(manifest) + b"\n"
    contents[GOLD] = b"\n".join(gold) + b"\n"
    contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps({"labels": [{"label": one} for one in LABELS]}).encode()
    contents[f"s3://{BUCKET}/instructions.template"] = b"<crowd-form></crowd-form>"
    contents[MODEL] = detector("yolo")
    return contents


def label(name: str, boxes: list[dict[str, int]], **metadata: Any) -> dict[str, Any]:
    size = [{"width": WIDTH, "height": HEIGHT, "depth": 3}]
    described = {"class-map": {"0": LABELS[0], "1": LABELS[1]}, "type": "groundtruth/object-detection"} | metadata
    return {name: {"annotations": boxes, "image_size": size}, f"{name}-metadata": described}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """Shared by all jobs here: the pictures are the same."""
    return FeatureStore(tmp_path_factory.mktemp("features"), threads=2)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """With a stand-in for the machine."""
    return memory_tools(tmp_path, dict(inputs()))


@pytest.fixture
def learning(tools: Tools, features: FeatureStore) -> Tools:
    """With the machine that learns, in a hurry."""
    return replace(tools, features=features, machine=LearningMachine(threads=2, shorten_training=60))


def contents(tools: Tools) -> dict[str, bytes]:
    return cast(MemoryEngineObjects, tools.objects).contents


def operations(tools: Tools) -> Operations:
    class NoTeams:
        def teams(self) -> tuple[Any, ...]:
            return ()

    moment = datetime(2026, 11, 26, 12, tzinfo=UTC)
    return Operations(tools.settings, tools.store, cast(Any, NoTeams()), tools.objects, lambda _: None, lambda: moment)


def create_model(tools: Tools, name: str = "mine", url: str = MODEL) -> str:
    container = {"PrimaryContainer": {"ModelDataUrl": url}}
    return str(operations(tools).table()["CreateModel"]({"ModelName": name} | container)["ModelArn"])


def run(tools: Tools, name: str, *, model: str | None = None) -> JobRecord:
    body = request(name, MaxConcurrentTaskCount=200)
    if model is not None:
        body["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] = model
    tools.store.create_job(job_record(body))
    while not take_step(name, tools, MemoryEvents()).is_over:
        pass
    return tools.store.job(name)


def mean_iou_of_machine(tools: Tools, name: str) -> float:
    """Of the machine's boxes against the gold ones, in the order of the classes."""
    gold = {line["source-ref"]: line["gold"]["annotations"] for line in numbers(inputs()[GOLD])}
    found = []
    for line in numbers(files_under(contents(tools), name)["manifests/output/output.manifest"]):
        if line.get("category-metadata", {}).get("human-annotated") != "no":
            continue
        pairs = zip(
            sorted(line["category"]["annotations"], key=lambda one: one["class_id"]),
            sorted(gold[line["source-ref"]], key=lambda one: one["class_id"]),
            strict=False,
        )
        found += [overlap(a, b) for a, b in pairs]
    return float(np.mean(found))


def overlap(a: dict[str, int], b: dict[str, int]) -> float:
    if a["class_id"] != b["class_id"]:
        return 0.0
    wide = min(a["left"] + a["width"], b["left"] + b["width"]) - max(a["left"], b["left"])
    high = min(a["top"] + a["height"], b["top"] + b["height"]) - max(a["top"], b["top"])
    shared = max(wide, 0) * max(high, 0)
    return shared / (a["width"] * a["height"] + b["width"] * b["height"] - shared)


def test_a_detector_of_the_users_own_spares_people_work_and_the_next_job_has_it_too(learning: Tools) -> None:
    # The promise of the page: bring what you have, pay people for the rest; and a chain keeps it.
    arn = create_model(learning)
    warm = run(learning, "warm", model=arn)
    assert warm.status == "Completed"
    assert warm.counters.total == COUNT
    assert warm.counters.machine > COUNT / 2  # of 240 such pictures a job without the model labels none by machine
    assert mean_iou_of_machine(learning, "warm") > 0.8
    del contents(learning)[MODEL]  # the model is in the job's own by now
    assert warm.final_model_arn is not None
    stacked = learning.store.model(warm.final_model_arn.rpartition("/")[2])
    assert stacked.kind is ModelKind.STACKED
    again = run(learning, "again", model=warm.final_model_arn)
    assert again.status == "Completed"
    assert again.counters.machine >= warm.counters.machine
    last = learning.store.model(str(again.final_model_arn).rpartition("/")[2])
    own_model = parts_of(contents(learning)[last.s3_uri]).own_model
    assert own_model is not None
    assert own_model.onnx == detector("yolo")


def test_predictions_of_the_manifest_are_certified_like_any_other(learning: Tools) -> None:
    # Whoever has labeled the images with a program of their own needs no model file: the lines are enough.
    lines = []
    for number, line in enumerate(numbers(inputs()[GOLD])):
        boxes = line["gold"]["annotations"]
        if number % 7 == 0:  # some are wrong, and unsure of it
            boxes = [box | {"left": 0, "top": 0, "width": 9, "height": 9} for box in boxes]
        sure = [{"confidence": 0.4 if number % 7 == 0 else 0.9} for _ in boxes]
        said = label("category-proposal", boxes, objects=sure, **{"human-annotated": "no", "model": "ours"})
        lines.append(json.dumps({"source-ref": line["source-ref"]} | said).encode())
    contents(learning)[f"s3://{BUCKET}/input.manifest"] = b"\n".join(lines) + b"\n"
    job = run(learning, "predicted")
    assert job.counters.total == COUNT
    assert job.counters.machine > 0.45 * COUNT  # 100 labels are asked for before anything is decided
    assert mean_iou_of_machine(learning, "predicted") > 0.85


def test_predictions_that_cannot_be_read_are_as_good_as_none(tools: Tools) -> None:
    wrong: list[Any] = [7, {}, {"annotations": 3}, {"annotations": [{"class_id": 9}], "image_size": [{}]}]
    lines = [
        json.dumps({"source-ref": line["source-ref"], "category-proposal": wrong[number % len(wrong)]}).encode()
        for number, line in enumerate(numbers(inputs()[GOLD]))
    ]
    contents(tools)[f"s3://{BUCKET}/input.manifest"] = b"\n".join(lines) + b"\n"
    assert run(tools, "odd").counters.total == COUNT


def test_a_job_whose_model_breaks_while_it_looks_at_images_says_so(tools: Tools) -> None:
    arn = create_model(tools)
    contents(tools)[MODEL] = onnx_models.shaped(1, 5, 7, 9)  # replaced since
    job = run(tools, "broken", model=arn)
    assert job.status == "Failed"
    assert "none of the known forms" in (job.failure_reason or "")


def test_create_model_names_what_is_wrong_with_a_file(tools: Tools) -> None:
    contents(tools)[f"s3://{BUCKET}/bad.onnx"] = onnx_models.custom()
    with pytest.raises(ValidationException, match=r"bad\.onnx.*com\.example.*standard operators"):
        create_model(tools, url=f"s3://{BUCKET}/bad.onnx")
    with pytest.raises(ValidationException, match="there is no object"):
        create_model(tools, url=f"s3://{BUCKET}/nothing.onnx")
    with pytest.raises(ValidationException, match="ModelDataUrl"):
        operations(tools).table()["CreateModel"]({"ModelName": "x", "PrimaryContainer": {"Image": "x"}})


def test_a_model_is_created_once_described_listed_and_deleted(tools: Tools) -> None:
    arn = create_model(tools)
    table = operations(tools).table()
    assert arn == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/mine"
    with pytest.raises(ValidationException, match="already existing"):
        create_model(tools)
    described = table["DescribeModel"]({"ModelName": "mine"})
    assert described["PrimaryContainer"]["ModelDataUrl"] == MODEL
    assert [one["ModelName"] for one in table["ListModels"]({})["Models"]] == ["mine"]
    body = request("using")
    body["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] = arn
    tools.store.create_job(job_record(body))
    with pytest.raises(ConflictException, match="using"):
        table["DeleteModel"]({"ModelName": "mine"})
    while not take_step("using", tools, MemoryEvents()).is_over:
        pass
    table["DeleteModel"]({"ModelName": "mine"})
    with pytest.raises(ValidationException, match="Could not find"):
        table["DescribeModel"]({"ModelName": "mine"})


def test_a_job_may_not_begin_with_a_model_that_knows_none_of_its_labels(tools: Tools) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in (("model.onnx", detector("yolo", metadata={})), ("labels.txt", b"cat\ndog\n")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    contents(tools)[f"s3://{BUCKET}/pets.tar.gz"] = out.getvalue()
    arn = create_model(tools, url=f"s3://{BUCKET}/pets.tar.gz")
    body = request("pets")
    body["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] = arn
    with pytest.raises(ValidationException, match="knows none of the labels"):
        operations(tools).create_labeling_job(body)
    body = request("pets", task="image-classification")
    body["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] = arn
    with pytest.raises(ValidationException, match="trained for object-detection"):
        operations(tools).create_labeling_job(body)


def test_the_models_of_the_tests_know_their_classes() -> None:
    assert [one.casefold() for one in LABELS[::-1]] == list(CLASSES)
