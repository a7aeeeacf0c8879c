"""The campaign for a folder of photos."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gt_cli.commands.label import TASKS
from gt_cli.labeling.plan import FEWEST_FOR_THE_MACHINE, Wanted, campaign_spec
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.task_types import TaskType

TEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/photos"


def spec(images: int, *, auto_labeling: bool = True, **wanted: object) -> CampaignSpec:
    asked = Wanted(**{"folder": Path("photos"), "labels": ("Raccoon", "Dog"), "task": TASKS[0], **wanted})  # type: ignore[arg-type]
    document = campaign_spec(asked, images, auto_labeling=auto_labeling, team=TEAM)
    return parse_spec(json.dumps(document), filename="campaign.json", campaign=asked.campaign)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("images", [1, 6, 99, 100, 2_000, 5_000])
def test_every_folder_makes_a_spec_that_the_service_takes(task: TaskType, images: int) -> None:
    found = spec(images, task=task)
    assert found.task is task
    assert found.budget is None


def test_the_machine_trains_where_it_can_be_shown_to_be_right() -> None:
    assert not spec(FEWEST_FOR_THE_MACHINE - 1).auto_labeling
    assert spec(FEWEST_FOR_THE_MACHINE).auto_labeling
    assert not spec(FEWEST_FOR_THE_MACHINE, auto_labeling=False).auto_labeling


def test_without_a_machine_nobody_waits_for_one_batch_after_the_other() -> None:
    assert spec(150, auto_labeling=False).max_concurrent_tasks == 150


@pytest.mark.parametrize(
    ("folder", "campaign"),
    [
        ("/home/me/My Photos (2026)", "my-photos-2026"),
        ("/", "photos"),
        ("/фото", "photos"),
        ("/" + "a" * 60, "a" * 40),
        ("/" + "a" * 39 + "-b", "a" * 39),
    ],
)
def test_any_folder_has_a_campaigns_name(folder: str, campaign: str) -> None:
    wanted = Wanted(Path(folder), ("Dog",), TASKS[0])
    assert wanted.campaign == campaign
    parse_spec(json.dumps(campaign_spec(wanted, 5, auto_labeling=False, team=TEAM)), filename="campaign.json")


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("task", TASKS)
def test_titles_fit_however_many_labels_there_are(task: TaskType, count: int) -> None:
    labels = tuple(f"A rather long name of a class {n}" for n in range(max(2, count)))
    assert len(spec(10, task=task, labels=labels).instructions.title or "") <= 128


@pytest.mark.parametrize("task", TASKS)
def test_labels_that_no_title_takes_are_labels_all_the_same(task: TaskType) -> None:
    """After twenty seconds of setting up, the command failed over a title that nobody had written."""
    found = spec(10, task=task, labels=("😀", "Dog"))
    assert found.labels == ("😀", "Dog")
    assert found.instructions.title is None


def test_a_target_is_the_machines() -> None:
    assert spec(200, target=0.97).quality.target == pytest.approx(0.97)
