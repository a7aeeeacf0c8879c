"""Specs written over HTTP: previewed, put in force, and never put over another one unseen."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from gt_service.records import Token
from gt_service.store.tokens import digest
from tests.unit.chalicelib.test_api import ask
from tests.world import World, spec_document

TEXT = """# our birds
task: object-detection
labels: [Bird] # only these
workforce: arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders
batch: {size: 2}
budget: 50
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(autouse=True)
def tokens(wired: World) -> None:
    soon = wired.now() + timedelta(days=3650)
    for role in ("viewer", "operator"):
        wired.store.tokens.add(Token(digest(f"gts_{role}"), f"a {role}", role, soon))


def put(client: Client, text: str, name: str = "birds", **headers: str) -> HTTPResponse:
    return ask(client, "PUT", f"/campaigns/{name}", text.encode(), **{**YAML, **headers})


def preview(client: Client, text: str, fields: dict[str, str] | None = None, **more: Any) -> HTTPResponse:
    return ask(client, "POST", "/campaigns/birds/spec", {"text": text, "fields": fields or {}, **more})


def tag(client: Client) -> str:
    return str(ask(client, "GET", "/campaigns/birds/spec").headers["ETag"])


def test_a_campaign_is_previewed_created_and_its_budget_raised(client: Client, world: World) -> None:
    seen = preview(client, TEXT, objects=4)
    assert seen.status_code == 200
    assert "start labeling job birds-0001" in str(seen.json_body["plan"]["steps"])
    assert world.store.campaigns.find("birds") is None, "a preview changes nothing"
    assert put(client, seen.json_body["text"], **{"If-None-Match": "*"}).status_code == 200
    assert ask(client, "GET", "/campaigns/birds/spec").json_body == {"text": TEXT, "revision": 1}
    seen = preview(client, TEXT, {"budget": "80"})
    assert seen.json_body["changes"] == [{"field": "budget", "before": "50", "after": "80"}]
    assert seen.json_body["text"] == TEXT.replace("budget: 50", "budget: 80"), "with its comments"
    changed = put(client, seen.json_body["text"], **{"If-Match": tag(client)})
    assert changed.json_body["cap_mills"] == 80_000
    assert "by a spec that was dropped" not in str(changed.json_body["warnings"])


def test_an_operator_may_lift_the_budget(client: Client) -> None:
    """What a drop into the inbox cannot: whoever may upload images may not."""
    put(client, TEXT)
    assert put(client, TEXT.replace("budget: 50\n", "")).json_body["cap_mills"] is None


def test_errors_name_their_fields_and_what_was_typed_is_judged(client: Client) -> None:
    answer = preview(client, TEXT, {"labels": "", "budget": "-1", "workers_per_object": "12"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json_body["errors"]} == {"labels", "budget", "workers_per_object"}
    assert all(error["remedy"] for error in answer.json_body["errors"])
    (error,) = preview(client, "labels: [").json_body["errors"]
    assert (error["field"], "line" in error["message"]) == ("campaign.yaml", True)


def test_who_comes_second_is_told_and_changes_nothing(client: Client) -> None:
    put(client, TEXT)
    seen = tag(client)
    assert put(client, TEXT.replace("50", "60"), **{"If-Match": seen}).status_code == 200
    for answer in (
        put(client, TEXT.replace("50", "70"), **{"If-Match": seen}),
        ask(client, "POST", "/campaigns/birds/spec", {"text": TEXT}, **{"If-Match": seen}),
    ):
        assert (answer.status_code, answer.json_body["code"]) == (412, "outdated")
    assert ask(client, "GET", "/campaigns/birds").json_body["cap_mills"] == 60_000
    assert put(client, TEXT.replace("50", "60"), **{"If-Match": seen}).status_code == 200, "the answer was lost"


def test_a_comment_alone_is_not_written_over_unseen(client: Client) -> None:
    put(client, TEXT)
    seen = tag(client)
    put(client, TEXT + "# agreed with Ada\n", **{"If-Match": seen})
    assert put(client, TEXT.replace("50", "70"), **{"If-Match": seen}).status_code == 412


def test_a_new_campaign_takes_no_others_name(client: Client) -> None:
    put(client, TEXT)
    answer = put(client, TEXT.replace("50", "70"), **{"If-None-Match": "*"})
    assert (answer.status_code, answer.json_body["field"]) == (412, "name")


def test_a_spec_that_came_as_json_stays_json(client: Client, world: World) -> None:
    """Who keeps it as JSON could not take the form's file back, and lost what was written though it is the default."""
    text = json.dumps(spec_document(follow_ups=2), indent=4) + "\n"
    world.upload("birds/campaign.json", text.encode())
    assert ask(client, "GET", "/campaigns/birds/spec").json_body["text"] == text
    seen = preview(client, text, {"budget": "70"}).json_body
    assert list(json.loads(seen["text"]).items()) == [*json.loads(text).items(), ("budget", 70)]
    assert [each["field"] for each in seen["changes"]] == ["budget"]
    assert put(client, seen["text"], **{"If-Match": tag(client)}).status_code == 200
    assert ask(client, "GET", "/campaigns/birds/spec").json_body["text"] == seen["text"]
    with_tabs = json.dumps(json.loads(seen["text"]), indent="\t")
    assert put(client, with_tabs).status_code == 200, "which are no YAML"


def test_json_in_one_line_is_laid_out(client: Client) -> None:
    ask(client, "PUT", "/campaigns/birds", spec_document(budget="50"))
    text = ask(client, "GET", "/campaigns/birds/spec").json_body["text"]
    assert '\n  "budget": "50"' in text
    assert preview(client, text).json_body["changes"] == []


@pytest.mark.parametrize("text", ['{"task": "object-detection", "budget": -5}\n', '{"budget": 1,}', '{"budget": NaN}'])
def test_json_that_was_dropped_and_refused_is_corrected_in_the_browser(client: Client, world: World, text: str) -> None:
    world.upload("birds/campaign.json", text.encode())
    shown = ask(client, "GET", "/campaigns/birds/spec").json_body["text"]
    assert "".join(shown.split()) == "".join(text.split())


def test_a_file_that_was_dropped_and_refused_is_corrected_in_the_browser(client: Client, world: World) -> None:
    """Its owner would begin from nothing, or have to find the file."""
    world.upload("birds/campaign.yaml", TEXT.replace("50", "-50").encode())
    file = ask(client, "GET", "/campaigns/birds/spec")
    assert file.json_body == {"text": TEXT.replace("50", "-50"), "revision": 0}
    seen = preview(client, file.json_body["text"], {"budget": "50"})
    assert put(client, seen.json_body["text"], **{"If-Match": file.headers["ETag"]}).status_code == 200
    assert tag(client) != file.headers["ETag"]


def test_images_that_came_first_get_a_spec(client: Client, world: World) -> None:
    world.images(1)
    assert ask(client, "GET", "/campaigns/birds/spec").json_body == {"text": "", "revision": 0}
    assert put(client, TEXT, **{"If-Match": tag(client)}).status_code == 200


def test_what_a_change_means_for_labeled_images_is_said(client: Client, world: World) -> None:
    put(client, TEXT)
    world.images(2)
    world.advance()
    changed = preview(client, TEXT, {"labels": "Cat", "task": "image-classification"})
    assert changed.status_code == 422, "two labels at least"
    told = " ".join(preview(client, TEXT, {"labels": "Cat", "budget": "1"}).json_body["consequences"])
    assert "'Bird'" in told
    assert "without the last model" in told
    assert "keep the spec that they were started with" in told


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"text": 1},
        {"text": TEXT, "more": 1},
        {"text": TEXT, "fields": {"x": "1"}},
        {"text": TEXT, "fields": {"budget": 1}},
    ],
)
def test_a_draft_that_is_none_is_refused(client: Client, body: Any) -> None:
    assert ask(client, "POST", "/campaigns/birds/spec", body).status_code == 422
