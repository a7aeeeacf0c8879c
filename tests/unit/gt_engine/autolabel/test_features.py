"""Images and features: one bad upload must cost one object, and no picture may be computed twice."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from gt_engine.autolabel import FeatureStore, ImageFacts, ImageProblem
from gt_engine.autolabel.backbone import INPUT_SIDE, TAPS, Backbone, read_weights
from gt_engine.autolabel.features import PIXEL_SIDE
from gt_engine.autolabel.images import MAX_BYTES, decode


def picture(seed: int = 0, size: tuple[int, int] = (64, 48), form: str = "PNG", mode: str = "RGB") -> bytes:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 255, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, form)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(bomb(), "TooManyPixels", id="bomb"),
        pytest.param(picture(form="JPEG")[:400], "TruncatedImage", id="truncated jpeg"),
        pytest.param(picture()[:3000], "TruncatedImage", id="truncated png"),
        pytest.param(b"", "NotAnImage", id="empty"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "NotAnImage", id="svg"),
        pytest.param(picture(form="BMP"), "NotAnImage", id="another format"),
        pytest.param(b"\xff" * (MAX_BYTES + 1), "ObjectTooLarge", id="too large"),
    ],
)
def test_a_bad_image_is_a_problem_with_a_code(data: bytes, code: str) -> None:
    problem = decode(data, 32)
    assert isinstance(problem, ImageProblem)
    assert problem.code == code
    assert problem.message


def turned(orientation: int, form: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    """A picture that is upright 40 x 20 with a red upper left quarter, stored as cameras store it."""
    upright = Image.new("RGB", size, "white")
    upright.paste((255, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    stored.save(buffer, form, exif=exif, **({"quality": 100, "subsampling": 0} if form == "JPEG" else {}))
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_image_is_seen_upright(orientation: int, form: str) -> None:
    """Boxes drawn on the upright image would be learnt on a lying one."""
    decoded = decode(turned(orientation, form), 16)
    assert isinstance(decoded, tuple)
    facts, pixels = decoded
    assert (facts.width, facts.height) == (40, 20)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    assert red[:7, :7].all()
    assert not red[9:, :].any()
    assert not red[:, 9:].any()


def test_a_large_photo_is_decoded_at_a_fraction_of_its_size() -> None:
    """12 megapixels and more, as phones take them; JPEG alone tells how large they are."""
    buffer = io.BytesIO()
    Image.new("L", (9_000, 7_000), 90).save(buffer, "JPEG")
    tracemalloc.start()
    decoded = decode(buffer.getvalue(), 32)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(decoded, tuple)
    assert decoded[0] == ImageFacts(9_000, 7_000, 1)
    assert peak < 20_000_000


@pytest.mark.parametrize("pixels", [99_990_000, 100_010_000])
def test_the_engine_takes_what_the_app_takes(pixels: int) -> None:
    """An image that was taken in and failed in the job took the job with it."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, pixels // 10_000)).save(buffer, "PNG")
    decoded = decode(buffer.getvalue(), 16)
    assert isinstance(decoded, tuple) == (pixels <= 100_000_000)


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_sixteen_bits_of_grey_become_eight(kind: str) -> None:
    """The machine saw white wherever the image was brighter than 255 of 65,535."""
    ramp = np.linspace(0, 65_535, 64, dtype=kind)[None].repeat(64, 0)
    buffer = io.BytesIO()
    Image.fromarray(ramp.astype("<u2")).save(buffer, "PNG")
    decoded = decode(buffer.getvalue(), 64)
    assert isinstance(decoded, tuple)
    assert abs(float(decoded[1].mean()) - 127.5) < 1
    assert np.array_equal(decoded[1][0, :, 0], np.arange(64) * 65_535 // 63 >> 8)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about the damage
def test_damaged_orientations_are_no_orientations() -> None:
    """Whatever EXIF says, an image is an image or a problem, and never an exception."""
    rng = np.random.default_rng(5)
    whole = turned(6)
    start = whole.index(b"Exif")
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(start, start + 40, 3):
            damaged[place] = rng.integers(256)
        assert decode(bytes(damaged), 16)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_every_colour_mode_becomes_three_channels(mode: str) -> None:
    outcome = decode(picture(mode=mode), 32)
    assert not isinstance(outcome, ImageProblem)
    facts, pixels = outcome
    assert (facts.width, facts.height) == (64, 48)
    assert pixels.shape == (32, 32, 3)


@pytest.fixture
def loads() -> list[str]:
    return []


def loader(data: bytes, name: str, loads: list[str]) -> Callable[[], bytes]:
    def load() -> bytes:
        loads.append(name)
        return data

    return load


def test_features_are_computed_once_per_content_and_shared_by_stores(tmp_path: Path, loads: list[str]) -> None:
    items = [(name, loader(picture(i), name, loads)) for i, name in enumerate(["a", "b", "a"])]
    store = FeatureStore(tmp_path)
    assert store.prepare(items) == {"a": ImageFacts(64, 48, 3), "b": ImageFacts(64, 48, 3)}
    seen = sorted(set(loads))
    loads.clear()
    assert FeatureStore(tmp_path).prepare(items)["a"] == ImageFacts(64, 48, 3)
    assert seen == ["a", "b"]
    assert loads == []


def test_what_is_read_back_is_what_the_backbone_saw(tmp_path: Path) -> None:
    data = picture(3, size=(INPUT_SIDE, INPUT_SIDE))
    store = FeatureStore(tmp_path)
    store.prepare([("x", lambda: data)])
    view = store.view({"object-1": "x", "object-2": "x"})
    outcome = decode(data, INPUT_SIDE)
    assert not isinstance(outcome, ImageProblem)
    *exact, top = Backbone()(outcome[1][None])
    for tap, stored, maps in zip(TAPS, view.read(["object-2", "object-1"]), exact, strict=True):
        assert stored.shape == (2, tap.side, tap.side, tap.channels)
        wanted = maps[0].transpose(1, 2, 0)
        step = np.abs(wanted).max((0, 1)) / 127
        assert (np.abs(stored[0] - wanted) <= 0.51 * step + 1e-5).all()
        np.testing.assert_array_equal(stored[0], stored[1])
    np.testing.assert_allclose(view.top(["object-2", "object-1"]), [[top[0].mean((1, 2)), top[0].max((1, 2))]] * 2)
    pixels = view.pixels(["object-2", "object-1"]).astype(float)
    halved = outcome[1].astype(float).reshape(PIXEL_SIDE, 2, PIXEL_SIDE, 2, 3).mean((1, 3))
    assert np.abs(pixels - halved).max() <= 0.5


def test_files_of_an_earlier_version_are_made_again(tmp_path: Path, loads: list[str]) -> None:
    """Who upgrades need not empty a directory first."""
    store = FeatureStore(tmp_path)
    store.prepare([("x", loader(picture(1), "x", loads))])
    (made,) = (file for file in tmp_path.rglob("*") if file.is_file())
    made.rename(made.with_suffix(".features"))
    assert not store.has("x")
    store.prepare([("x", loader(picture(1), "x", loads))])
    assert store.has("x")
    assert loads == ["x", "x"]


def test_a_problem_is_remembered_but_an_unreadable_object_is_tried_again(tmp_path: Path, loads: list[str]) -> None:
    def unreachable() -> bytes:
        loads.append("gone")
        raise ConnectionError("storage is away")

    items = [("bad", loader(b"no image", "bad", loads)), ("gone", unreachable), ("good", lambda: picture())]
    for _ in range(2):
        known = FeatureStore(tmp_path).prepare(items)
        assert isinstance(known["bad"], ImageProblem)
        assert isinstance(known["gone"], ImageProblem)
        assert known["gone"].code == "UnreadableObject"
        assert isinstance(known["good"], ImageFacts)
    assert sorted(loads) == ["bad", "gone", "gone"]


def test_keys_cannot_leave_the_directory(tmp_path: Path) -> None:
    FeatureStore(tmp_path / "inside").prepare([("../../outside", picture)])
    assert [one.name for one in tmp_path.iterdir()] == ["inside"]


def test_weights_that_refer_to_anything_but_tensors_are_refused() -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return (print, ("run",))

    data = pickle.dumps(1) * 3 + pickle.dumps(Evil())
    with pytest.raises(pickle.UnpicklingError, match="may not refer to"):
        read_weights(data)
