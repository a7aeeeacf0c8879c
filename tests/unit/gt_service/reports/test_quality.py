"""Audits: what the report says about right and wrong must follow from the labels."""

from __future__ import annotations

import pytest

from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box, Boxes, Classes, Label
from gt_service.outputs.records import label_record
from gt_service.outputs.tally import LabeledObject
from gt_service.reports.quality import SAMPLE_SIZE, Audit, AuditSample, read_gold, score_boxes, wilson_interval
from tests.factories import box_label, class_label, compact
from tests.fakes import MemoryObjects

RIGHT, WRONG = (40, 30, 100, 80), (200, 150, 20, 20)


def labeled(number: int, *boxes: tuple[float, float, float, float], human: bool = False) -> LabeledObject:
    value = box_label(boxes, job="birds-0001", human=human)
    return LabeledObject(str(number), {"source-ref": f"s3://b/{number}.jpg"}, label_record(value, "category"), human)


def gold(count: int) -> dict[str, Label]:
    return {f"s3://b/{number}.jpg": Boxes((Box("Bird", *RIGHT),)) for number in range(count)}


def test_people_and_machine_are_scored_apart() -> None:
    """Good human labels would hide bad machine labels."""
    audit = Audit(gold(4))
    for found in (labeled(0, RIGHT, human=True), labeled(1, RIGHT, human=True), labeled(2, RIGHT), labeled(3, WRONG)):
        audit.add(found)
    result = audit.result()
    assert result is not None
    assert (result["human"]["mean_f1"], result["human"]["images"]) == (1.0, 2)
    machine = result["machine"]
    assert (machine["mean_f1"], machine["precision"], machine["recall"], machine["mean_iou"]) == (0.5, 0.5, 0.5, 1.0)
    assert result["true_error"] == 0.5


def test_the_error_is_the_mean_over_images_not_over_boxes() -> None:
    """An image with many boxes would outweigh all others; the engine promises the mean over images."""
    audit = Audit(gold(1) | {"s3://b/1.jpg": Boxes(tuple(Box("Bird", 60 * n, 0, 50, 50) for n in range(9)))})
    audit.add(labeled(0, WRONG))
    audit.add(labeled(1, *[(60 * n, 0, 50, 50) for n in range(9)]))
    result = audit.result()
    assert result is not None
    assert result["true_error"] == 0.5
    assert result["machine"]["precision"] == 0.9


def test_images_without_gold_or_without_label_are_left_out() -> None:
    """Unlabeled images would count as the machine's errors."""
    audit = Audit(gold(1))
    audit.add(labeled(7, WRONG))
    audit.add(LabeledObject("0", {"source-ref": "s3://b/0.jpg"}, None, False))
    assert audit.result() is None


@pytest.mark.parametrize(
    ("wrong", "images", "passes"),
    [(0, 300, True), (10, 300, True), (150, 300, False), (30, 300, None), (1, 8, None)],
)
def test_the_verdict_needs_the_whole_interval(wrong: int, images: int, passes: bool | None) -> None:
    """A lucky draw of a few images would be sold as a pass."""
    audit = Audit(gold(images))
    for number in range(images):
        audit.add(labeled(number, WRONG if number < wrong else RIGHT))
    result = audit.result()
    assert result is not None
    assert result["verdict"]["passes"] is passes


def test_the_campaigns_own_target_is_the_one_that_counts() -> None:
    """A campaign that asks for 99 % would be told that 90 % is fine."""
    verdicts = {}
    for measure, target in ((None, None), (None, 0.99), ("mean-iou", None), ("mean-iou", 0.97)):
        audit = Audit(gold(300), measure=measure, target=target)
        for number in range(300):
            audit.add(labeled(number, WRONG if number < 12 else RIGHT))
        result = audit.result()
        assert result is not None
        verdicts[measure, target] = result["verdict"]["passes"]
    assert verdicts == {(None, None): True, (None, 0.99): False, ("mean-iou", None): True, ("mean-iou", 0.97): None}


def test_a_target_of_the_whole_data_set_counts_all_its_labels() -> None:
    """The machine may be worse than such a target; a report that says "missed" would send people to label again."""
    verdicts = {}
    for whole in (False, True):
        audit = Audit(gold(600), whole=whole)
        for number in range(600):
            audit.add(labeled(number, WRONG if number < 30 else RIGHT, human=number >= 200))
        result = audit.result()
        assert result is not None
        verdicts[whole] = result["verdict"]
    assert verdicts[False]["passes"] is not True
    assert verdicts[True]["passes"] is True
    assert verdicts[True]["text"].startswith("All labels reach")
    assert "600 images" in verdicts[True]["text"]


def test_the_mean_iou_of_an_image_counts_wrong_and_missed_boxes() -> None:
    """Ground Truth's documented measure does: matched boxes alone would look better than they are."""
    audit = Audit(gold(2), measure="mean-iou")
    audit.add(labeled(0, RIGHT, WRONG))
    audit.add(labeled(1))
    result = audit.result()
    assert result is not None
    assert (result["machine"]["mean_iou"], result["machine"]["mean_image_iou"]) == (1.0, 0.25)


def test_the_same_labels_give_the_same_interval() -> None:
    """A report made again would differ from the one that was sent."""
    rows = [(float(n % 3 > 0), int(n % 3 > 0), 1, 1, 0.8 * (n % 3 > 0)) for n in range(60)]
    one, two = score_boxes(rows), score_boxes(rows)
    assert one == two
    low, high = one["interval"]
    assert low < one["mean_f1"] < high
    assert 0.05 < one["mean_f1"] - low < 0.2


def test_intervals_shrink_with_the_number_of_images() -> None:
    """Ten images would look as sure as a thousand."""
    rows = [(float(n % 4 > 0), 1, 0, 0, 0.8) for n in range(40)]
    few, many = score_boxes(rows)["interval"], score_boxes(rows * 25)["interval"]
    assert (many[1] - many[0]) < (few[1] - few[0]) / 3


def test_images_that_all_lack_boxes_have_no_precision() -> None:
    """A division by zero would cost the report."""
    scores = score_boxes([(1.0, 0, 0, 0, 0.0)] * 3)
    assert (scores["mean_f1"], scores["precision"], scores["recall"], scores["mean_iou"]) == (1.0, None, None, None)


def test_classes_have_an_accuracy_and_a_confusion_matrix() -> None:
    """A classification campaign would have no audit."""
    audit = Audit({f"s3://b/{n}.jpg": Classes(("Owl" if n < 3 else "Crow",)) for n in range(4)})
    for number, name in enumerate(("Owl", "Owl", "Crow", "Crow")):
        record = label_record(class_label(name, 0, job="j", human=False), "category")
        audit.add(LabeledObject(str(number), {"source-ref": f"s3://b/{number}.jpg"}, record, False))
    result = audit.result()
    assert result is not None
    assert result["machine"]["accuracy"] == 0.75
    assert result["machine"]["confusion"] == {"classes": ["Crow", "Owl"], "matrix": [[1, 0], [1, 2]]}
    assert result["verdict"]["target"] == 0.95


@pytest.mark.parametrize(
    ("right", "total", "low", "high"), [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662)]
)
def test_wilsons_interval(right: int, total: int, low: float, high: float) -> None:
    """Published values (Newcombe 1998 for 81 of 263)."""
    assert wilson_interval(right, total) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_gold_labels_under_any_attribute() -> None:
    """Gold labels of another tool or campaign would be refused for their attribute's name."""
    line = {"id": 7, "source-ref": "s3://b/0.jpg", **box_label([RIGHT], job="x", human=True, attribute="truth")}
    store = MemoryObjects({"s3://b/gold.manifest": (compact(line) + "\n\n").encode()})
    labels = read_gold(store, S3Uri("b", "gold.manifest")).labels
    assert labels == {"s3://b/0.jpg": Boxes((Box("Bird", *RIGHT),), (320, 240, 3), (0.21,))}


def test_gold_classes_given_by_number_alone() -> None:
    """Gold labels of another tool have no class map; every one of them would count as wrong."""
    line = {"source-ref": "s3://b/0.jpg", **box_label([RIGHT], job="x", human=True)}
    del line["category-metadata"]["class-map"]
    store = MemoryObjects({"s3://b/gold.manifest": compact(line).encode()})
    (label,) = read_gold(store, S3Uri("b", "gold.manifest"), ("Bird",)).labels.values()
    assert label == Boxes((Box("Bird", *RIGHT),), (320, 240, 3), (0.21,))
    one_class = compact({"source-ref": "s3://b/0.jpg", "truth": "1", "truth-metadata": {}}).encode()
    store = MemoryObjects({"s3://b/gold.manifest": one_class})
    found = read_gold(store, S3Uri("b", "gold.manifest"), ("Owl", "Crow"))
    assert found.labels == {"s3://b/0.jpg": Classes(("Crow",))}


_BOX = {"class_id": 0, "left": 0, "top": 0, "width": 1, "height": 1}
_DAMAGED = [
    {"source-ref": "s3://b/3.jpg", "a": {"annotations": [box], "image_size": size}, "a-metadata": metadata}
    for box, size, metadata in (
        (_BOX, [], {"objects": [0.9]}),
        (_BOX, [320, 240], {}),
        (_BOX, [{"width": float("inf"), "height": 240}], {}),
        (_BOX | {"left": "left"}, [], {}),
        (_BOX | {"width": None}, [], {}),
        (7, [], {}),
    )
]


def test_gold_lines_without_a_label_are_counted_and_skipped() -> None:
    """One odd line would cost every report of the campaign its audit, or be hidden."""
    lines = [
        compact({"source-ref": "s3://b/0.jpg", **box_label([RIGHT], job="x", human=True)}),
        '{"source-ref":"s3://b/1.jpg"}',
        "not json",
        compact({"source-ref": "s3://b/2.jpg", "a": {"annotations": [{"class_id": 0}]}, "a-metadata": {}}),
        "",
        *map(compact, _DAMAGED),
    ]
    store = MemoryObjects({"s3://b/gold.manifest": "\n".join(lines).encode()})
    found = read_gold(store, S3Uri("b", "gold.manifest"))
    assert (list(found.labels), found.skipped) == (["s3://b/0.jpg"], 3 + len(_DAMAGED))


def test_the_audit_sample_is_random_repeatable_and_by_machine_only() -> None:
    """A sample that anybody could steer, or that changes, proves nothing."""
    one, two, other = AuditSample("birds-0001"), AuditSample("birds-0001"), AuditSample("birds-0002")
    for number in range(1000):
        found = labeled(number, RIGHT, human=number % 2 == 0)
        for sample in (one, two, other):
            sample.add(found)
    results = [sample.result() for sample in (one, two, other)]
    first, second, third = ([each["object_id"] for each in r["objects"]] if r else [] for r in results)
    assert len(first) == SAMPLE_SIZE == len(set(first))
    assert first == second
    assert first != third
    assert all(int(object_id) % 2 for object_id in first)
    assert min(map(int, first)) < 100
    assert max(map(int, first)) > 900


def test_there_is_no_sample_of_nothing() -> None:
    """The page would offer an empty list to audit."""
    assert AuditSample("birds-0001").result() is None
