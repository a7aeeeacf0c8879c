"""The output of an ended job against what SageMaker counts: what lost its label's file was paid for all the same."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gt_service.objects import S3Uri
from gt_service.records import Campaign, Job, WaitsFor
from gt_service.records.states import BatchState, CampaignEvent
from tests.world import RESULTS, World

ROOT = S3Uri(RESULTS, "birds/output/birds-0001")
MANIFEST = str(ROOT / "manifests/output/output.manifest")
RESPONSE = str(ROOT / "annotations/consolidated-annotation/consolidation-response/iteration-1/2026-05-01_08:00:00.json")
PUBLIC = {"workforce": "public", "content_classifiers": ["FreeOfPersonallyIdentifiableInformation"]}

Damage = Callable[[dict[str, bytes]], object]


def _drop_lines(contents: dict[str, bytes]) -> None:
    contents[MANIFEST] = b"".join(contents[MANIFEST].splitlines(keepends=True)[:2])


def _shuffle(contents: dict[str, bytes]) -> None:
    contents[MANIFEST] = b"".join(reversed(contents[MANIFEST].splitlines(keepends=True)))


def _half_a_line(contents: dict[str, bytes]) -> None:
    contents[MANIFEST] = contents[MANIFEST][:-20]


def _garble(contents: dict[str, bytes]) -> None:
    contents[MANIFEST] = b'\xff\xfe{"source\n[]\n' + b"[" * 100_000 + b"\n" + contents[MANIFEST]


def _lose_manifest(contents: dict[str, bytes]) -> None:
    del contents[MANIFEST]


def _lose_responses(contents: dict[str, bytes]) -> None:
    del contents[RESPONSE]


def _half_a_response(contents: dict[str, bytes]) -> None:
    contents[RESPONSE] = contents[RESPONSE][:-20]


def _odd_response(contents: dict[str, bytes]) -> None:
    contents[RESPONSE] = b'[1, {"datasetObjectId": "x", "consolidatedAnnotation": {"content": {"label": 1}}}]'


def _lose_all(contents: dict[str, bytes]) -> None:
    for key in [key for key in contents if key.startswith(str(ROOT))]:
        del contents[key]


def _both(*damages: Damage) -> Damage:
    def damage(contents: dict[str, bytes]) -> None:
        for each in damages:
            each(contents)

    return damage


def job_of(world: World, name: str = "birds-0001") -> Job:
    return world.store.jobs.get(name)


def campaign_of(world: World) -> Campaign:
    return world.store.campaigns.get("birds")


def ended(world: World, damage: Damage, *, labeled: int = 4, status: str = "Completed") -> list[str]:
    """A job of four images ends, and something happens to its output before anybody reads it."""
    world.campaign(**PUBLIC)
    keys = world.images(4)
    world.advance()
    world.sagemaker.finish("birds-0001", status, labeled=labeled)
    damage(world.objects.contents)
    world.chain.observe("birds-0001")
    world.advance()
    world.settle()
    world.advance()
    return keys


@pytest.mark.parametrize("damage", [_drop_lines, _shuffle, _half_a_line, _garble, _lose_manifest])
def test_no_label_is_lost_while_the_other_files_have_it(world: World, damage: Damage) -> None:
    """Paid labels, sent to people once more because one file of many is damaged."""
    keys = ended(world, damage)
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    assert world.store.batches.get("birds", 1).state is BatchState.LABELED
    assert sorted(world.manifest("s3://results/birds/labels/output.manifest")) == keys


@pytest.mark.parametrize("damage", [_shuffle, _lose_responses])
def test_what_has_no_label_is_told_by_its_name(world: World, damage: Damage) -> None:
    """By the line's number, labeled images are sent again and unlabeled ones are lost."""
    keys = ended(world, damage, labeled=3)
    assert world.manifest(job_of(world, "birds-0001-r1").manifest_uri) == keys[3:]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_lose_all, id="everything is gone"),
        pytest.param(_both(_drop_lines, _lose_responses), id="lines are missing"),
        pytest.param(_both(_half_a_line, _lose_responses), id="half a line"),
        pytest.param(_both(_lose_manifest, _half_a_response), id="half a consolidation"),
        pytest.param(_both(_lose_manifest, _odd_response), id="a strange consolidation"),
    ],
)
def test_what_may_be_labeled_is_not_sent_again(world: World, damage: Damage) -> None:
    """Never pay twice: SageMaker counts four labels, and the files hold fewer. The owner is told, and decides."""
    ended(world, damage)
    verdict = campaign_of(world).verdict
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    assert (verdict.status, verdict.waits_for) == ("waiting", WaitsFor.OUTPUT)
    assert "birds-0001 is not whole" in str(verdict.reason)
    assert "SageMaker counts 4" in str(verdict.reason)
    assert verdict.remedy
    assert job_of(world).cost == 4 * 80 + 4 * 3 * 36, "booked as counted: the labels are paid for"


def test_files_that_come_back_are_enough(world: World) -> None:
    kept = dict[str, bytes]()
    keys = ended(world, _both(lambda contents: kept.update(contents), _lose_all))
    world.objects.contents.update({key: body for key, body in kept.items() if key.startswith(str(ROOT))})
    world.advance()
    assert campaign_of(world).verdict.waits_for is WaitsFor.OUTPUT, "not read at every turn"
    world.later(minutes=16)
    world.advance()
    assert (campaign_of(world).verdict.status, job_of(world).unlabeled) == ("active", 0)
    assert job_of(world).output_problem is None
    world.settlement.settle("birds-0001")
    assert world.manifest("s3://results/birds/labels/output.manifest") == keys


def test_the_owner_may_have_them_sent_again(world: World) -> None:
    keys = ended(world, _both(_drop_lines, _lose_responses))
    world.chain.resume("birds")
    world.advance()
    assert world.manifest(job_of(world, "birds-0001-r1").manifest_uri) == keys[2:]


def test_the_owner_may_go_on_without_them(world: World) -> None:
    ended(world, _both(_drop_lines, _lose_responses))
    world.images(4, first=4)
    world.chain.leave_out("birds")
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001", "birds-0002"]
    batch = world.store.batches.get("birds", 1)
    assert (batch.state, batch.unlabeled) == (BatchState.LABELED, 2)


def test_a_pause_accepts_nothing(world: World) -> None:
    """Who resumes a paused campaign has not been shown that images may be paid for twice."""
    ended(world, _lose_all)
    world.store.campaigns.apply("birds", CampaignEvent.PAUSE, world.now())
    world.chain.resume("birds")
    world.advance()
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    assert campaign_of(world).verdict.waits_for is WaitsFor.OUTPUT


def test_a_job_that_sagemaker_has_forgotten_is_counted_from_its_files(world: World) -> None:
    """gt-engine with another table: its files are still ours."""
    world.campaign()
    world.images(4)
    world.advance()
    world.sagemaker.finish("birds-0001", "Failed", labeled=3)
    world.chain.observe("birds-0001")
    del world.sagemaker.jobs["birds-0001"]
    world.advance()
    assert job_of(world).unlabeled == 1


def test_labels_outlive_the_manifest_that_was_sent(world: World) -> None:
    """Somebody tidied up the manifests: nothing can be sent again, and what is labeled is still delivered."""
    kept = dict[str, bytes]()
    sent = "s3://results/birds/manifests/batch-0001.manifest"
    keys = ended(world, lambda contents: kept.update({sent: contents.pop(sent)}), labeled=3)
    assert campaign_of(world).verdict.waits_for is WaitsFor.OUTPUT
    assert world.manifest("s3://results/birds/labels/output.manifest") == keys[:3]
    world.chain.leave_out("birds")
    world.advance()
    assert world.store.batches.get("birds", 1).unlabeled == 1


def test_a_report_of_damaged_files_says_so(world: World) -> None:
    ended(world, _both(_drop_lines, _lose_responses))
    report = json.loads(world.objects.read(S3Uri(RESULTS, "birds/reports/birds-0001/report.json")))
    assert "counters_differ" in {finding["code"] for finding in report["findings"]}
    assert report["cost"]["total_mills"] + report["cost"]["unseen_mills"] == job_of(world).cost
    assert report["cost"]["unseen_mills"] > 0
