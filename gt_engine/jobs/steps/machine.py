"""Training, and what the machine labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from gt_engine.autolabel import ImageProblem, Round
from gt_engine.autolabel.kept_predictions import dump
from gt_engine.autolabel.labeling import Lesson
from gt_engine.autolabel.own_model.model_file import OwnModel, Parts, carried, parts_of
from gt_engine.autolabel.payload import is_outdated
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.life_cycle import CONSOLIDATE_AT_ONCE
from gt_engine.jobs.machine import LearningMachine, SecondLook, Trained
from gt_engine.jobs.own_model import FIELD, opinions
from gt_engine.jobs.packs import has_packs, packed_features
from gt_engine.jobs.reading import (
    human_contents,
    label_before,
    labels_of,
    machine_contents,
    read_facts,
    read_lines,
    read_own,
)
from gt_engine.jobs.state import JobState, Training
from gt_engine.jobs.steps.images import ImageVersion, Reading
from gt_engine.jobs.steps.predicting import PREDICT_AT_ONCE, ChunkedLearner, read_question
from gt_engine.jobs.tools import ARCHIVE, JSON, LINES, ONE_SECOND, TEXT, Outcome, Tools, created_at, write_all
from gt_engine.jobs.work import AutoLabel, TrainFinal
from gt_engine.labels import Label, Task
from gt_engine.outputs import records, training_log
from gt_engine.store import ModelKind, ModelRecord
from gt_service.errors import NotFound
from gt_service.objects import S3Uri

TRAINING_TIME = timedelta(minutes=10)
"""Virtual time that a training takes on Ground Truth's instances; the engine's own takes seconds."""


def auto_label(work: AutoLabel, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    last = _last_model(job, state, tools)
    learnt = _machine(job, tools).label(_lesson(last, job, state, tools), job.plan, state.asking)
    after, log = state, tuple[str, ...]()
    if learnt.trained is not None:
        after, log = _keep_model(learnt.trained, last.own_model, work.iteration, job, state, tools)
    round_ = learnt.round
    started = after.clock
    created = {
        object_id: created_at(started + place // CONSOLIDATE_AT_ONCE * ONE_SECOND, place)
        for place, object_id in enumerate(round_.machine)
    }
    contents = {
        object_id: job.form.content(learnt.labels[object_id], human=False, created=moment)
        for object_id, moment in created.items()
    }
    files = [
        (job.tree.inference(work.iteration), learnt.predictions, LINES),
        (
            job.tree.certificate(work.iteration),
            records.certificate(job.plan.guarantee, round_, learnt.targets, objects=len(state.progress.objects)),
            JSON,
        ),
    ]
    if contents:
        files.append((job.tree.auto_annotations(work.iteration), records.auto_annotations(contents.items()), TEXT))
    write_all(tools, files)
    after = after.after(
        clock=max([started, *created.values()]).replace(microsecond=0) + ONE_SECOND,
        progress=after.progress.with_round(round_),
        machine=(*after.machine, work.iteration),
    )
    if last.is_outdated:
        log = (f"The model {model_name(job, state)} is of another version of the engine: this job learns anew.", *log)
    return Outcome(after, (*log, f"Iteration {work.iteration}: {_decision(round_, job)}"))


def _decision(round_: Round, job: JobContext) -> str:
    if round_.fell_back:
        return "the initial model does worse than none on the first labels of this job; it was dropped."
    guarantee = job.plan.guarantee
    target = f"{guarantee.loss} target {guarantee.target} of {guarantee.scope}, delta {guarantee.delta}"
    if round_.threshold is None:
        return f"no threshold meets the target ({target}); the machine labels nothing."
    count, threshold = len(round_.machine), round_.threshold
    return f"the machine labeled {count} data objects at confidence {threshold:.4f} or more ({target})."


def train_final(work: TrainFinal, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    last = _last_model(job, state, tools)
    guesses = labels_of(job, machine_contents(job, state, tools))
    lesson = replace(_lesson(last, job, state, tools), guesses=guesses)
    trained = _machine(job, tools).train(lesson, job.plan, state.progress)
    after, log = _keep_model(trained, last.own_model, work.iteration, job, state, tools)
    if trained.second_look is not None:
        _keep_second_look(trained.second_look, job, after, tools)
    return Outcome(after.after(is_trained_to_the_end=True), log)


def _keep_second_look(look: SecondLook, job: JobContext, state: JobState, tools: Tools) -> None:
    """Writes what the members of the model say of the labels that they never saw: whoever doubts labels goes by it."""
    predictions = zip(look.predictions.ids, look.predictions.labels, look.predictions.confidences, strict=True)
    sources = {str(line.number): line.source for line in read_lines(job, tools, look.predictions.ids)}
    lines = (
        records.left_out_prediction(
            sources[object_id],
            job.form.content(label, human=False, created=created_at(state.clock, place)),
            confidence=float(confidence),
            loss=look.losses[place],
            suspicion=look.suspicions[place],
        )
        for place, (object_id, label, confidence) in enumerate(predictions)
    )
    tools.objects.write_stream(job.tree.left_out_predictions, lines, LINES)


def _machine(job: JobContext, tools: Tools) -> LearningMachine:
    """The machine, its predictions made in chunks."""
    return tools.machine.through(lambda learner: ChunkedLearner(learner, job, tools))


def _lesson(last: _LastModel, job: JobContext, state: JobState, tools: Tools) -> Lesson:
    """What there is to learn from and to label, with the features of all of it at hand."""
    answered = set(state.progress.human())  # not what people label meanwhile: that is the sample of the next round
    labels = labels_of(
        job, {object_id: text for object_id, text in human_contents(state, tools).items() if object_id in answered}
    )
    before = {} if state.progress.rounds else _labels_before(job, state, tools)
    wanted = {*labels, *state.progress.pool(), *state.progress.machine(), *before}
    lesson = _lesson_with(last.model, wanted, job, state, tools)
    usable = set(lesson.view.ids())
    return replace(
        lesson,
        labels=labels,
        before={object_id: label for object_id, label in before.items() if object_id in usable},
    )


def _labels_before(job: JobContext, state: JobState, tools: Tools) -> dict[str, Label | None]:
    lines = read_lines(job, tools, state.progress.labeled_before)
    return {str(line.number): label_before(job, line) for line in lines}


def lesson_on(wanted: Collection[str], job: JobContext, state: JobState, tools: Tools) -> Lesson:
    """The features of the wanted objects and the model so far, without any label."""
    return _lesson_with(_last_model(job, state, tools).model, wanted, job, state, tools)


def predict(question: str, first: int, job: JobContext, state: JobState, tools: Tools) -> bytes:
    """A chunk: what a model says of the objects of a question from place `first` on, as JSON (`ChunkedLearner`)."""
    asked, model = read_question(question, job, tools)
    object_ids = asked.object_ids[first : first + PREDICT_AT_ONCE]
    lesson = _lesson_with(model, object_ids, job, state, tools)
    return dump(tools.machine.predict(lesson, job.plan, object_ids, together=asked.together))


def _lesson_with(
    model: bytes | None, wanted: Collection[str], job: JobContext, state: JobState, tools: Tools
) -> Lesson:
    keys = read_facts(job, tools, wanted).keys
    features = tools.features
    if has_packs(job, tools):
        features = features.backed_by(packed_features(job, state, keys, tools))
    else:
        _remake_features(job, {object_id: key for object_id, key in keys.items() if features.facts(key) is None}, tools)
    return Lesson(
        task=Task(job.task.value),
        classes=job.classes,
        view=features.view(keys, opinions=opinions(job, state, keys, tools)),
        labels={},
        model=model,
    )


def model_name(job: JobContext, state: JobState) -> str | None:
    """The model so far: the last one that the job trained, else its initial one; None where there is none."""
    if state.trainings:
        return state.trainings[-1].model_name
    return None if job.record.initial_model_arn is None else job.record.initial_model_arn.rpartition("/")[2]


def _remake_features(job: JobContext, gone: Mapping[str, str], tools: Tools) -> None:
    """Features are a cache of this machine: after a move to another one, or where they had to make room, they are made
    again. Errors: `NotFound` where an image is not what it was when the job began."""
    if not gone:
        return
    images = [ImageVersion(S3Uri.parse(line.source), gone[str(line.number)]) for line in read_lines(job, tools, gone)]
    known = Reading(tools).features(images)
    for image in images:
        facts = known[image.key]
        if isinstance(facts, ImageProblem):
            raise NotFound(f"{image.uri} is not what it was when the job began: {facts.message}")


@dataclass(frozen=True)
class _LastModel:
    """The model so far.

    model        what the engine trained; None where there is nothing to start from
    own_model    the user's, whose opinions the view has (`FeatureView.opinions`); it goes along with what is learnt on
                 top of it
    is_outdated  there is a trained one, but of another version of the engine, so it is not used
    """

    model: bytes | None = None
    own_model: OwnModel | None = None
    is_outdated: bool = False


def _last_model(job: JobContext, state: JobState, tools: Tools) -> _LastModel:
    name = model_name(job, state)
    if name is None:
        return _LastModel()
    record = tools.store.model(name)
    uri = S3Uri.parse(record.s3_uri)
    body = read_own(tools, uri) if state.trainings else tools.objects.read(uri)
    parts = Parts(body, None) if record.kind is ModelKind.TRAINED else parts_of(body, field=FIELD)
    if parts.trained is not None and is_outdated(parts.trained):
        return _LastModel(None, parts.own_model, is_outdated=True)
    return _LastModel(parts.trained, parts.own_model)


def _keep_model(
    trained: Trained, own_model: OwnModel | None, iteration: int, job: JobContext, state: JobState, tools: Tools
) -> tuple[JobState, tuple[str, ...]]:
    """Writes what a training leaves: model (with the user's own that it rests on), record, log, training set."""
    name, uri = job.tree.training_job(iteration), job.tree.model(iteration)
    tools.objects.write(uri, trained.model if own_model is None else carried(trained.model, own_model), ARCHIVE)
    contents = human_contents(state, tools) if trained.before is None else {}
    learnt = tuple(contents) if trained.before is None else trained.before
    lines = (
        (records.labeled_line(line.text, contents[str(line.number)]) if contents else line.text) + b"\n"
        for line in read_lines(job, tools, set(learnt))
    )
    tools.objects.write_stream(job.tree.training_manifest(iteration), lines, LINES)
    messages = training_log.messages(
        job.task,
        samples=trained.samples,
        classes=len(job.classes),
        scores=trained.scores,
        warm=trained.warm,
        started=state.clock,
    )
    tools.logs.replace(training_log.LOG_GROUP, training_log.stream_name(name, state.clock), messages)
    prefix = job.record.arn.rpartition(":labeling-job/")[0]
    tools.store.put_model(
        ModelRecord(
            name=name,
            arn=f"{prefix}:model/{name}",
            s3_uri=str(uri),
            job_arn=job.record.arn,
            role_arn=job.record.request["RoleArn"],
            task=job.task.value,
            classes=job.classes,
            created_at=job.record.created_at,
            kind=ModelKind.TRAINED if own_model is None else ModelKind.STACKED,
        )
    )
    training = Training(iteration, name, str(uri))
    spent = timedelta(0) if job.record.by_people else TRAINING_TIME
    after = state.after(clock=state.clock + spent, trainings=(*state.trainings, training))
    return after, (f"Iteration {iteration}: trained {name} on {trained.samples} labeled data objects.",)
