"""Models that users bring: what they say is understood, and no file of theirs harms the engine."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from gt_engine.autolabel.boxes.confidence import Detections
from gt_engine.autolabel.boxes.geometry import intersection_over_union
from gt_engine.autolabel.own_model import runner
from gt_engine.autolabel.own_model.forms import Form, Frame, NotUnderstood, Reading, detections
from gt_engine.autolabel.own_model.model_file import OwnModel, carried, names, packed, parts_of
from gt_engine.autolabel.own_model.opinions import Opinion, Shares, class_numbers, dump, load, of_label
from gt_engine.autolabel.own_model.runner import Runner
from gt_engine.autolabel.own_model.sandbox import Limits, Sandbox
from gt_engine.autolabel.payload import ModelFacts, model_facts, pack
from gt_engine.labels import ClassLabel, Task, box_label
from gt_service.errors import InvalidInput
from tests import onnx_models
from tests.onnx_models import classifier, detector, picture

FORMS = ("yolox", "yolox-raw", "yolo", "detr", "detr-one", "boxes")
HURRIED = Limits(load_seconds=20, run_seconds=2)


@pytest.mark.parametrize("size", [(96, 72), (60, 120), (64, 64)], ids=["wide", "tall", "square"])
@pytest.mark.parametrize("form", FORMS)
def test_a_detector_finds_what_is_there_in_every_form(form: str, size: tuple[int, int]) -> None:
    # Read with the wrong layout, colours or frame its boxes would lie elsewhere, and never certify.
    with Runner(OwnModel(detector(form))) as runner:
        numbers = runner.facts.numbers(("Blue", "RED"))
        for number in range(4):
            image, rows = picture(number, size)
            seen = runner.opinion(image, numbers, 2)
            assert isinstance(seen, Detections)
            likely = seen.scores > 0.5
            boxes = seen.boxes[likely] * np.tile(np.array(size, np.float32), 2)
            overlap = intersection_over_union(boxes, rows[:, :4])
            assert (overlap.max(0) > 0.8).all()
            assert [(1, 0)[int(rows[j, 4])] for j in overlap.argmax(1)] == seen.class_ids[likely].tolist()
            assert len(boxes) == len(rows)


def test_a_classifier_says_how_probable_each_class_of_the_job_is() -> None:
    with Runner(OwnModel(classifier())) as runner:
        numbers = runner.facts.numbers(("blue", "green", "red"))
        for number in range(6):
            image, rows = picture(number, objects=None)
            seen = runner.opinion(image, numbers, 3)
            assert isinstance(seen, Shares)
            assert seen.values.sum() == pytest.approx(1)
            if len(rows) == 1:
                assert seen.values.argmax() == (2, 0)[int(rows[0, 4])]


def test_classes_that_the_job_does_not_have_are_left_out() -> None:
    with Runner(OwnModel(detector("yolo"))) as runner:
        image, _ = picture(0, objects=2)
        seen = runner.opinion(image, runner.facts.numbers(("blue",)), 1)
    assert isinstance(seen, Detections)
    assert set(seen.class_ids) == {0}
    assert len(seen.boxes) == 1


def test_without_names_the_numbers_of_classes_must_agree() -> None:
    with Runner(OwnModel(detector("yolo", metadata={}))) as runner:
        assert runner.facts.numbers(("a", "b")) == {0: 0, 1: 1}
        with pytest.raises(InvalidInput, match="does not say the names of its 2 classes"):
            runner.facts.numbers(("a", "b", "c"))
    with Runner(OwnModel(detector("yolo", metadata={}), labels=("x", "c"))) as runner:
        assert runner.facts.numbers(("a", "b", "c")) == {1: 2}
        with pytest.raises(InvalidInput, match="none of the model's classes"):
            runner.facts.numbers(("q",))


def test_a_model_may_say_how_its_images_are_to_be_prepared() -> None:
    # Exported otherwise than usual, a model is no less a model: the declared interface covers it.
    said = {"preparation": {"order": "rgb", "scale": 1.0, "fit": "stretch"}}
    metadata = {"names": "{0: 'red', 1: 'blue'}", "gt-service": json.dumps(said)}
    image, rows = picture(1)
    with Runner(OwnModel(detector("yolox", metadata=metadata))) as runner:
        seen = runner.opinion(image, runner.facts.numbers(("red", "blue")), 2)
    assert isinstance(seen, Detections)  # the detector reads blue, green, red: so its colours are exchanged
    assert sorted(seen.class_ids) == sorted(1 - rows[:, 4])
    wrong = {"gt-service": json.dumps({"preparation": {"fit": "by feeling"}})}
    with pytest.raises(InvalidInput, match="fit: corner, middle, stretch, crop"):
        Runner(OwnModel(detector("yolo", metadata=wrong)))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no ONNX at all": (lambda: b"hello, world", "not an ONNX file"),
    "empty": (lambda: b"", "not an ONNX file"),
    "cut off": (lambda: detector("yolo")[:-50], "not an ONNX file"),
    "an opset of the future": (lambda: onnx_models.of_opset(99), "onnxruntime says"),
    "operators of its own": (onnx_models.custom, "operators of 'com.example'"),
    "weights elsewhere": (lambda: onnx_models.external("/etc/passwd"), "weights in other files"),
    "a loop without end": (lambda: onnx_models.endless(at_once=False), "takes more than 2 s"),
    "a constant without end": (lambda: onnx_models.endless(at_once=True), "takes more than"),
    "64 GB at once": (onnx_models.hungry, "onnxruntime says|its process died"),
    "numbers that are none": (lambda: detector("yolo", breaks="nan"), "NaN"),
    "outputs of no known form": (lambda: onnx_models.shaped(1, 5, 7, 9), r"output \[1, 5, 7, 9\]"),
    "as many names as it has no classes": (
        lambda: detector("yolo", metadata={"names": '["a", "b", "c"]'}),
        "2 classes, and the names of 3",
    ),
}


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case)
def test_a_hostile_or_broken_file_is_refused_with_its_reason(case: str) -> None:
    made, reason = HOSTILE[case]
    began = time.monotonic()
    with pytest.raises(InvalidInput, match=reason) as refused:
        Runner(OwnModel(made()), field="ModelDataUrl", limits=HURRIED)
    assert refused.value.field == "ModelDataUrl"
    assert time.monotonic() - began < 40


def test_a_model_that_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gt_engine.autolabel.own_model.onnx_file.MAX_ONNX_BYTES", 1000)
    with pytest.raises(InvalidInput, match="are allowed"):
        Sandbox(detector("yolo"))


def test_weights_elsewhere_are_found_in_graphs_within_graphs() -> None:
    # A branch of an If, or a constant of a node, could name a file as well as an initializer does.
    import onnx

    model = onnx.load_from_string(onnx_models.endless(at_once=False))
    loop = next(node for node in model.graph.node if node.op_type == "Loop")
    tensor = loop.attribute[0].g.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secrets")
    with pytest.raises(InvalidInput, match="weights in other files"):
        Sandbox(model.SerializeToString())


def test_weights_elsewhere_are_found_however_they_are_written() -> None:
    # Of a field's number onnxruntime takes 32 bits, whatever is above them; and constants may be sparse.
    import onnx

    model = onnx.load_from_string(onnx_models.external("/etc/passwd"))
    tensor = next(one for one in model.graph.initializer if one.external_data)
    sparse = onnx.SparseTensorProto(values=tensor, dims=[4])
    constant = onnx.helper.make_node("Constant", [], ["sparse"])
    constant.attribute.append(onnx.AttributeProto(name="sparse_value", type=11, sparse_tensor=sparse))
    location = tensor.external_data[0].SerializeToString()
    for name in ("external_data", "data_location"):
        tensor.ClearField(name)
    hidden = bytes([0xEA, 0x80, 0x80, 0x80, 0x10, len(location)]) + location + bytes([0xF0, 0x80, 0x80, 0x80, 0x10, 1])
    plain = tensor.SerializeToString()
    graph = _message(5, plain + hidden) + _message(2, b"hidden")
    wholly = onnx.ModelProto(ir_version=8, opset_import=[onnx.helper.make_opsetid("", 17)]).SerializeToString()
    with pytest.raises(InvalidInput, match="is not an ONNX file"):
        Sandbox(wholly + _message(7, graph))
    with pytest.raises(InvalidInput, match="weights in other files"):
        Sandbox(wholly + _message(7, _message(1, constant.SerializeToString()) + _message(2, b"sparse")))


def _message(tag: int, body: bytes) -> bytes:
    """A field of a protobuf message that is itself a message."""
    size = len(body)
    return bytes([tag << 3 | 2, size & 0x7F | 0x80, size >> 7]) + body


def test_the_process_of_a_model_has_no_credentials_and_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with Sandbox(detector("yolo")) as sandbox:
        process = sandbox._process.pid
        with open(f"/proc/{process}/environ", "rb") as file:
            assert b"secret" not in file.read()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{0: 'person', 1: \"traffic light\"}", ("person", "traffic light")),
        ('{"0": "a", "1": "b"}', ("a", "b")),
        ('["a", "b"]', ("a", "b")),
        ("a, b", ("a", "b")),
        ("a\nb, too\n", ("a", "b, too")),
    ],
)
def test_names_are_read_as_exporters_write_them(text: str, expected: tuple[str, ...]) -> None:
    assert names(text) == expected


def test_names_with_a_program_in_them_are_no_names() -> None:
    for text in ("{0: __import__('os').system('true')}", "{0: 'a', 7: 'b'}", "[1, 2]", "[" * 10_000):
        with pytest.raises(ValueError, match="class"):
            names(text)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{(1, 2): 'a'}", "{None: 'a'}", '{"a": "b"}', '{"0": 1}', "[1e400, 1e400]", "{1e400: 2}"]
)
def test_whatever_a_model_says_of_itself_it_is_the_users(text: str) -> None:
    """An OverflowError or a KeyError was a failure of the engine's."""
    with pytest.raises(ValueError, match="class"):
        names(text)
    assert runner._side({"imgsz": text}, 0, 640) == 640
    with suppress(ValueError):
        runner._own_metadata({"gt-service": text})
    for wrong in ({"scale": 10**400}, {"mean": text}, {"spread": None}):
        with pytest.raises(ValueError, match=r"preparation|float"):
            runner.Preparation().changed(wrong)


def test_a_line_of_pixels_is_no_trouble_for_a_large_classifier() -> None:
    """Its middle is looked at; all of it would have been 17 gigapixels."""
    image = Image.new("RGB", (1, 4096), "red")
    frame, pixels = runner._placed(image, "crop", (2048, 2048))
    assert pixels.shape == (2048, 2048, 3)
    assert (frame.width, frame.height) == (2048, 2048 * 4096)


@pytest.mark.parametrize("size", [(97, 61), (40, 133), (64, 64), (7, 300)])
def test_a_crop_is_the_middle_of_the_whole_image(size: tuple[int, int]) -> None:
    image = Image.fromarray(np.random.default_rng(3).integers(0, 255, (*size[::-1], 3), dtype=np.uint8))
    frame, pixels = runner._placed(image, "crop", (48, 80))
    whole = image.resize((frame.width, frame.height), Image.Resampling.BILINEAR)
    middle = np.asarray(whole.crop((-frame.left, -frame.top, 80 - frame.left, 48 - frame.top)))
    assert np.abs(middle.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("label", [np.nan, np.inf, -np.inf])
def test_classes_that_are_no_numbers_are_not_understood(label: float) -> None:
    outputs = {
        "boxes": np.array([[[0, 0, 1, 1]]], np.float32),
        "scores": np.array([[0.9]], np.float32),
        "labels": np.array([[label]], np.float32),
    }
    frame = Frame(0, 0, 64, 64, (64, 64))
    with pytest.raises(NotUnderstood):
        detections(Reading(Form.BOXES, None), outputs, frame, {0: 0}, sized=False)


def test_class_names_agree_whatever_their_writing() -> None:
    assert class_numbers(("Traffic_Light", "person ", "car"), ("CAR", "traffic light")) == {0: 1, 2: 0}


def test_a_model_and_what_was_learnt_on_top_of_it_travel_in_one_file() -> None:
    # The next job of a chain needs both, and may start when the first file is long gone.
    own_model = OwnModel(b"onnx", ("red", "blue"))
    assert parts_of(packed(own_model)).own_model == own_model
    assert parts_of(b"onnx").own_model == OwnModel(b"onnx")
    own = pack(ModelFacts(Task.BOXES, ("red",), 3, 1), {"a": np.zeros(3)}, [])
    both = carried(own, own_model)
    assert both == carried(carried(own, own_model), own_model)
    assert parts_of(both).own_model == own_model
    assert parts_of(own).own_model is None
    assert model_facts(both) == model_facts(own)


def test_an_archive_without_a_model_or_with_too_much_in_it_is_refused() -> None:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("readme.md"), io.BytesIO())
    for archive in (out.getvalue(), gzip.compress(b"x" * 1000), gzip.compress(b"")[:-6], b"\x1f\x8b junk"):
        with pytest.raises(InvalidInput, match="archive"):
            parts_of(archive)
    bomb = gzip.compress(bytes(2**20)) * 600
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        parts_of(bomb)


@pytest.mark.parametrize("task", list(Task))
def test_opinions_are_read_back_as_they_were_written(task: Task) -> None:
    opinions: dict[str, Opinion] = {
        "1": of_label(box_label([[5, 6, 20, 30]], [1], (100, 60, 3), [0.25]), 2)
        if task is Task.BOXES
        else of_label(ClassLabel(1, 0.75), 3)
    }
    again = load(dump(opinions), task)["1"]
    first = opinions["1"]
    if isinstance(first, Detections) and isinstance(again, Detections):
        np.testing.assert_allclose(again.boxes, [[0.05, 0.1, 0.2, 0.5]], atol=1e-6)
        assert (again.class_ids.tolist(), again.scores.tolist()) == ([1], [0.25])
    else:
        assert isinstance(again, Shares)
        np.testing.assert_allclose(again.values, [0.125, 0.75, 0.125])
