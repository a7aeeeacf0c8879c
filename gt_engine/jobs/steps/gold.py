"""Gold items at a job: chosen when its first batch is put on offer; their answers are work, and end as files of it."""

from __future__ import annotations

from datetime import datetime

from gt_engine.aws import in_parallel
from gt_engine.jobs.context import JobContext
from gt_engine.jobs.crowd import read_gold_labels
from gt_engine.jobs.reading import read_lines
from gt_engine.jobs.state import JobState
from gt_engine.jobs.steps.consolidating import as_written
from gt_engine.jobs.team_record import read_record
from gt_engine.jobs.tools import JSON, Tools, write_all
from gt_engine.jobs.watching import files_of
from gt_engine.outputs import records
from gt_engine.workforce import offers
from gt_engine.workforce.files import AnswerFile
from gt_engine.workforce.gold import PART, GoldItem, choose, digest_of, put_gold_on_offer, shown_in, write_choice
from gt_engine.workforce.index import JobOffer, change


def offer_gold(offer: JobOffer, job: JobContext, state: JobState, tools: Tools) -> str | None:
    """Hides gold items among a job's objects; what the log should say. Done again it changes nothing."""
    if job.care is None:
        return None
    files = files_of(job, tools)
    if not files.gold():
        source_key = "source-ref" if job.looks_at_images else "source"
        labels = read_gold_labels(tools.objects.lines(job.gold_labels), job.task, job.classes).labels
        shown = read_record(job, tools).gold_shown
        items = [
            GoldItem(
                source, records.answer_content(job.task, label, job.classes), tuple(shown.get(digest_of(source), ()))
            )
            for source, label in labels.items()
        ]
        most = int(job.care.share * len(state.progress.objects) * job.crowd.workers_per_object)
        # Gold objects that are in the manifest are asked about as any other.
        besides = {line.source for line in read_lines(job, tools, None)} & set(labels)
        chosen = choose(items, besides, most, job.plan.seed)
        if not chosen:
            return "No gold item is shown: every object with a gold label is one of the job's own, or the job is small."
        write_choice(chosen, source_key, files)
    put_gold_on_offer(offer, files, tools.people)
    return f"{len(files.gold())} gold items are hidden among the data objects."


def write_gold_answers(job: JobContext, state: JobState, tools: Tools) -> dict[str, list[str]]:
    """The answers to gold items as worker responses: they are paid as all others, and no label is made of them. Who has
    seen which item, by the item's digest."""
    if job.care is None or not job.record.by_people:
        return {}
    files = files_of(job, tools)
    known = files.gold()
    # From here on nobody answers one any more.
    items = [change(item, offers.close, tools.people) for item in tools.people.gold(job.record.name)] if known else []
    if not items:
        return {}
    pairs = [(object_id, worker) for object_id, worker in files.answered() if object_id in known]
    read = zip(pairs, in_parallel(lambda pair: files.answer(*pair), pairs), strict=True)
    given: dict[str, list[AnswerFile]] = {}
    for (object_id, _), file in read:
        if file is not None:
            given.setdefault(object_id, []).append(file)
    answers = {
        # No item has more answers than wanted, even where a file of one that came too late was left behind.
        object_id: [
            as_written(job, file) for file in sorted(files_of_object, key=_moment)[: known[object_id]["answers"]]
        ]
        for object_id, files_of_object in given.items()
    }
    iteration = max(state.iteration, 1)
    write_all(
        tools,
        (
            (job.tree.worker_response(iteration, object_id, state.clock), records.worker_response(answer_files), JSON)
            for object_id, answer_files in answers.items()
        ),
    )
    return shown_in(known, filter(None, items), files.offer(PART))


def _moment(file: AnswerFile) -> tuple[datetime, str]:
    return file.submitted_at, file.worker_id
