"""The byte forms of Ground Truth's records, and the labels read back from them. Pure.

Sources: developer guide sms-data-output and sms-custom-templates-step3; real output files of Ground Truth. JSON has
no blanks between its parts, `creation-date` always has microseconds, `submissionTime` has whole seconds.
"""

from __future__ import annotations

import json
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np

from gt_engine.autolabel import Guarantee, Round
from gt_engine.autolabel.second_look import Suspicion
from gt_engine.labels import BoxLabel, ClassLabel
from gt_engine.outputs.label_form import AnyLabel, MultiClassLabel, written_confidence
from gt_service.outputs.records import metadata_key
from gt_service.task_types import TaskType


@dataclass(frozen=True)
class WorkerAnswer:
    """One worker's answer as it is written: `worker` is the worker's id.

    active_seconds, identity: of people; simulated workers have neither. identity is `workerMetadata.identityData`.
    """

    worker: str
    content: Mapping[str, Any]
    accepted_at: datetime
    submitted_at: datetime
    active_seconds: float | None = None
    identity: Mapping[str, str] | None = None

    @property
    def seconds(self) -> float:
        """What it took: of people, the time that they really worked on it."""
        elapsed = round((self.submitted_at - self.accepted_at).total_seconds(), 3)
        return elapsed if self.active_seconds is None else self.active_seconds


def answer_content(task: TaskType, label: AnyLabel, classes: Sequence[str]) -> dict[str, Any]:
    """What the crowd element of a task type submits. The names are those of AWS's own templates."""
    match label:
        case BoxLabel():
            boxes = [
                {
                    "height": int(bottom - top),
                    "label": classes[int(class_id)],
                    "left": int(left),
                    "top": int(top),
                    "width": int(right - left),
                }
                for (left, top, right, bottom), class_id in zip(label.boxes.tolist(), label.class_ids, strict=True)
            ]
            width, height, _ = label.image_size
            return {"boundingBox": {"boundingBoxes": boxes, "inputImageProperties": {"height": height, "width": width}}}
        case ClassLabel():
            element = "crowd-image-classifier" if task.facts.medium == "image" else "crowd-classifier"
            return {element: {"label": classes[label.class_id]}}
        case MultiClassLabel():
            element = (
                "crowd-image-classifier-multi-select"
                if task.facts.medium == "image"
                else "crowd-classifier-multi-select"
            )
            return {element: {"labels": [classes[class_id] for class_id in label.class_ids]}}


def drawn(label: BoxLabel) -> BoxLabel:
    """The boxes as a person's mouse leaves them: whole pixels, inside the image, at least one pixel wide and high."""
    width, height, _ = label.image_size
    limits = np.array([width, height, width, height], np.float32)
    boxes = np.clip(np.rint(label.boxes), 0, limits)
    boxes[:, :2] = np.minimum(boxes[:, :2], limits[:2] - 1)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
    return BoxLabel(boxes.astype(np.float32), label.class_ids, label.confidences, label.image_size)


def worker_id(worker: str, workteam_arn: str, region: str) -> str:
    """An id in the service's form: `public.<region>.<26 letters and digits>`, the same in every job of a work team."""
    crowd = "public" if ":workteam/public-crowd/" in workteam_arn else "private"
    digest = b32encode(sha256(f"{workteam_arn}/{worker}".encode()).digest()).decode()[:26]
    return f"{crowd}.{region}.{digest}"


def worker_response(answers: Sequence[WorkerAnswer]) -> bytes:
    """The worker-response file of one object. Of people it has milliseconds, and the time that they were active."""
    return compact({"answers": [_response(answer) for answer in answers]})


def _response(answer: WorkerAnswer) -> dict[str, Any]:
    written = {
        "acceptanceTime": _seconds(answer.accepted_at),
        "answerContent": answer.content,
        "submissionTime": _seconds(answer.submitted_at),
        "timeSpentInSeconds": answer.seconds,
        "workerId": answer.worker,
    }
    if answer.identity is None:
        return written
    return written | {
        "acceptanceTime": _milliseconds(answer.accepted_at),
        "submissionTime": _milliseconds(answer.submitted_at),
        "workerMetadata": {"identityData": dict(answer.identity)},
    }


def consolidation_request(
    batch: Iterable[tuple[str, Mapping[str, str], Sequence[WorkerAnswer]]],
) -> bytes:
    """The consolidation-request of some objects: (object id, data object, answers) each."""
    return compact(
        [
            {
                "datasetObjectId": object_id,
                "dataObject": data_object,
                "annotations": [
                    {"workerId": a.worker, "annotationData": {"content": compact(a.content).decode()}} for a in answers
                ],
            }
            for object_id, data_object, answers in batch
        ]
    )


def read_consolidation_request(body: bytes) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """(worker id, answer content) of every answer, by object id."""
    return {
        entry["datasetObjectId"]: [
            (annotation["workerId"], json.loads(annotation["annotationData"]["content"]))
            for annotation in entry["annotations"]
        ]
        for entry in json.loads(body)
    }


def consolidation_response(contents: Iterable[tuple[str, Mapping[str, Any]]]) -> bytes:
    """The consolidation-response of some objects: one JSON list on one line."""
    return compact(
        [
            {"datasetObjectId": object_id, "consolidatedAnnotation": {"content": content}}
            for object_id, content in contents
        ]
    )


def read_consolidation_response(body: bytes) -> dict[str, dict[str, Any]]:
    return {entry["datasetObjectId"]: entry["consolidatedAnnotation"]["content"] for entry in json.loads(body)}


def auto_annotations(contents: Iterable[tuple[str, Mapping[str, Any]]]) -> bytes:
    """auto_annotator_output.txt: `<object id> {json}` on each line."""
    return b"".join(object_id.encode() + b" " + compact(content) + b"\n" for object_id, content in contents)


def read_auto_annotations(body: bytes) -> dict[str, dict[str, Any]]:
    lines = (line.split(b" ", 1) for line in body.splitlines())  # of bytes: in text, class names may have line breaks
    return {object_id.decode(): json.loads(content) for object_id, content in lines}


def labeled_line(line: bytes, content: Mapping[str, Any]) -> bytes:
    """A manifest line with its label at the end; a label of the same attribute is overwritten. No line break."""
    record = {key: value for key, value in json.loads(line).items() if key not in content}
    return compact({**record, **content})


def failed_line(line: bytes, attribute: str, reason: str) -> bytes:
    """A manifest line of an object that got no label, with the reason where its metadata would be. No line break.

    The form that Ground Truth has been seen to write (developer forums; the guide does not tell it).
    """
    return labeled_line(line, {metadata_key(attribute): {"retry-count": 1, "failure-reason": reason}})


def intermediate_annotation(object_id: str, line: bytes, source: str) -> bytes:
    """One line of annotations/intermediate/<N>/annotations.json."""
    return compact({"datasetObjectId": object_id, "manifestLine": line.decode(), "inputAttribute": source}) + b"\n"


def label_categories(classes: Sequence[str]) -> bytes:
    """annotation-tool/data.json, where public converters read the order of the classes."""
    return compact({"document-version": "2018-11-28", "labels": [{"label": name} for name in classes]})


def prediction(label: AnyLabel, confidence: float) -> bytes:
    """One line of a batch transform's output; a box is [class, score, left, top, right, bottom], in shares."""
    match label:
        case BoxLabel():
            width, height, _ = label.image_size
            shares = label.boxes / np.array([width, height, width, height], np.float32)
            boxes = [
                [int(i), written_confidence(c), *(round(float(x), 4) for x in box)]
                for i, c, box in zip(label.class_ids, label.confidences, shares, strict=True)
            ]
            return compact({"prediction": boxes, "confidence": round(confidence, 6)}) + b"\n"
        case ClassLabel():
            return compact({"predicted_label": label.class_id, "confidence": round(confidence, 6)}) + b"\n"
        case MultiClassLabel():
            raise ValueError("there is no automated data labeling with several classes per object")


def left_out_prediction(
    source: str, content: Mapping[str, Any], *, confidence: float, loss: float, suspicion: Suspicion
) -> bytes:
    """One line of left-out-predictions/predictions.jsonl: a label that people gave, as a model sees it that never saw
    that label, and how surely the label is wrong."""
    return (
        compact(
            {
                "source-ref": source,
                "label": content,
                "confidence": round(confidence, 6),
                "loss": round(loss, 6),
                "suspicion": round(suspicion.score, 6),
                "mistake": suspicion.mistake,
            }
        )
        + b"\n"
    )


def certificate(guarantee: Guarantee, round_: Round, targets: Mapping[float, int], *, objects: int) -> bytes:
    """Why the machine labeled what it labeled: the target, the threshold, and the validation losses that speak for it.

    The losses are those of the human-labeled objects whose confidence reaches the threshold. `by-target`: how many of
    the job's objects the machine might have labeled at other targets, as long as it has labeled none.
    """
    losses = zip(round_.retired, round_.losses, strict=True)
    return compact(
        {
            "guarantee": asdict(guarantee),
            "round": round_.number,
            "threshold": round_.threshold,
            "objects": objects,
            "human-labeled": round_.human,
            "machine-labeled": len(round_.machine),
            "validation-objects": round_.validation,
            "validation-score": round(round_.score, 6),
            "initial-model-dropped": round_.fell_back,
            "losses": [{"datasetObjectId": object_id, "loss": round(loss, 6)} for object_id, loss in losses],
            "by-target": [{"target": target, "machine-labeled": count} for target, count in sorted(targets.items())],
        }
    )


def compact(value: Any) -> bytes:
    """JSON as Ground Truth writes it: no blanks, UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _milliseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
