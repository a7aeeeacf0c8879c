"""The campaign's labels: one line for every image that has a label, whoever was sent to people in its stead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gt_service.chain.labels import CampaignLabels
from gt_service.chain.planner import LABELS_PAUSE
from gt_service.corrections.files import write_correction
from gt_service.objects import S3Uri
from gt_service.records.names import Places
from tests.pictures import copy_of, painting, saved
from tests.world import INBOX, RESULTS, World, a_world, picture


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def labels(world: World) -> dict[str, dict[str, Any]]:
    """By key; every key at most once."""
    lines = [json.loads(line) for line in world.objects.lines(Places(RESULTS, "birds").labels)]
    found = {S3Uri.parse(line["source-ref"]).key: line for line in lines}
    assert len(found) == len(lines)
    return found


def key(name: str) -> str:
    return f"birds/images/{name}"


def close(world: World) -> None:
    world.store.campaigns.request_close("birds", world.now())
    world.advance()


def report(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.objects.read(S3Uri(RESULTS, "birds/reports/campaign.json")))
    return found


def test_labels_of_all_jobs_and_no_label_twice(world: World) -> None:
    """A failed job's labels, its follow-up's and the next batch's, and none of the control's."""
    world.campaign(control_batches=[2])
    keys = world.images(8)
    world.advance()
    world.finish("birds-0001", "Failed", labeled=1)
    world.finish("birds-0001-r1")
    world.finish("birds-0002")
    world.finish("birds-0002-control")
    assert sorted(labels(world)) == keys
    jobs = {line["category-metadata"]["job-name"] for line in labels(world).values()}
    assert jobs == {"labeling-job/birds-0001", "labeling-job/birds-0001-r1", "labeling-job/birds-0002"}


def test_a_job_that_died_before_its_manifest_counts_too(world: World) -> None:
    """People were paid for these labels, and nobody is sent them again."""
    world.campaign()
    keys = world.images(4)
    world.advance()
    world.sagemaker.finish("birds-0001", "Failed", labeled=3)
    del world.objects.contents[f"s3://{RESULTS}/birds/output/birds-0001/manifests/output/output.manifest"]
    del world.sagemaker.jobs["birds-0001"]["LabelingJobOutput"]
    world.chain.observe("birds-0001")
    world.advance()
    world.settle()
    assert sorted(labels(world)) == keys[:3]
    world.advance()
    world.finish("birds-0001-r1")
    assert sorted(labels(world)) == keys


def test_duplicates_have_their_twins_label(world: World) -> None:
    world.campaign()
    world.images(3)
    world.upload(key("again.png"), picture(1))
    close(world)
    world.finish("birds-0001")
    found = labels(world)
    assert len(found) == 4
    assert found[key("again.png")] == found[key("0001.png")] | {
        "source-ref": f"s3://{INBOX}/{key('again.png')}",
        "duplicate-of": f"s3://{INBOX}/{key('0001.png')}",
    }
    saving = report(world)["duplicates"]
    cost = report(world)["totals"]["chain"]["cost_mills"]
    assert (saving["exact"], saving["near"], saving["labeled"]) == (1, 0, 1)
    assert saving["saved_mills"] == cost // 3 > 0


def test_boxes_of_a_smaller_copy_are_smaller(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise they would lie beside what they mark."""
    world.campaign(skip_near_duplicates=True)
    world.upload(key("a.png"), saved(painting(1)))
    world.upload(key("b.jpg"), copy_of(1, scale=0.5))
    close(world)
    boxes = [{"class_id": 0, "left": 31, "top": 11, "width": 100, "height": 51}]
    value = {"image_size": [{"width": 320, "height": 240, "depth": 3}], "annotations": boxes}
    label = world.sagemaker._label
    monkeypatch.setattr(world.sagemaker, "_label", lambda *names: label(*names) | {"category": value})
    world.finish("birds-0001")
    found = labels(world)
    assert found[key("a.png")]["category"] == value
    assert found[key("b.jpg")]["category"] == {
        "image_size": [{"width": 160, "height": 120, "depth": 3}],
        "annotations": [{"class_id": 0, "left": 16, "top": 6, "width": 50, "height": 25}],
    }
    assert (report(world)["duplicates"]["near"], report(world)["duplicates"]["labeled"]) == (1, 1)


def test_a_duplicate_that_comes_after_the_last_job_gets_its_label(world: World) -> None:
    """No job will complete after it that could bring its label."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    for name in ("late.png", "later.png"):
        taken = world.upload(key(name), picture(1))
        assert taken.may_be_duplicate
        world.store.campaigns.tell_of_duplicates("birds", world.now())
        world.advance()
        world.settle()
        world.later(seconds=LABELS_PAUSE.total_seconds())
    assert key("late.png") in labels(world)
    world.advance()
    world.settle()
    assert key("later.png") in labels(world)
    world.advance()
    assert world.label_requests == []


def test_a_job_that_ends_while_labels_are_written_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two completions at the same time, the slower one has not seen the other's job, and writes last."""
    world.campaign()
    world.images(8)
    world.advance()
    world.finish("birds-0001")
    write, met = CampaignLabels._write, []

    def slowly(self: CampaignLabels, *arguments: Any) -> dict[str, int]:
        if not met:
            met.append("birds-0002")
            world.sagemaker.finish("birds-0002")
            world.chain.observe("birds-0002")
        return write(self, *arguments)

    monkeypatch.setattr(CampaignLabels, "_write", slowly)
    world.settlement.settle("birds-0001")
    assert len(labels(world)) == 8


def correct(world: World, name: str, value: int | None) -> None:
    """As the owner's page and a review job do."""
    label = None if value is None else {"category": value, "category-metadata": {"class-name": "Owl"}}
    source = f"s3://{INBOX}/{key(name)}"
    root = Places(RESULTS, "birds").root
    write_correction(world.objects, root, source=source, label=label, by="owner", at=world.now(), token="1")
    world.store.campaigns.labels_changed("birds")
    world.label_requests.append("birds")
    world.later(seconds=1)


def test_corrections_take_the_place_of_labels(world: World) -> None:
    """Else an export holds the wrong label that somebody took the trouble to correct."""
    world.campaign()
    world.images(4)
    world.upload(key("again.png"), picture(1))
    world.upload(key("third.png"), picture(2))
    world.advance()
    world.finish("birds-0001")
    correct(world, "0001.png", 7)
    correct(world, "0002.png", None)
    correct(world, "0003.png", 1)
    correct(world, "0003.png", 9)
    correct(world, "never-labeled.png", 5)
    world.settle()
    found = {name.removeprefix("birds/images/"): line["category"] for name, line in labels(world).items()}
    assert found.pop("0000.png") != 9
    assert found == {"0001.png": 7, "again.png": 7, "0003.png": 9, "never-labeled.png": 5}


def test_a_duplicates_own_correction_holds(world: World) -> None:
    """A near duplicate may show something else than the image that it takes its label from."""
    world.campaign()
    world.images(4)
    world.upload(key("again.png"), picture(1))
    world.advance()
    world.finish("birds-0001")
    correct(world, "0001.png", None)
    correct(world, "again.png", 3)
    world.settle()
    assert key("0001.png") not in labels(world)
    assert labels(world)[key("again.png")]["category"] == 3


def test_a_correction_while_labels_are_written_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    write, met = CampaignLabels._write, []

    def slowly(self: CampaignLabels, *arguments: Any) -> dict[str, int]:
        written = write(self, *arguments)
        if not met:
            met.append("0001.png")
            correct(world, "0001.png", 7)
        return written

    monkeypatch.setattr(CampaignLabels, "_write", slowly)
    world.settlement.refresh("birds")
    world.settle()
    assert labels(world)[key("0001.png")]["category"] == 7


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often all labels of a campaign are written."""
    write, counted = CampaignLabels.write, list[str]()

    def counting(self: CampaignLabels, campaign: str) -> dict[str, int]:
        counted.append(campaign)
        return write(self, campaign)

    monkeypatch.setattr(CampaignLabels, "write", counting)
    return counted


def test_many_corrections_are_one_writing(world: World, writes: list[str]) -> None:
    """With a million images a writing takes minutes: one for each click would take days."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    writes.clear()
    for name in ("0000.png", "0001.png", "0002.png"):
        correct(world, name, 7)
    world.settle()
    assert len(writes) == 1
    assert [line["category"] for line in labels(world).values()].count(7) == 3


def test_who_asks_while_labels_are_written_is_served_by_one_more_writing(world: World, writes: list[str]) -> None:
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    writes.clear()
    correct(world, "0000.png", 7)
    begun = world.store.campaigns.begin_labels("birds", world.now())
    assert begun is not None
    for name in ("0001.png", "0002.png"):
        correct(world, name, 7)
    world.settle()
    assert writes == [], "two write the labels at once"
    assert not world.store.campaigns.end_labels("birds", begun)
    world.ask_labels("birds")
    world.settle()
    assert len(writes) == 1
    assert [line["category"] for line in labels(world).values()].count(7) == 3


def test_a_lost_ask_and_a_killed_writer_are_made_up_for_by_the_schedule(world: World, writes: list[str]) -> None:
    """Else a label that was corrected comes into no export until a job ends, or never."""
    world.campaign()
    world.images(4)
    world.advance()
    world.finish("birds-0001")
    correct(world, "0001.png", 7)
    assert world.store.campaigns.begin_labels("birds", world.now()) is not None  # and then its function is killed
    writes.clear()
    for _ in range(4):
        world.label_requests.clear()
        world.later(seconds=LABELS_PAUSE.total_seconds())
        world.advance()
        world.settle()
    assert len(writes) == 1
    assert labels(world)[key("0001.png")]["category"] == 7
