"""Runs a model of the user's own on images: what it takes in, what comes out, in the classes of a job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from pydantic import TypeAdapter, ValidationError

from gt_engine.autolabel.images import ImageProblem, decode_within
from gt_engine.autolabel.own_model.forms import Form, Frame, NotUnderstood, Reading, detections, reading, shares
from gt_engine.autolabel.own_model.model_file import METADATA, OwnModel, names_in
from gt_engine.autolabel.own_model.opinions import Opinion, class_numbers
from gt_engine.autolabel.own_model.sandbox import KINDS, USUAL, Limits, Port, Sandbox
from gt_engine.autolabel.providers import CPU
from gt_engine.labels import Task
from gt_service.errors import InvalidInput

PADDING = 114
USUAL_SIDE, USUAL_CLASSIFIER_SIDE = 640, 224
MOST_SIDE = 2048
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


Fit = Literal["corner", "middle", "stretch", "crop"]


@dataclass(frozen=True)
class Preparation:
    """What becomes of an image's pixels before the model sees them.

    fit    corner | middle (padded in its own proportions), stretch, crop (its middle, the shorter side filled)
    order  rgb | bgr
    scale, mean, spread   value = (pixel * scale - mean) / spread, per channel
    """

    fit: Fit = "stretch"
    order: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spread: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def changed(self, own: Mapping[str, Any]) -> Preparation:
        """What the model's own metadata say instead. Errors: ValueError."""
        try:
            made = TypeAdapter(Preparation).validate_python({**vars(self), **own})
        except ValidationError as problem:
            raise ValueError(
                f"its preparation is not in the documented form (fit: {', '.join(get_args(Fit))})"
            ) from problem
        if not all(made.spread):
            raise ValueError("its preparation divides by 0")
        return made


_PREPARED = {
    Form.YOLOX: Preparation("corner", "bgr", 1.0),
    Form.YOLO: Preparation("middle"),
    Form.DETR: Preparation("stretch"),
    Form.BOXES: Preparation("stretch"),
    Form.CLASSIFIER: Preparation("crop", mean=IMAGENET_MEAN, spread=IMAGENET_SPREAD),
}


@dataclass(frozen=True)
class OwnModelFacts:
    """What a model of the user's own is: its task, and the names of its classes; None where nobody says them.
    count: how many classes it has, None where its outputs do not tell."""

    task: Task
    labels: tuple[str, ...] | None
    count: int | None

    def numbers(self, classes: Sequence[str], *, field: str = "model") -> dict[int, int]:
        """The job's class of each of the model's. Errors: `InvalidInput` where they have none in common."""
        if self.labels is None:
            if self.count == len(classes) or (self.count is None and len(classes) == 1):
                return {number: number for number in range(len(classes))}
            raise InvalidInput(
                f"the model does not say the names of its {self.count or ''} classes".replace("  ", " "),
                remedy="Write them one a line into labels.txt, and put it into a .tar.gz with model.onnx.",
                field=field,
            )
        numbers = class_numbers(self.labels, classes)
        if not numbers:
            raise InvalidInput(
                f"none of the model's classes ({_some(self.labels)}) is one of the labels ({_some(classes)})",
                remedy="Name the labels as the model does, or give names of your own in labels.txt.",
                field=field,
            )
        return numbers


class Runner:
    """A user's own model, loaded and tried once. A context manager. Errors: `InvalidInput` that says what is wrong."""

    def __init__(
        self,
        own_model: OwnModel,
        *,
        field: str = "model",
        limits: Limits = USUAL,
        providers: Sequence[str] = (CPU,),
    ) -> None:
        self._sandbox = Sandbox(own_model.onnx, field=field, limits=limits, providers=providers)
        try:
            self._ready(own_model)
        except ValueError as problem:
            self._sandbox.close()
            raise self._sandbox.wrong(str(problem)) from None
        except BaseException:
            self._sandbox.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def opinion(self, image: bytes, numbers: Mapping[int, int], classes: int) -> Opinion | None:
        """What the model says of an image; None where the image cannot be read, or it says numbers that are none.

        Errors: `InvalidInput` where the model breaks.
        """
        opened = decode_within(image, 2 * max(self._size))
        if isinstance(opened, ImageProblem):
            return None
        frame, pixels = _placed(opened, self._prepared.fit, self._size)
        try:
            outputs = self._outputs(pixels)
            if self.facts.task is Task.CLASSES:
                return shares(outputs, numbers, classes)
            return detections(self._form, outputs, frame, numbers, sized=self._sizes is not None)
        except NotUnderstood:
            return None

    def _ready(self, own_model: OwnModel) -> None:
        ports = self._sandbox.ports
        own = _own_metadata(ports.metadata)
        images = [port for port in ports.inputs if len(port.shape) == 4]
        sizes = [port for port in ports.inputs if len(port.shape) == 2 and port.kind == "tensor(int64)"]
        if len(images) != 1 or len(images) + len(sizes) != len(ports.inputs) or images[0].kind not in KINDS:
            shown = ", ".join(f"{port.name} {port.kind} {list(port.shape)}" for port in ports.inputs)
            raise ValueError(f"its inputs ({shown}) are not one image of four dimensions")
        self._image: Port = images[0]
        self._sizes: Port | None = sizes[0] if sizes else None
        shape = self._image.shape
        self._channels_last = shape[3] == 3 and shape[1] != 3
        if shape[0] not in {None, 1} or not (self._channels_last or shape[1] in {None, 3}):
            raise ValueError(f"its input {self._image.name} {list(shape)} is not one image in three colours")
        sides = shape[1:3] if self._channels_last else shape[2:4]
        usual = USUAL_CLASSIFIER_SIDE if [len(port.shape) for port in ports.outputs] == [2] else USUAL_SIDE
        self._size = (sides[0] or _side(ports.metadata, 0, usual), sides[1] or _side(ports.metadata, 1, usual))
        if max(self._size) > MOST_SIDE or min(self._size) < 8:
            raise ValueError(f"its input is {self._size[0]} x {self._size[1]}; 8 to {MOST_SIDE} are allowed")
        self._prepared = Preparation()
        trial = np.full((*self._size, 3), PADDING, np.uint8)
        trial[::3, ::5] = 255
        outputs = self._outputs(trial)
        self._form: Reading = reading(outputs, self._size)
        if self._form.form is Form.BOXES and self._image.kind == "tensor(uint8)":
            prepared = Preparation("stretch", scale=1.0)
        elif self._form.form is Form.CLASSIFIER and "stride" in ports.metadata:
            prepared = Preparation("crop")  # Ultralytics' classifiers take colours as they are
        else:
            prepared = _PREPARED[self._form.form]
        if self._image.kind == "tensor(uint8)":
            prepared = Preparation(prepared.fit, prepared.order, 1.0)
        self._prepared = prepared.changed(own.get("preparation", {}))
        labels = own_model.labels if own_model.labels is not None else names_in(ports.metadata)
        if labels is not None and self._form.classes not in {None, len(labels)}:
            raise ValueError(f"it has {self._form.classes} classes, and the names of {len(labels)} are given")
        self.facts = OwnModelFacts(self._form.form.task, labels, self._form.classes)
        self._try(trial)

    def _try(self, trial: NDArray[np.uint8]) -> None:
        """Whether numbers come out. Errors: `NotUnderstood`."""
        outputs = self._outputs(trial)
        count = self._form.classes or 1
        if self.facts.task is Task.CLASSES:
            shares(outputs, {0: 0}, count)
        else:
            height, width = self._size
            frame = Frame(0, 0, width, height, self._size)
            detections(self._form, outputs, frame, {number: number for number in range(count)}, sized=True)

    def _outputs(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The model's outputs by name, for pixels [height, width, 3]."""
        prepared = self._prepared
        values = pixels if prepared.order == "rgb" else pixels[..., ::-1]
        scaled = values.astype(np.float32) * np.float32(prepared.scale)
        centred = (scaled - np.array(prepared.mean, np.float32)) / np.array(prepared.spread, np.float32)
        placed = centred if self._channels_last else centred.transpose(2, 0, 1)
        inputs: dict[str, NDArray[Any]] = {self._image.name: placed[None].astype(KINDS[self._image.kind])}
        if self._sizes is not None:
            inputs[self._sizes.name] = np.array([[self._size[1], self._size[0]]], np.int64)
        outputs = self._sandbox.run(inputs)
        return {port.name: one for port, one in zip(self._sandbox.ports.outputs, outputs, strict=True)}


def _placed(image: Pillow.Image, fit: Fit, size: tuple[int, int]) -> tuple[Frame, NDArray[np.uint8]]:
    """An image in an input of (height, width), and where it lies there."""
    height, width = size
    if fit == "stretch":
        return Frame(0, 0, width, height, size), np.asarray(image.resize((width, height), Pillow.Resampling.BILINEAR))
    shares_ = width / image.width, height / image.height
    share = max(shares_) if fit == "crop" else min(shares_)
    across, down = max(1, round(image.width * share)), max(1, round(image.height * share))
    left, top = (0, 0) if fit == "corner" else ((width - across) // 2, (height - down) // 2)
    frame = Frame(left, top, across, down, size)
    if fit == "crop":
        # Of what does not fit in nothing is made: a line of pixels would be millions long.
        x, y = image.width / across, image.height / down
        kept = (-left * x, -top * y, min((width - left) * x, image.width), min((height - top) * y, image.height))
        return frame, np.asarray(image.resize((width, height), Pillow.Resampling.BILINEAR, box=kept))
    resized = image.resize((across, down), Pillow.Resampling.BILINEAR)
    canvas = Pillow.new("RGB", (width, height), (PADDING,) * 3)
    canvas.paste(resized, (left, top))
    return frame, np.asarray(canvas)


def _side(metadata: Mapping[str, str], axis: int, usual: int) -> int:
    """The side that an exporter has noted for an input which is left open."""
    try:
        sides = json.loads(metadata.get("imgsz", ""))
        return int(sides[axis])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return usual


def _own_metadata(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    text = metadata.get(METADATA)
    if text is None:
        return {}
    try:
        own = json.loads(text)
    except (ValueError, RecursionError):
        own = None
    if not isinstance(own, dict) or not isinstance(own.get("preparation", {}), dict):
        raise ValueError(f"its metadata {METADATA!r} are not a JSON object in the documented form")
    return own


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:10]) + (", …" if len(words) > 10 else "")
