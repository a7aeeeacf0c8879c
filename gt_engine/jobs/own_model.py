"""What others say of a job's images: a model of the user's own, and predictions that came with the manifest.

The user's model is asked once about each image, while the job looks at it; what it says lies beside the job's facts.
Predictions are `<label attribute>-proposal` of the manifest's lines, in Ground Truth's form. Of both, those count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from gt_engine.autolabel.own_model.model_file import OwnModel, parts_of
from gt_engine.autolabel.own_model.opinions import Opinion, class_numbers, dump, load, of_label
from gt_engine.autolabel.own_model.runner import Runner
from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.reading import read_lines, read_own
from gt_engine.jobs.state import JobState
from gt_engine.jobs.tools import ARCHIVE, Tools
from gt_engine.labels import BoxLabel, ClassLabel, Task, box_label
from gt_engine.outputs.label_form import NO_LABEL, read_label
from gt_engine.store import ModelKind
from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import S3Uri
from gt_service.outputs.records import PROPOSAL, metadata_key

FIELD = "InitialActiveLearningModelArn"
ENOUGH = 0.5
"""A manifest with predictions of so many of its objects starts a job as an initial model does."""


def own_model_of(job: JobContext, tools: Tools) -> OwnModel | None:
    """The user's model that the job was given, by itself or below one of the engine's. Errors: `InvalidInput`."""
    arn = job.record.initial_model_arn
    if arn is None:
        return None
    record = tools.store.model(arn.rpartition("/")[2])
    if record.kind is ModelKind.TRAINED:
        return None
    return parts_of(tools.objects.read(S3Uri.parse(record.s3_uri)), field=FIELD).own_model


def ask_own_model(first: int, images: Mapping[str, S3Uri], job: JobContext, tools: Tools) -> tuple[str, ...]:
    """Asks the user's model about some images and writes down what it says; what the job's log should say.

    first: the place of the first object of this step. Done again it writes the same file.
    Errors: `InvalidInput` where the model breaks, or has another task or other classes than the job.
    """
    own_model = own_model_of(job, tools)
    if own_model is None or not images:
        return ()
    with Runner(own_model, field=FIELD, providers=tools.settings.onnx_providers) as runner:
        if runner.facts.task is not Task(job.task.value):
            raise InvalidInput(f"the model is for {runner.facts.task}, the job for {job.task}", field=FIELD)
        numbers = runner.facts.numbers(job.classes, field=FIELD)
        bodies = in_parallel(lambda uri: _body(uri, tools), images.values())
        opinions = {
            object_id: opinion
            for object_id, body in zip(images, bodies, strict=True)
            if body is not None and (opinion := runner.opinion(body, numbers, len(job.classes))) is not None
        }
    tools.objects.write(job.tree.opinions(first), dump(opinions), ARCHIVE)
    silent = (object_id for object_id in images if object_id not in opinions)
    return tuple(f"The model that was given says nothing of data object {object_id}." for object_id in silent)


def opinions(job: JobContext, state: JobState, keys: Mapping[str, str], tools: Tools) -> dict[str, Opinion]:
    """What others say of some objects (object id -> content key), by content key."""
    opinions: dict[str, Opinion] = {}
    if job.record.initial_model_arn is not None:
        files = [file.uri for file in tools.objects.list(job.tree.all_opinions)]
        for body in in_parallel(lambda uri: read_own(tools, uri), files):
            opinions |= load(body, Task(job.task.value))
    if state.predicted:
        for line in read_lines(job, tools, keys):
            prediction = predicted(job, line.text)
            if prediction is not None:
                opinions[str(line.number)] = prediction
    return {keys[object_id]: opinion for object_id, opinion in opinions.items() if object_id in keys}


def predicted(job: JobContext, line: bytes) -> Opinion | None:
    """The prediction in a line of the manifest, in the job's classes; None where there is none that can be read."""
    record, name = json.loads(line), job.form.attribute + PROPOSAL
    if name not in record:
        return None
    try:
        metadata = record.get(metadata_key(name), {})
        theirs = _names(metadata)
        label = read_label(job.task, record[name], metadata, job.classes if theirs is None else theirs)
        same = {number: number for number in range(len(job.classes))}
        ours = same if theirs is None else class_numbers(theirs, job.classes)
        match label:
            case BoxLabel():
                kept = [i for i, kind in enumerate(label.class_ids.tolist()) if kind in ours]
                kinds = [ours[kind] for kind in label.class_ids[kept].tolist()]
                known = box_label(label.boxes[kept], kinds, label.image_size, label.confidences[kept])
                return of_label(known, len(job.classes))
            case ClassLabel():
                return of_label(replace(label, class_id=ours[label.class_id]), len(job.classes))
            case _:
                return None
    except NO_LABEL:
        return None


def knowing(job: JobContext, state: JobState) -> JobContext:
    """The job as it is planned once its manifest is known: with enough predictions it needs no training batch."""
    if job.plan.warm or not job.plan.auto_labeling or not state.predicted:
        return job
    if state.predicted < ENOUGH * len(state.progress.objects):
        return job
    return replace(job, plan=replace(job.plan, warm=True))


def _names(metadata: Mapping[str, object]) -> list[str] | None:
    """The names that a prediction gives to its classes, each at a place that its number finds; None without names."""
    if isinstance(mapped := metadata.get("class-map"), dict):
        return [str(name) for name in dict.fromkeys(mapped.values())]
    return [str(metadata["class-name"])] if "class-name" in metadata else None


def _body(uri: S3Uri, tools: Tools) -> bytes | None:
    try:
        return tools.objects.read(uri)
    except NotFound:  # it went since the job looked at it: nothing can be said of it
        return None
