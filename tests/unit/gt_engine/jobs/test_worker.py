"""Whole jobs, step by step, with stand-ins for AWS and for the learner: people, files, counters, ends, deaths."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from gt_engine.autolabel.images import ImageFacts
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.payload import archive
from gt_engine.autolabel.progress import Progress
from gt_engine.autolabel.rounds import JobPlan
from gt_engine.jobs.faults import MissingFile, NotTaken
from gt_engine.jobs.machine import Labeled
from gt_engine.jobs.stepping import JOB_LOG_GROUP, fail, take_step
from gt_engine.jobs.steps import Tools
from gt_engine.store import JobRecord, Phase
from gt_service.errors import Conflict
from gt_service.objects import S3Uri
from tests.engine import (
    BUCKET,
    GOLD,
    Killed,
    MemoryEngineObjects,
    MemoryEvents,
    MemoryLogs,
    MemoryStore,
    RememberingMachine,
    bird_inputs,
    files_under,
    job_record,
    memory_tools,
    numbers,
    request,
)
from tests.fakes import etag_of

NAME = "birds-0001"
MANIFEST = f"s3://{BUCKET}/input.manifest"


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return memory_tools(tmp_path, bird_inputs(120))


def objects(tools: Tools) -> MemoryEngineObjects:
    return cast(MemoryEngineObjects, tools.objects)


def run(tools: Tools, events: MemoryEvents | None = None, **changes: Any) -> JobRecord:
    """A job from its creation to its end."""
    tools.store.create_job(job_record(request(**changes)))
    name = changes.get("name", NAME)
    while not take_step(name, tools, events or MemoryEvents()).is_over:
        check_counters(tools, name)
    return tools.store.job(name)


def to_the_end(tools: Tools, events: MemoryEvents | None = None) -> None:
    while not take_step(NAME, tools, events or MemoryEvents()).is_over:
        pass


def check_counters(tools: Tools, name: str = NAME) -> None:
    """What the record counts is what the files hold; files may only be ahead while a step runs."""
    counters = tools.store.job(name).counters
    human, machine = labeled_in_files(tools, name)
    assert (counters.human, counters.machine) == (len(human), len(machine))
    assert not set(human) & set(machine)


def labeled_in_files(tools: Tools, name: str = NAME) -> tuple[list[str], list[str]]:
    """Object ids of the consolidation responses and of the auto-annotations. Fails where one occurs twice."""
    human: list[str] = []
    machine: list[str] = []
    for path, body in files_under(objects(tools).contents, name).items():
        if "/consolidation-response/" in path:
            human += [entry["datasetObjectId"] for entry in json.loads(body)]
        if path.endswith("auto_annotator_output.txt"):
            machine += [line.split()[0] for line in body.decode().splitlines()]
    assert [one for one, count in Counter(human + machine).items() if count > 1] == []
    return human, machine


def output(tools: Tools, name: str = NAME) -> list[dict[str, Any]]:
    return list(numbers(files_under(objects(tools).contents, name)["manifests/output/output.manifest"]))


def log_of(tools: Tools, name: str = NAME) -> str:
    return "\n".join(cast(MemoryLogs, tools.logs).streams[(JOB_LOG_GROUP, name)])


# --- the documented course ----------------------------------------------------------------------------------------


def test_a_job_with_auto_labeling_labels_everything_and_says_so(tools: Tools) -> None:
    events = MemoryEvents()
    job = run(tools, events)
    assert job.status == "Completed"
    assert job.counters.total == 120
    assert job.counters.human >= 40  # 10 probes, 10 training, 20 validation
    assert job.counters.machine > 0
    assert (job.counters.failed, job.counters.unlabeled) == (0, 0)
    assert [entry["Detail"] for entry in events.sent] == ['{"LabelingJobStatus": "Completed"}']
    lines = output(tools)
    assert [line["source-ref"] for line in lines] == [f"s3://{BUCKET}/images/{n}.jpg" for n in range(120)]
    by = Counter(line["category-metadata"]["human-annotated"] for line in lines)
    assert by == {"yes": job.counters.human, "no": job.counters.machine}


def test_the_final_model_can_be_taken_away(tools: Tools) -> None:
    run(tools)
    files = files_under(objects(tools).contents, NAME)
    models = {path: body for path, body in files.items() if path.endswith("model.tar.gz")}
    last = models[max(models, key=lambda path: int(path.split("/")[-5]))]
    assert files["model/model.onnx"] == b"ONNX of " + last


def test_iterations_are_those_of_the_documentation_and_have_no_gaps(tools: Tools) -> None:
    """10 probes, the rest of MaxConcurrentTaskCount, validation, then machine and people together."""
    run(tools)
    human: Counter[int] = Counter()
    machine, trained = set(), set()
    for path in files_under(objects(tools).contents, NAME):
        parts = path.split("/")
        if "worker-response" in parts:
            human[int(parts[2].removeprefix("iteration-"))] += 1
        if parts[-1] == "auto_annotator_output.txt":
            machine.add(int(parts[-3]))
        if parts[-1] == "model.tar.gz":
            trained.add(int(parts[-5]))
    assert (human[1], human[2], human[3]) == (10, 10, 20)
    assert max(human.values()) <= 20
    assert 4 in machine
    assert 4 in trained
    numbered = sorted(set(human) | machine)
    assert numbered == list(range(1, numbered[-1] + 1))


def test_a_warm_job_spends_no_training_batch(tools: Tools) -> None:
    first = run(tools)
    assert first.final_model_arn
    config = request()["LabelingJobAlgorithmsConfig"] | {"InitialActiveLearningModelArn": first.final_model_arn}
    run(tools, name="birds-0002", LabelingJobAlgorithmsConfig=config)
    files = files_under(objects(tools).contents, "birds-0002")
    assert "activelearning/auto-annotation/3/output/auto_annotator_output.txt" in files
    assert any(path.startswith("training/3/") for path in files)


def test_without_auto_labeling_people_label_everything_probes_first(tools: Tools) -> None:
    job = run(tools, auto=False)
    assert (job.status, job.counters.human, job.counters.machine) == ("Completed", 120, 0)
    assert job.final_model_arn is None
    batches = Counter(
        path.split("/")[2] for path in files_under(objects(tools).contents, NAME) if "/worker-response/" in path
    )
    assert [batches[f"iteration-{n}"] for n in range(1, 9)] == [10, 10, 20, 20, 20, 20, 20, 0]


def test_the_final_model_has_learnt_from_every_human_label(tools: Tools) -> None:
    job = run(tools)
    machine = cast(RememberingMachine, tools.machine)
    human, _ = labeled_in_files(tools)
    assert set(machine.lessons[-1]) == set(human)
    assert job.final_model_arn
    model = tools.store.model(job.final_model_arn.rpartition("/")[2])
    assert str(model.s3_uri) in objects(tools).contents
    assert (model.task, model.classes) == ("object-detection", ("Bird",))


def test_people_s_labels_are_doubted_by_a_model_that_never_saw_them(tools: Tools) -> None:
    """Whoever looks at doubtful labels finds each one of people's, once, beside the job's other files."""
    run(tools)
    human, _ = labeled_in_files(tools)
    body = files_under(objects(tools).contents, NAME)["left-out-predictions/predictions.jsonl"]
    lines = [json.loads(line) for line in body.splitlines()]
    sources = [line["source-ref"] for line in output(tools)]
    assert sorted(line["source-ref"] for line in lines) == sorted(sources[int(one)] for one in human)
    assert lines[0].keys() == {"source-ref", "label", "confidence", "loss", "suspicion", "mistake"}
    assert lines[0]["label"]["category-metadata"]["human-annotated"] == "no"
    assert (lines[0]["suspicion"], lines[0]["mistake"]) == (0.75, "moved")


def test_every_training_leaves_the_log_that_readers_cut_up(tools: Tools) -> None:
    run(tools)
    trainings = {
        path.split("/")[-3]: body
        for path, body in files_under(objects(tools).contents, NAME).items()
        if path.endswith("model.tar.gz")
    }
    streams = {
        stream.split("/")[0]: lines
        for (group, stream), lines in cast(MemoryLogs, tools.logs).streams.items()
        if group.endswith("TrainingJobs")
    }
    assert streams.keys() == trainings.keys()
    for lines in streams.values():
        samples = int(lines[0].split("num_training_samples': u'")[1].split("'")[0])
        assert samples >= 40
        scores = [float(line.split("validation mAP <score>=(")[1][:-1]) for line in lines if "validation mAP" in line]
        assert scores == [0.25, 0.5]


def test_temporary_files_are_gone_in_the_end(tools: Tools) -> None:
    run(tools)
    assert not [path for path in files_under(objects(tools).contents, NAME) if path.startswith("temp/")]


def test_virtual_time_runs_from_the_creation_and_every_file_has_its_own_second(tools: Tools) -> None:
    job = run(tools)
    created = [line["category-metadata"]["creation-date"] for line in output(tools)]
    moments = [datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC) for text in created]
    assert min(moments) > job.created_at
    responses = [path for path in files_under(objects(tools).contents, NAME) if "/consolidation-response/" in path]
    times = [
        path.split("/")[-1]
        for path in sorted(responses, key=lambda path: int(path.split("iteration-")[1].split("/")[0]))
    ]
    assert times == sorted(set(times))


# --- ends of other kinds --------------------------------------------------------------------------------------------


def test_a_stop_keeps_what_there_is(tools: Tools) -> None:
    tools.store.create_job(job_record(request()))
    events = MemoryEvents()
    while tools.store.job(NAME).counters.human < 20:
        take_step(NAME, tools, events)
    tools.store.request_stop(NAME, datetime.now(UTC))
    assert tools.store.job(NAME).status == "Stopping"
    to_the_end(tools, events)
    job = tools.store.job(NAME)
    assert (job.status, job.counters.human, job.counters.unlabeled) == ("Stopped", 20, 100)
    assert [entry["Detail"] for entry in events.sent] == ['{"LabelingJobStatus": "Stopped"}']
    labeled = [line for line in output(tools) if "category" in line]
    assert len(labeled) == 20
    assert len(output(tools)) == 120
    check_counters(tools)


def test_a_stop_before_the_manifest_was_read_ends_the_job(tools: Tools) -> None:
    tools.store.create_job(job_record(request()))
    tools.store.request_stop(NAME, datetime.now(UTC))
    to_the_end(tools)
    assert tools.store.job(NAME).status == "Stopped"


def test_a_stop_while_the_last_step_runs_is_honoured(tools: Tools) -> None:
    """The store refuses to complete a job that somebody has asked to stop; the next step stops it."""
    tools.store.create_job(job_record(request()))
    store = cast(MemoryStore, tools.store)
    advance = store.advance

    def stop_first(job: JobRecord, *, unless_stop_requested: bool) -> JobRecord:
        if job.phase is Phase.COMPLETED:
            store.request_stop(NAME, datetime.now(UTC))
        return advance(job, unless_stop_requested=unless_stop_requested)

    store.advance = stop_first  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        to_the_end(tools)
    to_the_end(tools)
    assert store.job(NAME).status == "Stopped"


def test_a_limit_of_human_labels_stops_the_job_there(tools: Tools) -> None:
    """A budget is a promise: not one label more."""
    job = run(tools, StoppingConditions={"MaxHumanLabeledObjectCount": 33})
    assert (job.status, job.counters.human) == ("Stopped", 33)
    assert job.counters.unlabeled == 120 - 33 - job.counters.machine


def test_a_limit_that_is_never_reached_changes_nothing(tools: Tools) -> None:
    job = run(tools, StoppingConditions={"MaxHumanLabeledObjectCount": 120, "MaxPercentageOfInputDatasetLabeled": 100})
    assert (job.status, job.counters.total) == ("Completed", 120)


def test_a_share_of_the_dataset_stops_the_job_there(tools: Tools) -> None:
    job = run(tools, auto=False, StoppingConditions={"MaxPercentageOfInputDatasetLabeled": 21})
    assert (job.status, job.counters.total) == ("Stopped", 26)


def test_more_than_a_tenth_of_the_first_sample_failing_fails_the_job(tools: Tools) -> None:
    for number in range(0, 120, 2):
        objects(tools).contents[f"s3://{BUCKET}/images/{number}.jpg"] = b"this is text"
    job = run(tools)
    assert job.status == "Failed"
    assert job.failure_reason
    assert "of the 10 data objects of the first sample could not be labeled" in job.failure_reason
    assert "NotAnImage" in log_of(tools)
    assert len(output(tools)) == 120


def test_a_bad_image_fails_alone_and_its_line_says_why(tools: Tools) -> None:
    good = objects(tools).contents[f"s3://{BUCKET}/images/5.jpg"]
    objects(tools).contents[f"s3://{BUCKET}/images/5.jpg"] = good[: len(good) // 2]
    objects(tools).contents[f"s3://{BUCKET}/images/50.jpg"] = b""
    del objects(tools).contents[f"s3://{BUCKET}/images/77.jpg"]
    job = run(tools)
    assert job.status == "Completed"
    assert (job.counters.total, job.counters.failed, job.counters.unlabeled) == (117, 3, 0)
    lines = output(tools)
    for number, why in ((5, "TruncatedImage"), (50, "NotAnImage"), (77, "UnreadableObject")):
        assert f"Data object {number} cannot be used" in log_of(tools)
        assert lines[number].keys() == {"source-ref", "category-metadata"}
        assert lines[number]["category-metadata"]["failure-reason"].startswith(why)


def test_an_object_that_nobody_answers_stays_unlabeled_and_fails_alone(tools: Tools) -> None:
    gold = objects(tools).contents[GOLD].splitlines(keepends=True)
    objects(tools).contents[GOLD] = b"".join(line for number, line in enumerate(gold) if number != 60)
    job = run(tools, auto=False)
    assert (job.status, job.counters.failed, job.counters.human) == ("Completed", 1, 119)
    assert output(tools)[60].keys() == {"source-ref", "category-metadata"}
    assert output(tools)[60]["category-metadata"]["failure-reason"].startswith("NoAnswer: ")
    assert "Data object 60 failed: NoAnswer" in log_of(tools)


def test_tasks_that_expire_are_no_labels(tools: Tools) -> None:
    """Nobody can answer within the shortest lifetime when tasks wait: those objects fail, and so may the job."""
    job = run(tools, auto=False, TaskAvailabilityLifetimeInSeconds=60, TaskTimeLimitInSeconds=30)
    files = files_under(objects(tools).contents, NAME)
    late = 0
    for path, body in files.items():
        if "/worker-response/" in path:
            for answer in json.loads(body)["answers"]:
                moment = datetime.strptime(answer["submissionTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
                accepted = datetime.strptime(answer["acceptanceTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
                late += (moment - accepted).total_seconds() > 31
    assert late == 0
    assert job.counters.failed + job.counters.human + job.counters.unlabeled == 120


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (b"", "no data objects"),
        (b"\n\n", "no data objects"),
        (b"not json\n", "line 1 of the manifest is not a JSON object"),
        (b'{"source-ref":"s3://b/a.jpg"}\n["x"]\n', "line 2 of the manifest"),
        (b'{"source-ref":"s3://b/a.jpg","by":"\\ud83d"}\n', "line 1 of the manifest is not a JSON object"),
        (b'{"source":"text"}\n', "must have exactly one 'source-ref'"),
        (b'{"source-ref":"http://x/a.jpg"}\n', "not an S3 URI"),
        (b'{"source-ref":"s3://b/a.jpg","$x":1}\n', "begins with '$'"),
        (b'{"source-ref":"s3://b/a.jpg","x":"' + b"a" * 20_001 + b'"}\n', "more than 20000 characters"),
        (b'{"source-ref":"s3://b/a.jpg","x":[' + b"1," * 50_000 + b"1]}\n", "more than 100000 characters"),
    ],
)
def test_a_manifest_that_is_wrong_fails_the_job_and_names_the_line(
    tools: Tools, manifest: bytes, expected: str
) -> None:
    objects(tools).contents[MANIFEST] = manifest
    job = run(tools)
    assert job.status == "Failed"
    assert job.failure_reason
    assert job.failure_reason.startswith("ClientError: ")
    assert expected in job.failure_reason


def test_a_template_that_no_page_could_be_made_of_fails_the_job(tools: Tools) -> None:
    """As a Windows editor may save it. Before, the job was offered, and each of its pages was a failure."""
    objects(tools).contents[f"s3://{BUCKET}/instructions.template"] = "<crowd-form></crowd-form>".encode("utf-16")
    job = run(tools)
    assert job.status == "Failed"
    assert job.failure_reason == "ClientError: the template is not text in UTF-8"


def test_what_vanishes_after_creation_fails_the_job_with_its_name(tools: Tools) -> None:
    del objects(tools).contents[MANIFEST]
    job = run(tools)
    assert job.status == "Failed"
    assert job.failure_reason
    assert MANIFEST in job.failure_reason


def test_a_job_that_needs_more_objects_says_so(tools: Tools) -> None:
    tools = replace(tools, settings=replace(tools.settings, min_auto_labeling_objects=1250))
    job = run(tools)
    assert job.failure_reason == (
        "ClientError: automated data labeling needs at least 1,250 data objects; the manifest has 120"
    )


# --- follow-up jobs -------------------------------------------------------------------------------------------------


def test_a_follow_up_job_labels_only_the_lines_without_the_attribute(tools: Tools) -> None:
    """Nobody pays twice: lines that have the label keep it, byte for byte."""
    run(tools, StoppingConditions={"MaxHumanLabeledObjectCount": 30})
    first = files_under(objects(tools).contents, NAME)["manifests/output/output.manifest"]
    objects(tools).contents[MANIFEST] = first
    before = first.splitlines()
    had = [number for number, line in enumerate(before) if b'"category"' in line]
    job = run(tools, name="birds-0001-r1", auto=False)
    assert (job.status, job.counters.human) == ("Completed", 120 - len(had))
    after = files_under(objects(tools).contents, "birds-0001-r1")["manifests/output/output.manifest"].splitlines()
    assert [after[number] for number in had] == [before[number] for number in had]
    assert all(b'"category"' in line for line in after)
    asked = {
        path.split("/")[3]
        for path in files_under(objects(tools).contents, "birds-0001-r1")
        if "/worker-response/" in path
    }
    assert not asked & {str(number) for number in had}


def test_another_attribute_is_added_to_all_lines_and_leaves_the_first_alone(tools: Tools) -> None:
    run(tools, auto=False)
    objects(tools).contents[MANIFEST] = files_under(objects(tools).contents, NAME)["manifests/output/output.manifest"]
    run(tools, name="again", auto=False, LabelAttributeName="second")
    for line in output(tools, "again"):
        assert list(line) == ["source-ref", "category", "category-metadata", "second", "second-metadata"]
        assert line["category-metadata"]["job-name"] == f"labeling-job/{NAME}"


def test_a_follow_up_with_nothing_left_completes_at_once(tools: Tools) -> None:
    run(tools, auto=False)
    objects(tools).contents[MANIFEST] = files_under(objects(tools).contents, NAME)["manifests/output/output.manifest"]
    job = run(tools, name="again")
    assert (job.status, job.counters.total, job.counters.unlabeled) == ("Completed", 0, 0)


# --- other shapes ---------------------------------------------------------------------------------------------------


def classification(tools: Tools, function: str, labels: list[Any], *, text: bool = False, **changes: Any) -> JobRecord:
    key = "source" if text else "source-ref"
    sources = [f"text number {n}" if text else f"s3://{BUCKET}/images/{n}.jpg" for n in range(len(labels))]
    objects(tools).contents[MANIFEST] = b"".join(json.dumps({key: source}).encode() + b"\n" for source in sources)
    gold = ({key: source, "gold": label, "gold-metadata": {}} for source, label in zip(sources, labels, strict=True))
    objects(tools).contents[GOLD] = b"".join(json.dumps(line).encode() + b"\n" for line in gold)
    categories = {"labels": [{"label": name} for name in ("crow", "owl", "wren")]}
    objects(tools).contents[f"s3://{BUCKET}/class_labels.json"] = json.dumps(categories).encode()
    return run(tools, task=function, auto=False, **changes)


def test_one_class_per_image(tools: Tools) -> None:
    job = classification(tools, "ImageMultiClass", [n % 3 for n in range(60)])
    assert job.counters.human == 60
    lines = output(tools)
    assert sum(line["category"] == n % 3 for n, line in enumerate(lines)) >= 57
    assert lines[0]["category-metadata"].keys() == {
        "confidence",
        "job-name",
        "class-name",
        "human-annotated",
        "creation-date",
        "type",
    }
    assert lines[1]["category-metadata"]["class-name"] == ("crow", "owl", "wren")[lines[1]["category"]]
    assert max(line["category-metadata"]["confidence"] for line in lines) <= 0.95
    answer = next(
        body for path, body in files_under(objects(tools).contents, NAME).items() if "/worker-response/" in path
    )
    assert json.loads(answer)["answers"][0]["answerContent"]["crowd-image-classifier"]["label"] in (
        "crow",
        "owl",
        "wren",
    )


def test_several_classes_per_image(tools: Tools) -> None:
    gold = [[0, 2], [1], [], [0, 1, 2]] * 8
    job = classification(tools, "ImageMultiClassMultiLabel", gold, NumberOfHumanWorkersPerDataObject=5)
    assert job.counters.human == 32
    lines = output(tools)
    # Every class that anyone chose is in: all that are right, and some that are not.
    assert sum(set(right) <= set(line["category"]) for right, line in zip(gold, lines, strict=True)) >= 30
    for line in lines:
        metadata = line["category-metadata"]
        assert metadata["type"] == "groundtruth/image-classification-multilabel"
        assert list(metadata["confidence-map"]) == list(metadata["class-map"]) == [str(n) for n in line["category"]]


def test_one_class_per_text(tools: Tools) -> None:
    job = classification(tools, "TextMultiClass", [n % 3 for n in range(40)], text=True)
    assert job.counters.human == 40
    lines = output(tools)
    assert lines[7]["source"] == "text number 7"
    assert lines[7]["category-metadata"]["type"] == "groundtruth/text-classification"
    answer = next(
        body for path, body in files_under(objects(tools).contents, NAME).items() if "/worker-response/" in path
    )
    assert "crowd-classifier" in json.loads(answer)["answers"][0]["answerContent"]


def test_a_single_worker_per_object(tools: Tools) -> None:
    job = run(tools, auto=False, NumberOfHumanWorkersPerDataObject=1)
    assert job.counters.human + job.counters.failed == 120
    for path, body in files_under(objects(tools).contents, NAME).items():
        if "/worker-response/" in path:
            assert len(json.loads(body)["answers"]) == 1


# --- dying and coming back ------------------------------------------------------------------------------------------


def everything(tools: Tools, name: str = NAME) -> dict[str, bytes]:
    return files_under(objects(tools).contents, name)


def test_a_job_that_dies_at_any_write_ends_with_the_same_files(tmp_path: Path) -> None:
    """No annotation lost, none counted twice, wherever the engine was killed."""
    inputs = bird_inputs(60)
    whole = memory_tools(tmp_path / "whole", inputs)
    expected_job = run(whole)
    expected = everything(whole)
    writes = objects(whole).writes
    assert writes > 80
    for at in range(0, writes, 6):
        tools = memory_tools(tmp_path / str(at), inputs)
        objects(tools).fail_after = at
        tools.store.create_job(job_record(request()))
        events = MemoryEvents()
        with pytest.raises(Killed):
            to_the_end(tools, events)
        objects(tools).fail_after = None
        while not take_step(NAME, tools, events).is_over:
            check_counters(tools)
        assert everything(tools) == expected
        assert tools.store.job(NAME).counters == expected_job.counters
        assert len(events.sent) == 1


def test_a_job_that_dies_and_is_stopped_leaves_no_half_batch(tmp_path: Path) -> None:
    """Files of a step that was never counted must not look like labels."""
    inputs = bird_inputs(60)
    for at in range(12, 80, 8):
        tools = memory_tools(tmp_path / str(at), inputs)
        objects(tools).fail_after = at
        tools.store.create_job(job_record(request()))
        with pytest.raises(Killed):
            to_the_end(tools)
        objects(tools).fail_after = None
        tools.store.request_stop(NAME, datetime.now(UTC))
        to_the_end(tools)
        job = tools.store.job(NAME)
        assert job.status == "Stopped"
        check_counters(tools)
        trained = [path for path in everything(tools) if path.endswith("model.tar.gz")]
        assert bool(trained) == bool(job.final_model_arn)


def test_two_engines_on_one_job_count_nothing_twice(tools: Tools) -> None:
    """A process that outlived a killed engine does the same step: its record is refused, its files are the same."""
    tools.store.create_job(job_record(request()))
    store = cast(MemoryStore, tools.store)
    stale = store.job(NAME)
    take_step(NAME, tools, MemoryEvents())
    with pytest.raises(Conflict):
        store.advance(replace(stale, phase=Phase.IN_PROGRESS), unless_stop_requested=False)


def test_an_event_that_is_not_taken_is_sent_again_and_then_never_more(tools: Tools) -> None:
    events = MemoryEvents(refusals=2)
    tools.store.create_job(job_record(request(auto=False)))
    refused = 0
    for _ in range(100):
        try:
            if take_step(NAME, tools, events).is_over:
                break
        except NotTaken:
            refused += 1
            assert tools.store.job(NAME).has_work
    assert (refused, len(events.sent)) == (2, 1)
    assert not tools.store.job(NAME).has_work
    assert take_step(NAME, tools, events).is_over
    assert len(events.sent) == 1


def test_a_job_the_engine_cannot_go_on_with_fails_and_says_so(tools: Tools) -> None:
    tools.store.create_job(job_record(request()))
    take_step(NAME, tools, MemoryEvents())
    fail(NAME, "InternalServerError: " + "x" * 2000, tools)
    job = tools.store.job(NAME)
    assert job.status == "Failed"
    assert job.failure_reason
    assert len(job.failure_reason) == 1024


class FallingBack(RememberingMachine):
    """A machine whose initial model turns out to be worse than none."""

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        labeled = super().label(lesson, plan, progress)
        if progress.rounds:
            return labeled
        dropped = replace(labeled.round, fell_back=True, machine=(), retired=(), losses=(), threshold=None)
        return Labeled(None, dropped)


def test_a_dropped_initial_model_is_told_and_iterations_stay_without_gaps(tools: Tools) -> None:
    first = run(tools, auto=True)
    tools = replace(tools, machine=FallingBack())
    config = request()["LabelingJobAlgorithmsConfig"] | {"InitialActiveLearningModelArn": first.final_model_arn}
    job = run(tools, name="warm", LabelingJobAlgorithmsConfig=config)
    assert job.status == "Completed"
    assert "it was dropped" in log_of(tools, "warm")
    found = {
        int(path.split("iteration-")[1].split("/")[0]) for path in everything(tools, "warm") if "iteration-" in path
    }
    found |= {
        int(path.split("/")[-3]) for path in everything(tools, "warm") if path.endswith("auto_annotator_output.txt")
    }
    assert sorted(found) == list(range(1, max(found) + 1))


class Started(RememberingMachine):
    """Remembers what each round started from."""

    def __init__(self) -> None:
        super().__init__()
        self.models: list[bytes | None] = []

    def label(self, lesson: Lesson, plan: JobPlan, progress: Progress) -> Labeled:
        self.models.append(lesson.model)
        return super().label(lesson, plan, progress)


def test_a_model_of_an_earlier_version_stops_no_job(tools: Tools) -> None:
    """After an upgrade the chain goes on; before, the job would have failed on a model of another backbone."""
    first = run(tools, auto=True)
    own = tools.store.model(str(first.final_model_arn).rpartition("/")[2]).s3_uri
    cast(MemoryEngineObjects, tools.objects).contents[own] = archive({"model.json": b'{"version": 1}'})
    machine = Started()
    config = request()["LabelingJobAlgorithmsConfig"] | {"InitialActiveLearningModelArn": first.final_model_arn}
    job = run(replace(tools, machine=machine), name="warm", LabelingJobAlgorithmsConfig=config)
    assert job.status == "Completed"
    assert machine.models[0] is None
    assert "of another version of the engine: this job learns anew" in log_of(tools, "warm")


# --- images that change -----------------------------------------------------------------------------------------------


class Replacing(MemoryEngineObjects):
    """An object is replaced after it was listed and before it is read, `times` times."""

    uri = f"s3://{BUCKET}/images/7.jpg"

    def __init__(self, contents: dict[str, bytes], times: int, replacement: bytes | None) -> None:
        super().__init__(contents)
        self.times, self.replacement = times, replacement

    def read(self, uri: S3Uri, *, first_bytes: int | None = None, etag: str | None = None) -> bytes:
        if str(uri) == self.uri and self.times:
            self.times -= 1
            if self.replacement is None:
                del self.contents[self.uri]
            else:
                self.contents[self.uri] = self.replacement + bytes(self.times)
        return super().read(uri, first_bytes=first_bytes, etag=etag)


def wide_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (96, 48), "red").save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("auto", [True, False])
def test_an_image_that_is_replaced_while_it_is_looked_at_is_looked_at_again(tmp_path: Path, auto: bool) -> None:
    """What was kept under one content's key were the features and the size of another, for all jobs and for good."""
    tools = memory_tools(tmp_path, bird_inputs(30))
    tools = replace(tools, objects=Replacing(objects(tools).contents, 1, wide_picture()))
    run(tools, auto=auto)
    size = output(tools)[7]["category"]["image_size"]
    assert size == [{"width": 96, "height": 48, "depth": 3}]
    assert not isinstance(tools.features.facts(etag_of(bird_inputs(30)[Replacing.uri])), ImageFacts)


@pytest.mark.parametrize(("times", "replacement"), [(1, None), (99, wide_picture())])
@pytest.mark.parametrize("auto", [True, False])
def test_an_image_that_goes_away_fails_alone(tmp_path: Path, auto: bool, times: int, replacement: bytes | None) -> None:
    tools = memory_tools(tmp_path, bird_inputs(30))
    tools = replace(tools, objects=Replacing(objects(tools).contents, times, replacement))
    job = run(tools, auto=auto)
    assert (job.status, job.counters.failed, job.counters.total) == ("Completed", 1, 29)
    assert "Data object 7 cannot be used: UnreadableObject" in log_of(tools)


# --- what a step costs ------------------------------------------------------------------------------------------------


class Weighing(MemoryEngineObjects):
    """Counts what goes to and fro."""

    carried = 0

    def read(self, uri: S3Uri, **options: Any) -> bytes:
        body = super().read(uri, **options)
        self.carried += len(body)
        return body

    def read_range(self, uri: S3Uri, first: int, end: int) -> bytes:
        self.carried += end - first
        return self.contents[str(uri)][first:end]

    def write(self, uri: S3Uri, body: bytes, content_type: str) -> None:
        self.carried += len(body)
        super().write(uri, body, content_type)


def test_a_step_costs_what_its_own_objects_cost(tmp_path: Path) -> None:
    """The last batch of 20,000 took eight times as long as the first: every step read all that was done before it."""
    inputs = bird_inputs(3)
    for name in (MANIFEST, GOLD):
        inputs[name] = b"".join(line + b"\n" for line in inputs[name].splitlines() * 500)
    tools = memory_tools(tmp_path, inputs)
    weighing = Weighing(inputs)
    tools = replace(tools, objects=weighing)
    tools.store.create_job(job_record(request(auto=False, MaxConcurrentTaskCount=100)))
    asking: list[int] = []
    before = 0
    while True:
        weighing.carried = 0
        turn = take_step(NAME, tools, MemoryEvents())
        human = tools.store.job(NAME).counters.human
        if human - before == 100:
            asking.append(weighing.carried)
        before = human
        if turn.is_over:
            break
    assert len(asking) == 14
    assert asking[-1] <= 1.2 * asking[0]


# --- checkpoints ------------------------------------------------------------------------------------------------------


def half_done(tools: Tools) -> JobRecord:
    """A job with its first labels."""
    tools.store.create_job(job_record(request()))
    while tools.store.job(NAME).counters.human < 20:
        take_step(NAME, tools, MemoryEvents())
    return tools.store.job(NAME)


def checkpoints(tools: Tools) -> list[str]:
    return sorted(uri for uri in objects(tools).contents if "/temp/checkpoint-" in uri)


@pytest.mark.parametrize("damage", [None, b"", b"\x1f\x8b\x08", b"not gzip", gzip.compress(b'{"clock": 1}', mtime=0)])
def test_a_lost_or_damaged_checkpoint_costs_a_step_and_nothing_else(tmp_path: Path, damage: bytes | None) -> None:
    inputs = bird_inputs(60)
    whole = memory_tools(tmp_path / "whole", inputs)
    expected = run(whole)
    tools = memory_tools(tmp_path / "damaged", inputs)
    half_done(tools)
    last = checkpoints(tools)[-1]
    if damage is None:
        del objects(tools).contents[last]
    else:
        objects(tools).contents[last] = damage
    to_the_end(tools)
    assert tools.store.job(NAME).counters == expected.counters
    assert everything(tools) == everything(whole)


@pytest.mark.parametrize("name", ["input.places", "images.table"])
def test_a_lost_index_is_made_again(tmp_path: Path, name: str) -> None:
    inputs = bird_inputs(60)
    whole = memory_tools(tmp_path / "whole", inputs)
    run(whole)
    tools = memory_tools(tmp_path / "lost", inputs)
    half_done(tools)
    [lost] = [uri for uri in objects(tools).contents if uri.endswith(f"/temp/{name}")]
    del objects(tools).contents[lost]
    to_the_end(tools)
    assert everything(tools) == everything(whole)


@pytest.mark.parametrize("names", [{"input.manifest"}, {"input.manifest", "input.places"}])
def test_without_the_copy_of_its_manifest_the_job_fails_as_the_engines(tools: Tools, names: set[str]) -> None:
    before = half_done(tools)
    for lost in [uri for uri in objects(tools).contents if uri.rpartition("/temp/")[2] in names]:
        del objects(tools).contents[lost]
    with pytest.raises(MissingFile):
        take_step(NAME, tools, MemoryEvents())
    fail(NAME, "InternalServerError: the labeling engine failed", tools)
    job = tools.store.job(NAME)
    assert (job.status, job.counters) == ("Failed", before.counters)


def test_without_any_checkpoint_the_job_fails_as_the_engines_and_keeps_its_counts(tools: Tools) -> None:
    """9 labels were made and DescribeLabelingJob said 0."""
    before = half_done(tools)
    assert len(checkpoints(tools)) == 2
    for uri in checkpoints(tools):
        del objects(tools).contents[uri]
    with pytest.raises(MissingFile):
        take_step(NAME, tools, MemoryEvents())
    fail(NAME, "InternalServerError: the labeling engine failed", tools)
    job = tools.store.job(NAME)
    assert (job.status, job.counters) == ("Failed", before.counters), job.failure_reason


def test_a_job_that_the_engine_fails_has_its_output_manifest(tools: Tools) -> None:
    half_done(tools)
    fail(NAME, "InternalServerError: the labeling engine failed", tools)
    assert sum("category" in line for line in output(tools)) == 20


@pytest.mark.parametrize("damage", [b"{}", b"no JSON", b"[" * 100_000, b"\xff"])
def test_an_input_that_goes_bad_after_labels_were_made_keeps_their_counts(tools: Tools, damage: bytes) -> None:
    before = half_done(tools)
    objects(tools).contents[f"s3://{BUCKET}/class_labels.json"] = damage
    to_the_end(tools)
    job = tools.store.job(NAME)
    assert (job.status, job.counters) == ("Failed", before.counters), job.failure_reason
    assert job.failure_reason
    assert job.failure_reason.startswith("ClientError: the label categories")
