"""Finds the files of a labeling job. The only part of the readers that lists S3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gt_service.errors import NotFound
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import layout
from gt_service.outputs.layout import LEFT_OUT_PREDICTIONS
from gt_service.outputs.records import AnswerRecord, JsonObject, manifest_objects, worker_answers


@dataclass(frozen=True)
class JobFiles:
    """Which files a job has, except the many worker responses. `manifest` is None where the job wrote none."""

    root: S3Uri
    manifest: S3Uri | None
    requests: tuple[layout.BatchFile, ...]
    responses: tuple[layout.BatchFile, ...]
    machine: tuple[tuple[int, S3Uri], ...]
    certificates: tuple[tuple[int, S3Uri], ...]
    training: tuple[layout.TrainingFile, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.manifest or self.requests or self.responses or self.machine or self.training)

    def responses_without_request(self) -> Iterator[layout.BatchFile]:
        """The responses of iterations that have fewer requests than responses: what requests cannot tell."""
        requests = Counter(file.iteration for file in self.requests)
        responses = Counter(file.iteration for file in self.responses)
        return (file for file in self.responses if requests[file.iteration] < responses[file.iteration])


def find_files(objects: ObjectStore, description: Mapping[str, Any]) -> JobFiles:
    """The files below the first possible root that has any; below the likeliest root where none has."""
    roots = layout.possible_roots(description)
    candidates = (_files(objects, root) for root in roots)
    return next((files for files in candidates if not files.is_empty), JobFiles(roots[0], None, (), (), (), (), ()))


def answer_files(objects: ObjectStore, root: S3Uri) -> Iterator[layout.AnswerFile]:
    """The worker-response files, one for each object and iteration, as they are listed."""
    for item in objects.list(root / layout.WORKER_RESPONSES):
        if (file := layout.answer_file(item.uri)) is not None:
            yield file


def answers_to(objects: ObjectStore, root: S3Uri, object_id: str, iterations: Iterable[int]) -> list[AnswerRecord]:
    """The answers to one object, in the order of the iterations and as they came. One listing for each iteration."""
    folders = (root / f"{layout.WORKER_RESPONSES}iteration-{number}/{object_id}/" for number in iterations)
    uris = [item.uri for folder in folders for item in objects.list(folder)]
    return [answer for body in objects.read_many(uris) for answer in worker_answers(body)]


def _files(objects: ObjectStore, root: S3Uri) -> JobFiles:
    manifest = root / layout.OUTPUT_MANIFEST
    learning = [item.uri for item in objects.list(root / layout.ACTIVE_LEARNING)]
    return JobFiles(
        root=root,
        manifest=manifest if any(item.uri == manifest for item in objects.list(manifest)) else None,
        requests=_batches(objects, root / layout.CONSOLIDATION_REQUESTS),
        responses=_batches(objects, root / layout.CONSOLIDATION_RESPONSES),
        machine=_numbered(learning, layout.auto_label_iteration),
        certificates=_numbered(learning, layout.certificate_iteration),
        training=_training(objects, root),
    )


def _batches(objects: ObjectStore, prefix: S3Uri) -> tuple[layout.BatchFile, ...]:
    files = (layout.batch_file(item.uri) for item in objects.list(prefix))
    # By number, not by name: iteration-10 comes after iteration-9.
    return tuple(sorted((file for file in files if file), key=lambda file: (file.iteration, file.uri.key)))


def _numbered(uris: Iterable[S3Uri], iteration: Callable[[S3Uri], int | None]) -> tuple[tuple[int, S3Uri], ...]:
    numbered = [(number, uri) for uri in uris if (number := iteration(uri)) is not None]
    return tuple(sorted(numbered, key=lambda each: (each[0], each[1].key)))


def _training(objects: ObjectStore, root: S3Uri) -> tuple[layout.TrainingFile, ...]:
    files = (layout.training_file(item.uri, root) for item in objects.list(root / layout.TRAINING))
    return tuple(sorted((file for file in files if file), key=lambda file: (file.iteration, file.uri.key)))


def left_out_predictions(objects: ObjectStore, root: S3Uri) -> Iterator[JsonObject]:
    """Of the job whose output is below `root`, one for each label: `source-ref`, the model's `label`, `confidence`,
    `loss`, `suspicion`, `mistake`. None where it left none."""
    try:
        yield from manifest_objects(objects.lines(root / LEFT_OUT_PREDICTIONS))
    except NotFound:
        return
