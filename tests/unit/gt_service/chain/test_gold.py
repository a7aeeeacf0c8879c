"""Gold labels that speak of other classes than the spec: told before a job is started."""

from __future__ import annotations

import json

import pytest

from gt_service.chain.job_creation import check_gold
from gt_service.errors import InvalidInput
from gt_service.objects import S3Uri
from gt_service.records import WaitsFor
from tests.world import INBOX, World

GOLD = S3Uri(INBOX, "birds/gold/gold.manifest")


def line(number: int, *names: str) -> bytes:
    """A gold label with a box of each class."""
    boxes = [{"class_id": n, "left": 1, "top": 1, "width": 9, "height": 9} for n, _ in enumerate(names)]
    record = {
        "source-ref": f"s3://{INBOX}/birds/images/{number:04}.png",
        "gold": {"image_size": [{"width": 64, "height": 48, "depth": 3}], "annotations": boxes},
        "gold-metadata": {"class-map": {str(n): name for n, name in enumerate(names)}, "objects": [{}] * len(names)},
    }
    return json.dumps(record).encode() + b"\n"


def started(world: World, gold: bytes | None, labels: list[str]) -> World:
    if gold is not None:
        world.objects.write(GOLD, gold, "application/jsonlines")
    world.campaign(labels=labels, gold_labels=str(GOLD))
    world.images(4)
    world.advance()
    return world


@pytest.mark.parametrize(
    ("gold", "labels", "said"),
    [
        pytest.param(line(0, "raccoon"), ["Bird"], "speak of raccoon, the spec of Bird", id="another class"),
        pytest.param(line(0, "raccoon"), ["Raccoon"], "speak of raccoon, the spec of Raccoon", id="another case"),
        pytest.param(line(0) + line(1, "cat", "Dog"), ["Dog", "Cat"], "speak of cat, the spec of Cat", id="one of two"),
    ],
)
def test_other_names_are_told_before_anybody_is_asked(world: World, gold: bytes, labels: list[str], said: str) -> None:
    """Fifty images failed one by one, the log said that gold labels do not have them, and they had."""
    verdict = started(world, gold, labels).store.campaigns.get("birds").verdict
    assert (verdict.status, verdict.waits_for) == ("waiting", WaitsFor.REQUEST)
    assert said in str(verdict.reason)
    assert world.sagemaker.jobs == {}
    world.later(minutes=1)
    world.campaign(labels=["raccoon", "cat", "Dog"], gold_labels=str(GOLD))
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001"], "corrected, it goes on by itself"


@pytest.mark.parametrize(
    ("gold", "labels"),
    [
        pytest.param(line(0, "Bird"), ["Bird"], id="the same"),
        pytest.param(line(0, "Bird", "Boat"), ["Bird", "Cat"], id="more in the gold, more in the spec"),
        pytest.param(line(0), ["Bird"], id="nothing on any picture"),
        pytest.param(b"[]\nno json\n", ["Bird"], id="nothing that can be compared"),
        pytest.param(None, ["Bird"], id="not there"),
    ],
)
def test_what_may_be_right_is_started(world: World, gold: bytes | None, labels: list[str]) -> None:
    assert list(started(world, gold, labels).sagemaker.jobs) == ["birds-0001"]


def test_many_names_are_listed_in_part(world: World) -> None:
    world.objects.write(GOLD, line(0, *"abcdefgh"), "application/jsonlines")
    world.campaign(gold_labels=str(GOLD))
    spec = world.store.campaigns.get("birds").spec
    assert spec is not None
    with pytest.raises(InvalidInput, match="a, b, c, d, e and 3 more, the spec of Bird"):
        check_gold(spec, world.objects)


def test_gold_labels_whose_class_names_are_numbers_are_read(world: World) -> None:
    """JSON with "0": 0 in its class map: every advance failed, the money stayed set aside, and nothing said why."""
    record = json.loads(line(0, "0"))
    record["gold-metadata"]["class-map"] = {"0": 0}
    world = started(world, json.dumps(record).encode() + b"\n", ["0", "1"])
    assert list(world.sagemaker.jobs) == ["birds-0001"]
