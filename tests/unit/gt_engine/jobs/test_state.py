"""A job's state, written after each step: read back whole, and short however large the job."""

from __future__ import annotations

import json

import pytest

from gt_engine.autolabel.progress import AskPeople, Progress, Purpose
from gt_engine.jobs.state import JobState, dump, load
from tests.people import START


def test_a_state_of_before_there_were_people_is_read() -> None:
    state = JobState(clock=START)
    document = {name: part for name, part in json.loads(dump(state)).items() if name in ("clock", "progress")}
    assert load(json.dumps(document).encode()) == state


def test_a_state_that_wrote_each_object_by_itself_is_read() -> None:
    """A job that an earlier engine began goes on."""
    state = state_of([["2", "0"], ["1"]], objects=4)
    document = json.loads(dump(state))
    document["progress"] |= {"objects": ["0", "1", "2", "3"]}
    for batch, labeled in zip(document["progress"]["batches"], (["2", "0"], ["1"]), strict=True):
        batch |= {"labeled": labeled, "unlabeled": []}
    assert load(json.dumps(document).encode()) == state == load(dump(state))


def test_what_is_written_after_a_step_hardly_grows_with_the_job() -> None:
    """Before, at 100,000 objects: 213 KB and an eighth of a second from the first step on, half a MB and half a second
    in the last. Of what is done a few bytes remain, for the order of labels is the job's."""
    many = 20_000
    begun, done = state_of([], objects=many), state_of([[str(7 * i % many) for i in range(many)]], objects=many)
    assert len(dump(begun)) < 1_000
    assert len(dump(done)) - len(dump(begun)) < 6 * many
    assert load(dump(done)) == done


@pytest.mark.parametrize(
    "labeled", [["5"], ["5", "6", "7"], ["7", "6", "5"], ["5", "7", "6"], ["5", "7"], ["10", "9"], []]
)
def test_objects_are_read_back_in_their_order(labeled: list[str]) -> None:
    state = state_of([labeled], objects=20)
    assert load(dump(state)) == state


def state_of(batches: list[list[str]], *, objects: int) -> JobState:
    progress = Progress(tuple(map(str, range(objects))))
    for labeled in batches:
        progress = progress.with_human(AskPeople(Purpose.TRAINING, ()), labeled=tuple(labeled))
    return JobState(clock=START, progress=progress)
