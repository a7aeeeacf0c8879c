"""Users' own boxes: read right from each form, and refused with the place that is wrong."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from gt_cli.datasets import BoxesError, LabeledBox, LabeledImages, OpenImagesClass, read_boxes
from gt_service.exports.export import Export, Format

HEADER = "filename,width,height,class,xmin,ymin,xmax,ymax\n"
OPEN_IMAGES = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n"
HIERARCHY = {
    "LabelName": "/m/0bl9f",
    "Subcategory": [
        {"LabelName": "/m/015p6", "Subcategory": [{"LabelName": "/m/0dftk"}, {"LabelName": "/m/0ccs93"}]},
        {"LabelName": "/m/01yrx"},
    ],
}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name, size in {"a.jpg": (200, 100), "b c.PNG": (50, 80), "more/d.jpeg": (10, 10)}.items():
        Image.new("RGB", size).save(folder / name, "png" if name.endswith("PNG") else "jpeg")
    (folder / "notes.txt").write_text("no image")
    return folder


def read(photos: Path, name: str, text: str | bytes, **choices: Any) -> LabeledImages:
    file = photos.parent / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_boxes(file, photos, **choices)


def boxes(found: LabeledImages) -> dict[str, tuple[LabeledBox, ...]]:
    """To a billionth of a pixel: shares of a side are no whole numbers."""
    return {image.name: tuple(map(_rounded, image.boxes)) for image in found.images}


def _rounded(box: LabeledBox) -> LabeledBox:
    return LabeledBox(box.label, *(round(side, 9) for side in (box.left, box.top, box.width, box.height)))


def coco(**changes: Any) -> str:
    document = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 200, "height": 100},
            {"id": 7, "file_name": "photos/more/d.jpeg", "width": 10, "height": 10},
        ],
        "categories": [{"id": 16, "name": "bird"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 16, "bbox": [10, 20, 30.5, 40]},
            {"id": 2, "image_id": 1, "category_id": 16, "bbox": [0, 0, 200, 100], "iscrowd": 1},
        ],
    }
    return json.dumps({**document, **changes})


def voc(filename: str = "a.jpg", *, width: object = 200, box: str | None = None, extra: str = "") -> str:
    corners = "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax></bndbox>"
    shown = corners if box is None else box
    return (
        f"<annotation><filename>{filename}</filename><size><width>{width}</width><height>100</height></size>"
        f"<object><name>bird</name>{shown}</object>{extra}</annotation>"
    )


def test_csv_boxes_are_corners_in_pixels(photos: Path) -> None:
    found = read(photos, "b.csv", HEADER + "a.jpg,200,100,bird,10,20,40,60\na.jpg,200,100,cat,0,0,1.5,1\n")
    assert found.labels == ("bird", "cat")
    assert boxes(found) == {"a.jpg": (LabeledBox("bird", 10, 20, 30, 40), LabeledBox("cat", 0, 0, 1.5, 1))}
    assert (found.images[0].width, found.images[0].height) == (200, 100)
    assert found.images[0].path == photos / "a.jpg"


def test_images_without_a_line_are_left_out_and_said_so(photos: Path) -> None:
    assert read(photos, "b.csv", HEADER + "a.jpg,200,100,bird,1,2,3,4\n").left_out == ("b c.PNG", "more/d.jpeg")


@pytest.mark.parametrize("called", ["more/d.jpeg", "d.jpeg", "d", "photos\\more\\d.jpeg", " d.jpeg "])
def test_images_are_found_however_the_file_calls_them(photos: Path, called: str) -> None:
    assert list(boxes(read(photos, "b.csv", HEADER + f"{called},10,10,bird,1,2,3,4\n"))) == ["more/d.jpeg"]


def test_spreadsheets_marks_blank_lines_and_further_columns_do_no_harm(photos: Path) -> None:
    text = "\ufeff" + HEADER.strip().title() + ",Note\r\n\r\nb c.PNG,50,80,bird,1,2,3,4,hello\r\n,,,,,,,,\r\n"
    assert list(boxes(read(photos, "b.csv", text))) == ["b c.PNG"]


def test_what_sticks_out_of_the_image_is_cut_off(photos: Path) -> None:
    found = read(photos, "b.csv", HEADER + "a.jpg,200,100,bird,-5,90,201,130\n")
    assert boxes(found)["a.jpg"] == (LabeledBox("bird", 0, 90, 200, 10),)


def test_open_images_boxes_are_shares_of_the_sides(photos: Path) -> None:
    found = read(photos, "o.csv", OPEN_IMAGES + "a,xclick,/m/015p6,1,0.1,0.5,0.25,0.75,0,0,0\n")
    assert boxes(found) == {"a.jpg": (LabeledBox("/m/015p6", 20, 25, 80, 50),)}


def test_a_class_brings_its_subclasses_under_its_own_name(photos: Path) -> None:
    (photos.parent / "hierarchy.json").write_text(json.dumps(HIERARCHY))
    lines = [
        "a,x,/m/0dftk,1,0,0.5,0,0.5,0,0,0",  # a swan is a bird
        "a,x,/m/0dftk,1,0,1,0,1,0,0,1",  # one box around many swans is no swan
        "a,x,/m/01yrx,1,0,1,0,1,0,0,0",  # a cat is not
        "d,x,/m/015p6,1,0,1,0,1,0,0,0",  # skipped by its ImageID
        "elsewhere,x,/m/015p6,1,0,1,0,1,0,0,0",  # not in the folder
    ]
    choice = OpenImagesClass("Bird", "/m/015p6", photos.parent / "hierarchy.json", frozenset({"d"}))
    found = read(photos, "o.csv", OPEN_IMAGES + "\n".join(lines), choice=choice)
    assert found.labels == ("Bird",)
    assert boxes(found) == {"a.jpg": (LabeledBox("Bird", 0, 0, 100, 50),)}


def test_coco_boxes_are_left_top_width_height_and_images_without_boxes_count(photos: Path) -> None:
    found = read(photos, "c.json", coco())
    assert boxes(found) == {"a.jpg": (LabeledBox("bird", 10, 20, 30.5, 40),), "more/d.jpeg": ()}


def test_voc_files_are_read_one_by_one_or_from_a_folder(photos: Path) -> None:
    expected = (LabeledBox("bird", 10, 20, 30, 40),)
    assert boxes(read(photos, "a.xml", voc()))["a.jpg"] == expected
    folder = photos.parent / "annotations"
    folder.mkdir()
    (folder / "a.xml").write_text(voc())
    (folder / "d.xml").write_text("<annotation><filename>d.jpeg</filename></annotation>")
    assert boxes(read_boxes(folder, photos)) == {"a.jpg": expected, "more/d.jpeg": ()}


GB2312 = '<?xml version="1.0" encoding="GB2312"?>' + voc().replace("bird", "鸟")


def test_files_in_other_encodings_are_read(photos: Path) -> None:
    assert read(photos, "a.xml", GB2312.encode("gb2312")).labels == ("鸟",)


@pytest.mark.parametrize("called", ["./more/d.jpeg", "more/d", "/more/d.jpeg", "more/./d.jpeg", "x/../more/d.jpeg"])
def test_a_path_means_its_image_in_every_form(photos: Path, called: str) -> None:
    """The error would tell the user to write the path below the folder, which they did."""
    (photos / "other").mkdir()
    Image.new("RGB", (10, 10)).save(photos / "other" / "d.jpeg")
    assert list(boxes(read(photos, "b.csv", HEADER + f"{called},10,10,bird,1,2,3,4\n"))) == ["more/d.jpeg"]


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_accents_are_the_same_composed_or_not(photos: Path, written: Any, stored: Any) -> None:
    """macOS takes names apart, spreadsheets do not."""
    name = normalize(stored, "Müller.jpg")
    Image.new("RGB", (10, 10)).save(photos / name)
    text = HEADER + f"{normalize(written, 'Müller.jpg')},10,10,bird,1,2,3,4\n"
    assert list(boxes(read(photos, "b.csv", text))) == [name]


def test_what_macs_leave_behind_is_passed_over(photos: Path) -> None:
    """A folder that was copied from a Mac could not be read at all."""
    folder = photos.parent / "annotations"
    (folder / "__MACOSX").mkdir(parents=True)
    (folder / "a.xml").write_text(voc())
    (folder / "._a.xml").write_bytes(b"\0\5\x16\7")
    (folder / "__MACOSX" / "a.xml").write_bytes(b"\0\5\x16\7")
    (photos / "._a.jpg").write_bytes(b"\0\5\x16\7")
    found = read_boxes(folder, photos)
    assert list(boxes(found)) == ["a.jpg"]
    assert "._a.jpg" not in found.left_out


def test_photos_are_as_people_see_them(photos: Path) -> None:
    """Boxes drawn on the upright photo would be refused, or lie elsewhere."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (40, 20)).save(photos / "turned.jpg", exif=exif)
    found = read(photos, "b.csv", HEADER + "turned.jpg,20,40,bird,0,30,10,40\n")
    assert (found.images[0].width, found.images[0].height) == (20, 40)
    with pytest.raises(BoxesError, match="20 × 40 pixels, not 40 × 20"):
        read(photos, "b.csv", HEADER + "turned.jpg,40,20,bird,30,0,40,10\n")


def test_coco_crowds_are_told_however_the_number_is_written(photos: Path) -> None:
    """A box would be dropped without a word."""
    for value, count in [("0", 1), (False, 1), (None, 1), (0.0, 1), ("1", 0), (True, 0)]:
        annotations = [
            {"image_id": 1, "category_id": 16, "bbox": [1, 2, 3, 4], "iscrowd": value},
            {"image_id": 7, "category_id": 16, "bbox": [1, 2, 3, 4]},
        ]
        assert len(boxes(read(photos, "c.json", coco(annotations=annotations)))["a.jpg"]) == count


def test_two_names_for_one_image_are_not_joined(photos: Path) -> None:
    """The boxes of two images would lie on one, and nobody would know."""
    image = {"width": 200, "height": 100}
    for images in (
        [{"id": 1, "file_name": "train/a.jpg", **image}, {"id": 2, "file_name": "val/a.jpg", **image}],
        [{"id": 1, "file_name": "a.jpg", **image}, {"id": 2, "file_name": "a.jpg", **image}],
    ):
        with pytest.raises(BoxesError, match=r"a\.jpg"):
            read(photos, "c.json", coco(images=images, annotations=[]))
    with pytest.raises(BoxesError, match="line 3"):
        read(photos, "b.csv", HEADER + "train/a.jpg,200,100,x,1,2,3,4\nval/a.jpg,200,100,x,1,2,3,4\n")
    folder = photos.parent / "copied"
    folder.mkdir()
    (folder / "1.xml").write_text(voc())
    (folder / "2.xml").write_text(voc())
    with pytest.raises(BoxesError, match=r"2\.xml"):
        read_boxes(folder, photos)


def test_a_name_with_and_without_its_folder_is_one_image(photos: Path) -> None:
    text = HEADER + "more/d.jpeg,10,10,x,1,2,3,4\nd.jpeg,10,10,x,1,2,3,4\nphotos/more/d.jpeg,10,10,x,1,2,3,4\n"
    assert len(boxes(read(photos, "b.csv", text))["more/d.jpeg"]) == 3


EXPECTED = (LabeledBox("bird", 10, 20, 30, 40),)


def test_yolo_boxes_are_found_beside_their_images(photos: Path) -> None:
    """The folder as trainers have it, and the labels alone; names from data.yaml."""
    (photos / "images").mkdir()
    (photos / "labels").mkdir()
    Image.new("RGB", (200, 100)).save(photos / "images" / "x.jpg")
    Image.new("RGB", (20, 10)).save(photos / "images" / "empty.jpg")
    (photos / "labels" / "x.txt").write_text("1 0.125 0.4 0.15 0.4\n")
    (photos / "labels" / "empty.txt").write_text("")
    (photos / "data.yaml").write_text("names: [cat, bird]")
    (photos / "README.txt").write_text("no labels")
    expected = {"images/empty.jpg": (), "images/x.jpg": EXPECTED}
    assert boxes(read_boxes(photos, photos)) == expected
    alone = read_boxes(photos / "labels", photos / "images")
    assert boxes(alone) == {"empty.jpg": (), "x.jpg": EXPECTED}
    (photos / "labels" / "x.txt").write_text("0 0.05 0.2 0.2 0.2 0.2 0.6 0.05 0.6\n")
    assert boxes(read_boxes(photos, photos))["images/x.jpg"] == (LabeledBox("cat", 10, 20, 30, 40),)


def test_names_of_yolo_that_are_lists_are_no_names(photos: Path) -> None:
    """A few lines of aliases, each a list of the one before, would fill the memory."""
    (photos / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (photos / "data.yaml").write_text("x: &x [bird, bird]\nnames: [[*x, *x]]")
    with pytest.raises(BoxesError, match="names are no list"):
        read_boxes(photos, photos)


@pytest.mark.parametrize(
    ("label", "image"),
    [
        ("bird", "a.jpg"),
        ("<b>&\"'[/b]: - #x", "two/folders/日本.JPG"),
        ("Vögel, 日本", "ä b+c%20d,e#1?.jpg"),
        ("a\u2028b", "x;y'z\"&<q>.jpg"),
        ("1", "1.jpg"),
        ("=1+1", "=1+1.jpg"),
    ],
)
def test_what_was_exported_comes_back(photos: Path, label: str, image: str) -> None:
    """Labels could be taken away and not brought again."""
    (photos / image).parent.mkdir(parents=True, exist_ok=True)
    (photos / "a.jpg").rename(photos / image)
    line = {
        "source-ref": f"s3://inbox/c/images/{image}",
        "category": {
            "annotations": [{"class_id": 0, "left": 10, "top": 20, "width": 30, "height": 40}],
            "image_size": [{"width": 200, "height": 100, "depth": 3}],
        },
        "category-metadata": {"class-map": {"0": label}, "human-annotated": "yes"},
    }
    for form, place in [
        (Format.YOLO, "."),
        (Format.COCO, "annotations.json"),
        (Format.CVAT, "annotations.xml"),
        (Format.VOC, "Annotations"),
        (Format.LABEL_STUDIO, "tasks.json"),
        (Format.CSV, "labels.csv"),
        (Format.HUGGINGFACE, "."),
    ]:
        out = photos.parent / form
        for file in Export(lambda: [json.dumps(line).encode()], "category", (label,), form, prefix="c/images/").files():
            (out / file.path).parent.mkdir(parents=True, exist_ok=True)
            (out / file.path).write_bytes(b"".join(file.chunks))
        back = read_boxes(out / place, photos).images[0].boxes[0]
        assert (label, *(pytest.approx(side, abs=1e-3) for side in (10, 20, 30, 40))) == (
            back.label,
            back.left,
            back.top,
            back.width,
            back.height,
        ), form


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 1: it is not JSON"),
        ('{"objects": {}}', "line 1: it has no file_name"),
        ('{"file_name": "a.jpg"}', "line 1: objects is not a list of bbox"),
        (
            '{"file_name": "a.jpg", "objects": {"bbox": [[1, 2]], "categories": ["bird"]}}',
            "not left, top, width, height",
        ),
        ('{"file_name": "a.jpg", "objects": {"bbox": [[1, 2, 3, 4]], "categories": [0]}}', "the category 0 is no name"),
        ('{"file_name": "z.jpg", "objects": {"bbox": [], "categories": []}}', "there is no image 'z.jpg'"),
    ],
)
def test_what_is_wrong_with_metadata_of_hugging_face_is_said_with_its_line(photos: Path, line: str, says: str) -> None:
    (photos / "metadata.jsonl").write_text(line)
    with pytest.raises(BoxesError, match=says):
        read_boxes(photos, photos)


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems hold no such name")
def test_a_name_that_is_no_text_is_told(photos: Path) -> None:
    """No manifest and no bucket can hold it: the command ended with a traceback, some with half an upload."""
    os.rename(bytes(photos / "a.jpg"), bytes(photos) + b"/\xe9.jpg")
    with pytest.raises(BoxesError, match=r"\\udce9\.jpg.* is not UTF-8"):
        read(photos, "c.json", coco())


@pytest.mark.parametrize("separator", ["\u2028", "\x85"])
def test_a_line_of_json_ends_at_its_line_feed_and_nowhere_else(photos: Path, separator: str) -> None:
    """A class copied from a web page may hold what Python takes for a line's end, and JSON does not."""
    label = f"bird{separator}song"
    line = {"file_name": "a.jpg", "objects": {"bbox": [[10, 20, 30, 40]], "categories": [label]}}
    (photos / "metadata.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\r\n", "utf-8")
    assert {box.label for _, own in boxes(read_boxes(photos, photos)).items() for box in own} == {label}


def test_labelme_and_cvat(photos: Path) -> None:
    shape = {"label": "bird", "shape_type": "rectangle", "points": [[40, 60], [10, 20]]}
    labelme = {"imagePath": "..\\photos\\a.jpg", "imageWidth": 200, "imageHeight": 100, "shapes": [shape]}
    assert boxes(read(photos, "a.json", json.dumps(labelme))) == {"a.jpg": EXPECTED}
    folder = photos.parent / "labelme"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(labelme))
    assert boxes(read_boxes(folder, photos)) == {"a.jpg": EXPECTED}
    cvat = '<annotations><image name="a.jpg" width="200" height="100">%s</image></annotations>'
    box = '<box label="bird" xtl="10" ytl="20" xbr="40" ybr="60"/>'
    assert boxes(read(photos, "cvat.xml", cvat % box)) == {"a.jpg": EXPECTED}
    with pytest.raises(BoxesError, match="polygon is no box"):
        read(photos, "cvat.xml", cvat % '<polygon label="bird" points="1,2"/>')


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ("/data/local-files/?d=photos%2Fa.jpg", "a.jpg"),
        ("/data/upload/3/0a1b2c3d-a.jpg", "a.jpg"),
        ("s3://b/a.jpg", "a.jpg"),
        ("s3://b/a.jpg?%23#1.jpg", "a.jpg?%23#1.jpg"),
    ],
)
def test_label_studio_tasks_name_their_image_in_many_ways(photos: Path, data: str, result: str) -> None:
    (photos / result).write_bytes((photos / "a.jpg").read_bytes())
    value = {"x": 5, "y": 20, "width": 15, "height": 40, "rotation": 0, "rectanglelabels": ["bird"]}
    task = {"data": {"image": data}, "annotations": [{"result": [{"type": "rectanglelabels", "value": value}]}]}
    assert boxes(read(photos, "ls.json", json.dumps([task, {"data": {"image": "x.jpg"}, "annotations": []}]))) == {
        result: EXPECTED
    }


ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_value_in_a_file_is_more_than_an_error_in_words(photos: Path, data: st.DataObject) -> None:
    """A traceback tells nobody which file to correct."""
    document = json.loads(coco())
    part = data.draw(st.sampled_from(sorted(document)))
    entry = data.draw(st.sampled_from(document[part]))
    entry[data.draw(st.sampled_from(sorted(entry)))] = data.draw(ODD)
    with suppress(BoxesError):
        read(photos, "c.json", json.dumps(document))
    cells = ["a.jpg", "200", "100", "bird", "10", "20", "40", "60"]
    cells[data.draw(st.integers(0, 7))] = data.draw(st.sampled_from(["nan", "inf", "-1e400", "", "\0", "9" * 400, "٣"]))
    with suppress(BoxesError):
        read(photos, "b.csv", HEADER + ",".join(cells))
    shape = {"label": "bird", "shape_type": "rectangle", "points": [[40, 60], [10, 20]]}
    shape[data.draw(st.sampled_from(sorted(shape)))] = data.draw(ODD)
    with suppress(BoxesError):
        read(photos, "a.json", json.dumps({"imagePath": "a.jpg", "shapes": [shape]}))
    odd = data.draw(st.binary(max_size=40))
    with suppress(BoxesError):
        read(photos, "a.xml", odd)
    with suppress(BoxesError):
        encoding = data.draw(st.sampled_from(["gb2312", "utf-7", "nonsense", "idna", "rot13", "utf-16", "ebcdic"]))
        read(photos, "a.xml", f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + voc().encode() + odd)


ENTITIES = '<!DOCTYPE x [<!ENTITY e "boom">]>'


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("b.csv", "", "line 1"),
        ("b.csv", "hello,world\n", "no known form"),
        ("b.csv", "filename,xmin\n", "line 1: no column width, height, class"),
        ("b.csv", HEADER, "holds no box"),
        ("b.csv", HEADER + "\nz.jpg,1,1,bird,0,0,1,1\n", "line 3: there is no image 'z.jpg'"),
        ("b.csv", HEADER + "a.jpg,200,100,bird\n", "line 2: 4 values for 8 columns"),
        ("b.csv", HEADER + "a.jpg,200,100,bird,one,0,1,1\n", "line 2: xmin is 'one'"),
        ("b.csv", HEADER + "a.jpg,200,100,bird,nan,0,1,1\n", "line 2"),
        ("b.csv", HEADER + "a.jpg,200,100,bird,40,20,10,60\n", "line 2: left, top, right, bottom"),
        ("b.csv", HEADER + "a.jpg,200,100,bird,500,500,600,600\n", "enclose nothing"),
        ("b.csv", HEADER + "a.jpg,100,200,bird,1,2,3,4\n", "200 × 100 pixels, not 100 × 200"),
        ("b.csv", HEADER + "a.jpg,200,100,,1,2,3,4\n", "line 2: the box has no label"),
        ("b.csv", b"\xff\xd8\xff\xe0 a photo", "UTF-8"),
        ("b.csv", HEADER + "a" * 200_000, "no CSV"),
        ("o.csv", "ImageID,LabelName\n", "no column xmin"),
        ("c.json", "{", "line 1: not JSON"),
        ("c.json", json.dumps(HIERARCHY), "class hierarchy"),
        ("c.json", "[]", "not COCO"),
        ("c.json", coco(images=3), "'images' is no list"),
        ("c.json", coco(categories=[]), "annotations[0]: there is no category 16"),
        ("c.json", coco(annotations=[{"image_id": 9, "category_id": 16}]), "annotations[0]: there is no image 9"),
        ("c.json", coco(annotations=[{"image_id": 1, "category_id": 16, "bbox": [1]}]), "annotations[0]: bbox"),
        ("c.json", coco(annotations=[{"category_id": 16}]), "annotations[0] has no 'image_id'"),
        ("c.json", coco(annotations=[{"image_id": []}]), "no single value"),
        ("c.json", coco(images=[{"id": 1, "file_name": "a.jpg", "width": "x", "height": 1}]), "number of pixels"),
        ("c.json", "[" * 100_000, "deeply"),
        ("c.json", coco(annotations=[{"image_id": 1, "category_id": 16, "iscrowd": "perhaps"}]), "iscrowd"),
        ("b.csv", HEADER + "a.jpg,nan,100,bird,1,2,3,4\n", "line 2: width is 'nan'"),
        ("b.csv", HEADER + "a.jpg,200,inf,bird,1,2,3,4\n", "line 2: height is 'inf'"),
        ("a.xml", voc(width="1e999"), "width is '1e999'"),
        ("a.xml", '<?xml version="1.0" encoding="klingon"?><annotation/>', "klingon"),
        ("ls.json", '[{"data": {"image": 3}, "annotations": [{}]}]', "task 1 names no image"),
        ("lm.json", '{"imagePath": "a.jpg", "shapes": [{"points": [[1]]}]}', "shape 1"),
        ("lm.json", '{"imagePath": "a.jpg", "shapes": [3]}', "not a list of objects"),
        ("a.xml", "<annotations><image/></annotations>", "image 1 has no width"),
        ("a.xml", "<annotation>", "line 1: not XML"),
        ("a.xml", "<html/>", "not a VOC"),
        ("a.xml", "<annotation/>", "no filename"),
        ("a.xml", voc(width=201), "pixels, not 201"),
        ("a.xml", voc(width="wide"), "not a number"),
        ("a.xml", voc(box=""), "object 1 has no bndbox"),
        ("a.xml", voc(extra="<object><bndbox/></object>"), "object 2 has no xmin"),
        ("a.xml", ENTITIES + voc(filename="&e;"), "entities"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(photos: Path, name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(BoxesError) as refusal:
        read(photos, name, text)
    assert says in refusal.value.message
    assert name in refusal.value.message
    assert refusal.value.remedy


def test_a_name_that_fits_two_images_is_not_guessed(photos: Path) -> None:
    Image.new("RGB", (10, 10)).save(photos / "d.jpeg")
    Image.new("RGB", (10, 10)).save(photos / "more" / "e.jpg")
    Image.new("RGB", (10, 10)).save(photos / "e.jpg")
    found = read(photos, "b.csv", HEADER + "d.jpeg,10,10,bird,1,2,3,4\n")
    assert list(boxes(found)) == ["d.jpeg"], "a bare name is the file at the top"
    with pytest.raises(BoxesError, match="may be any of"):
        read(photos, "b.csv", HEADER + "e,10,10,bird,1,2,3,4\n")


@pytest.mark.parametrize(
    ("document", "says"),
    [(HIERARCHY, "holds no '/m/none'"), ([], "no tree"), ({"LabelName": 3}, "no tree")],
)
def test_a_hierarchy_that_does_not_help_is_refused(photos: Path, document: object, says: str) -> None:
    file = photos.parent / "hierarchy.json"
    file.write_text(json.dumps(document))
    with pytest.raises(BoxesError, match=says):
        read(photos, "o.csv", OPEN_IMAGES, choice=OpenImagesClass("Bird", "/m/none", file))


def test_paths_that_are_not_there_are_named(photos: Path, tmp_path: Path) -> None:
    for file, folder, says in [
        (tmp_path / "none.csv", photos, "none.csv"),
        (photos / "notes.txt", tmp_path / "none", "no folder"),
        (photos / "notes.txt", tmp_path / "empty", "no JPEG or PNG"),
    ]:
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(BoxesError, match=says):
            read_boxes(file, folder)


def test_an_image_that_is_no_jpeg_or_png_is_told_at_once(photos: Path) -> None:
    """The service would refuse it after it was uploaded."""
    Image.new("RGB", (200, 100)).save(photos / "a.jpg", "webp")
    with pytest.raises(BoxesError, match="is WEBP"):
        read(photos, "b.csv", HEADER + "a.jpg,200,100,bird,1,2,3,4\n")


def test_sizes_with_a_fraction_are_whole_pixels(photos: Path) -> None:
    image = {"id": 1, "file_name": "a.jpg", "width": 200.0, "height": 100.0}
    annotation = {"image_id": 1, "category_id": 16, "bbox": [1, 2, 3, 4]}
    assert boxes(read(photos, "c.json", coco(images=[image], annotations=[annotation])))


def test_a_broken_image_is_named(photos: Path) -> None:
    (photos / "a.jpg").write_bytes(b"\xff\xd8\xff no photo")
    with pytest.raises(BoxesError, match=r"a\.jpg is no image"):
        read(photos, "b.csv", HEADER + "a.jpg,200,100,bird,1,2,3,4\n")
