"""The API's answers on a chain of three batches as the notebook ran it, for tests of the pages."""

from __future__ import annotations

import json
from typing import Any

from gt_service.chain.second_look import Suspect
from gt_service.gallery.index import Index, unpacked
from gt_service.gallery.rows import Row, row_of
from gt_service.gallery.writing import Gallery, campaign_index
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import label_record
from gt_service.outputs.tally import LabeledObject
from tests.factories import box_label, class_label

Json = dict[str, Any]

SPEC: Json = {
    "name": "birds",
    "task": "object-detection",
    "labels": ["Bird"],
    "instructions": {"title": "Draw a box around each bird"},
    "workforce": "public",
    "workers_per_object": 3,
    "batch": {"size": 1250, "quiet_minutes": 30, "minimum": 1},
    "budget": "500",
    "label_attribute": "category",
}
MODEL = "arn:aws:sagemaker:us-east-1:000000000000:training-job/"


def campaign(name: str = "birds", **changes: Any) -> Json:
    """GET /campaigns/{name}."""
    return {
        "name": name,
        "status": "active",
        "reason": "",
        "remedy": "",
        "waits_for": None,
        "spec_errors": [],
        "warnings": [],
        "spec": {**SPEC, "name": name},
        "images": {"pending": 312, "rejected": 7, "duplicate": 0, "replaced": 0, "more": [], "imported": 0},
        "batches": 2,
        "cap_mills": 500_000,
        "committed_mills": 64_000,
        "spent_mills": 297_200,
        "created_at": "2026-05-01T07:30:00Z",
        **changes,
    }


def job(name: str = "birds-0001", **changes: Any) -> Json:
    """GET /jobs/{name}: the notebook's first job unless changed."""
    return {
        "name": name,
        "campaign": "birds",
        "batch": 1,
        "role": "first",
        "attempt": 0,
        "status": "Completed",
        "objects": 1250,
        "counters": {
            "TotalLabeled": 1250,
            "HumanLabeled": 650,
            "MachineLabeled": 600,
            "FailedNonRetryableError": 0,
            "Unlabeled": 0,
        },
        "initial_model_arn": None,
        "final_model_arn": MODEL + name,
        "manifest_s3_uri": "s3://results/birds/manifests/batch-0001.manifest",
        "output_s3_uri": f"s3://results/birds/output/{name}/",
        "reserved_mills": 235_000,
        "cost_mills": 170_200,
        "report_s3_uri": f"s3://results/birds/reports/{name}/",
        "failure_reason": None,
        "output_problem": None,
        "warning": None,
        "created_at": "2026-05-01T08:00:00Z",
        "ended_at": "2026-05-01T14:20:00Z",
        **changes,
    }


def image(**changes: Any) -> Json:
    """One of GET /campaigns/{name}/images."""
    return {
        "key": "birds/images/a.txt",
        "status": "rejected",
        "reason": "no image",
        "remedy": "correct it",
        "duplicate_of": None,
        "uploaded_at": "2026-05-01T07:30:00Z",
        **changes,
    }


def counters(human: int, machine: int, *, failed: int = 0, unlabeled: int = 0) -> Json:
    return {
        "TotalLabeled": human + machine,
        "HumanLabeled": human,
        "MachineLabeled": machine,
        "FailedNonRetryableError": failed,
        "Unlabeled": unlabeled,
    }


def chain() -> list[Json]:
    """The notebook's three jobs and a fourth that is running."""
    return [
        job(),
        job(
            "birds-0002",
            batch=2,
            role="warm",
            counters=counters(250, 1000),
            cost_mills=127_000,
            initial_model_arn=MODEL + "birds-0001",
            created_at="2026-05-02T08:00:00Z",
            ended_at="2026-05-02T11:10:00Z",
        ),
        job(
            "birds-0002-control",
            batch=2,
            role="control",
            counters=counters(500, 750),
            cost_mills=154_000,
            created_at="2026-05-02T08:00:00Z",
            ended_at="2026-05-02T13:40:00Z",
        ),
        job(
            "birds-0003",
            batch=3,
            role="warm",
            status="InProgress",
            counters=counters(180, 420, failed=2, unlabeled=648),
            cost_mills=None,
            report_s3_uri=None,
            final_model_arn=None,
            initial_model_arn=MODEL + "birds-0002",
            created_at="2026-05-03T08:00:00Z",
            ended_at=None,
        ),
    ]


def batches() -> list[Json]:
    return [
        {
            "number": number,
            "objects": 1250,
            "status": status,
            "closed_because": "full",
            "closed_at": f"2026-05-0{number}T07:59:00Z",
        }
        for number, status in ((3, "labeling"), (2, "labeled"), (1, "labeled"))
    ]


def deliveries() -> list[Json]:
    return [
        {
            "at": "2026-05-02T11:12:03Z",
            "subject": "birds-0002 is completed: 80 % by machine, $127.00",
            "channel": "slack",
            "state": "sent",
            "tries": 1,
            "error": "",
        },
        {
            "at": "2026-05-02T11:12:02Z",
            "subject": "birds-0002 is completed: 80 % by machine, $127.00",
            "channel": "webhook hooks.example.com",
            "state": "retrying",
            "tries": 3,
            "error": "HTTP 503",
        },
    ]


def manifest_lines(count: int = 24) -> list[bytes]:
    """Lines of an output manifest: two of three images by machine."""
    lines = []
    for number in range(count):
        machine = number % 3 != 0
        boxes = [
            {"class_id": 0, "left": 20 + 11 * (number % 5), "top": 30 + 7 * (number % 4), "width": 120, "height": 90},
            {"class_id": 0, "left": 170, "top": 8 + 5 * (number % 6), "width": 70 + number, "height": 60},
        ][: 1 + number % 2]
        record = {
            "source-ref": f"s3://inbox/birds/images/scene-{number:04}.jpg",
            "category": {"annotations": boxes, "image_size": [{"width": 320, "height": 240, "depth": 3}]},
            "category-metadata": {
                "objects": [{"confidence": 0.91 - 0.01 * number} for _ in boxes],
                "class-map": {"0": "Bird"},
                "type": "groundtruth/object-detection",
                "human-annotated": "no" if machine else "yes",
                "creation-date": "2026-05-02T11:09:00.000000",
                "job-name": "labeling-job/birds-0002",
            },
        }
        lines.append(json.dumps(record).encode())
    return lines


def _side(images: int, f1: float, precision: float, recall: float, iou: float) -> Json:
    scores = {"mean_f1": f1, "precision": precision, "recall": recall, "mean_iou": iou}
    intervals = {name: [round(value - 0.012, 4), round(value + 0.011, 4)] for name, value in scores.items()}
    return {"images": images, **scores, "interval": intervals["mean_f1"], "intervals": intervals}


def report() -> Json:
    """report.json of the first job."""
    return {
        "version": 1,
        "job": {"name": "birds-0001", "campaign": "birds", "batch": 1, "role": "first", "status": "Completed"},
        "counts": {
            "objects": 1250,
            "human_images": 650,
            "human_boxes": 910,
            "machine_images": 600,
            "machine_boxes": 843,
            "unlabeled": 0,
            "failed": 0,
        },
        "machine_share": 0.48,
        "cost": {
            "total_mills": 170_200,
            "total_usd": 170.2,
            "service_mills": 100_000,
            "workers_mills": 70_200,
            "compute_mills": 0,
        },
        "all_human": {"total_mills": 235_000},
        "saving": {
            "all_human": {
                "mills": 64_800,
                "usd": 64.8,
                "share": 0.2757,
                "before_mills": 235_000,
                "compared_to": "the same 1,250 objects, every one labeled by 3 workers at $0.036 and no compute",
            },
            "control": None,
        },
        "iterations": [
            {
                "iteration": 1,
                "human_images": 10,
                "human_boxes": 14,
                "machine_images": 0,
                "machine_boxes": 0,
                "cost_mills": 1_880,
            },
            {
                "iteration": 2,
                "human_images": 190,
                "human_boxes": 260,
                "machine_images": 0,
                "machine_boxes": 0,
                "cost_mills": 35_720,
            },
            {
                "iteration": 3,
                "human_images": 200,
                "human_boxes": 281,
                "machine_images": 160,
                "machine_boxes": 220,
                "cost_mills": 50_400,
            },
            {
                "iteration": 4,
                "human_images": 250,
                "human_boxes": 355,
                "machine_images": 440,
                "machine_boxes": 623,
                "cost_mills": 82_200,
            },
        ],
        "training": [
            {"iteration": 3, "metric": "mAP", "samples": 160, "scores": [0.11, 0.31, 0.42, 0.5, 0.56, 0.58, 0.6, 0.61]},
            {"iteration": 4, "metric": "mAP", "samples": 360, "scores": [0.22, 0.48, 0.6, 0.67, 0.7, 0.72, 0.73, 0.74]},
        ],
        "quality": {
            "human": _side(650, 0.973, 0.981, 0.966, 0.912),
            "machine": _side(600, 0.934, 0.951, 0.922, 0.854),
            "true_error": 0.066,
            "verdict": {
                "target_error": 0.1,
                "passes": True,
                "text": "Machine labels keep the target of 10%: error 6.6%, 95 % interval 5.5% to 7.8%, 600 images.",
            },
        },
        "unlabeled": {"count": 0, "reasons": {}, "objects": []},
        "findings": [],
        "workers": [
            {
                "worker_id": f"worker-{n:02}",
                "answers": 400 - 31 * n,
                "median_seconds": 21.5 + n,
                "agreement": 0.97 - 0.02 * n,
                "cost_mills": 14_400 - 1116 * n,
            }
            for n in range(6)
        ],
    }


def gallery(objects: ObjectStore, count: int) -> Index:
    """The index of `count` images that the machine labeled, each less sure than the one after it."""
    images = Gallery("birds-0001", ("Bird", "Nest"))
    for number in range(count):
        sure = 0.3 + 0.7 * number / count
        label = box_label([(1, 2, 30, 40)], job="birds-0001", human=False, confidence=sure)
        line = {"source-ref": f"s3://inbox/birds/images/{number}.jpg", **label}
        images.add(LabeledObject(str(number), line, label_record(line, "category"), human=False))
    index = images.write(objects, S3Uri("results", "birds/reports/birds-0001/images"))
    return unpacked(campaign_index([index], {}, ("Bird", "Nest")))


def labeled_objects() -> list[LabeledObject]:
    """Of the manifest's lines."""
    lines = map(json.loads, manifest_lines())
    records = ((str(number), line, label_record(line, "category")) for number, line in enumerate(lines))
    return [
        LabeledObject(number, line, record, human=bool(record and record.human)) for number, line, record in records
    ]


def rows() -> list[Row]:
    """What the pages show of them."""
    found = (row_of(str(one.source), one.record, human=one.human) for one in labeled_objects() if one.record)
    return [row for row in found if row is not None]


def suspects() -> list[Suspect]:
    """A box in a wrong place, and a wrong class."""
    people = box_label([(1, 2, 30, 40)], job="birds-0001", human=True)
    machine = box_label([(9, 2, 30, 40)], job="birds-0001", human=False, confidence=0.9)
    owl = class_label("Owl", 0, job="birds-0001", human=True)
    wren = class_label("Wren", 1, job="birds-0001", human=False)
    return [
        Suspect("s3://inbox/birds/images/7.jpg", 0.93, "moved", "birds-0001", 1, people, machine),
        Suspect("s3://inbox/birds/images/8.jpg", 0.61, "swapped", "birds-0001", 1, owl, wren),
    ]
