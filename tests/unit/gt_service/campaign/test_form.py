"""The form of a spec: what it shows of a file, and what is typed in it."""

from __future__ import annotations

from typing import Any

import pytest

from gt_service.campaign.form import FIELDS, NEW, typed_in, values

TEXT = "task: object-detection\nlabels: [Bird, Cat]\nworkers_per_object: {least: 1, most: 3}\nquality: {target: 0.9}\n"


def test_a_form_sent_as_it_was_shown_changes_nothing() -> None:
    """Or a browser that sends every field would write each into the file."""
    assert typed_in(TEXT, values(TEXT)) == {}
    assert typed_in(TEXT, {path: f" {value}\n" for path, value in values(TEXT).items()}) == {}


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("labels", "Bird\n\n Dog, brown \n", ["Bird", "Dog, brown"]),
        ("workers_per_object", "2", 2),
        ("workers_per_object", "1 to 5", {"least": 1, "most": 5}),
        ("workers_per_object", "many", "many"),
        ("budget", "80", 80),
        ("budget", "12.50", "12.50"),
        ("budget", "", None),
        ("batch.size", "0", 0),
        ("quality.target", "0.95", 0.95),
        ("quality.target", "", None),
    ],
)
def test_what_is_typed_is_what_the_file_is_to_say(path: str, typed: str, said: Any) -> None:
    before = TEXT + "budget: 50\n"
    assert typed_in(before, {path: typed}) == {path: said}


def test_a_file_that_cannot_be_read_shows_nothing_and_breaks_nothing() -> None:
    assert set(values("labels: [").values()) == {""}
    assert values("labels: {a: 1}\nquality: 5\n")["quality.target"] == ""


def test_every_field_is_one_of_the_spec() -> None:
    from gt_service.campaign import CampaignSpec

    assert {field.path.partition(".")[0] for field in FIELDS} < set(CampaignSpec.model_fields)
    assert values(NEW)["task"] == "object-detection"
