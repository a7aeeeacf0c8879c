"""How each piece of a labeling job's work is done. A step reads, computes and writes; it decides nothing.

A step is a function of the job and its state: done twice, it writes the same bytes to the same places. So it does not
matter where a killed engine stopped; the step is done again.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gt_engine.autolabel import FeatureStore, Round
from gt_engine.autolabel.images import ImageFacts, ImageProblem, decode
from gt_engine.aws import Logs, Objects, in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.crowd import Given, read_gold_labels, with_size
from gt_engine.jobs.life_cycle import Ask, AutoLabel, End, Open, Prepare, TrainFinal, Work
from gt_engine.jobs.machine import Lesson, Machine, Trained
from gt_engine.jobs.manifest import ManifestLine, read_manifest
from gt_engine.jobs.state import HumanWork, JobState, Training
from gt_engine.labels import BoxLabel, ClassLabel, Label, Task
from gt_engine.outputs import records, training_log
from gt_engine.outputs.records import AnyLabel, WorkerAnswer
from gt_engine.settings import Settings
from gt_engine.store import ModelRecord, Store
from gt_service.errors import InvalidInput, NotFound
from gt_service.objects import ObjectSummary, S3Uri
from gt_service.regions import MAX_IMAGE_BYTES, TaskType

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

CONSOLIDATE_AT_ONCE = 100
"""Objects in one consolidation file."""
ONE_SECOND = timedelta(seconds=1)
TRAINING_TIME = timedelta(minutes=10)
"""Virtual time that a training takes on Ground Truth's instances; the engine's own takes seconds."""
JSON = "application/json"
TEXT = "text/plain"
LINES = "application/x-jsonlines"
ARCHIVE = "application/gzip"


@dataclass(frozen=True, eq=False)
class Tools:
    """What steps work with. `objects` encrypts with the job's key where it has one."""

    settings: Settings
    store: Store
    objects: Objects
    logs: Logs
    features: FeatureStore
    machine: Machine


@dataclass(frozen=True)
class Outcome:
    """What came of a step: the next state, and what the job's log should say."""

    state: JobState
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What `Prepare` found out of the readable images: content keys and sizes by object id."""

    keys: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


def perform(work: Work, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Does one piece of work. Errors: `InvalidInput`, `NotFound` where the user's input is at fault."""
    match work:
        case Open():
            return _open(job, state, tools)
        case Prepare():
            return _prepare(work, job, state, tools)
        case Ask():
            return _ask(work, job, state, tools)
        case AutoLabel():
            return _auto_label(work, job, state, tools)
        case TrainFinal():
            return _train_final(work, job, state, tools)
        case End():
            return _end(work, job, state, tools)


def discard(work: Work, job: JobContext, tools: Tools) -> None:
    """Removes what an interrupted step may have written, for a job that will not do it any more."""
    match work:
        case Ask(iteration=iteration):
            for kind in ("request", "response"):
                tools.objects.delete_all(job.tree.consolidation_folder(kind, iteration))
            tools.objects.delete_all(job.tree.worker_responses(iteration))
        case AutoLabel(iteration=iteration) | TrainFinal(iteration=iteration):
            for file in (job.tree.auto_annotations, job.tree.certificate, job.tree.inference):
                tools.objects.delete(file(iteration))
            tools.objects.delete_all(job.tree.training(iteration))
        case _:
            pass


# --- opening -----------------------------------------------------------------------------------------------------


def _open(job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Checks every line while copying: later steps read the copy, whatever happens to the original."""
    todo: list[str] = []
    lines = 0

    def checked() -> Iterator[bytes]:
        nonlocal lines
        source = tools.objects.lines(job.manifest)
        for line in read_manifest(source, facts=job.task.facts, attribute=job.form.attribute):
            lines += 1
            if lines > job.task.facts.max_objects:
                most = job.task.facts.max_objects
                raise InvalidInput(f"the manifest has more than {most:,} data objects", field="ManifestS3Uri")
            if not line.is_labeled:
                todo.append(str(line.number))
            yield line.text + b"\n"

    tools.objects.write_stream(job.tree.manifest_copy, checked(), LINES)
    if lines == 0:
        raise InvalidInput("the manifest has no data objects", field="ManifestS3Uri")
    least = tools.settings.min_auto_labeling_objects
    if job.plan.auto_labeling and len(todo) < least:
        raise InvalidInput(
            f"automated data labeling needs at least {least:,} data objects; the manifest has {len(todo):,}",
            field="ManifestS3Uri",
        )
    tools.objects.write(job.tree.label_categories, records.label_categories(job.classes), JSON)
    tools.objects.write(job.tree.template, tools.objects.read(job.template), "text/html")
    progress = replace(state.progress, objects=tuple(todo))
    log = [f"{lines} data objects, {len(todo)} to label, {len(job.classes)} label categories."]
    return Outcome(state.after(lines=lines, progress=progress), tuple(log))


# --- images ------------------------------------------------------------------------------------------------------


def _prepare(work: Prepare, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    wanted = state.progress.objects[work.first : work.first + work.count]
    sources = {str(line.number): line.source for line in _lines(job, tools, set(wanted))}
    looked = _look(job, {object_id: sources[object_id] for object_id in wanted}, tools)
    problems = {object_id: found for object_id, found in looked.items() if isinstance(found, str)}
    good = {object_id: found for object_id, found in looked.items() if not isinstance(found, str)}
    document = {object_id: [key, size] for object_id, (key, size) in good.items()}
    tools.objects.write(job.tree.facts(work.first), gzip.compress(json.dumps(document).encode(), mtime=0), ARCHIVE)
    log = [f"Data object {object_id} cannot be used: {problem}" for object_id, problem in problems.items()]
    after = state.after(prepared=work.first + work.count, problems={**state.problems, **problems})
    return Outcome(after, tuple(log))


def _look(
    job: JobContext, sources: Mapping[str, str], tools: Tools
) -> dict[str, tuple[str, tuple[int, int, int]] | str]:
    """Content key and size of each image, or what is wrong with it."""
    near = _listed(list(sources.values()), tools)
    heads = dict(zip(sources, in_parallel(lambda text: _head(text, near, tools), sources.values()), strict=True))
    keys = {object_id: head for object_id, head in heads.items() if not head.startswith("!")}
    loaders = [(key, _loader(sources[object_id], tools)) for object_id, key in keys.items()]
    known = _prepare_features(loaders, tools) if job.plan.auto_labeling else _decode_all(loaders)
    found: dict[str, tuple[str, tuple[int, int, int]] | str] = {}
    limit = job.task.facts.pixel_limit(auto_labeling=job.plan.auto_labeling)
    for object_id, head in heads.items():
        facts = known[head] if object_id in keys else ImageProblem("UnreadableObject", head.removeprefix("!"))
        if isinstance(facts, ImageProblem):
            found[object_id] = f"{facts.code}: {facts.message}"
        elif facts.width * facts.height > limit:
            found[object_id] = f"TooManyPixels: {facts.width} x {facts.height} pixels; {limit:,} are allowed."
        else:
            found[object_id] = (head, (facts.width, facts.height, facts.depth))
    return found


def _listed(sources: Sequence[str], tools: Tools) -> dict[S3Uri, ObjectSummary]:
    """Listing is a shortcut: where it is not allowed, each object is asked for by itself."""
    try:
        return tools.objects.heads([S3Uri.parse(text) for text in sources])
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {403, 404}:
            raise
        return {}


def _head(text: str, near: Mapping[S3Uri, ObjectSummary], tools: Tools) -> str:
    """The content key of an object; a text that begins with `!` says why there is none."""
    uri = S3Uri.parse(text)
    try:
        head = near.get(uri) or tools.objects.head(uri)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in {400, 403}:
            raise  # S3's trouble, not the object's: the step is done again
        return f"!{uri} cannot be read: {error}"
    if head is None:
        return f"!there is no object {uri}"
    if head.size > MAX_IMAGE_BYTES:
        return f"!{uri} has {head.size} bytes; {MAX_IMAGE_BYTES} are allowed"
    return head.etag


def _loader(source: str, tools: Tools) -> Callable[[], bytes]:
    uri = S3Uri.parse(source)
    return lambda: tools.objects.read(uri)


def _prepare_features(
    loaders: Sequence[tuple[str, Callable[[], bytes]]], tools: Tools
) -> dict[str, ImageFacts | ImageProblem]:
    """The feature store takes whatever a loader raises for a fault of the image. When S3 is in trouble it is not: then
    the whole step is done again."""
    troubles: list[Exception] = []

    def noting(load: Callable[[], bytes]) -> Callable[[], bytes]:
        def load_and_note() -> bytes:
            try:
                return load()
            except NotFound:
                raise
            except Exception as trouble:
                troubles.append(trouble)
                raise

        return load_and_note

    known = tools.features.prepare((key, noting(load)) for key, load in loaders)
    if troubles:
        raise troubles[0]
    return known


def _decode_all(loaders: Iterable[tuple[str, Callable[[], bytes]]]) -> dict[str, ImageFacts | ImageProblem]:
    """Sizes alone, for jobs that need no features."""

    def one(item: tuple[str, Callable[[], bytes]]) -> tuple[str, ImageFacts | ImageProblem]:
        key, load = item
        try:
            decoded = decode(load(), 8)
        except NotFound as gone:
            return key, ImageProblem("UnreadableObject", gone.message)
        return key, decoded if isinstance(decoded, ImageProblem) else decoded[0]

    return dict(in_parallel(one, loaders))


def _facts(job: JobContext, state: JobState, tools: Tools) -> Facts:
    keys: dict[str, str] = {}
    sizes: dict[str, tuple[int, int, int]] = {}
    files = tools.objects.list(job.tree.all_facts) if job.looks_at_images else ()
    for body in in_parallel(lambda file: tools.objects.read(file.uri), files):
        for object_id, (key, size) in json.loads(gzip.decompress(body)).items():
            keys[object_id], sizes[object_id] = key, (size[0], size[1], size[2])
    return Facts(keys, sizes)


# --- people ------------------------------------------------------------------------------------------------------


def _ask(work: Ask, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    lines = {str(line.number): line for line in _lines(job, tools, set(work.step.object_ids))}
    sizes = _facts(job, state, tools).sizes
    gold = _gold(job, tools)
    answers: dict[str, list[Given]] = {}
    failed: dict[str, str] = {}
    for object_id in work.step.object_ids:
        if object_id in state.problems:
            failed[object_id] = state.problems[object_id]
        elif lines[object_id].source not in gold:
            failed[object_id] = "NoAnswer: the gold labels do not have it, so the simulated work team cannot answer."
        else:
            label = with_size(gold[lines[object_id].source], sizes.get(object_id))
            given = job.crowd.answers(object_id, label, state.clock)
            if given:
                answers[object_id] = given
            else:
                failed[object_id] = "NoAnswer: no worker answered in time; the task expired."
    labels = job.crowd.consolidate(answers)
    times = _consolidation_times(answers, state.clock)
    contents = {
        object_id: job.form.content(labels[object_id], human=True, created=_created(times[object_id], place))
        for place, object_id in enumerate(answers)
    }
    _write_all(tools, _human_files(work.iteration, job, lines, answers, contents, times))
    ended = max(times.values(), default=state.clock) + ONE_SECOND
    progress = state.progress.with_human(work.step, labeled=tuple(contents), unlabeled=tuple(failed))
    if not state.human:  # the first sample: from now on nobody is asked about objects that cannot be shown
        progress = replace(progress, failed=frozenset(state.problems) - set(failed))
    responses = tuple(
        str(job.tree.consolidation("response", work.iteration, time)) for time in sorted({*times.values()})
    )
    after = state.after(
        clock=ended, progress=progress, human=(*state.human, HumanWork(work.iteration, responses, failed))
    )
    _write_intermediate_manifest(work.iteration, job, after, tools)
    log = [
        f"Iteration {work.iteration}: people labeled {len(contents)} data objects ({work.step.purpose.value}), "
        f"{sum(len(given) for given in answers.values())} answers, {len(failed)} failed.",
        *(f"Data object {object_id} failed: {reason}" for object_id, reason in failed.items()),
    ]
    return Outcome(after, tuple(log))


def _consolidation_times(answers: Mapping[str, Sequence[Given]], start: datetime) -> dict[str, datetime]:
    """When each object is consolidated: when the whole batch is in, some objects at a time, a second apart.

    Files are named by the second: without the spacing they would overwrite each other.
    """
    last = max((given.submitted_at for all_given in answers.values() for given in all_given), default=start)
    first = last.replace(microsecond=0) + 2 * ONE_SECOND
    return {object_id: first + place // CONSOLIDATE_AT_ONCE * ONE_SECOND for place, object_id in enumerate(answers)}


def _created(time: datetime, place: int) -> datetime:
    return time + timedelta(microseconds=1 + place % CONSOLIDATE_AT_ONCE * 997)


def _human_files(
    iteration: int,
    job: JobContext,
    lines: Mapping[str, ManifestLine],
    answers: Mapping[str, Sequence[Given]],
    contents: Mapping[str, Mapping[str, object]],
    times: Mapping[str, datetime],
) -> Iterator[tuple[S3Uri, bytes, str]]:
    """Every file of a human batch."""
    written = {object_id: [_as_written(job, one) for one in given] for object_id, given in answers.items()}
    for object_id, given in written.items():
        yield job.tree.worker_response(iteration, object_id, times[object_id]), records.worker_response(given), JSON
    intermediate = (
        records.intermediate_annotation(object_id, lines[object_id].text, lines[object_id].source)
        for object_id in written
    )
    yield job.tree.intermediate_annotations(iteration), b"".join(intermediate), LINES
    together: dict[datetime, list[str]] = {}
    for object_id, time in times.items():
        together.setdefault(time, []).append(object_id)
    data_key = "s3Uri" if job.looks_at_images else "content"
    for time, object_ids in together.items():
        batch = ((object_id, {data_key: lines[object_id].source}, written[object_id]) for object_id in object_ids)
        yield job.tree.consolidation("request", iteration, time), records.consolidation_request(batch), JSON
    for time, object_ids in together.items():
        pairs = ((object_id, contents[object_id]) for object_id in object_ids)
        yield job.tree.consolidation("response", iteration, time), records.consolidation_response(pairs), JSON


def _as_written(job: JobContext, given: Given) -> WorkerAnswer:
    content = records.answer_content(job.task, given.label, job.classes)
    worker = records.worker_id(given.worker, job.workteam_arn, job.region)
    return WorkerAnswer(worker, content, given.accepted_at, given.submitted_at)


def _gold(job: JobContext, tools: Tools) -> Mapping[str, AnyLabel]:
    head = tools.objects.head(job.gold_labels)
    if head is None:
        raise NotFound(f"the gold labels {job.gold_labels} are gone")
    return _gold_of_version(tools, job.gold_labels, head.etag, job.task, job.classes)


@lru_cache(maxsize=4)
def _gold_of_version(
    tools: Tools, uri: S3Uri, etag: str, task: TaskType, classes: tuple[str, ...]
) -> Mapping[str, AnyLabel]:
    """A process reads one version of a gold labels file once."""
    return read_gold_labels(tools.objects.lines(uri), task, classes)


# --- the machine -------------------------------------------------------------------------------------------------


def _auto_label(work: AutoLabel, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    learnt = tools.machine.label(_lesson(job, state, tools), job.plan, state.progress)
    after, log = state, tuple[str, ...]()
    if learnt.trained is not None:
        after, log = _keep_model(learnt.trained, work.iteration, job, state, tools)
    round_ = learnt.round
    started = after.clock
    created = {
        object_id: _created(started + place // CONSOLIDATE_AT_ONCE * ONE_SECOND, place)
        for place, object_id in enumerate(round_.machine)
    }
    contents = {
        object_id: job.form.content(learnt.labels[object_id], human=False, created=moment)
        for object_id, moment in created.items()
    }
    files = [
        (job.tree.inference(work.iteration), learnt.predictions, LINES),
        (job.tree.certificate(work.iteration), records.certificate(job.plan.guarantee, round_), JSON),
    ]
    if contents:
        files.append((job.tree.auto_annotations(work.iteration), records.auto_annotations(contents.items()), TEXT))
    _write_all(tools, files)
    after = after.after(
        clock=max([started, *created.values()]).replace(microsecond=0) + ONE_SECOND,
        progress=after.progress.with_round(round_),
        machine=(*after.machine, work.iteration),
    )
    _write_intermediate_manifest(work.iteration, job, after, tools)
    return Outcome(after, (*log, f"Iteration {work.iteration}: {_decision(round_, job)}"))


def _decision(round_: Round, job: JobContext) -> str:
    if round_.fell_back:
        return "the initial model does worse than none on the first labels of this job; it was dropped."
    target = f"{job.plan.guarantee.loss} target {job.plan.guarantee.target}, delta {job.plan.guarantee.delta}"
    if round_.threshold is None:
        return f"no threshold meets the target ({target}); the machine labels nothing."
    count, threshold = len(round_.machine), round_.threshold
    return f"the machine labeled {count} data objects at confidence {threshold:.4f} or more ({target})."


def _train_final(work: TrainFinal, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    lesson = replace(_lesson(job, state, tools), guesses=_labels(job, _machine_contents(job, state, tools)))
    trained = tools.machine.train(lesson, job.plan, state.progress)
    after, log = _keep_model(trained, work.iteration, job, state, tools)
    return Outcome(after.after(is_trained_to_the_end=True), log)


def _lesson(job: JobContext, state: JobState, tools: Tools) -> Lesson:
    """What there is to learn from and to label, with the features of all of it at hand."""
    labels = _labels(job, _human_contents(state, tools))
    keys = _facts(job, state, tools).keys
    wanted = {object_id: keys[object_id] for object_id in (*labels, *state.progress.pool(), *state.progress.machine())}
    # Features live on this machine's disk: after a move to another one they are made again.
    gone = {object_id for object_id, key in wanted.items() if tools.features.facts(key) is None}
    if gone:
        sources = {str(line.number): line.source for line in _lines(job, tools, gone)}
        _prepare_features([(wanted[object_id], _loader(sources[object_id], tools)) for object_id in sources], tools)
    return Lesson(
        task=Task(job.task.value),
        classes=job.classes,
        view=tools.features.view(wanted),
        labels=labels,
        model=_last_model(job, state, tools),
    )


def _last_model(job: JobContext, state: JobState, tools: Tools) -> bytes | None:
    if state.trainings:
        return tools.objects.read(S3Uri.parse(state.trainings[-1].s3_uri))
    arn = job.initial_model_arn
    if arn is None:
        return None
    return tools.objects.read(S3Uri.parse(tools.store.model(arn.rpartition("/")[2]).s3_uri))


def _keep_model(
    trained: Trained, iteration: int, job: JobContext, state: JobState, tools: Tools
) -> tuple[JobState, tuple[str, ...]]:
    """Writes what a training leaves: model, record, log, training set."""
    name, uri = job.tree.training_job(iteration), job.tree.model(iteration)
    tools.objects.write(uri, trained.model, ARCHIVE)
    contents = _human_contents(state, tools)
    lines = (
        records.labeled_line(line.text, contents[str(line.number)]) + b"\n"
        for line in _lines(job, tools, set(contents))
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
        )
    )
    training = Training(iteration, name, str(uri))
    after = state.after(clock=state.clock + TRAINING_TIME, trainings=(*state.trainings, training))
    return after, (f"Iteration {iteration}: trained {name} on {trained.samples} labeled data objects.",)


# --- the end -----------------------------------------------------------------------------------------------------


def _end(work: End, job: JobContext, state: JobState, tools: Tools) -> Outcome:
    if state.lines is not None:
        tools.objects.write_stream(job.tree.output_manifest, _output_lines(job, state, tools), LINES)
    counters = state.counters
    log = (
        f"{work.phase.value}: {counters.human} labeled by people, {counters.machine} by machine, "
        f"{counters.failed} failed, {counters.unlabeled} unlabeled." + (f" {work.reason}" if work.reason else ""),
    )
    return Outcome(state, log)


def _output_lines(job: JobContext, state: JobState, tools: Tools) -> Iterator[bytes]:
    """Every line of the manifest once and in order; lines without a new label as they were."""
    contents = _contents(job, state, tools)
    for line in _lines(job, tools, None):
        content = contents.get(str(line.number))
        yield (records.labeled_line(line.text, content) if content else line.text) + b"\n"


def _write_intermediate_manifest(iteration: int, job: JobContext, state: JobState, tools: Tools) -> None:
    tools.objects.write_stream(job.tree.intermediate_manifest(iteration), _output_lines(job, state, tools), LINES)


# --- reading back ------------------------------------------------------------------------------------------------


def _lines(job: JobContext, tools: Tools, wanted: AbstractSet[str] | None) -> Iterator[ManifestLine]:
    lines = tools.objects.lines(job.tree.manifest_copy)
    for number, text in enumerate(lines):
        if wanted is None or str(number) in wanted:
            yield from (
                replace(line, number=number)
                for line in read_manifest([text], facts=job.task.facts, attribute=job.form.attribute)
            )


def _human_contents(state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that people gave, by object id, from the consolidation responses that the state lists."""
    files = (S3Uri.parse(text) for work in state.human for text in work.responses)
    found: dict[str, dict[str, object]] = {}
    for body in in_parallel(tools.objects.read, files):
        found.update(records.read_consolidation_response(body))
    return found


def _contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """Every label of the job so far, as written."""
    return _human_contents(state, tools) | _machine_contents(job, state, tools)


def _machine_contents(job: JobContext, state: JobState, tools: Tools) -> dict[str, dict[str, object]]:
    """The labels that the machine gave, by object id."""
    found: dict[str, dict[str, object]] = {}
    for iteration, round_ in zip(state.machine, state.progress.rounds, strict=True):
        if round_.machine:
            found.update(records.read_auto_annotations(tools.objects.read(job.tree.auto_annotations(iteration))))
    return found


def _labels(job: JobContext, contents: Mapping[str, Mapping[str, object]]) -> dict[str, Label]:
    """Contents as the machine learns from them."""
    labels: dict[str, Label] = {}
    for object_id, content in contents.items():
        label = job.form.label(content)
        if not isinstance(label, BoxLabel | ClassLabel):
            raise TypeError(f"the machine does not learn from {type(label).__name__}")
        labels[object_id] = label
    return labels


def _write_all(tools: Tools, files: Iterable[tuple[S3Uri, bytes, str]]) -> None:
    """Many files at a time. Errors: the first one's; the step is then done again."""
    for _ in in_parallel(lambda file: tools.objects.write(*file), files):
        pass
