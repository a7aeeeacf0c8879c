"""Labels put right by the owner: what is kept, what is refused, and that nobody writes over another unseen."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from chalicelib import wiring
from gt_service.corrections import correcting
from gt_service.corrections.files import corrections_of, write_correction
from gt_service.objects import S3Uri
from gt_service.openapi.image_models import Correction, LabeledImages
from gt_service.records import Token
from gt_service.records.names import Places
from gt_service.store.tokens import digest
from tests.world import INBOX, RESULTS, World, picture

BOX = {"label": "Bird", "left": 1, "top": 2, "width": 30, "height": 40}


@pytest.fixture
def labeled(wired: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A campaign whose first four images are labeled: nothing is on them."""
    world = wired
    monkeypatch.setattr(wiring, "settings", lambda: SimpleNamespace(deployment=world.deployment))
    monkeypatch.setattr(wiring, "signer", lambda: SimpleNamespace(generate_presigned_url=lambda *_, **__: "https://s3"))
    for role in ("viewer", "operator"):
        world.store.tokens.add(Token(digest(f"gts_{role}"), f"the {role}", role, world.now() + timedelta(days=3650)))
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    return world


def ask(client: Client, method: str, path: str, body: Any = None, role: str = "operator") -> HTTPResponse:
    headers = {"Authorization": f"Bearer gts_{role}", "Content-Type": "application/json"}
    return client.http.request(method, f"/campaigns/birds/{path}", headers=headers, body=json.dumps(body).encode())


def correct(client: Client, label: Any, *, image: str = "birds-0001.0", **more: Any) -> HTTPResponse:
    return ask(client, "POST", "corrections", {"image": image, "label": label, **more})


def images(client: Client, asked: str = "") -> dict[str, Any]:
    found: dict[str, Any] = ask(client, "GET", f"labeled-images{asked}", role="viewer").json_body
    LabeledImages.model_validate(found)
    return found


def manifest(world: World) -> dict[str, Any]:
    lines = [json.loads(line) for line in world.objects.lines(Places(RESULTS, "birds").labels)]
    return {line["source-ref"]: line for line in lines}


def test_a_correction_replaces_the_label_everywhere(client: Client, labeled: World) -> None:
    assert images(client)["count"] == 4
    source = images(client)["images"][0]["source"]
    answer = correct(client, {"boxes": [BOX]}, why="there is a bird")
    assert answer.status_code == 201
    Correction.model_validate(answer.json_body)
    assert (answer.json_body["by"], answer.json_body["replaces"]["job"]) == ("the operator", "birds-0001")
    labeled.settle()
    line = manifest(labeled)[source]
    assert line["category"]["annotations"] == [{"class_id": 0, "left": 1, "top": 2, "width": 30, "height": 40}]
    assert line["category-metadata"]["class-map"] == {"0": "Bird"}
    (image,) = images(client, "?only=corrected")["images"]
    assert (image["id"], image["boxes"]) == ("birds-0001.0", [["Bird", 1, 2, 30, 40, 1.0]])
    assert images(client, "?only=nothing")["count"] == 3


def test_a_label_is_taken_out_and_can_be_given_again(client: Client, labeled: World) -> None:
    source = images(client)["images"][0]["source"]
    first = correct(client, None).json_body
    labeled.settle()
    assert source not in manifest(labeled)
    assert images(client, "?only=removed")["count"] == 1
    labeled.later(seconds=1)
    assert correct(client, {"boxes": [BOX]}, replaces=first["name"]).status_code == 201
    labeled.settle()
    assert source in manifest(labeled)


def test_nobody_writes_over_a_correction_that_they_have_not_seen(client: Client, labeled: World) -> None:
    """Two people with the same page open: the second would undo the first's work and never know."""
    assert correct(client, {"boxes": [BOX]}).status_code == 201
    labeled.later(seconds=1)
    late = correct(client, {"boxes": []})
    assert (late.status_code, late.json_body["code"]) == (409, "conflict")
    assert "the operator corrected it at 08:00 UTC" in late.json_body["message"]
    root = Places(RESULTS, "birds").root
    assert len(corrections_of(labeled.objects, root, images(client)["images"][0]["source"])) == 1


def test_an_address_that_is_another_images_by_now_corrects_nothing(client: Client, labeled: World) -> None:
    """Imported labels grow under an open page."""
    first, second = images(client)["images"][:2]
    assert correct(client, {"boxes": [BOX]}, image=first["id"], source=second["source"]).status_code == 409
    assert correct(client, {"boxes": [BOX]}, image=first["id"], source=first["source"]).status_code == 201


def test_two_in_the_same_moment_are_told_of_each_other(
    client: Client, labeled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, source = Places(RESULTS, "birds").root, images(client)["images"][0]["source"]

    def together(*arguments: Any, **named: Any) -> Any:
        other = {"category": {"annotations": []}, "category-metadata": {}}
        now, seen = labeled.now(), {"correction": ""}
        write_correction(labeled.objects, root, source=source, label=other, by="ada", at=now, token="a", replaces=seen)
        return write_correction(*arguments, **named)

    monkeypatch.setattr(correcting, "write_correction", together)
    answer = correct(client, {"boxes": [BOX]})
    assert answer.status_code == 409
    assert "ada, the operator" in answer.json_body["message"]
    assert len(corrections_of(labeled.objects, root, source)) == 2


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ([], "label"),
        ({}, "label"),
        ({"classes": ["Bird"]}, "label"),
        ({"boxes": [{**BOX, "label": "Fish"}]}, "label.boxes[0].label"),
        ({"boxes": [{**BOX, "left": 40}]}, "label.boxes[0]"),
        ({"boxes": [{**BOX, "width": 0}]}, "label.boxes[0]"),
        ({"boxes": [{**BOX, "top": -1}]}, "label.boxes[0].top"),
        ({"boxes": [{**BOX, "top": True}]}, "label.boxes[0].top"),
        ({"boxes": [BOX, {"label": "Bird"}]}, "label.boxes[1]"),
        ({"boxes": [BOX] * 1001}, "label"),
    ],
)
def test_what_is_wrong_with_a_label_is_named_and_nothing_is_kept(
    client: Client, labeled: World, label: Any, field: str
) -> None:
    before = dict(labeled.objects.contents)
    answer = correct(client, label)
    assert (answer.status_code, answer.json_body["field"]) == (422, field)
    assert labeled.objects.contents == before


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"label": None},
        {"image": 1, "label": None},
        {"image": "birds-0001.0", "label": None, "x": 1},
        {"image": "birds-0001.0", "label": None, "why": "half of a pair: \ud83d"},
    ],
)
def test_a_body_that_is_no_correction_is_refused(client: Client, labeled: World, body: Any) -> None:
    assert ask(client, "POST", "corrections", body).status_code == 422


@pytest.mark.parametrize("image", ["birds-0001.4", "other-0001.0", f"s3://{INBOX}/x.png"])
def test_an_image_of_nobody_is_not_found(client: Client, labeled: World, image: str) -> None:
    assert correct(client, None, image=image).status_code == 404


def test_viewers_correct_nothing(client: Client, labeled: World) -> None:
    assert (
        ask(client, "POST", "corrections", {"image": "birds-0001.0", "label": None}, role="viewer").status_code == 403
    )


def test_a_correction_is_in_the_campaigns_own_folder(client: Client, labeled: World) -> None:
    correct(client, {"boxes": [BOX]})
    (kept,) = [S3Uri.parse(uri).key for uri in labeled.objects.contents if "/corrections/" in uri]
    assert kept.startswith("birds/corrections/")


def test_a_correction_is_of_the_picture_that_was_labeled(client: Client, labeled: World) -> None:
    """Who opens the image's page after its file was replaced sees another picture beside the old one's label."""
    first, second = images(client)["images"][:2]
    answer = correct(client, {"boxes": [BOX]}, image=first["id"]).json_body
    found = labeled.store.images.get("birds", S3Uri.parse(first["source"]).key)
    assert found is not None
    assert answer["picture"] == found.fingerprint
    labeled.upload(S3Uri.parse(second["source"]).key, picture(90))
    refused = correct(client, {"boxes": [BOX]}, image=second["id"])
    assert (refused.status_code, refused.json_body["remedy"]) == (409, "Upload the new file under another name.")
