"""Gold items at a job: chosen when its first batch is put on offer; their answers are work, and end as files of it."""

from __future__ import annotations

from collections.abc import Sequence

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
from gt_engine.workforce.asking import by_object
from gt_engine.workforce.gold import PART, GoldItem, choose, digest_of, put_gold_on_offer, shown_in, write_choice
from gt_engine.workforce.index import JobOffer, change
from gt_service.objects import S3Uri


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

    def response(answered: tuple[str, Sequence[str]]) -> tuple[S3Uri, bytes, str]:
        object_id, workers = answered
        given = filter(None, (files.answer(object_id, worker) for worker in workers))
        # No item has more answers than wanted, even where a file of one that came too late was left behind.
        first = sorted(given, key=lambda file: (file.submitted_at, file.worker_id))[: known[object_id]["answers"]]
        uri = job.tree.worker_response(max(state.iteration, 1), object_id, state.clock)
        return uri, records.worker_response([as_written(job, file) for file in first]), JSON

    answered = by_object(pair for pair in files.answered() if pair[0] in known)
    write_all(tools, in_parallel(response, answered.items()))
    return shown_in(known, filter(None, items), files.offer(PART))
