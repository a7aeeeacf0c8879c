"""A campaign from its first image to its last report, driven by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World, a_world


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def test_two_batches_and_a_control(world: World) -> None:
    """The notebook's experiment: the second batch starts from the first one's model, its control from none."""
    world.campaign(control_batches=[2])
    keys = world.images(8)
    world.advance()

    first = world.sagemaker.jobs["birds-0001"]
    assert "InitialActiveLearningModelArn" not in first["LabelingJobAlgorithmsConfig"]
    assert list(world.sagemaker.jobs) == ["birds-0001"]
    world.finish("birds-0001")
    model = "arn:aws:sagemaker:us-east-1:111122223333:model/birds-0001-model"
    assert world.sagemaker.jobs["birds-0002"]["LabelingJobAlgorithmsConfig"]["InitialActiveLearningModelArn"] == model
    world.finish("birds-0002")
    control = world.sagemaker.jobs["birds-0002-control"]
    assert "InitialActiveLearningModelArn" not in control["LabelingJobAlgorithmsConfig"]
    world.finish("birds-0002-control")

    jobs = world.store.jobs.of("birds")
    assert [job.role.value for job in jobs] == ["first", "warm", "control"]
    assert [world.manifest(batch.manifest_uri) for batch in world.store.batches.of("birds")] == [keys[:4], keys[4:]]
    campaign = world.store.campaigns.get("birds")
    assert (campaign.committed, campaign.verdict.status) == (0, "active")
    assert campaign.spent == sum(job.cost or 0 for job in jobs) > 0
