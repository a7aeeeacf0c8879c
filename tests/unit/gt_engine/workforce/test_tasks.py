"""A worker's day: tasks are fetched, begun, answered, put aside, given back. A fault here costs people their work."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gt_engine.workforce.asking import put_on_offer, restore
from gt_engine.workforce.files import OfferedLine, WorkFiles
from gt_engine.workforce.forms import read_answer
from gt_engine.workforce.index import JobOffer, Work, written_off
from gt_engine.workforce.members import Worker
from gt_engine.workforce.offers import (
    GRACE,
    RESERVED_FOR,
    ObjectOffer,
    Status,
    TaskAssignment,
    close,
    undo,
)
from gt_engine.workforce.supervision import Supervision
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.views import Task
from gt_service.errors import Conflict, InvalidInput, NotFound
from gt_service.task_types import TaskType
from tests.engine import BUCKET, MemoryEngineObjects
from tests.workforce_memory import MemoryTasks

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT = timedelta(seconds=300)
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/birders"
ANN, BOB, CAT = (Worker(f"private.us-east-1.{name}", name, name.title()) for name in ("ann", "bob", "cat"))
ANSWER = {"crowd-image-classifier": {"label": "Owl"}}


class Portal:
    """Tasks of one job on stand-ins, with a clock."""

    def __init__(self, objects: int = 3, wanted: int = 2) -> None:
        self.store, self.s3, self.woken = MemoryTasks(), MemoryEngineObjects(), list[str]()
        self.tasks = Tasks(self.store, lambda _: self.s3, lambda _: {TEAM}, self.woken.append)
        self.now = NOW
        self.offer = JobOffer(
            job="birds-0001",
            team=TEAM,
            title="Which bird?",
            description="Choose one",
            created_at=NOW,
            output=f"s3://{BUCKET}/output/",
            task_type=TaskType.IMAGE_CLASSIFICATION,
            labels=("Owl", "Crow"),
            workers_per_object=wanted,
            time_limit_seconds=300,
            until=NOW + timedelta(days=1),
        )
        lines = [
            OfferedLine(n, str(n + 10), json.dumps({"source-ref": f"s3://{BUCKET}/{n}.jpg"}), f"s3://{BUCKET}/{n}.jpg")
            for n in range(objects)
        ]
        self.offer = put_on_offer(self.offer, lines, self.store, self.files)

    @property
    def files(self) -> WorkFiles:
        return WorkFiles.of(self.offer.tree, self.s3)

    def next(self, worker: Worker, **options: Any) -> Task:
        task = self.tasks.next(worker, "birds-0001", self.now, **options)
        assert task is not None
        return task

    def begin(self, worker: Worker) -> Task:
        return self.tasks.accept(worker, self.next(worker).task_id, self.now)

    def answer(self, worker: Worker) -> Task:
        task = self.begin(worker)
        self.tasks.submit(worker, task.task_id, ANSWER, 5, self.now)
        return task

    def give_back(self, worker: Worker, task: Task, comment: str) -> None:
        self.now += timedelta(seconds=1)
        place = int(task.object_id) - 10
        Supervision(self.tasks).give_back("birds-0001", place, worker.worker_id, comment, "boss", self.now)
        self.now += timedelta(seconds=1)

    def has_work(self, worker: Worker) -> bool:
        return self.tasks.next(worker, "birds-0001", self.now) is not None


def test_a_worker_answers_every_object_once_and_no_object_has_more_answers_than_wanted() -> None:
    portal = Portal(objects=3, wanted=2)
    for worker in (ANN, BOB):
        seen = [portal.answer(worker).object_id for _ in range(3)]
        assert seen == ["10", "11", "12"]
        assert not portal.has_work(worker)
    assert not portal.has_work(CAT)
    assert portal.tasks.jobs(CAT, portal.now)[0].tasks_left == 0


def test_the_job_is_woken_once_a_minute_while_people_work_so_that_its_owner_sees_them() -> None:
    """An object that three are asked for may take days until it has all its answers."""
    portal = Portal(objects=9, wanted=3)
    for minutes, times in ((0, 1), (0, 1), (1, 2), (5, 3)):
        portal.now += timedelta(minutes=minutes)
        portal.answer(ANN)
        assert len(portal.woken) == times


def test_the_job_is_woken_by_the_last_answer_to_an_object_and_when_little_is_left_to_begin() -> None:
    portal = Portal(objects=9, wanted=2)
    portal.answer(ANN)
    portal.woken.clear()
    portal.answer(BOB)
    assert portal.woken == ["birds-0001"]
    for _ in range(5):
        portal.answer(ANN)
    assert portal.woken == ["birds-0001"]
    portal.answer(ANN)
    assert portal.woken == ["birds-0001"] * 2


def test_a_task_comes_with_what_its_page_needs_and_without_a_clock() -> None:
    portal = Portal()
    task = portal.next(ANN)
    assert (task.offer.labels, task.manifest_line) == (("Owl", "Crow"), {"source-ref": f"s3://{BUCKET}/0.jpg"})
    assert (task.status, task.accepted_at, task.expires_at) == (Status.RESERVED, None, None)
    portal.now += timedelta(minutes=1)
    begun = portal.tasks.accept(ANN, task.task_id, portal.now)
    assert (begun.accepted_at, begun.expires_at) == (portal.now, portal.now + LIMIT)


def test_a_page_that_is_loaded_again_shows_the_same_task_and_its_draft() -> None:
    portal = Portal()
    task = portal.begin(ANN)
    portal.tasks.save_draft(ANN, task.task_id, b"strokes")
    assert portal.next(ANN).task_id == task.task_id
    assert portal.tasks.draft(ANN, task.task_id) == b"strokes"
    assert portal.tasks.jobs(ANN, portal.now)[0].open_task == task.task_id


def test_the_next_task_is_fetched_ahead() -> None:
    portal = Portal()
    task = portal.begin(ANN)
    ahead = portal.next(ANN, besides=[task.task_id])
    assert ahead.object_id != task.object_id
    assert portal.next(ANN, besides=[task.task_id]).task_id == ahead.task_id


def test_what_was_only_fetched_ahead_goes_to_others_after_a_while_and_comes_back_where_it_is_free() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.next(ANN)
    assert not portal.has_work(BOB)
    portal.now += RESERVED_FOR
    assert portal.tasks.accept(ANN, task.task_id, portal.now).status is Status.ACCEPTED
    portal = Portal(objects=1, wanted=1)
    task = portal.next(ANN)
    portal.now += RESERVED_FOR
    portal.answer(BOB)
    with pytest.raises(Conflict):
        portal.tasks.accept(ANN, task.task_id, portal.now)


def test_an_expired_task_goes_to_others_and_its_draft_stays_for_one_more_try() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.tasks.save_draft(ANN, task.task_id, b"strokes")
    portal.now += LIMIT + GRACE
    with pytest.raises(Conflict):
        portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    again = portal.begin(ANN)
    assert again.task_id != task.task_id
    assert portal.tasks.draft(ANN, again.task_id) == b"strokes"
    portal.now += LIMIT + GRACE
    assert not portal.has_work(ANN)
    assert portal.has_work(BOB)


def test_an_answer_within_the_grace_counts_and_one_whose_place_is_taken_stays_a_draft() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.now += LIMIT + GRACE / 2
    portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.now += LIMIT + GRACE
    portal.answer(BOB)
    with pytest.raises(Conflict):
        portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    assert [pair for pair in portal.files.answered()] == [("10", BOB.worker_id)]


def test_an_answer_submitted_twice_counts_once() -> None:
    portal = Portal(objects=1, wanted=2)
    task = portal.answer(ANN)
    portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    assert portal.tasks.progress("birds-0001", portal.now).answers == 1
    assert portal.tasks.day(ANN, portal.now).done == 1


def test_what_was_begun_long_before_midnight_is_work_of_the_day_that_it_was_done() -> None:
    """An answer of yesterday that came back with a comment was redone for nothing, by the page of the worker's day."""
    portal = Portal(objects=1, wanted=2)
    portal.now = portal.now.replace(hour=9)
    task = portal.answer(ANN)
    for hours, seconds in ((24, 20), (2, 30)):
        portal.now += timedelta(hours=hours)
        portal.tasks.undo(ANN, task.task_id, portal.now)
        portal.tasks.submit(ANN, task.task_id, ANSWER, seconds, portal.now)
        day = portal.tasks.day(ANN, portal.now)
        assert (day.done, day.active_seconds) == (1, seconds)
        assert [one.task_id for one in portal.tasks.recent(ANN, portal.now)] == [task.task_id]


def test_an_answer_that_came_back_stays_out_when_the_tables_are_lost() -> None:
    """Its file is still there: labels were made of what whoever runs the team had sent back, uncorrected."""
    portal = Portal(objects=2, wanted=1)
    corrected, sent_back = portal.answer(ANN), portal.answer(ANN)
    for task in (corrected, sent_back):
        portal.give_back(ANN, task, "The other bird?")
    assert portal.next(ANN).task_id == corrected.task_id
    portal.answer(ANN)
    portal.store.delete_objects("birds-0001")
    restore(portal.offer, portal.store, portal.files, closed=())
    assert portal.tasks.progress("birds-0001", portal.now).answers == 1
    assert not portal.has_work(BOB), "it is still its worker's"
    again = portal.next(ANN)
    assert (again.object_id, again.comment) == (sent_back.object_id, "The other bird?")
    portal.answer(ANN)
    assert portal.tasks.progress("birds-0001", portal.now).answers == 2
    assert portal.tasks.day(ANN, portal.now).done == 2


def test_an_answer_that_came_back_and_was_not_corrected_in_time_does_not_count() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.answer(ANN)
    portal.give_back(ANN, task, "The other bird?")
    portal.begin(ANN)
    portal.now += LIMIT + GRACE
    item = portal.store.object("birds-0001", 0)
    assert item is not None
    written_off(item, portal.files, portal.now, portal.store)
    assert portal.tasks.progress("birds-0001", portal.now).answers == 0
    assert portal.has_work(BOB)


def test_another_answer_to_a_task_that_is_answered_is_not_taken_in_silence() -> None:
    """Two tabs, or an undone task whose time ran out: the page said "saved" and nothing was."""
    portal = Portal()
    task = portal.answer(ANN)
    with pytest.raises(Conflict, match="is answered"):
        portal.tasks.submit(ANN, task.task_id, {"crowd-image-classifier": {"label": "Crow"}}, 5, portal.now)
    standing = portal.files.answer(task.object_id, ANN.worker_id)
    assert standing is not None
    assert standing.content == ANSWER


def test_a_submit_that_broke_off_is_ended_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page sends it again until it is answered: the worker's day must not lack it."""
    portal = Portal()
    task = portal.begin(ANN)

    def fails(_: Work) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(portal.store, "note", fails)
        with pytest.raises(ConnectionError):
            portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    assert portal.tasks.day(ANN, portal.now).done == 1


def test_who_looks_which_answers_are_open_learns_nothing_of_gold_items() -> None:
    """They alone stayed open till the job's end: a careless worker could find and correct each of them."""
    mine = TaskAssignment(ANN.worker_id, "n", Status.SUBMITTED, NOW, NOW, NOW, 5, grade="wrong")
    gold = ObjectOffer("birds-0001", -1, "gold-1", -1, 2, (mine,))
    assert undo(gold, ANN.worker_id, "n", NOW + timedelta(seconds=60), LIMIT).assignments[0].grade == ""
    with pytest.raises(Conflict, match="no longer be changed"):
        undo(gold, ANN.worker_id, "n", NOW + timedelta(minutes=5), LIMIT)


def test_a_task_whose_label_is_made_meanwhile_is_not_begun() -> None:
    """What was fetched ahead is held by no lease: its offer may end before the page shows it."""
    portal = Portal()
    task = portal.next(ANN)
    item = portal.store.object("birds-0001", 0)
    assert item is not None
    assert portal.store.replace(close(item))
    with pytest.raises(Conflict):
        portal.tasks.accept(ANN, task.task_id, portal.now)


def test_looking_for_work_wakes_the_job_once_however_much_waits_for_its_word() -> None:
    """Each waking is a message of the queue: a worker waited seconds for the next task while the machine trained."""
    portal = Portal(objects=30, wanted=3)
    for item in portal.store.objects("birds-0001"):
        assert portal.store.replace(replace(item, wanted=1))
    for _ in range(30):
        portal.answer(ANN)
    portal.woken.clear()
    assert not portal.has_work(BOB)
    assert portal.woken == ["birds-0001"]


def test_active_time_is_never_more_than_what_is_set_aside_for_an_answer() -> None:
    """Each undo gives the task its time anew: with a wage, a job could cost more than its budget holds."""
    portal = Portal(objects=1, wanted=2)
    task = portal.answer(ANN)
    for _ in range(3):
        portal.tasks.undo(ANN, task.task_id, portal.now)
        portal.now += LIMIT + GRACE / 2
        portal.tasks.submit(ANN, task.task_id, ANSWER, 1e9, portal.now)
    answer = portal.files.answer("10", ANN.worker_id)
    assert answer is not None
    assert answer.active_seconds == LIMIT.total_seconds()
    assert portal.tasks.day(ANN, portal.now).active_seconds == LIMIT.total_seconds()


def test_active_time_is_never_more_than_what_passed() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.now += timedelta(seconds=40)
    portal.tasks.submit(ANN, task.task_id, ANSWER, 1e9, portal.now)
    answer = portal.files.answer("10", ANN.worker_id)
    assert answer is not None
    assert (answer.active_seconds, answer.content) == (40.0, ANSWER)
    assert portal.tasks.day(ANN, portal.now).active_seconds == 40.0


@pytest.mark.parametrize(
    "answer", [{}, {"x": {"label": "Eagle"}}, {"x": {"label": ["Owl"]}}, {"boundingBox": {"boundingBoxes": []}}]
)
def test_an_answer_that_is_none_is_refused_and_the_task_stays_open(answer: dict[str, Any]) -> None:
    portal = Portal()
    task = portal.begin(ANN)
    with pytest.raises(InvalidInput) as problem:
        portal.tasks.submit(ANN, task.task_id, answer, 5, portal.now)
    assert problem.value.field
    assert portal.next(ANN).task_id == task.task_id


def test_a_declined_object_never_comes_back_and_is_given_up_after_as_many_as_were_asked() -> None:
    portal = Portal(objects=1, wanted=2)
    for worker in (ANN, BOB):
        task = portal.begin(worker)
        with pytest.raises(InvalidInput):
            portal.tasks.decline(worker, task.task_id, " ", "", portal.now)
        portal.tasks.decline(worker, task.task_id, "blurred", "all grey", portal.now)
        assert not portal.has_work(worker)
    assert not portal.has_work(CAT)
    progress = portal.tasks.progress("birds-0001", portal.now)
    assert (progress.given_up, progress.declines[0].reason) == (1, "blurred")


def test_a_released_task_goes_to_others_first_and_its_draft_is_gone() -> None:
    portal = Portal(objects=2, wanted=1)
    task = portal.begin(ANN)
    portal.tasks.save_draft(ANN, task.task_id, b"strokes")
    portal.tasks.release(ANN, task.task_id, portal.now)
    assert portal.next(ANN).object_id == "11"
    assert portal.begin(BOB).object_id == task.object_id
    assert portal.files.draft(task.object_id, ANN.worker_id) is None


def test_a_released_object_comes_back_when_nothing_else_is_left() -> None:
    portal = Portal(objects=1, wanted=1)
    portal.tasks.release(ANN, portal.begin(ANN).task_id, portal.now)
    assert portal.next(ANN).object_id == "10"


def test_later_keeps_draft_and_place_until_the_time_limit() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.tasks.save_draft(ANN, task.task_id, b"strokes")
    portal.tasks.later(ANN, task.task_id, portal.now)
    assert not portal.has_work(BOB)
    portal.now += LIMIT / 2
    again = portal.begin(ANN)
    assert (again.task_id, again.accepted_at) == (task.task_id, NOW)
    portal.tasks.later(ANN, task.task_id, portal.now)
    portal.now += LIMIT + GRACE
    assert portal.has_work(BOB)


def test_undo_opens_an_answer_and_the_old_one_stands_until_the_next() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.answer(ANN)
    assert portal.tasks.recent(ANN, portal.now)[0].can_undo
    assert portal.tasks.undo(ANN, task.task_id, portal.now).status is Status.ACCEPTED
    assert not portal.has_work(BOB)
    portal.now += timedelta(seconds=10)
    portal.tasks.submit(ANN, task.task_id, {"x": {"label": "Crow"}}, 15, portal.now)
    answer = portal.files.answer("10", ANN.worker_id)
    assert answer is not None
    assert answer.content == {"x": {"label": "Crow"}}
    assert [one.active_seconds for one in portal.tasks.recent(ANN, portal.now)] == [10.0]
    portal.tasks.undo(ANN, task.task_id, portal.now)
    portal.now += LIMIT + GRACE
    assert not portal.has_work(BOB)  # the answer that stood is the answer
    assert portal.tasks.progress("birds-0001", portal.now).done == 1


def test_an_answer_whose_file_is_there_counts_though_the_engine_died_before_the_table_was_written() -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.begin(ANN)
    portal.store.replace = lambda _: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    with pytest.raises(ZeroDivisionError):
        portal.tasks.submit(ANN, task.task_id, ANSWER, 5, portal.now)
    del portal.store.replace
    portal.now += LIMIT + GRACE
    assert not portal.has_work(BOB)
    assert portal.tasks.progress("birds-0001", portal.now).done == 1


def test_a_task_is_its_workers_alone() -> None:
    portal = Portal()
    task = portal.begin(ANN)
    for name in (task.task_id, "0" * 32 + task.task_id[32:], "x", "", "a-1", "a-99-birds-0001", "a-0-other"):
        with pytest.raises(NotFound):
            portal.tasks.submit(BOB, name, ANSWER, 5, portal.now)
        with pytest.raises(NotFound):
            portal.tasks.draft(BOB, name)


def test_who_is_in_no_team_of_the_job_sees_nothing_of_it() -> None:
    portal = Portal()
    task = portal.begin(ANN)
    portal.tasks = replace(portal.tasks, teams_of=lambda _: set())
    assert portal.tasks.jobs(ANN, portal.now) == []
    with pytest.raises(NotFound):
        portal.tasks.next(ANN, "birds-0001", portal.now)
    with pytest.raises(NotFound):
        portal.tasks.task(ANN, task.task_id, portal.now)


def test_a_draft_that_is_too_large_is_refused() -> None:
    portal = Portal()
    with pytest.raises(InvalidInput):
        portal.tasks.save_draft(ANN, portal.begin(ANN).task_id, b"x" * (8 * 1024 * 1024 + 1))


@pytest.mark.parametrize("way", ["decline", "release"])
def test_an_answer_that_was_undone_and_given_back_is_no_answer(way: str) -> None:
    portal = Portal(objects=1, wanted=1)
    task = portal.answer(ANN)
    portal.tasks.undo(ANN, task.task_id, portal.now)
    if way == "decline":
        portal.tasks.decline(ANN, task.task_id, "blurred", "", portal.now)
    else:
        portal.tasks.release(ANN, task.task_id, portal.now)
    assert list(portal.files.answered()) == []
    assert portal.tasks.progress("birds-0001", portal.now).answers == 0


@pytest.mark.parametrize("way", ["decline", "release"])
def test_what_is_answered_while_the_task_before_is_given_back_is_kept(way: str) -> None:
    """Two tabs and a slow S3: the answer that came after was deleted, though its page had said "saved"."""
    portal = Portal(objects=1, wanted=1)
    task = portal.answer(ANN)
    portal.tasks.undo(ANN, task.task_id, portal.now)
    given_back = portal.now
    before = portal.files.answer("10", ANN.worker_id)
    assert before is not None
    newer = replace(before, submitted_at=given_back + timedelta(seconds=3))
    change = portal.tasks._change

    def changed_and_answered(*about: Any) -> ObjectOffer:
        after = change(*about)
        portal.files.write_answer("10", newer)
        return after

    portal.tasks._change = changed_and_answered  # type: ignore[method-assign]
    if way == "decline":
        portal.tasks.decline(ANN, task.task_id, "blurred", "", given_back)
    else:
        portal.tasks.release(ANN, task.task_id, given_back)
    assert portal.files.answer("10", ANN.worker_id) == newer


def test_what_another_engine_gave_the_worker_is_found_again() -> None:
    """Two portals on the same tables: what one knows of a worker's open tasks the other finds out soon."""
    portal = Portal(objects=9, wanted=1)
    other = Tasks(portal.store, lambda _: portal.s3, lambda _: {TEAM})
    portal.answer(ANN)
    elsewhere = other.next(ANN, "birds-0001", portal.now)
    assert elsewhere is not None
    other.accept(ANN, elsewhere.task_id, portal.now)
    portal.now += timedelta(seconds=31)
    assert portal.next(ANN).task_id == elsewhere.task_id


def test_what_was_given_back_before_a_worker_s_place_is_taken_before_the_job_ends() -> None:
    portal = Portal(objects=4, wanted=1)
    task = portal.begin(ANN)
    assert [portal.answer(BOB).object_id for _ in range(2)] == ["11", "12"]
    portal.tasks.release(ANN, task.task_id, portal.now)
    assert [portal.answer(BOB).object_id for _ in range(2)] == ["13", "10"]


def test_what_another_thread_has_dropped_from_memory_is_read_again() -> None:
    class Forgetful(dict[Any, Any]):
        """Between two looks another thread makes room."""

        def get(self, key: Any, default: Any = None) -> Any:
            return self.pop(key, default)

    portal = Portal()
    task = portal.next(ANN)
    portal.tasks._parts = Forgetful(portal.tasks._parts)
    assert portal.tasks.task(ANN, task.task_id, portal.now).source == task.source


def test_boxes_without_the_images_size_are_refused_by_name() -> None:
    """What compares answers later does not know the image: it took them for none, and asked five people for each."""
    answer = {"boundingBox": {"boundingBoxes": [{"label": "Bird", "left": 1, "top": 1, "width": 5, "height": 5}]}}
    with pytest.raises(InvalidInput) as refused:
        read_answer(TaskType.OBJECT_DETECTION, answer, ["Bird"], (64, 48, 3))
    assert refused.value.field == "boundingBox.inputImageProperties"
