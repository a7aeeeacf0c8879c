"""Opening a job: its manifest is checked and copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gt_engine.jobs.context import JobContext
from gt_engine.jobs.manifest import read_manifest
from gt_engine.jobs.own_model import predicted
from gt_engine.jobs.reading import label_before, write_line_places
from gt_engine.jobs.reviewing import check_reviewed
from gt_engine.jobs.state import JobState
from gt_engine.jobs.team_record import read_record
from gt_engine.jobs.tools import JSON, LINES, Outcome, Tools
from gt_engine.outputs import records
from gt_service.errors import InvalidInput


def open_manifest(job: JobContext, state: JobState, tools: Tools) -> Outcome:
    """Checks every line while copying: later steps read the copy, whatever happens to the original."""
    copy = _Copy()
    tools.objects.write_stream(job.tree.manifest_copy, copy.of(job, tools), LINES)
    todo, places = copy.todo, copy.places
    lines = len(places) - 1
    if lines == 0:
        raise InvalidInput("the manifest has no data objects", field="ManifestS3Uri")
    write_line_places(job, places, tools)
    least = tools.settings.min_auto_labeling_objects
    if job.plan.auto_labeling and len(todo) < least:
        raise InvalidInput(
            f"automated data labeling needs at least {least:,} data objects; the manifest has {len(todo):,}",
            field="ManifestS3Uri",
        )
    tools.objects.write(job.tree.label_categories, records.label_categories(job.classes), JSON)
    tools.objects.write(job.tree.template, _template(job, tools), "text/html")
    progress = replace(
        state.progress, objects=tuple(todo), labeled_before=tuple(copy.labeled), by_people=frozenset(copy.checked)
    )
    messages = [f"{lines} data objects, {len(todo)} to label, {len(job.classes)} label categories."]
    if copy.labeled:
        messages.append(
            f"{len(copy.labeled)} data objects have their label, or had it taken out: the machine learns from them, and"
            " certifies nothing."
        )
    if copy.checked:
        messages.append(f"{len(copy.checked)} data objects check labels from before: people label them, and see none.")
    if copy.predicted:
        messages.append(f"{copy.predicted} data objects came with a prediction.")
    skills = read_record(job, tools).skills
    return Outcome(
        state.after(lines=lines, progress=progress, skills=skills, predicted=copy.predicted), tuple(messages)
    )


def _template(job: JobContext, tools: Tools) -> bytes:
    body = tools.objects.read(job.template)
    try:
        body.decode()
    except UnicodeDecodeError:
        raise InvalidInput("the template is not text in UTF-8", field="UiTemplateS3Uri") from None
    return body


class _Copy:
    """The manifest, line by line. Once it was read to its end: the objects to label, how many of them came with a
    prediction, those that check a label from before, those whose labels the machine may learn from or is to forget, and
    where each line of the copy begins and the last one ends."""

    def __init__(self) -> None:
        self.todo: list[str] = []
        self.labeled: list[str] = []
        self.checked: list[str] = []
        self.places = [0]
        self.predicted = 0

    def of(self, job: JobContext, tools: Tools) -> Iterator[bytes]:
        """Errors: `InvalidInput` that names the line."""
        most = job.task.facts.max_objects
        source = tools.objects.lines(job.manifest)
        for line in read_manifest(source, facts=job.task.facts, attribute=job.form.attribute):
            if line.number == most:
                raise InvalidInput(f"the manifest has more than {most:,} data objects", field="ManifestS3Uri")
            if not line.is_labeled:
                if job.task.facts.reviews is not None:
                    check_reviewed(line.text, line.number, job.form.attribute)
                self.todo.append(str(line.number))
                if line.is_checked:
                    self.checked.append(str(line.number))
                self.predicted += job.plan.auto_labeling and predicted(job, line.text) is not None
            elif job.plan.auto_labeling and (line.is_taken_out or label_before(job, line) is not None):
                self.labeled.append(str(line.number))
            copied = line.text + b"\n"
            self.places.append(self.places[-1] + len(copied))
            yield copied
