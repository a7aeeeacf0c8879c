"""Where a labeling job's files are: the tree below its root, and what a key tells. Pure.

<root>/manifests/output/output.manifest
<root>/annotations/worker-response/iteration-<N>/<object id>/<time>.json
<root>/annotations/consolidated-annotation/consolidation-request/iteration-<N>/<time>.json
<root>/annotations/consolidated-annotation/consolidation-response/iteration-<N>/<time>.json
<root>/activelearning/…/<N>/<one folder>/auto_annotator_output.txt
<root>/activelearning/validation/<N>/output/certificate.json
<root>/training/<N>/<one folder>/<training job>/output/model.tar.gz
<root>/model/model.onnx                           gt-engine's own
<root>/proposals/iteration-<N>/<name>.jsonl      gt-engine's own
<root>/people/now.json                           gt-engine's own

Source: developer guide, sms-data-output, and the post-processing cells of AWS's notebooks. N has one digit or more, and
numbers may be missing in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gt_service.objects import S3Uri

OUTPUT_MANIFEST = "manifests/output/output.manifest"
WORKER_RESPONSES = "annotations/worker-response/"
CONSOLIDATION_REQUESTS = "annotations/consolidated-annotation/consolidation-request/"
CONSOLIDATION_RESPONSES = "annotations/consolidated-annotation/consolidation-response/"
ACTIVE_LEARNING = "activelearning/"
TRAINING = "training/"
PROPOSALS = "proposals/"
LEFT_OUT_PREDICTIONS = "left-out-predictions/predictions.jsonl"
"""The engine's own: what its model says of people's labels that it never saw (gt_engine/autolabel/second_look.py)."""

PEOPLE_NOW = "people/now.json"
"""The engine's own: how the people of a job that runs are getting on (gt_engine/jobs/watching.py)."""

ONNX_MODEL = "model/model.onnx"
"""The engine's own: the job's final model to take away (gt_engine/autolabel/onnx_export)."""

CERTIFICATE = "certificate.json"
"""The engine's own: of a round, and signed, at the root of a job's output, of the job."""

_AUTO_LABELS = "auto_annotator_output.txt"
_MODEL = "model.tar.gz"


@dataclass(frozen=True)
class AnswerFile:
    """A worker-response file: all answers to one object in one iteration."""

    uri: S3Uri
    iteration: int
    object_id: str


@dataclass(frozen=True)
class BatchFile:
    """A consolidation request or response: some objects of one iteration, at a time."""

    uri: S3Uri
    iteration: int
    at: datetime | None


@dataclass(frozen=True)
class TrainingFile:
    """A file in the output folder of a training job; `is_model` where it is the model itself."""

    uri: S3Uri
    iteration: int
    training_job: str
    is_model: bool


def possible_roots(description: Mapping[str, Any]) -> tuple[S3Uri, ...]:
    """The places where the job's tree may begin, the likeliest first; keys without a slash at the end.

    The output manifest's own location tells it for sure. Without one it is S3OutputPath and the job's name, and where
    the path was given without a slash at its end, both readings exist in the wild.
    """
    manifest = description.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri", "")
    path = S3Uri.parse(description["OutputConfig"]["S3OutputPath"], field="S3OutputPath")
    name = description["LabelingJobName"]
    roots = [path / name]
    if path.key and not path.key.endswith("/"):
        roots.append(S3Uri(path.bucket, path.key + name))
    if manifest.endswith("/" + OUTPUT_MANIFEST):
        roots.insert(0, S3Uri.parse(manifest.removesuffix("/" + OUTPUT_MANIFEST)))
    return tuple(dict.fromkeys(roots))


def answer_file(uri: S3Uri) -> AnswerFile | None:
    """What a key below worker-response/ tells; None where it is no answer to one object (video frames, for one)."""
    iteration, object_id, name = [*uri.key.split("/")[-3:], "", "", ""][:3]
    number = _iteration(iteration)
    return AnswerFile(uri, number, object_id) if number is not None and name.endswith(".json") else None


def batch_file(uri: S3Uri) -> BatchFile | None:
    """What a key below consolidation-request/ or consolidation-response/ tells; None where it is something else."""
    parts = uri.key.split("/")
    number = _iteration(parts[-2]) if len(parts) > 1 else None
    if number is None or not parts[-1].endswith(".json"):
        return None
    try:
        at = datetime.fromisoformat(parts[-1].removesuffix(".json")).replace(tzinfo=UTC)
    except ValueError:
        at = None
    return BatchFile(uri, number, at)


def auto_label_iteration(uri: S3Uri) -> int | None:
    """The iteration of a file of machine labels; None where the file is something else."""
    return _round(uri, _AUTO_LABELS)


def certificate_iteration(uri: S3Uri) -> int | None:
    """The iteration of gt-engine's certificate of a round; None where the file is something else."""
    return _round(uri, CERTIFICATE)


def _round(uri: S3Uri, name: str) -> int | None:
    parts = ["", "", *uri.key.split("/")]
    return int(parts[-3]) if parts[-1] == name and parts[-3].isdecimal() else None


def training_file(uri: S3Uri, root: S3Uri) -> TrainingFile | None:
    """What a key below training/ tells; None for what is not a training job's output."""
    parts = uri.key.removeprefix(f"{root.key}/{TRAINING}").split("/")
    if len(parts) < 5 or parts[-2] != "output" or not parts[-5].isdecimal():
        return None
    return TrainingFile(uri, int(parts[-5]), parts[-3], parts[-1] == _MODEL)


def _iteration(folder: str) -> int | None:
    number = folder.removeprefix("iteration-")
    return int(number) if number != folder and number.isdecimal() else None
