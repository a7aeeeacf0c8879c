"""Labels of a folder in the forms that trainers read: of jobs that have ended, and of what people have answered so far.

<out>/coco, yolo, voc, …        each whole or not there; images are links into the folder of photos
<out>/labels.manifest           augmented manifest, as SageMaker reads it
<out>/labeled-images.png        some of the photos with their labels, by people and by machine
<out>/report/                   who labeled how many in what time so far, and cost reports of jobs that have ended
<out>/summary.json
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from gt_cli.api import Api
from gt_cli.contact_sheet import NAME as CONTACT_SHEET
from gt_cli.contact_sheet import write_contact_sheet
from gt_cli.exporting import download, from_folder, lines_of, write_export
from gt_cli.labeling.people import People
from gt_cli.labeling.plan import Wanted
from gt_cli.labeling.trial import rightness
from gt_cli.labeling.watching import ENDED, Standing, reckoned
from gt_cli.stack import LocalStack
from gt_engine.aws import EngineObjects
from gt_engine.jobs.crowd import Crowd
from gt_engine.outputs.label_form import LabelForm
from gt_engine.outputs.records import read_auto_annotations, read_consolidation_response
from gt_engine.outputs.tree import JobTree
from gt_engine.workforce import Answer
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import JobOffer
from gt_service.corrections.files import laid_over, read_corrections
from gt_service.errors import InvalidInput, NotFound
from gt_service.exports.export import Export, Format
from gt_service.imports.imported import OUTPUT
from gt_service.objects import S3Uri
from gt_service.parallel import in_parallel
from gt_service.records.names import Role
from gt_service.task_types import TaskType

ATTRIBUTE = "category"
FORMATS: Mapping[TaskType, Sequence[Format]] = {
    TaskType.OBJECT_DETECTION: (Format.COCO, Format.YOLO, Format.VOC),
    TaskType.IMAGE_CLASSIFICATION: (Format.CSV, Format.FOLDERS),
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL: (Format.CSV, Format.HUGGINGFACE),
}
SUMMARY = "summary.json"
WRITTEN = ".written.json"
"""The files that the command wrote last; all others in the folder are somebody else's."""
MANIFEST = "labels.manifest"
REPORT = "report"
SO_FAR = "so-far.txt"
BESIDE_CHAIN = {Role.CONTROL, Role.REVIEW}
"""What jobs of these roles say is for comparison; what a review has put right is a correction."""
AUTO_ANNOTATIONS = "auto_annotator_output.txt"

Line = dict[str, Any]


def check_out(out: Path) -> None:
    """Errors: `InvalidInput` where `out` holds what is not ours."""
    if out.is_dir() and any(out.iterdir()) and not (out / SUMMARY).exists():
        raise InvalidInput(
            f"{out} holds something that gt-service did not write",
            remedy="Name another folder with --out.",
            field="out",
        )
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"{out} is a file", remedy="Name a folder with --out.", field="out")


@dataclass(frozen=True)
class Results:
    """Reads the labels of a campaign on a stack."""

    stack: LocalStack
    api: Api
    people: People
    wanted: Wanted

    def write(self, out: Path, now: Standing) -> int:
        """Replaces the labels in `out` by those of now; answers how many photos have one."""
        out.mkdir(parents=True, exist_ok=True)
        prefix = f"{self.wanted.campaign}/images/"
        lines = self.lines()
        labels = self._numbered(out)
        with TemporaryDirectory(prefix=".new-", dir=out) as temporary:
            new = Path(temporary)
            manifest = new / MANIFEST
            manifest.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            bring = from_folder(self.wanted.folder.resolve(), prefix, link=True)
            for form in FORMATS[self.wanted.task]:
                wanted = Export(partial(lines_of, manifest), ATTRIBUTE, labels, form, prefix=prefix)
                write_export(wanted, new / form, bring)
            with manifest.open("rb") as labeled:
                write_contact_sheet(new / CONTACT_SHEET, labeled, ATTRIBUTE, labels, self._photo)
            reports = S3Uri(self.stack.outputs["ResultsBucket"], f"{self.wanted.campaign}/reports/")
            download(self._objects, reports, new / REPORT)
            (new / REPORT).mkdir(exist_ok=True)
            words = [*reckoned(now, self.wanted.wage), *(rightness(lines, ATTRIBUTE) if self.wanted.is_trial else ())]
            (new / REPORT / SO_FAR).write_text("\n".join([*words, ""]), "utf-8")
            summary = {"folder": str(self.wanted.folder.resolve()), "labels": list(labels), **asdict(now)}
            (new / SUMMARY).write_text(json.dumps(summary | {"labeled": len(lines)}, indent=1), "utf-8")
            _replace_all(new, out)
        return len(lines)

    def _numbered(self, out: Path) -> tuple[str, ...]:
        """The labels in the order of their numbers: those that were in `out` before keep theirs, for a model that was
        trained on them would take one class for another."""
        summary = out / SUMMARY
        before = json.loads(summary.read_text("utf-8"))["labels"] if summary.exists() else ()
        return tuple(dict.fromkeys((*before, *self.wanted.labels)))

    def _photo(self, source: S3Uri) -> bytes:
        """A photo of the folder, by the name that its key has below the campaign's images."""
        return (self.wanted.folder / source.key.removeprefix(f"{self.wanted.campaign}/images/")).read_bytes()

    def lines(self) -> list[Line]:
        """A manifest line for every photo that has a label, by source."""
        jobs = [
            job
            for job in self.api.jobs(self.wanted.campaign)
            if job["output_s3_uri"] is not None and job["role"] not in BESIDE_CHAIN
        ]
        found: dict[str, Line] = {}
        root = S3Uri(self.stack.outputs["ResultsBucket"], self.wanted.campaign)
        for body in self._bodies(root / "imported/", OUTPUT):
            found |= _labeled(body)
        for job in jobs:
            found |= self._so_far(job)
        if any(job["report_s3_uri"] for job in jobs):  # the campaign's own manifest has duplicates beside their twins
            manifest = S3Uri.parse(self.api.labels(self.wanted.campaign)["manifest_s3_uri"], field="labels")
            found |= _labeled(self._objects.read(manifest))
        # Over all of them: a job's own files know nothing of a label that was put right, or taken out, since.
        corrections = read_corrections(self._objects, root)
        right = (laid_over(found[source], ATTRIBUTE, corrections) for source in sorted(found))
        return [dict(labeled.line) for labeled in right if labeled is not None]

    def _so_far(self, job: Mapping[str, Any]) -> dict[str, Line]:
        """What a job has consolidated, and what people have answered since."""
        tree = JobTree(S3Uri.parse(job["output_s3_uri"], field="output"), job["name"])
        if job["status"] in ENDED:
            return _labeled(self._read(tree.output_manifest))
        offer = self.people.offer(job["name"])
        contents = dict(self._answered(offer, tree)) if offer else {}
        for body in self._bodies(tree.root / "annotations/consolidated-annotation/consolidation-response/", ".json"):
            contents |= read_consolidation_response(body)
        for body in self._bodies(tree.root / "activelearning/auto-annotation/", AUTO_ANNOTATIONS):
            contents |= read_auto_annotations(body)
        lines = (json.loads(line) for line in self._read(tree.manifest_copy).splitlines() if line.strip())
        return {
            line["source-ref"]: line | contents[str(number)]
            for number, line in enumerate(lines)
            if str(number) in contents
        }

    def _bodies(self, folder: S3Uri, ending: str) -> Iterator[bytes]:
        """The files of a folder by their names, which hold the order in which they were made."""
        uris = [one.uri for one in self._objects.list(folder) if one.uri.key.endswith(ending)]
        yield from in_parallel(self._objects.read, uris)

    @property
    def _objects(self) -> EngineObjects:
        return self.people.objects

    def _read(self, uri: S3Uri) -> bytes:
        try:
            return self._objects.read(uri)
        except NotFound:  # a job that failed before it wrote any
            return b""

    def _answered(self, offer: JobOffer, tree: JobTree) -> Iterator[tuple[str, Line]]:
        """The label of each object that people have answered, made as the engine makes it."""
        files = WorkFiles.of(tree, self._objects)
        offered = {line.object_id: line for _, line in files.offers()}
        given: dict[str, list[Answer]] = {}
        pairs = list(files.answered())
        answers = in_parallel(lambda pair: files.answer(*pair), pairs)
        for (object_id, worker), answer in zip(pairs, answers, strict=True):
            if answer is not None and object_id in offered:
                label = read_answer(offer.task_type, answer.content, offer.labels, offered[object_id].size)
                one = Answer(worker, label, answer.accepted_at, answer.submitted_at)
                given.setdefault(object_id, []).append(one)
        form = LabelForm(offer.task_type, ATTRIBUTE, offer.labels, offer.job)
        crowd = Crowd(offer.task_type, offer.labels, offer.team, offer.job, offer.workers_per_object, 0, timedelta.max)
        for object_id, label in crowd.consolidate(given).items():
            created = max(one.submitted_at for one in given[object_id])
            yield object_id, form.content(label, human=True, created=created)


def _labeled(manifest: bytes) -> dict[str, Line]:
    lines = map(json.loads, manifest.splitlines())
    return {line["source-ref"]: line for line in lines if ATTRIBUTE in line}


def _replace_all(new: Path, out: Path) -> None:
    """Puts what is new in the place of what was written before. What somebody else put beside it stays: a trainer keeps
    its runs in the folder of its data."""
    names = [path.name for path in new.iterdir()]
    written, coming = out / WRITTEN, _files(new)
    before = set(json.loads(written.read_text("utf-8"))) if written.exists() else coming
    # Before the first change: whoever goes on after a crash must not take our files for somebody else's.
    written.write_text(json.dumps(sorted(before | coming)), "utf-8")
    for name in names:
        _replace(new / name, out / name, [path for path in _files(out / name, out) if path not in before])
    written.write_text(json.dumps(sorted(coming)), "utf-8")


def _files(folder: Path, root: Path | None = None) -> set[str]:
    """The files and links below a folder, as paths from `root` (the folder itself)."""
    found = set()
    for parent, folders, names in os.walk(folder):
        links = (name for name in folders if os.path.islink(os.path.join(parent, name)))
        found |= {Path(parent, name).relative_to(root or folder).as_posix() for name in (*names, *links)}
    return found


def _replace(new: Path, target: Path, others: Collection[str]) -> None:
    """One name for what is there, another for what comes: whoever looks finds the old or the new.

    others: files of somebody else's below the target, as paths from its parent; they come along.
    """
    if not target.is_dir():
        os.replace(new, target)
        return
    for other in others:  # linked, so that they are where they were should anything fail
        path = PurePosixPath(other).relative_to(target.name)
        place = new / path
        while os.path.lexists(place):
            place = place.with_name(f"{place.name}.kept")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(target / path, place, follow_symlinks=False)
        except OSError:  # not every file system has links
            shutil.copy2(target / path, place, follow_symlinks=False)
    aside = new.with_name(f"old-{new.name}")
    os.replace(target, aside)
    os.replace(new, target)
    shutil.rmtree(aside)
