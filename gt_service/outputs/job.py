"""One labeling job, read whole: what people and the machine labeled in each iteration, and what workers are paid for.

The output manifest is the final word on labels. Iterations come from the consolidation requests, which also hold the
workers' answers in few files, and from the machine's own files. Answers that never reached a consolidation are read
from the worker responses: whoever gave them is paid. Where a job failed before it wrote a manifest, its consolidation
responses and machine labels take the manifest's place.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import tee
from typing import Any, TypeVar

from gt_service.errors import InvalidInput, NotFound, UnknownState
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs import layout, records
from gt_service.outputs.answers import AnswerLedger
from gt_service.outputs.files import answer_files, find_files
from gt_service.outputs.job_output import Finding, Iteration, JobOutput, Reason, TrainingRun, UnlabeledObject
from gt_service.outputs.logs import TrainingLogs, read_curve
from gt_service.outputs.proposals import Proposal, ProposalLedger, read_proposals
from gt_service.outputs.records import UNREADABLE, JsonObject, LabelRecord
from gt_service.outputs.tally import LabeledObject, Placement, Tally
from gt_service.parallel import in_parallel

COMPARED_OBJECTS = 2_000
"""Of a larger job, about so many human-labeled objects are compared with their workers' answers."""
TIMED_OBJECTS = 300
"""Of a larger job, the worker responses of about so many objects are read to tell how long answers take."""


Item = TypeVar("Item")
File = TypeVar("File", layout.BatchFile, layout.AnswerFile)


def read_job_output(
    objects: ObjectStore,
    logs: TrainingLogs,
    description: Mapping[str, Any],
    *,
    each: Callable[[LabeledObject], None] | None = None,
) -> JobOutput:
    """Everything a labeling job left in S3 and in the training logs, whatever its status.

    `description` is the response of DescribeLabelingJob. `each` is called once for every object of the manifest, in
    order, so that a caller may score or sample labels on the way; nothing holds them all.
    """
    return _Reader(objects, logs, description).read(each)


class _Reader:
    """One reading of one job: what the files say, gathered on the way."""

    def __init__(self, objects: ObjectStore, logs: TrainingLogs, description: Mapping[str, Any]) -> None:
        self._objects = objects
        self._logs = logs
        self._description = description
        self._attribute: str = description["LabelAttributeName"]
        self._files = find_files(objects, description)
        self._unreadable: list[str] = []
        sampled = _some(description, COMPARED_OBJECTS)
        self._proposals = self._read_proposals(sampled)
        # Whoever corrected a proposal agrees with whoever else did, and so with the label that came of it.
        self._compared = lambda object_id: sampled(object_id) and not self._proposals.was_shown(object_id)
        self._ledger = AnswerLedger(self._compared)
        self._human = Placement()
        self._machine = Placement()

    def read(self, each: Callable[[LabeledObject], None] | None) -> JobOutput:
        name = self._description["LabelingJobName"]
        self._read_requests()
        machine_labels = self._read_machine_labels()
        tally = Tally(name, self._human, self._machine, self._compared, each, self._proposals.is_blind)
        for object_id, line, record in self._lines(machine_labels):
            try:
                tally.add(object_id, line, record)
            except UnknownState as error:
                self._unreadable.append(f"the label of object {object_id}: {error}")
        self._read_answers()
        iterations = self._iterations(tally)
        training = self._training()
        targets = self._targets()
        return JobOutput(
            name=name,
            status=self._description["LabelingJobStatus"],
            root=self._files.root,
            objects=tally.objects,
            labeled_before=tally.labeled_before,
            iterations=iterations,
            training=training,
            workers=self._ledger.workers(tally.labels),
            unlabeled=self._unlabeled(tally),
            findings=tuple(self._findings(tally, iterations, training)),
            proposals=self._proposals.figures(),
            gold_answers=self._ledger.gold_answers,
            targets=targets,
        )

    def _read_requests(self) -> None:
        """Who was asked in which iteration, and what they answered."""
        for file in (*self._files.requests, *self._files.responses):
            self._human.end(file.iteration, file.at)
        for file, body in self._bodies(self._files.requests):
            for object_id, answers in self._parsed(records.requested, body, file.uri) or ():
                self._human.put(object_id, file.iteration)
                self._ledger.add(file.iteration, object_id, answers)
        for file, body in self._bodies(self._files.responses_without_request()):
            for object_id, _ in self._parsed(self._consolidated, body, file.uri) or ():
                self._human.put(object_id, file.iteration)

    def _read_machine_labels(self) -> dict[str, LabelRecord]:
        """Which objects the machine labeled in which iteration; the labels only where no manifest has them."""
        labels: dict[str, LabelRecord] = {}
        for number, uri in self._files.machine:
            last = b""
            for line in self._objects.lines(uri):
                object_id = records.auto_label_id(line)
                if object_id is None:
                    continue
                self._machine.put(object_id, number)
                last = line
                if self._files.manifest is None and (record := self._machine_label(line, uri)) is not None:
                    labels.setdefault(object_id, record)
            # Parsing them all for their times would double the reader's work: one prediction made them together.
            if last and (record := self._machine_label(last, uri)) is not None:
                self._machine.end(number, record.created_at)
        return labels

    def _targets(self) -> tuple[tuple[float, int], ...]:
        """Of the last round that tells: those after the first labels of the machine do not."""
        targets: tuple[tuple[float, int], ...] = ()
        for _, uri in self._files.certificates:
            targets = self._parsed(records.targets_of, self._objects.read(uri), uri) or targets
        return targets

    def _machine_label(self, line: bytes, uri: S3Uri) -> LabelRecord | None:
        parsed = self._parsed(records.auto_label, line, uri)
        return None if parsed is None else records.label_record(parsed[1], self._attribute)

    def _lines(self, machine: Mapping[str, LabelRecord]) -> Iterator[tuple[str, JsonObject, LabelRecord | None]]:
        """Every object with the label it ended with."""
        if self._files.manifest is not None:
            for object_id, line in self._objects_of(self._files.manifest):
                yield object_id, line, records.label_record(line, self._attribute)
            return
        labels = dict(machine)
        for file, body in self._bodies(self._files.responses):
            # People's labels, and of several the last: it was consolidated from the most answers.
            labels.update(self._parsed(self._consolidated, body, file.uri) or ())
        for object_id, line in self._input_lines(labels):
            yield object_id, line, labels.get(object_id)

    def _input_lines(self, labels: Mapping[str, LabelRecord]) -> Iterator[tuple[str, JsonObject]]:
        """The objects of the input manifest; where that is gone, those that have labels."""
        source = self._description["InputConfig"]["DataSource"].get("S3DataSource", {}).get("ManifestS3Uri")
        try:
            yield from self._objects_of(S3Uri.parse(source or "", field="ManifestS3Uri"))
        except (NotFound, InvalidInput):
            self._unreadable.append(f"the input manifest {source} cannot be read")
            yield from ((object_id, {}) for object_id in labels)

    def _read_answers(self) -> None:
        """The answers that no consolidation request holds, and of some objects how long the answers took."""
        timed, corrected = _some(self._description, TIMED_OBJECTS), self._proposals.proposals
        requested = self._ledger.answered  # as it stands now: of the others every file counts, and not the first alone
        files = answer_files(self._objects, self._files.root)

        def is_timed(file: layout.AnswerFile) -> bool:
            return timed(file.object_id) or (file.iteration, file.object_id) not in requested

        for file, body in self._bodies(f for f in files if f.object_id in corrected or is_timed(f)):
            answers = self._parsed(records.worker_answers, body, file.uri) or ()
            self._proposals.add(file.object_id, answers)
            if is_timed(file):  # those that people corrected must not weigh more than others
                self._ledger.add(file.iteration, file.object_id, answers)
                self._ledger.time(answers)

    def _read_proposals(self, sampled: Callable[[str], bool]) -> ProposalLedger:
        """What people saw of those objects."""
        proposals: dict[str, Proposal] = {}
        files = [item.uri for item in self._objects.list(self._files.root / layout.PROPOSALS)]
        for uri, body in zip(files, self._objects.read_many(files), strict=True):
            proposals.update(self._parsed(read_proposals, body, uri) or {})
        return ProposalLedger({object_id: proposal for object_id, proposal in proposals.items() if sampled(object_id)})

    def _unlabeled(self, tally: Tally) -> tuple[UnlabeledObject, ...]:
        answers = self._ledger.answers_to({unlabeled.object_id for unlabeled in tally.unlabeled})
        return tuple(
            _explain(unlabeled, answers[unlabeled.object_id], records.failure_reason(unlabeled.line, self._attribute))
            for unlabeled in tally.unlabeled
        )

    def _iterations(self, tally: Tally) -> tuple[Iteration, ...]:
        human, machine, answers = tally.images[True], tally.images[False], self._ledger.by_iteration
        ends = [self._human.ended, self._machine.ended]
        return tuple(
            Iteration(
                number=number,
                human_images=human[number],
                human_boxes=tally.boxes[True][number],
                machine_images=machine[number],
                machine_boxes=tally.boxes[False][number],
                answers=answers[number],
                ended_at=max((end[number] for end in ends if number in end), default=None),
            )
            for number in sorted({*human, *machine, *answers})
        )

    def _training(self) -> tuple[TrainingRun, ...]:
        models: dict[tuple[int, str], S3Uri | None] = {}
        for file in self._files.training:
            key = (file.iteration, file.training_job)
            models[key] = file.uri if file.is_model else models.get(key)
        curves = in_parallel(lambda key: read_curve(self._logs.lines(key[1])), models, workers=4)
        return tuple(TrainingRun(*key, models[key], curve) for key, curve in zip(models, curves, strict=True))

    def _findings(
        self, tally: Tally, iterations: Sequence[Iteration], training: Sequence[TrainingRun]
    ) -> Iterator[Finding]:
        numbers = [each.number for each in iterations]
        missing = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
        if missing:
            yield Finding("iteration_gap", f"no files of iteration {', '.join(map(str, missing))}")
        if self._human.again:
            yield Finding("sent_again", f"{self._human.again} object(s) went to workers in more than one iteration")
        if tally.unplaced:
            yield Finding("unplaced", f"{tally.unplaced} label(s) are in no iteration's files; placed by their time")
        if self._files.manifest is None:
            yield Finding("no_output_manifest", "the job wrote no output manifest; counted from its other files")
        for run in training:
            if run.model is None:
                yield Finding("no_model", f"training {run.name} left no model")
            if not run.curve.scores:
                yield Finding("no_curve", f"training {run.name} left no validation scores in its log")
        yield from _counter_findings(self._description.get("LabelCounters", {}), iterations)
        if self._unreadable:
            yield Finding("unreadable", f"{len(self._unreadable)} record(s) unread, first: {self._unreadable[0]}")

    def _bodies(self, files: Iterable[File]) -> Iterator[tuple[File, bytes]]:
        """Each file with its content. The store takes URIs ahead of the contents that it gives."""
        taken, asked = tee(files)
        return zip(taken, self._objects.read_many(file.uri for file in asked), strict=True)

    def _consolidated(self, body: bytes) -> list[tuple[str, LabelRecord]]:
        return records.consolidated(body, self._attribute)

    def _objects_of(self, manifest: S3Uri) -> Iterator[tuple[str, JsonObject]]:
        """The lines of a manifest by their number, which is the object's id."""
        for number, line in enumerate(self._objects.lines(manifest)):
            parsed = self._parsed(records.manifest_object, line, manifest) if line.strip() else None
            if parsed is not None:
                yield str(number), parsed

    def _parsed(self, parse: Callable[[bytes], Item], body: bytes, uri: S3Uri) -> Item | None:
        """What `parse` finds; what cannot be read is noted with its file, and the rest of the job is read."""
        try:
            return parse(body)
        except UNREADABLE as error:
            self._unreadable.append(f"{uri}: {error}")
            return None


def _some(description: Mapping[str, Any], count: int) -> Callable[[str], bool]:
    """Picks about `count` of a job's human-labeled objects, always the same."""
    stride = max(1, description.get("LabelCounters", {}).get("HumanLabeled", 0) // count)
    return lambda object_id: zlib.crc32(object_id.encode()) % stride == 0


def _explain(labeled: LabeledObject, answers: int, detail: str | None) -> UnlabeledObject:
    answered = Reason.UNCONSOLIDATED if answers else Reason.UNANSWERED
    reason = answered if detail is None else Reason.FAILED
    return UnlabeledObject(labeled.object_id, labeled.source, reason, answers, detail)


def _counter_findings(counters: Mapping[str, int], iterations: Sequence[Iteration]) -> Iterator[Finding]:
    human = sum(each.human_images for each in iterations)
    machine = sum(each.machine_images for each in iterations)
    for name, read in (("HumanLabeled", human), ("MachineLabeled", machine)):
        if name in counters and counters[name] != read:
            yield Finding("counters_differ", f"the service counts {name} {counters[name]}, its files hold {read}")
