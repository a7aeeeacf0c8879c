"""The log of a training job, message by message as SageMaker's built-in algorithms print it.

Readers of Ground Truth's training logs (AWS's own notebooks among them) cut these messages at fixed words: the first
must hold `Final configuration` with `num_training_samples': u'<n>'`, and a score of object detection must end with its
closing bracket. Source: logs of the built-in object-detection and image-classification algorithms.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gt_service.task_types import TaskType

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


def stream_name(training_job: str, started: datetime) -> str:
    return f"{training_job}/algo-1-{int(started.timestamp())}"


def messages(
    task: TaskType, *, samples: int, classes: int, scores: Sequence[float], warm: bool, started: datetime
) -> list[str]:
    """The log of one training: `scores` has the validation score of each epoch, mAP for boxes, accuracy for classes."""
    head = f"[{started:%m/%d/%Y %H:%M:%S} INFO 140558353856320]"
    settings = {
        "num_classes": str(classes),
        "num_training_samples": str(samples),
        "epochs": str(len(scores)),
        "use_pretrained_model": "1",
        "initial_model": "given" if warm else "none",
    }
    listed = ", ".join(f"u'{key}': u'{value}'" for key, value in settings.items())
    lines = [f"{head} Final configuration: {{{listed}}}"]
    for epoch, score in enumerate(scores):
        if task is TaskType.OBJECT_DETECTION:
            lines.append(f"{head} #quality_metric: host=algo-1, epoch={epoch}, validation mAP <score>=({score:.6f})")
        else:
            lines.append(f"{head} Epoch[{epoch}] Validation-accuracy={score:.6f}")
        done = 100 * (epoch + 1) // len(scores)
        lines.append(f"{head} #progress_metric: host=algo-1, completed {done} %")
    return lines
