"""Labels of a folder, wherever they are: in jobs that have ended, consolidated in one that runs, or just answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from gt_cli.labeling.people import People
from gt_cli.labeling.plan import Wanted
from gt_cli.labeling.results import ATTRIBUTE, SUMMARY, WRITTEN, Results, check_out
from gt_cli.labeling.watching import Standing
from gt_engine.labels import box_label
from gt_engine.outputs.label_form import LabelForm
from gt_engine.outputs.records import auto_annotations, consolidation_response
from gt_engine.outputs.tree import JobTree
from gt_engine.workforce.files import AnswerFile, OfferedLine, WorkFiles
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.members import Members
from gt_engine.workforce.tasks import Tasks
from gt_service.corrections.files import write_correction
from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri
from gt_service.task_types import TaskType
from tests.engine import MemoryEngineObjects
from tests.workforce_memory import MemoryMembers, MemoryTasks

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
LABELS = ("Raccoon", "Dog")
BOXES = TaskType.OBJECT_DETECTION
SIZE = (320, 240, 3)


class FakeApi:
    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def jobs(self, _: str) -> list[dict[str, Any]]:
        return self.found


class Folder:
    """A folder of five photos, of which a campaign's jobs have labeled some."""

    def __init__(self, path: Path) -> None:
        self.photos = path / "photos"
        self.photos.mkdir()
        for number in range(5):
            (self.photos / f"{number}.jpg").write_bytes(b"\xff\xd8")
        self.objects = MemoryEngineObjects()
        members = Members(MemoryMembers(), dict, region="us-east-1")
        tasks = Tasks(MemoryTasks(), lambda _: self.objects, members.teams_of)
        self.people = People(members, tasks, self.objects, "http://127.0.0.1:1")  # type: ignore[arg-type]
        self.api = FakeApi()

    def results(self, wage: float | None = None) -> Results:
        wanted = Wanted(self.photos, LABELS, BOXES, wage=wage)
        return Results(Stack(), self.api, self.people, wanted)  # type: ignore[arg-type]

    def add_job(self, name: str, status: str, *, report: str | None = None, role: str = "first") -> JobTree:
        output = S3Uri("results", f"photos/output/{name}")
        job = {"name": name, "status": status, "output_s3_uri": str(output), "report_s3_uri": report, "role": role}
        self.api.found.append(job)
        return JobTree(output, name)

    def manifest(self, uri: S3Uri, *, labeled: tuple[int, ...]) -> None:
        self.objects.write(uri, "".join(f"{self.line(n, n in labeled)}\n" for n in range(5)).encode(), "text/plain")

    def line(self, number: int, labeled: bool) -> str:
        line: dict[str, Any] = {"source-ref": f"s3://inbox/photos/images/{number}.jpg"}
        if labeled:
            line |= content()
        return json.dumps(line)


class Stack:
    outputs: ClassVar = {"ResultsBucket": "results"}


def content(*, human: bool = True) -> dict[str, Any]:
    label = box_label([(10, 20, 60, 80)], [1], SIZE)
    return LabelForm(BOXES, ATTRIBUTE, LABELS, "photos-0001").content(label, human=human, created=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def answer(folder: Folder, tree: JobTree, number: int, *, worker: str = "ada", label: str = "Dog") -> None:
    box = {"left": 10, "top": 20, "width": 50, "height": 60, "label": label}
    size = {"width": 320, "height": 240}
    content = {"boundingBox": {"boundingBoxes": [box], "inputImageProperties": size}}
    later = NOW + timedelta(seconds=number)
    file = AnswerFile(worker, "sub", None, content, NOW, later, 3.0)
    WorkFiles.of(tree, folder.objects).write_answer(str(number), file)


def offer(folder: Folder, tree: JobTree) -> None:
    lines = [OfferedLine(n, str(n), folder.line(n, False), f"s3://inbox/photos/images/{n}.jpg", SIZE) for n in range(5)]
    WorkFiles.of(tree, folder.objects).write_offer(0, lines)
    folder.manifest(tree.manifest_copy, labeled=())
    folder.people.tasks.store.put_offer(
        JobOffer(tree.job_name, "arn", "t", "d", NOW, "s3://results/photos/output/", BOXES, LABELS, 1, 60, NOW)
    )


def sources(results: Results) -> list[str]:
    return [line["source-ref"].rpartition("/")[2] for line in results.lines()]


def test_what_people_have_answered_is_there_before_the_engine_has_read_it(folder: Folder) -> None:
    """Ctrl-C after an hour's work gave an empty folder."""
    tree = folder.add_job("photos-0001", "InProgress")
    offer(folder, tree)
    answer(folder, tree, 1)
    answer(folder, tree, 3, label="Raccoon")
    lines = folder.results().lines()
    assert [line["source-ref"].rpartition("/")[2] for line in lines] == ["1.jpg", "3.jpg"]
    assert lines[1][ATTRIBUTE]["annotations"] == [{"class_id": 0, "left": 10, "top": 20, "width": 50, "height": 60}]
    assert lines[1][f"{ATTRIBUTE}-metadata"]["human-annotated"] == "yes"


def test_what_is_consolidated_counts_before_single_answers(folder: Folder) -> None:
    tree = folder.add_job("photos-0001", "InProgress")
    offer(folder, tree)
    answer(folder, tree, 2, label="Raccoon")
    folder.objects.write(tree.consolidation("response", 1, NOW), consolidation_response([("2", content())]), "text/x")
    folder.objects.write(tree.auto_annotations(2), auto_annotations([("4", content(human=False))]), "text/x")
    lines = {line["source-ref"].rpartition("/")[2]: line for line in folder.results().lines()}
    assert set(lines) == {"2.jpg", "4.jpg"}
    assert lines["2.jpg"][ATTRIBUTE]["annotations"][0]["class_id"] == 1
    assert lines["4.jpg"][f"{ATTRIBUTE}-metadata"]["human-annotated"] == "no"


def test_jobs_that_have_ended_and_one_that_runs_come_together(folder: Folder) -> None:
    ended = folder.add_job("photos-0001", "Stopped")
    folder.manifest(ended.output_manifest, labeled=(0, 1))
    folder.add_job("photos-0002", "Failed")  # it wrote no manifest
    running = folder.add_job("photos-0003", "InProgress")
    offer(folder, running)
    answer(folder, running, 4)
    assert sources(folder.results()) == ["0.jpg", "1.jpg", "4.jpg"]


def test_the_folder_of_labels_is_replaced_form_by_form(folder: Folder, tmp_path: Path) -> None:
    out = tmp_path / "labels"
    tree = folder.add_job("photos-0001", "InProgress")
    offer(folder, tree)
    answer(folder, tree, 0)
    assert folder.results().write(out, Standing(5, by_people=1)) == 1
    answer(folder, tree, 1)
    assert folder.results().write(out, Standing(5, by_people=2)) == 2
    assert len(json.loads((out / "coco" / "annotations.json").read_text())["images"]) == 2
    assert (out / "yolo" / "images" / "0.jpg").resolve() == folder.photos / "0.jpg"
    assert json.loads((out / SUMMARY).read_text())["by_people"] == 2
    assert sorted(path.name for path in out.iterdir()) == [
        WRITTEN,
        "coco",
        "labels.manifest",
        "report",
        SUMMARY,
        "voc",
        "yolo",
    ]


def test_what_somebody_keeps_beside_the_labels_stays(folder: Folder, tmp_path: Path) -> None:
    """A trainer writes its runs where its data are: hours of training were gone with the next five minutes' labels."""
    out = tmp_path / "labels"
    offer(folder, folder.add_job("photos-0001", "InProgress"))
    folder.results().write(out, Standing(5))
    for name in ("yolo/runs/best.pt", "report/notes.md", "notes.txt"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(name)
    (out / "yolo" / "models").symlink_to(tmp_path)
    answer(folder, folder.add_job("photos-0001", "InProgress"), 0)
    for _ in range(2):
        folder.results().write(out, Standing(5, by_people=1))
        for name in ("yolo/runs/best.pt", "report/notes.md", "notes.txt"):
            assert (out / name).read_text() == name
        assert (out / "yolo" / "models").resolve() == tmp_path
    assert (out / "yolo" / "labels" / "0.txt").exists()
    (out / WRITTEN).unlink()  # an earlier version wrote none
    folder.results().write(out, Standing(5, by_people=1))
    assert sorted(path.name for path in (out / "yolo").iterdir()) == ["data.yaml", "images", "labels", "models", "runs"]


def test_what_was_ours_goes_with_its_label(folder: Folder, tmp_path: Path) -> None:
    """A label that was taken out would still be trained on."""
    out = tmp_path / "labels"
    tree = folder.add_job("photos-0001", "InProgress")
    offer(folder, tree)
    answer(folder, tree, 0)
    folder.results().write(out, Standing(5, by_people=1))
    assert (out / "yolo" / "labels" / "0.txt").exists()
    for key in [key for key in folder.objects.contents if "/people/answers/" in key]:
        del folder.objects.contents[key]
    folder.results().write(out, Standing(5))
    assert not (out / "yolo" / "labels" / "0.txt").exists()


def test_classes_keep_their_numbers_when_the_command_is_given_others(folder: Folder, tmp_path: Path) -> None:
    """A model that was trained on the folder as it was would take one class for another."""
    out = tmp_path / "labels"
    offer(folder, folder.add_job("photos-0001", "InProgress"))
    folder.results().write(out, Standing(5))
    results = folder.results()
    others = replace(results, wanted=replace(results.wanted, labels=("Cat", LABELS[1])))
    others.write(out, Standing(5))
    names = yaml.safe_load((out / "yolo" / "data.yaml").read_text())["names"]
    assert (list(names.values()) if isinstance(names, dict) else names) == [*LABELS, "Cat"]


def test_labels_of_a_job_that_runs_come_with_a_report(folder: Folder, tmp_path: Path) -> None:
    """After Ctrl-C nothing in the folder told what the labels had cost: the cost report comes with the job's end."""
    offer(folder, folder.add_job("photos-0001", "InProgress"))
    folder.results(wage=18).write(tmp_path / "labels", Standing(5, by_people=2, active_seconds=300, answers=2))
    so_far = (tmp_path / "labels/report/so-far.txt").read_text().splitlines()
    assert [line.split()[-1] for line in so_far] == ["5", "2", "0", "5.0", "$1.50"]


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="did not write"):
        check_out(tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        check_out(tmp_path / "letters.txt")
    check_out(tmp_path / "new")


def test_labels_that_were_put_right_are_those_that_are_written(folder: Folder) -> None:
    """A job's files and a running review still hold the wrong label; a label that was taken out came back."""
    folder.manifest(folder.add_job("photos-0001", "Completed").output_manifest, labeled=(0, 1, 2))
    folder.manifest(folder.add_job("photos-0001-review", "Completed", role="review").output_manifest, labeled=(3,))
    right = {"image_size": [{"width": 320, "height": 240, "depth": 3}], "annotations": []}
    label = content() | {ATTRIBUTE: right}
    for number, given in ((1, label), (2, None)):
        source, root = f"s3://inbox/photos/images/{number}.jpg", S3Uri("results", "photos")
        write_correction(folder.objects, root, source=source, label=given, by="owner", at=NOW, token="1")
    lines = folder.results().lines()
    assert [line["source-ref"].rpartition("/")[2] for line in lines] == ["0.jpg", "1.jpg"]
    assert lines[1][ATTRIBUTE] == right
