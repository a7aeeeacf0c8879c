"""Models to take away: one ONNX file that says what the engine says, and can be brought back."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from gt_cli.datasets import scenes
from gt_engine.autolabel import FeatureView, TrainingSet, learner_for
from gt_engine.autolabel.boxes import grid
from gt_engine.autolabel.boxes.detector import new_detector
from gt_engine.autolabel.boxes.projection import CHANNELS, SIDE
from gt_engine.autolabel.onnx_export import box_graph
from gt_engine.autolabel.onnx_export.algebra import Algebra
from gt_engine.autolabel.onnx_export.export import OPSET, onnx_of
from gt_engine.autolabel.onnx_writer import Graph
from gt_engine.autolabel.own_model.model_file import OwnModel
from gt_engine.autolabel.own_model.runner import Runner
from gt_engine.labels import BoxLabel, ClassLabel, Task
from gt_service.errors import InvalidInput

CLASSES = ("sparrow", "other")
LEARNT = 40


@pytest.fixture(scope="module")
def detector(features: FeatureView, boxes: dict[str, BoxLabel]) -> bytes:
    """Not in such a hurry that it sees nothing."""
    learner = learner_for(Task.BOXES, threads=2, shorten_training=6)
    return learner.train(TrainingSet(features, dict(list(boxes.items())[:LEARNT]), classes=CLASSES, seed=3)).model


def test_the_boxes_of_the_file_are_those_of_the_engine(
    detector: bytes, features: FeatureView, drawn: dict[str, scenes.Scene]
) -> None:
    # Whoever takes the model away must get the labels that the certificate spoke of.
    session = onnxruntime.InferenceSession(onnx_of(detector), providers=["CPUExecutionProvider"])
    ids = list(drawn)[LEARNT:]
    predicted = learner_for(Task.BOXES).predict(detector, features, ids, together=True)
    seen = 0
    for one, label in zip(ids, predicted.labels, strict=True):
        assert isinstance(label, BoxLabel)
        boxes, scores, labels = (part[0] for part in session.run(None, {"image": square(drawn[one].png())}))
        count = len(label)
        np.testing.assert_allclose(boxes[:count] * scenes.SIDE, label.boxes, atol=1e-3 * scenes.SIDE)
        np.testing.assert_allclose(scores[:count], label.confidences, atol=1e-3)
        assert labels[:count].tolist() == label.class_ids.tolist()
        seen += count
    assert seen > 10


@pytest.mark.parametrize("looks_at", [grid.ROUGH, grid.FINE], ids=["rough", "fine"])
def test_the_file_proposes_on_the_grid_of_the_engine(looks_at: grid.Grid) -> None:
    rng = np.random.default_rng(0)
    member = new_detector(2, looks_at, rng)
    seen = rng.integers(0, 256, (1, CHANNELS, SIDE, SIDE), np.uint8)
    algebra = Algebra(Graph())
    maps = algebra.div(algebra.op("Cast", "image", to=1), 255.0)
    algebra.named("boxes", box_graph._proposed(algebra, member, box_graph.Seen(maps, maps, maps)))
    data = algebra.graph.model(seen.shape, {"boxes": ["n", 4]}, opset=OPSET)
    (boxes,) = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"image": seen})
    coarse = grid.grid_maps(seen.transpose(0, 2, 3, 1).astype(np.float32) / 255, looks_at)
    np.testing.assert_allclose(boxes, grid.propose(member.proposer, coarse, looks_at)[0], atol=1e-4)
    assert 1 < len(boxes) <= looks_at.proposals


def test_the_file_is_valid_and_says_what_it_is(detector: bytes) -> None:
    data = onnx_of(detector)
    assert onnx_of(detector) == data
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model)
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(said["names"]) == list(CLASSES)
    assert 0 < float(said["threshold"]) < 1
    assert "Apache-2.0" in said["licence"]
    assert len(data) < 25e6


def test_a_model_that_was_taken_away_can_be_brought_back(detector: bytes, drawn: dict[str, scenes.Scene]) -> None:
    # Another installation, or another campaign, starts from it as from any detector.
    data = onnx_of(detector)
    png = drawn[str(LEARNT)].png()
    with Runner(OwnModel(data)) as runner:
        assert runner.facts.labels == CLASSES
        opinion = runner.opinion(png, runner.facts.numbers(CLASSES), 2)
    boxes, scores, _ = onnxruntime.InferenceSession(data).run(None, {"image": square(png)})
    assert opinion is not None
    assert not isinstance(opinion, np.ndarray)
    assert abs(float(opinion.scores[0]) - float(scores[0, 0])) < 0.05  # type: ignore[union-attr]
    assert np.abs(opinion.boxes[0] - boxes[0, 0]).max() < 0.05  # type: ignore[union-attr]


def test_the_classes_of_the_file_are_those_of_the_engine(
    features: FeatureView, habitats: dict[str, ClassLabel], drawn: dict[str, scenes.Scene]
) -> None:
    learner = learner_for(Task.CLASSES)
    model = learner.train(
        TrainingSet(features, dict(list(habitats.items())[:LEARNT]), classes=scenes.HABITATS, seed=3)
    ).model
    session = onnxruntime.InferenceSession(onnx_of(model), providers=["CPUExecutionProvider"])
    ids = list(drawn)[LEARNT:]
    for one, label in zip(ids, learner.predict(model, features, ids, together=True).labels, strict=True):
        assert isinstance(label, ClassLabel)
        (shares,) = session.run(None, {"image": square(drawn[one].png())})
        assert shares.sum() == pytest.approx(1, abs=1e-5)
        assert shares.argmax() == label.class_id


def test_the_example_of_the_docs_runs_without_us(
    detector: bytes, features: FeatureView, drawn: dict[str, scenes.Scene], tmp_path: Path
) -> None:
    page = (Path(__file__).parents[4] / "docs/how-to/take-the-model-away.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    assert "gt_" not in code
    ids = list(drawn)[LEARNT:]
    predicted = learner_for(Task.BOXES).predict(detector, features, ids, together=True)
    one = next(
        name for name, label in zip(ids, predicted.labels, strict=True) if isinstance(label, BoxLabel) and len(label)
    )
    (tmp_path / "model.onnx").write_bytes(onnx_of(detector))
    (tmp_path / "photo.png").write_bytes(drawn[one].png())
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, tmp_path / "model.onnx", tmp_path / "photo.png"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    for line in done.stdout.splitlines():
        name, score, *sides = line.split()
        assert name in CLASSES
        assert 0 < float(score) <= 1
        assert all(0 <= float(side) <= scenes.SIDE for side in sides)


def test_what_is_no_model_of_the_engine_cannot_be_taken_away() -> None:
    with pytest.raises(InvalidInput):
        onnx_of(b"something else")


def square(png: bytes) -> np.ndarray:  # type: ignore[type-arg]
    image = Image.open(io.BytesIO(png)).convert("RGB").resize((320, 320), Image.Resampling.BILINEAR)
    return np.asarray(image)[None]
