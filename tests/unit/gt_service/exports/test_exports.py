"""Exports: read back by other tools, the labels are the same."""

from __future__ import annotations

import csv
import io
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import yaml
from PIL import Image
from pycocotools.coco import COCO

from gt_cli.datasets import read_boxes
from gt_service.errors import InvalidInput, NotFound
from gt_service.exports.export import Export, Format
from gt_service.exports.images import label_width, labeled_images
from gt_service.exports.split import Split
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box, Boxes
from tests.factories import box_label, class_label, compact
from tests.fakes import MemoryObjects

ALL = [form for form in Format if form is not Format.PARQUET]  # needs pyarrow, which is not among what tests install
HOLD_BOXES = [form for form in ALL if form is not Format.FOLDERS]
HOLD_CLASSES = [form for form in ALL if form not in {Format.COCO, Format.YOLO, Format.VOC}]
CLASSES = ("Bird", 'Snowy  "owl"')
MANIFEST = S3Uri("results", "birds/output.manifest")
HUMAN = [(10.5, 20, 100, 50), (0, 0, 320, 240)]
MACHINE = [(33.25, 44.5, 60, 70)]


def manifest(*extra: dict[str, Any]) -> MemoryObjects:
    lines = [
        {
            "source-ref": "s3://inbox/birds/images/a.jpg",
            **box_label(HUMAN, job="j", human=True, labels=CLASSES, class_ids=[0, 1]),
            "note": 1,
        },
        {"source-ref": "s3://inbox/birds/images/b c.jpg"},
        {
            "source-ref": "s3://inbox/birds/images/sub/a.jpg",
            **box_label(MACHINE, job="j", human=False, confidence=0.93, labels=CLASSES),
        },
        {"source-ref": "s3://inbox/birds/images/empty.jpg", **box_label([], job="j", human=True)},
        *extra,
    ]
    return MemoryObjects({str(MANIFEST): "".join(compact(line) + "\n" for line in lines).encode()})


def exporting(store: MemoryObjects, form: Format, **more: Any) -> Export:
    options = {"attribute": "category", "labels": CLASSES, "prefix": "birds/images/", **more}
    return Export(lambda: store.lines(MANIFEST), form=form, **options)


def export(store: MemoryObjects, form: Format, **more: Any) -> dict[str, bytes]:
    """The exported files by path."""
    files = [(file.path, b"".join(file.chunks)) for file in exporting(store, form, **more).files()]
    assert len(dict(files)) == len(files), "one file was written over another"
    return dict(files)


def images(store: MemoryObjects, form: Format, **more: Any) -> dict[str, str]:
    """Key of each image and its path in the export."""
    return {image.source.key: image.path for image in exporting(store, form, **more).images()}


def test_coco_as_pycocotools_reads_it(tmp_path: Path) -> None:
    """COCO's own reader would find other boxes, or none."""
    (tmp_path / "a.json").write_bytes(export(manifest(), Format.COCO)["annotations.json"])
    found = COCO(str(tmp_path / "a.json"))
    by_name = {image["file_name"]: image for image in found.loadImgs(found.getImgIds())}
    assert sorted(by_name) == ["a.jpg", "empty.jpg", "sub/a.jpg"]
    names = {category["id"]: category["name"] for category in found.loadCats(found.getCatIds())}
    boxes = {
        name: [(names[a["category_id"]], tuple(a["bbox"])) for a in found.loadAnns(found.getAnnIds([image["id"]]))]
        for name, image in by_name.items()
    }
    assert boxes == {
        "a.jpg": [("Bird", HUMAN[0]), (CLASSES[1], HUMAN[1])],
        "sub/a.jpg": [("Bird", MACHINE[0])],
        "empty.jpg": [],
    }
    scores = [annotation.get("score") for annotation in found.loadAnns(found.getAnnIds())]
    assert scores == [None, None, 0.93]


def test_yolo_boxes_come_back() -> None:
    """A detector would be trained on shifted boxes or swapped classes."""
    files = export(manifest(), Format.YOLO)
    assert files["labels/empty.txt"] == b""
    named = yaml.safe_load(files["data.yaml"])["names"]
    assert named == dict(enumerate(CLASSES))
    back = []
    for line in files["labels/a.txt"].decode().splitlines():
        number, *shares = line.split()
        x, y, w, h = (float(share) * side for share, side in zip(shares, (320, 240, 320, 240), strict=True))
        back.append((named[int(number)], pytest.approx((x - w / 2, y - h / 2, w, h), abs=1e-3)))
    assert back == [("Bird", HUMAN[0]), (CLASSES[1], HUMAN[1])]


def test_voc_boxes_come_back_to_the_pixel() -> None:
    """VOC readers take whole pixels and crash on fractions."""
    root = ET.fromstring(export(manifest(), Format.VOC)["Annotations/sub/a.xml"])
    assert root.findtext("filename") == "sub/a.jpg"
    assert [int(root.findtext(f"size/{part}") or 0) for part in ("width", "height", "depth")] == [320, 240, 3]
    (item,) = root.findall("object")
    assert item.findtext("name") == "Bird"
    corners = [int(item.findtext(f"bndbox/{name}") or -1) for name in ("xmin", "ymin", "xmax", "ymax")]
    left, top, width, height = MACHINE[0]
    assert corners == pytest.approx([left, top, left + width, top + height], abs=0.5)


def test_the_augmented_manifest_is_what_training_takes() -> None:
    """SageMaker fails on unlabeled lines, and on attributes that some lines lack."""
    body = export(manifest(), Format.AUGMENTED_MANIFEST)["labels.manifest"]
    records = [json.loads(line) for line in body.splitlines()]
    assert [list(record) for record in records] == [["source-ref", "category", "category-metadata"]] * 3
    again = list(labeled_images(body.splitlines(), "category"))
    before = list(labeled_images(manifest().lines(MANIFEST), "category"))
    assert [(image.source, image.label, image.human) for image in again] == [
        (image.source, image.label, image.human) for image in before
    ]
    assert isinstance(again[0].label, Boxes)
    assert again[0].label.boxes[1] == Box(CLASSES[1], *HUMAN[1])


@pytest.mark.parametrize(("only", "count"), [("human", 2), ("machine", 1), (None, 3)])
def test_labels_of_people_or_machine_alone(only: Any, count: int) -> None:
    """Somebody who trusts people only would get the machine's labels too."""
    body = export(manifest(), Format.AUGMENTED_MANIFEST, only=only)["labels.manifest"]
    assert len(body.splitlines()) == count


def test_the_label_width_holds_the_fullest_image() -> None:
    """Training fails on sets whose images have many boxes, which users of the notebooks met."""
    assert label_width(labeled_images(manifest().lines(MANIFEST), "category")) == 2 + 5 * 2
    assert label_width([]) == 2


@pytest.mark.parametrize("form", [Format.COCO, Format.YOLO, Format.VOC])
def test_classes_do_not_fit_a_form_of_boxes(form: Format) -> None:
    """An empty export would look like a success."""
    store = manifest({"source-ref": "s3://inbox/x.jpg", **class_label("Bird", 0, job="j", human=True)})
    with pytest.raises(InvalidInput, match="classes and no boxes"):
        export(store, form)


def test_labels_of_an_earlier_spec_are_exported_too() -> None:
    """A label that was renamed would lock away all that was labeled before; its boxes keep their own name."""
    names = yaml.safe_load(export(manifest(), Format.YOLO, labels=("Animal",))["data.yaml"])["names"]
    assert names == {0: "Animal", 1: "Bird", 2: CLASSES[1]}
    line = {"source-ref": "s3://inbox/birds/images/z.jpg", **box_label(HUMAN, job="j", human=True)}
    renamed = {key.replace("category", "earlier"): value for key, value in line.items()}
    assert "labels/z.txt" in export(manifest(renamed), Format.YOLO)


KEYS = [
    "birds/images/a.jpg",
    "birds/images/a.png",
    "birds/images/A.JPG",
    "birds/images/a-2.jpg",
    "birds/images/day 2//1.jpg",
    "birds/images/./1.jpg",
    "birds/images/../../etc/cron.d/x.jpg",
    "birds/images//x.jpg",
    "birds/images/images/x.jpg",
    "birds/images/M\u00fcller.jpg",
    "birds/images/Mu\u0308ller.jpg",
    "birds/images/nosuffix",
    "birds/images/.jpg",
    "birds/images/tab\there\\back.jpg",
    "birds/images/" + "long" * 200 + ".jpg",
    "elsewhere/x.jpg",
    "/x.jpg",
]


def odd_keys() -> MemoryObjects:
    lines = [{"source-ref": f"s3://inbox/{key}", **box_label(MACHINE, job="j", human=True)} for key in KEYS]
    return MemoryObjects({str(MANIFEST): "".join(compact(line) + "\n" for line in lines).encode()})


@pytest.mark.parametrize("form", HOLD_BOXES)
def test_whatever_was_labeled_can_be_exported(form: Format, tmp_path: Path) -> None:
    """One odd key would lock up all the labels that were paid for; a path may not leave the folder."""
    store = odd_keys()
    files, placed = export(store, form), images(store, form)
    paths = [*files, *placed.values()]
    assert len(placed) == (0 if form is Format.AUGMENTED_MANIFEST else len(KEYS))
    assert len({path.casefold() for path in paths}) == len(paths)
    for path in paths:
        target = (tmp_path / path).resolve()
        assert target.is_relative_to(tmp_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"")  # every file system takes it


def of_ultralytics(image: str) -> str:
    """The rule by which Ultralytics finds an image's labels (docs.ultralytics.com/datasets/detect): the last folder
    called `images` becomes `labels`, the suffix `.txt`."""
    return "/labels/".join(f"/{image}".rsplit("/images/", 1)).rsplit(".", 1)[0].removeprefix("/") + ".txt"


@pytest.mark.parametrize("split", [None, Split((50, 30, 20)), Split((80, 20))])
def test_yolo_trainers_find_the_labels_of_every_image(split: Split | None) -> None:
    """An image whose labels are not found is taken for one without objects: training goes on, and learns nothing."""
    for store in (manifest(), odd_keys()):
        files, placed = export(store, Format.YOLO, split=split), images(store, Format.YOLO, split=split)
        assert {of_ultralytics(path) for path in placed.values()} == set(files) - {"data.yaml"}
        document = yaml.safe_load(files["data.yaml"])
        assert "path" not in document, "the folder of data.yaml itself, wherever it is put"
        folders = {document[part] for part in ("train", "val", "test") if part in document}
        assert all(any(path.startswith(f"{folder}/") for folder in folders) for path in placed.values())


def test_any_text_may_be_a_label_in_yaml_and_xml() -> None:
    """Trainers would read another class, or stop at the file."""
    labels = ("\U0001f99d raccoon", "a: b # c", "null", "\x07bell & <b>", "\u2028")
    line = {
        "source-ref": "s3://inbox/birds/images/z.jpg",
        **box_label([(1, 1, 5, 5)] * 5, job="j", human=True, labels=labels, class_ids=range(5)),
    }
    store = MemoryObjects({str(MANIFEST): compact(line).encode()})
    assert yaml.safe_load(export(store, Format.YOLO, labels=labels)["data.yaml"])["names"] == dict(enumerate(labels))
    found = ET.fromstring(export(store, Format.VOC, labels=labels)["Annotations/z.xml"])
    assert [item.findtext("name") for item in found.findall("object")][:3] == list(labels[:3])
    boxes = ET.fromstring(export(store, Format.CVAT, labels=labels)["annotations.xml"]).findall("image/box")
    assert [box.get("label") for box in boxes][:3] == list(labels[:3])


def test_every_box_has_an_area_in_whole_pixels() -> None:
    """VOC readers, ours too, refuse a file with an empty box; trainers make NaN of it."""
    tiny = [(10.2, 20.1, 0.3, 0.2), (319.9, 239.9, 0.1, 0.1), (0, 0, 0.2, 240)]
    line = {"source-ref": "s3://inbox/birds/images/z.jpg", **box_label(tiny, job="j", human=True)}
    store = MemoryObjects({str(MANIFEST): compact(line).encode()})
    for item in ET.fromstring(export(store, Format.VOC)["Annotations/z.xml"]).findall("object/bndbox"):
        left, top, right, bottom = (int(item.findtext(name) or -1) for name in ("xmin", "ymin", "xmax", "ymax"))
        assert 0 <= left < right <= 320
        assert 0 <= top < bottom <= 240


@pytest.mark.parametrize("text", ["", "80", "80/30", "0/100", "a/b", "-10/110", "50/30/10/10"])
def test_a_split_that_is_none_is_refused(text: str) -> None:
    """Images would be left out of every part without a word."""
    with pytest.raises(InvalidInput, match="split"):
        Split.parse(text)


def test_a_split_is_stable_and_keeps_duplicates_together() -> None:
    """A test image that moves into training, or whose copy is there, makes every figure of the model too good."""
    split, keys = Split.parse("80/10/10"), [f"s3://inbox/birds/images/{number}.jpg" for number in range(2000)]
    parts = [split.part(key) for key in keys]
    shares = {part: parts.count(part) / len(parts) for part in ("train", "val", "test")}
    assert shares == {"train": pytest.approx(0.8, abs=0.03), "val": pytest.approx(0.1, abs=0.03), "test": ANY}
    twins = [
        line
        for key in keys[:40]
        for line in (
            {"source-ref": key, **box_label(job="j", human=True)},
            {"source-ref": key.replace(".jpg", "-copy.jpg"), **box_label(job="j", human=True), "duplicate-of": key},
        )
    ]
    store = MemoryObjects({str(MANIFEST): "".join(compact(line) + "\n" for line in twins).encode()})
    placed = images(store, Format.YOLO, split=split)
    assert len({path.split("/")[1] for path in placed.values()}) == 3
    for key, path in placed.items():
        assert placed[key.replace("-copy", "")].split("/")[1] == path.split("/")[1]


@pytest.mark.parametrize("form", HOLD_BOXES)
def test_the_parts_of_a_split_hold_everything_once(form: Format) -> None:
    """An image that is in no part is never learned from; one in two makes the test worthless."""
    split = Split((50, 30, 20))
    whole, parted = export(odd_keys(), form), export(odd_keys(), form, split=split)
    if form is Format.COCO:
        entries = [json.loads(parted[f"annotations/instances_{part}.json"])["images"] for part in split.parts]
        assert sorted(e["file_name"] for part in entries for e in part) == sorted(
            e["file_name"] for e in json.loads(whole["annotations.json"])["images"]
        )
    elif form is Format.VOC:
        listed = [parted[f"ImageSets/Main/{part}.txt"].decode().splitlines() for part in split.parts]
        assert sorted(f"Annotations/{stem}.xml" for part in listed for stem in part) == sorted(whole)
    elif form in {Format.HUGGINGFACE, Format.AUGMENTED_MANIFEST}:
        assert sum(body.count(b"\n") for body in parted.values()) == sum(body.count(b"\n") for body in whole.values())
    else:
        assert len(parted) == len(whole)


def test_hugging_face_finds_each_image_beside_its_metadata() -> None:
    """`load_dataset("imagefolder")` stops where `file_name` is not below the folder of metadata.jsonl."""
    files, placed = export(manifest(), Format.HUGGINGFACE), images(manifest(), Format.HUGGINGFACE)
    records = [json.loads(line) for line in files["train/metadata.jsonl"].splitlines()]
    assert sorted(f"train/{record['file_name']}" for record in records) == sorted(placed.values())
    assert records[0]["objects"] == {"bbox": [list(box) for box in HUMAN], "categories": list(CLASSES)}
    assert records[2]["objects"] == {"bbox": [], "categories": []}


def test_a_set_of_several_classes_has_the_same_columns_for_every_image() -> None:
    """`load_dataset` would show those with one class as having none."""
    lines = []
    for number, names in enumerate([["Cat"], ["Cat", "Dog"], []]):
        about = {"class-map": {str(place): name for place, name in enumerate(names)}, "human-annotated": "yes"}
        label = {"category": [*range(len(names))], "category-metadata": about}
        lines.append({"source-ref": f"s3://inbox/{number}.jpg", **label})
    store = MemoryObjects({str(MANIFEST): "".join(compact(line) + "\n" for line in lines).encode()})
    records = map(json.loads, export(store, Format.HUGGINGFACE)["train/metadata.jsonl"].splitlines())
    assert [record["labels"] for record in records] == [["Cat"], ["Cat", "Dog"], []]


def test_parquet_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidInput, match="needs pyarrow") as wrong:
        export(manifest(), Format.PARQUET)
    assert "pip install pyarrow" in wrong.value.remedy


@pytest.mark.long
@pytest.mark.parametrize("of", [manifest, odd_keys])
def test_parquet_holds_what_json_lines_hold(of: Callable[[], MemoryObjects]) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow")
    table = pq.read_table(io.BytesIO(export(of(), Format.PARQUET)["train/metadata.parquet"])).to_pylist()
    assert table == [*map(json.loads, export(of(), Format.HUGGINGFACE)["train/metadata.jsonl"].splitlines())]
    assert images(of(), Format.PARQUET) == images(of(), Format.HUGGINGFACE)


def test_label_studio_takes_peoples_labels_as_annotations_and_the_machines_as_predictions() -> None:
    """A machine's box would pass for one that a person drew."""
    tasks = json.loads(export(manifest(), Format.LABEL_STUDIO)["tasks.json"])
    assert [sorted(set(task) - {"data"}) for task in tasks] == [["annotations"], ["predictions"], ["annotations"]]
    (box,) = tasks[1]["predictions"][0]["result"]
    back = [box["value"][side] / 100 * of for side, of in (("x", 320), ("y", 240), ("width", 320), ("height", 240))]
    assert back == pytest.approx(list(MACHINE[0]))
    assert box["score"] == 0.93


def test_csv_is_read_back_by_our_own_reader(tmp_path: Path) -> None:
    """Labels that went out could not come back in."""
    (tmp_path / "images").mkdir()
    for path in images(manifest(), Format.CSV).values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (320, 240)).save(tmp_path / path)
    (tmp_path / "labels.csv").write_bytes(export(manifest(), Format.CSV)["labels.csv"])
    found = read_boxes(tmp_path / "labels.csv", tmp_path / "images")
    boxes = {image.name: [(b.label, b.left, b.top, b.width, b.height) for b in image.boxes] for image in found.images}
    assert boxes == {
        "a.jpg": [("Bird", *HUMAN[0]), (CLASSES[1], *HUMAN[1])],
        "sub/a.jpg": [("Bird", *MACHINE[0])],
        "empty.jpg": [],
    }


def classified() -> MemoryObjects:
    lines = [
        {"source-ref": "s3://inbox/birds/images/a.jpg", **class_label("Bird/s", 0, job="j", human=True)},
        {"source-ref": "s3://inbox/birds/images/b.jpg", **class_label("=Other", 1, job="j", human=False)},
    ]
    return MemoryObjects({str(MANIFEST): "".join(compact(line) + "\n" for line in lines).encode()})


def test_classes_as_folders() -> None:
    """torchvision and Keras take a folder's name for the class."""
    options: dict[str, Any] = {"labels": ("Bird/s", "=Other")}
    assert images(classified(), Format.FOLDERS, **options) == {
        "birds/images/a.jpg": "Bird_s/a.jpg",
        "birds/images/b.jpg": "=Other/b.jpg",
    }
    rows = list(csv.reader(export(classified(), Format.FOLDERS, **options)["labels.csv"].decode().splitlines()))
    assert [row[:2] for row in rows] == [["filename", "class"], ["a.jpg", "Bird/s"], ["b.jpg", "'=Other"]]


@pytest.mark.parametrize("form", HOLD_CLASSES)
def test_every_form_that_holds_classes_names_them(form: Format) -> None:
    """A form would be offered, and come out empty."""
    assert b"Bird/s" in b"".join(export(classified(), form, labels=("Bird/s", "=Other")).values())


def test_masks_and_text_cannot_be_exported() -> None:
    """They would be left out without a word."""
    mask = {"source-ref": "s3://inbox/x.jpg", "m-ref": "s3://results/m.png", "m-ref-metadata": {}}
    store = manifest(mask)
    with pytest.raises(InvalidInput, match="cannot be exported"):
        export(store, Format.AUGMENTED_MANIFEST, attribute="m-ref")


def test_sizes_that_are_missing_are_an_error() -> None:
    """Shares of an unknown size would be nonsense."""
    line = {"source-ref": "s3://inbox/x.jpg", **box_label(job="j", human=True)}
    del line["category"]["image_size"]
    with pytest.raises(InvalidInput, match="size"):
        export(manifest(line), Format.YOLO)


def test_a_manifest_that_is_not_there() -> None:
    """A typing error would give an empty export."""
    with pytest.raises(NotFound):
        export(MemoryObjects(), Format.COCO)
