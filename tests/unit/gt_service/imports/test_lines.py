"""Lines of labels that somebody brings: any attribute and numbering in, the campaign's own out, or what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gt_service.campaign import parse_spec
from gt_service.errors import InvalidInput
from gt_service.imports.lines import ImportedLine, LineReader
from gt_service.objects import S3Uri
from tests.world import spec_document

FOLDER = S3Uri("inbox", "birds/")


def read(*lines: dict[str, Any] | bytes, **changes: Any) -> list[ImportedLine]:
    spec = parse_spec(json.dumps({"name": "birds", **spec_document(**changes)}), filename="campaign.json")
    reader = LineReader(spec, FOLDER, job_name="imported/old", created_at="2026-05-01T08:00:00.000")
    return list(reader.read(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))


def box(left: float = 1, top: float = 2, width: float = 10, height: float = 20, class_id: int = 0) -> dict[str, Any]:
    return {"class_id": class_id, "left": left, "top": top, "width": width, "height": height}


def boxes(name: str = "a.png", *found: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "source-ref": f"s3://inbox/birds/images/{name}",
        "old": {"annotations": list(found), "image_size": [{"width": 64, "height": 48, "depth": 3}]},
        "old-metadata": {"class-map": {"0": "Bird"}, "type": "groundtruth/object-detection", **metadata},
    }


def test_a_label_comes_under_the_campaigns_attribute_and_says_where_it_is_from() -> None:
    """Exports and jobs look for one attribute; the report tells imported labels from those that were paid for."""
    (line,) = read(boxes("a.png", box()))
    assert line.is_label
    assert line.key == "birds/images/a.png"
    assert line.line["category"]["annotations"] == [box()]
    metadata = line.line["category-metadata"]
    assert (metadata["job-name"], metadata["human-annotated"]) == ("imported/old", "yes")
    assert metadata["class-map"] == {"0": "Bird"}
    assert metadata["objects"] == [{"confidence": 1.0}]
    assert metadata["creation-date"] == "2026-05-01T08:00:00.000"


def test_classes_are_matched_by_name_not_by_number() -> None:
    """Another tool numbered them otherwise: by number every swan would be a duck."""
    (line,) = read(boxes("a.png", box(class_id=7), **{"class-map": {"7": "Duck"}}), labels=["Swan", "Duck"])
    assert line.line["category"]["annotations"][0]["class_id"] == 1


def test_an_image_with_nothing_on_it_is_a_label() -> None:
    (line,) = read(boxes("a.png"))
    assert line.is_label
    assert line.line["category"]["annotations"] == []


def test_a_machines_label_stays_one() -> None:
    (line,) = read(boxes("a.png", box(), **{"human-annotated": "no"}))
    assert line.line["category-metadata"]["human-annotated"] == "no"


def test_a_prediction_becomes_a_proposal_with_its_confidences_and_model() -> None:
    document = boxes("a.png", box(), objects=[{"confidence": 0.83}], model="yolo")
    line = {
        "source-ref": document["source-ref"],
        "x-proposal": document["old"],
        "x-proposal-metadata": document["old-metadata"],
    }
    (found,) = read(line)
    assert not found.is_label
    metadata = found.line["category-proposal-metadata"]
    assert metadata["objects"] == [{"confidence": 0.83}]
    assert (metadata["human-annotated"], metadata["model"]) == ("no", "yolo")


def test_classes_of_whole_images() -> None:
    source = {"source-ref": "s3://inbox/birds/images/a.png"}
    single = {**source, "old": 3, "old-metadata": {"class-name": "Duck", "confidence": 0.9}}
    (line,) = read(single, task="image-classification", labels=["Swan", "Duck"])
    assert (line.line["category"], line.line["category-metadata"]["class-name"]) == (1, "Duck")
    several = {
        **source,
        "old": [4, 9],
        "old-metadata": {"class-map": {"4": "Duck", "9": "Swan"}, "confidence-map": {"4": 0.7, "9": 0.6}},
    }
    (line,) = read(several, task="image-classification-multilabel", labels=["Swan", "Duck"])
    assert line.line["category"] == [0, 1]
    assert line.line["category-metadata"]["confidence-map"] == {"0": 0.6, "1": 0.7}


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        (b"{", "line", "line 1: it is not a JSON object"),
        ({"old": 1}, "source-ref", "no image of the campaign"),
        ({**boxes(), "source-ref": "s3://inbox/cats/images/a.png"}, "source-ref", "Images lie below s3://inbox/birds/"),
        ({"source-ref": "s3://inbox/birds/images/a.png"}, "line", "no label"),
        (boxes("a.png", box(left=60)), "old.annotations[0]", "reaches out of the image (64 × 48)"),
        (boxes("a.png", box(left=-1)), "old.annotations[0]", "reaches out of the image"),
        (boxes("a.png", box(), box(width=0)), "old.annotations[1]", "encloses nothing"),
        (boxes("a.png", box(left=float("nan"))), "old", "nan is no number of pixels"),
        (boxes("a.png", box(width=10**400)), "old", "is no number of pixels"),
        (
            {**boxes(), "old": {"annotations": [], "image_size": [{"width": 10**400, "height": 48}]}},
            "old",
            "is no number of pixels",
        ),
        (
            boxes("a.png", box(), **{"class-map": {"0": "Cat"}}),
            "old.annotations[0]",
            "none of the campaign's labels (Bird)",
        ),
        ({**boxes(), "old": {"annotations": []}}, "old.image_size", "missing"),
        ({**boxes(), "old": {"annotations": 7}}, "old", "no label of object-detection"),
        (
            {**boxes(), "old": {"annotations": [{"class_id": 0}], "image_size": [{"width": 1, "height": 1}]}},
            "old",
            "cannot be read",
        ),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(line: Any, field: str, words: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        read(line)
    assert wrong.value.field == field
    assert words in f"{wrong.value.message} {wrong.value.remedy}"


@pytest.mark.parametrize("sure", [float("inf"), float("nan"), "high", {"Bird": 1}, [0.5]])
@pytest.mark.parametrize(
    ("task", "label", "name"),
    [
        ("object-detection", boxes("a.png", box())["old"], "objects"),
        ("image-classification", 0, "confidence"),
        ("image-classification-multilabel", [0], "confidence-map"),
    ],
)
def test_a_confidence_that_is_no_number_is_refused(task: str, label: Any, name: str, sure: Any) -> None:
    """It would reach manifests, where it is no JSON, and pages, which then show no image at all."""
    form = {"objects": [{"confidence": sure}], "confidence-map": {"0": sure}}
    metadata = {"class-map": {"0": "Bird"}, name: form.get(name, sure)}
    line = {"source-ref": "s3://inbox/birds/images/a.png", "old": label, "old-metadata": metadata}
    with pytest.raises(InvalidInput, match="line 1, old"):
        read(line, task=task, labels=["Bird", "Cat"])


def test_an_image_twice_in_a_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"line 2, source-ref: .* in line 1 already"):
        read(boxes("a.png"), boxes("a.png", box()))


def test_tasks_without_a_form_for_labels_are_refused() -> None:
    with pytest.raises(InvalidInput, match="labels of semantic-segmentation cannot be imported"):
        read(boxes(), task="semantic-segmentation", label_attribute="mask-ref")
