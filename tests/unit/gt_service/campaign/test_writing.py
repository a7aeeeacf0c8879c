"""A spec's file written: nothing of it is lost, and what its owner wrote around it stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.campaign.document import document
from gt_service.campaign.writing import differences, with_fields, written
from tests.factories import spec

TEXT = """# Birds of the garden
task: object-detection   # boxes
labels:
  - Bird  # with feathers
  - Cat

# what we can pay
budget: 50 # dollars
quality:
  # the club's target
  target: 0.9
instructions: {title: Box the birds}
workforce: public
"""


def test_one_field_is_changed_and_every_comment_stays() -> None:
    assert with_fields(TEXT, {"budget": 80}) == TEXT.replace("budget: 50 #", "budget: 80 #")


def test_a_list_is_written_anew_and_its_neighbours_stay() -> None:
    changed = with_fields(TEXT, {"labels": ["Bird", "Cat", "Dog, brown"]})
    assert 'labels: [Bird, Cat, "Dog, brown"]\n\n# what we can pay\nbudget: 50 # dollars' in changed


def test_fields_of_a_part_are_changed_added_and_taken_out() -> None:
    assert "  # the club's target\n  target: 0.95\n" in with_fields(TEXT, {"quality.target": 0.95})
    assert document(with_fields(TEXT, {"quality.risk": 0.1}), "")["quality"] == {"target": 0.9, "risk": 0.1}
    assert "quality" not in document(with_fields(TEXT, {"quality.target": None}), "")
    assert document(with_fields(TEXT, {"batch.size": 30}), "")["batch"] == {"size": 30}
    both = with_fields(TEXT, {"instructions.header": "Look: closely"})
    assert document(both, "")["instructions"] == {"title": "Box the birds", "header": "Look: closely"}


def test_what_is_taken_out_takes_its_line_along() -> None:
    assert with_fields(TEXT, {"budget": None}) == TEXT.replace("budget: 50 # dollars\n", "")


@pytest.mark.parametrize(
    "text", ['{"task": "object-detection", "budget": 5}', "task: x", "task: x\nbudget: |\n  # 5\n"]
)
def test_any_form_of_file_takes_a_field(text: str) -> None:
    changed = with_fields(text, {"budget": 7, "labels": ["a"]})
    assert document(changed, "") == {**document(text, ""), "budget": 7, "labels": ["a"]}


def test_a_long_list_in_braces_does_not_keep_the_next_field() -> None:
    """The service failed where the form was saved."""
    labels = [f"label number {number}" for number in range(40)]
    changed = with_fields('{"task": "x", "labels": ["a"], "budget": 5}', {"labels": labels, "budget": 7})
    assert document(changed, "") == {"task": "x", "labels": labels, "budget": 7}


_TEXTS = some.text(alphabet=some.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=40)
@given(
    labels=some.lists(_TEXTS, min_size=1, max_size=4), title=_TEXTS, lines=some.lists(_TEXTS, min_size=1, max_size=3)
)
def test_whatever_is_typed_is_what_the_file_says(labels: list[str], title: str, lines: list[str]) -> None:
    """A label such as `no`, `1e3` or `a: b` would become something else, or break the file."""
    fields: dict[str, Any] = {"labels": labels, "instructions.title": title, "instructions.full": "\n".join(lines)}
    for text in (TEXT, "task: x"):
        changed = document(with_fields(text, fields), "")
        assert (changed["labels"], changed["instructions"]["title"]) == (labels, title)
        assert changed["instructions"]["full"] == "\n".join(lines)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"workers_per_object": {"least": 1, "most": 3}, "quality": {"target": 0.9}, "budget": "12.5"},
        {
            "instructions": {"full": "Draw one box.\n\n# not a comment\n" + "Leave out shadows. " * 10},
            "tags": {"a": "1e3"},
        },
        {"labels": [f"label number {number}" for number in range(40)]},
    ],
)
def test_a_spec_is_read_again_as_it_was(changes: dict[str, Any]) -> None:
    """What came as JSON or by the API is edited as a file."""
    whole = spec(**changes)
    assert parse_spec(written(whole), filename="campaign.yaml", campaign=whole.name) == whole


def test_differences_name_each_field_that_changed() -> None:
    before: CampaignSpec = spec(budget="50", quality={"target": 0.9})
    after = spec(budget="80", batch={"size": 30})
    assert list(differences(before, after)) == [
        ("budget", "50", "80"),
        ("quality.target", "0.9", ""),
        ("batch.size", "", "30"),
    ]
