"""What proposals did to people, read from the job's files."""

from __future__ import annotations

import json
from typing import Any

from gt_service.outputs.proposals import ProposalLedger, read_proposals
from gt_service.outputs.records import AnswerRecord

RIGHT, WRONG = [10, 10, 110, 60], [40, 25, 140, 75]


def record(object_id: str, *, shown: bool = True, mistake: str = "", box: list[int] = WRONG) -> bytes:
    planted = {"planted": {"mistake": mistake, "class_id": 0, "box": box, "right": None}} if mistake else {}
    document = {"datasetObjectId": object_id, "source-ref": "s3://b/1.jpg", "shown": shown, "model": "m", **planted}
    return json.dumps(document).encode() + b"\n"


def answer(seconds: float | None, *boxes: list[int], modified: bool | None = None) -> AnswerRecord:
    drawn = [{"label": "Bird", "left": x, "top": y, "width": r - x, "height": b - y} for x, y, r, b in boxes]
    content: dict[str, Any] = {"boundingBoxes": drawn}
    if modified is not None:
        content["initialValueModified"] = modified
    return AnswerRecord("worker", {"boundingBox": content}, seconds)


def test_both_ways_are_told_apart_and_each_has_its_time() -> None:
    ledger = ProposalLedger(read_proposals(record("1", shown=False) + record("2") + record("3") + record("9")))
    ledger.add("1", [answer(20, RIGHT), answer(30, RIGHT)])
    ledger.add("2", [answer(8, RIGHT, modified=False), answer(12, RIGHT, modified=True)])
    ledger.add("3", [answer(None, RIGHT, modified=False)])
    ledger.add("4", [answer(99, RIGHT)])  # certifies: no record of it
    found = ledger.figures()
    assert found is not None
    assert (found.blind.images, found.blind.answers, found.blind.seconds_per_image) == (1, 2, 50)
    assert (found.proposed.images, found.proposed.answers, found.proposed.seconds_per_answer) == (2, 3, 10)
    assert (found.checked, found.unchanged) == (3, 2)
    assert (found.planted, found.accepted) == (0, 0)


def test_a_planted_mistake_was_accepted_where_the_answer_keeps_it() -> None:
    for mistake, keeps, notices in (
        ("shifted", [WRONG], [RIGHT]),
        ("extra", [RIGHT, WRONG], [RIGHT]),
        ("missing", [RIGHT], [RIGHT, WRONG]),
    ):
        ledger = ProposalLedger(read_proposals(record("1", mistake=mistake)))
        ledger.add("1", [answer(5, *keeps, modified=False), answer(5, *notices, modified=True)])
        found = ledger.figures()
        assert found is not None
        assert (found.planted, found.accepted, found.checked) == (2, 1, 0), mistake


def test_classes_that_were_chosen_already_are_kept_or_changed() -> None:
    """The page tells of no change here: the answer itself does."""

    def chosen(object_id: str, *names: str, **planted: str) -> bytes:
        document = {"datasetObjectId": object_id, "shown": True, "model": "m", "classes": list(names)}
        return json.dumps(document | ({"planted": planted} if planted else {})).encode() + b"\n"

    def said(*names: str) -> AnswerRecord:
        label = {"label": names[0]} if len(names) == 1 else {"labels": list(names)}
        return AnswerRecord("worker", {"classifier": label}, 4)

    records = chosen("1", "Dog", "Cat") + chosen("2", "Dog", mistake="swapped", **{"class": "Dog"})
    ledger = ProposalLedger(read_proposals(records + chosen("3", "Cat", mistake="missing", **{"class": "Dog"})))
    ledger.add("1", [said("Cat", "Dog"), said("Dog")])
    ledger.add("2", [said("Dog"), said("Cat")])
    ledger.add("3", [said("Cat"), said("Cat", "Dog")])
    found = ledger.figures()
    assert found is not None
    assert (found.checked, found.unchanged) == (2, 1)
    assert (found.planted, found.accepted) == (4, 2)


def test_without_proposals_or_answers_there_are_no_figures() -> None:
    assert ProposalLedger({}).figures() is None
    assert ProposalLedger(read_proposals(record("1"))).figures() is None
