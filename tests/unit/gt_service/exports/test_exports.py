"""Exports: read back by other tools, the labels are the same."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from pycocotools.coco import COCO

from gt_service.errors import InvalidInput, NotFound
from gt_service.exports import Format, export_labels, label_width, labeled_images
from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box, Boxes
from tests.factories import box_label, class_label, compact
from tests.fakes import MemoryObjects

CLASSES = ("Bird", 'Snowy  "owl"')
MANIFEST = S3Uri("results", "birds/output.manifest")
OUT = S3Uri("results", "export")
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


def export(store: MemoryObjects, form: Format, **more: Any) -> dict[str, bytes]:
    """The exported files by path."""
    before = set(store.contents)
    options = {"attribute": "category", "classes": CLASSES, **more}
    count = export_labels(store, MANIFEST, OUT, form=form, **options)
    files = {key.removeprefix(f"{OUT}/"): store.contents[key] for key in store.contents if key not in before}
    assert len(files) == count
    return files


def test_coco_as_pycocotools_reads_it(tmp_path: Path) -> None:
    """COCO's own reader would find other boxes, or none."""
    (tmp_path / "a.json").write_bytes(export(manifest(), Format.COCO)["annotations.json"])
    found = COCO(str(tmp_path / "a.json"))
    images = {image["file_name"]: image for image in found.loadImgs(found.getImgIds())}
    assert sorted(images) == ["birds/images/a.jpg", "birds/images/empty.jpg", "birds/images/sub/a.jpg"]
    names = {category["id"]: category["name"] for category in found.loadCats(found.getCatIds())}
    boxes = {
        name: [(names[a["category_id"]], tuple(a["bbox"])) for a in found.loadAnns(found.getAnnIds([image["id"]]))]
        for name, image in images.items()
    }
    assert boxes == {
        "birds/images/a.jpg": [("Bird", HUMAN[0]), (CLASSES[1], HUMAN[1])],
        "birds/images/sub/a.jpg": [("Bird", MACHINE[0])],
        "birds/images/empty.jpg": [],
    }
    scores = [annotation.get("score") for annotation in found.loadAnns(found.getAnnIds())]
    assert scores == [None, None, 0.93]


def test_yolo_boxes_come_back() -> None:
    """A detector would be trained on shifted boxes or swapped classes."""
    files = export(manifest(), Format.YOLO)
    assert files["labels/birds/images/empty.txt"] == b""
    named = yaml.safe_load(files["data.yaml"])["names"]
    assert named == dict(enumerate(CLASSES))
    back = []
    for line in files["labels/birds/images/a.txt"].decode().splitlines():
        number, *shares = line.split()
        x, y, w, h = (float(share) * side for share, side in zip(shares, (320, 240, 320, 240), strict=True))
        back.append((named[int(number)], pytest.approx((x - w / 2, y - h / 2, w, h), abs=1e-3)))
    assert back == [("Bird", HUMAN[0]), (CLASSES[1], HUMAN[1])]


def test_voc_boxes_come_back_to_the_pixel() -> None:
    """VOC readers take whole pixels and crash on fractions."""
    root = ET.fromstring(export(manifest(), Format.VOC)["Annotations/birds/images/sub/a.xml"])
    assert root.findtext("filename") == "birds/images/sub/a.jpg"
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


@pytest.mark.parametrize(("only", "images"), [("human", 2), ("machine", 1), (None, 3)])
def test_labels_of_people_or_machine_alone(only: Any, images: int) -> None:
    """Somebody who trusts people only would get the machine's labels too."""
    body = export(manifest(), Format.AUGMENTED_MANIFEST, only=only)["labels.manifest"]
    assert len(body.splitlines()) == images


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


@pytest.mark.parametrize("form", [Format.COCO, Format.YOLO, Format.VOC])
def test_a_class_that_nobody_named_is_an_error(form: Format) -> None:
    """A box would get a number that means another class."""
    with pytest.raises(InvalidInput, match="not among the classes"):
        export(manifest(), form, classes=("Bird",))


@pytest.mark.parametrize("form", [Format.YOLO, Format.VOC])
def test_two_images_that_share_a_description_are_an_error(form: Format) -> None:
    """a.jpg and a.png would overwrite each other's labels."""
    store = manifest({"source-ref": "s3://inbox/birds/images/a.png", **box_label(job="j", human=True)})
    with pytest.raises(InvalidInput, match="two images"):
        export(store, form)


@pytest.mark.parametrize("key", ["../../etc/cron.d/x.jpg", "images/../../x.jpg", "/x.jpg"])
def test_a_path_out_of_the_exports_folder_is_refused(key: str) -> None:
    """Who names an image could write files anywhere on the disk of who exports its labels."""
    store = manifest({"source-ref": f"s3://inbox/{key}", **box_label(job="j", human=True)})
    with pytest.raises(InvalidInput, match="no path"):
        export(store, Format.VOC)


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
