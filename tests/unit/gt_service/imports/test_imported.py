"""Labels that were there before the campaign: nobody is paid for them again, and they are labels like all others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from gt_service.backends import GT_ENGINE
from gt_service.imports.imported import NOTES, _note
from gt_service.objects import S3Uri
from gt_service.records import ImageStatus, Import
from gt_service.records.names import Places
from gt_service.store.campaigns import MOST_IMPORTS
from tests.dynamodb import MemoryDynamoDB
from tests.fakes import MemoryObjects
from tests.unit.gt_service.imports.test_lines import box, boxes
from tests.world import RESULTS, World, a_world, picture


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def name(number: int) -> str:
    return f"{number:04}.png"


def drop(world: World, *lines: dict[str, Any], name: str = "old") -> None:
    world.upload(f"birds/labels/{name}.manifest", b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def imports(world: World) -> dict[str, Import]:
    return {each.name: each for each in world.store.campaigns.get("birds").imports}


def labels(world: World) -> dict[str, dict[str, Any]]:
    world.settle()
    lines = [json.loads(line) for line in world.objects.lines(Places(RESULTS, "birds").labels)]
    found = {S3Uri.parse(line["source-ref"]).key.rpartition("/")[2]: line for line in lines}
    assert len(found) == len(lines)
    return found


def sent(world: World) -> set[str]:
    """Every image that any job's manifest asks people about."""
    lines = [line for job in world.sagemaker.jobs for line in world.sagemaker.lines(job)]
    return {line["source-ref"].rpartition("/")[2] for line in lines if "category" not in line}


def close(world: World) -> None:
    world.store.campaigns.request_close("birds", world.now())
    world.advance()


def test_a_campaign_keeps_so_many_imports_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand in the campaign's own item: one that outgrows it could not be written any more, not even paused."""
    monkeypatch.setattr("gt_service.store.campaigns.MOST_IMPORTS", 2)
    world.campaign()
    for number in range(3):
        drop(world, boxes(name(number), box()), name=f"old{number}")
    assert sorted(imports(world)) == ["old0", "old1"]
    (refused,) = world.store.images.page("birds", ImageStatus.REJECTED, limit=5).images
    assert "as many as it can" in str(refused.reason)


@pytest.mark.parametrize("labels_first", [True, False])
def test_images_with_labels_are_never_offered(world: World, labels_first: bool) -> None:
    """In whichever order S3 tells of them."""
    world.campaign()
    dropped = [boxes(name(number), box()) for number in range(3)]
    if labels_first:
        drop(world, *dropped)
        world.advance()
        world.images(5)
    else:
        world.images(3)
        drop(world, *dropped)
        world.images(2, first=3)
    world.advance()
    close(world)
    assert sent(world) == {name(3), name(4)}
    assert imports(world)["old"].held == 3
    assert world.store.batches.get("birds", 1).objects == 2
    assert world.store.jobs.get("birds-0001").objects == 2
    world.finish("birds-0001")
    assert sorted(labels(world)) == [name(number) for number in range(5)]
    assert labels(world)[name(0)]["category-metadata"]["job-name"] == "imported/old"


def test_they_are_the_campaigns_labels_before_any_job(world: World) -> None:
    world.campaign()
    world.images(2)
    drop(world, boxes(name(0), box()))
    world.advance()
    assert sorted(labels(world)) == [name(0)]


def test_a_full_batch_is_counted_without_them(world: World) -> None:
    """Four images fill a batch; three that are labeled do not make it full."""
    world.campaign()
    drop(world, *(boxes(name(number)) for number in range(3)))
    world.advance()
    world.images(4)
    world.advance()
    assert world.store.batches.of("birds") == ()


def test_the_same_import_twice_changes_nothing(world: World) -> None:
    world.campaign()
    world.images(2)
    drop(world, boxes(name(0), box()))
    world.advance()
    before, written = world.store.campaigns.get("birds"), labels(world)
    drop(world, boxes(name(0), box()))
    world.advance()
    assert world.store.campaigns.get("birds").imports == before.imports
    assert labels(world) == written


def test_other_labels_under_a_taken_name_are_refused_by_name(world: World) -> None:
    """Overwritten, images would have lost the labels that they were kept back for."""
    world.campaign()
    world.images(2)
    drop(world, boxes(name(0), box()))
    world.advance()
    drop(world, boxes(name(1), box()))
    world.advance()
    assert imports(world)["old"].held == 1
    (refused,) = world.store.images.page("birds", ImageStatus.REJECTED, limit=5).images
    assert refused.key == "birds/labels/old.manifest"
    assert "another name" in (refused.remedy or "")


def test_of_two_imports_of_an_image_the_later_one_holds(world: World) -> None:
    """Labels that were corrected are dropped again; people do not correct them a second time."""
    world.campaign()
    world.images(2)
    drop(world, boxes(name(0), box()), boxes(name(1), box()))
    world.advance()
    world.later(seconds=1)
    drop(world, boxes(name(0), box(left=30)), name="corrected")
    world.advance()
    assert labels(world)[name(0)]["category"]["annotations"][0]["left"] == 30
    assert labels(world)[name(1)]["category"]["annotations"][0]["left"] == 1
    assert imports(world)["old"].notes == (f"birds/images/{name(0)}: corrected, which was dropped later, holds",)
    assert sum(each.held for each in imports(world).values()) == 2


def test_what_people_were_sent_already_is_theirs(world: World) -> None:
    """An import while a job runs: its images are paid for, and its labels hold."""
    world.campaign()
    world.images(4)
    world.advance()
    drop(world, boxes(name(0), box()))
    world.images(1, first=4)
    world.advance()
    (note,) = imports(world)["old"].notes
    assert "batch 1; what its job labels holds" in note
    world.finish("birds-0001")
    assert labels(world)[name(0)]["category-metadata"]["job-name"] == "labeling-job/birds-0001"


def test_the_same_picture_under_another_name_has_the_imported_label(world: World) -> None:
    """Labeled as `labeled.png`, uploaded before as `again.png`: one content is asked about once, or not at all."""
    world.campaign()
    for key in ("again.png", "labeled.png"):
        world.upload(f"birds/images/{key}", picture(9))
    drop(world, boxes("labeled.png", box()))
    world.advance()
    close(world)
    assert sent(world) == set()
    assert {key: line["category"]["annotations"] for key, line in labels(world).items()} == {
        "again.png": [box()],
        "labeled.png": [box()],
    }


def test_two_names_of_one_picture_in_a_file_are_one_label(world: World) -> None:
    world.campaign()
    for key in ("a.png", "b.png"):
        world.upload(f"birds/images/{key}", picture(9))
    drop(world, boxes("a.png", box()), boxes("b.png", box(left=20)))
    world.advance()
    assert imports(world)["old"].notes == ("birds/images/b.png: a line before it is of the same picture",)
    assert labels(world)["b.png"]["category"]["annotations"] == [box()]


def test_labels_of_a_smaller_copy_are_scaled_and_others_refused(world: World) -> None:
    """Exported at half its size: the boxes fit. Drawn on the picture as it is stored, not as people see it: never."""
    world.campaign()
    world.upload("birds/images/large.png", picture(1, (128, 96)))
    world.upload("birds/images/turned.png", picture(2, (48, 64)))
    drop(world, boxes("large.png", box()), boxes("turned.png", box()))
    world.advance()
    assert labels(world)["large.png"]["category"]["annotations"] == [box(2, 4, 20, 40)]
    (note,) = imports(world)["old"].notes
    assert "labeled at 64 × 48 pixels; people see 48 × 64, turned by its EXIF orientation" in note


def test_a_small_box_keeps_its_area_on_a_smaller_image(world: World) -> None:
    """Labels of an original that is forty times larger: boxes of no width, which our own import refuses."""
    world.campaign()
    world.images(1)
    line = boxes(name(0), box(left=81, top=1900, width=18, height=18))
    line["old"]["image_size"] = [{"width": 64 * 40, "height": 48 * 40, "depth": 3}]
    drop(world, line)
    world.advance()
    [kept] = labels(world)[name(0)]["category"]["annotations"]
    assert (kept["left"], kept["top"], kept["width"], kept["height"]) == (2, 47, 1, 1)


def test_a_campaign_of_many_imports_fits_in_the_table(world: World) -> None:
    """DynamoDB takes items of 400 KB: not even a pause could be written any more."""
    why = "labeled at 4000 × 3000 pixels; people see 3000 × 4000, turned by its EXIF orientation"
    note = _note({"source-ref": f"s3://inbox/birds/images/{'写真' * 150}.jpg", "why": why})
    assert MOST_IMPORTS * NOTES * len(note.encode()) < 200_000


def test_an_image_whose_label_does_not_fit_is_asked_about_while_others_are_waited_for(world: World) -> None:
    """Kept back for a label that it will never have, it was in no batch, and the campaign was advanced without end."""
    world.campaign()
    drop(world, boxes("turned.png", box()), boxes(name(9), box()))
    world.upload("birds/images/turned.png", picture(2, (48, 64)))
    world.advance()
    assert imports(world)["old"].waiting == 1
    close(world)
    assert sent(world) == {"turned.png"}
    (left_out,) = map(json.loads, world.objects.lines(Places(RESULTS, "birds").imported("old") / "left-out.jsonl"))
    assert left_out["source-ref"] == "s3://inbox/birds/images/turned.png"


def test_a_wrong_file_says_what_is_wrong_and_another_spec_may_take_it(world: World) -> None:
    world.campaign()
    world.images(1)
    drop(world, boxes(name(0), box(), **{"class-map": {"0": "Cat"}}))
    world.advance()
    problem = imports(world)["old"].problem
    assert problem is not None
    assert problem["file"] == "birds/labels/old.manifest"
    assert problem["message"].startswith("line 1, old.annotations[0]")
    world.later(minutes=1)
    world.campaign(labels=["Bird", "Cat"])
    world.advance()
    assert imports(world)["old"].problem is None
    assert imports(world)["old"].held == 1


def test_labels_before_the_spec_wait_for_it(world: World) -> None:
    """A folder is uploaded whole, and S3 tells of its files in any order."""
    world.images(1)
    drop(world, boxes(name(0), box()))
    world.advance()
    world.campaign()
    world.advance()
    assert imports(world)["old"].held == 1


def test_an_image_that_is_replaced_keeps_the_label_it_was_given(world: World) -> None:
    """Never shown to people under a label that is of another picture without a word."""
    world.campaign()
    world.images(1)
    drop(world, boxes(name(0), box()))
    world.advance()
    world.upload(f"birds/images/{name(0)}", picture(77))
    world.advance()
    image = world.store.images.get("birds", f"birds/images/{name(0)}")
    assert image is not None
    assert image.status is ImageStatus.IMPORTED
    assert "after its label was imported" in (image.reason or "")


def test_a_lost_message_is_made_up_for_by_the_walk(world: World) -> None:
    world.campaign()
    world.images(1)
    world.put("birds/labels/old.manifest", json.dumps(boxes(name(0), box())).encode())
    world.later(hours=2)
    world.walk()
    world.advance()
    assert imports(world)["old"].held == 1
    world.later(hours=2)
    assert world.walk() == []


def test_a_file_that_is_deleted_before_it_is_read_is_told_of(world: World) -> None:
    world.campaign()
    drop(world, boxes(name(0), box()))
    del world.objects.contents["s3://inbox/birds/labels/old.manifest"]
    world.advance()
    assert (imports(world)["old"].problem or {})["message"] == "it was deleted before it was read"


class _Killed(BaseException):
    """The function dies at once."""


def test_killed_at_any_write_the_same_is_reached(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write is the last one of a function that is killed; the next one goes on."""
    world.campaign()
    world.images(3)
    drop(world, boxes(name(0), box()), boxes(name(1), box()))
    left = [0]

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def write(*call: Any, **named: Any) -> Any:
            answer = real(*call, **named)
            left[0] -= 1
            if left[0] == 0:
                raise _Killed
            return answer

        return write

    for kind in ("_UpdateItem", "_PutItem", "_TransactWriteItems"):
        monkeypatch.setattr(MemoryDynamoDB, kind, dying(getattr(MemoryDynamoDB, kind)))
    monkeypatch.setattr(MemoryObjects, "write", dying(MemoryObjects.write))
    deaths = 0
    for last in (1, 1, 1, 1, 2, 3, 4, 5):
        left[0] = last
        with suppress(_Killed):
            world.advance()
        deaths += left[0] == 0
    left[0] = 0
    world.advance()
    close(world)
    assert deaths > 2
    assert imports(world)["old"].held == 2
    assert sent(world) == {name(2)}
    assert sorted(labels(world))[:2] == [name(0), name(1)]


# ---------------------------------------------------------------- what jobs get


def test_gt_engine_is_given_them_to_learn_from_once(world: World) -> None:
    """The first job starts warm from them; later ones start from the model that has learnt them."""
    world.backend = GT_ENGINE
    world.campaign(batch={"size": 1250, "quiet_minutes": 30, "minimum": 1}, auto_labeling=True)
    world.images(5)
    drop(world, boxes(name(0), box()), boxes(name(1), box()))
    world.advance()
    close(world)
    lines = world.sagemaker.lines("birds-0001")
    assert [line["source-ref"].rpartition("/")[2] for line in lines] == [name(n) for n in (2, 3, 4, 0, 1)]
    assert ["category" in line for line in lines] == [False, False, False, True, True]
    assert world.store.jobs.get("birds-0001").objects == 3
    world.finish("birds-0001")
    assert world.store.jobs.get("birds-0001").unlabeled == 0
    world.images(1, first=5)
    world.advance()
    close(world)
    assert len(world.sagemaker.lines("birds-0002")) == 1


def test_a_follow_up_and_a_control_are_asked_about_the_images_alone(world: World) -> None:
    """What came with its label is neither left over nor a part of the comparison without a model."""
    world.backend = GT_ENGINE
    batch = {"size": 1250, "quiet_minutes": 30, "minimum": 1}
    world.campaign(batch=batch, auto_labeling=True, control_batches=[1])
    world.images(5)
    drop(world, boxes(name(0), box()), boxes(name(1), box()))
    world.advance()
    close(world)
    world.finish("birds-0001", "Failed", labeled=1)
    assert len(world.sagemaker.lines("birds-0001-r1")) == 2
    world.finish("birds-0001-r1")
    assert len(world.sagemaker.lines("birds-0001-control")) == 3
    assert sorted(labels(world)) == [name(number) for number in range(5)]


def test_ground_truth_is_not_sent_labeled_lines(world: World) -> None:
    """It would label them again, over what was there, for money."""
    world.campaign(batch={"size": 1250, "quiet_minutes": 30, "minimum": 1}, auto_labeling=True)
    world.images(3)
    drop(world, boxes(name(0), box()))
    world.advance()
    close(world)
    assert len(world.sagemaker.lines("birds-0001")) == 2


def test_proposals_come_with_the_images_that_people_are_asked_about(world: World) -> None:
    world.campaign()
    document = boxes(name(0), box(), objects=[{"confidence": 0.83}])
    proposal = {
        "source-ref": document["source-ref"],
        "x-proposal": document["old"],
        "x-proposal-metadata": document["old-metadata"],
    }
    drop(world, proposal, name="predictions")
    world.images(2)
    world.advance()
    close(world)
    with_one, without = sorted(world.sagemaker.lines("birds-0001"), key=lambda line: line["source-ref"])
    assert with_one["category-proposal"]["annotations"] == [box()]
    assert with_one["category-proposal-metadata"]["objects"] == [{"confidence": 0.83}]
    assert list(without) == ["source-ref"]
