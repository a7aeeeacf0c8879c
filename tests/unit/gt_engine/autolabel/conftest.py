"""A few dozen scenes with features, drawn and computed once for all tests of the learners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gt_cli.datasets import scenes
from gt_engine.autolabel import FeatureStore, FeatureView
from gt_engine.labels import BoxLabel, ClassLabel, box_label

COUNT = 60


@pytest.fixture(scope="session")
def drawn() -> dict[str, scenes.Scene]:
    """Scenes by object id."""
    return {str(i): scenes.scene(5, i) for i in range(COUNT)}


@pytest.fixture(scope="session")
def features(drawn: dict[str, scenes.Scene], tmp_path_factory: pytest.TempPathFactory) -> FeatureView:
    """Their features."""
    directory: Path = tmp_path_factory.mktemp("features")
    store = FeatureStore(directory)
    store.prepare((f"content-{name}", one.png) for name, one in drawn.items())
    return store.view({name: f"content-{name}" for name in drawn})


@pytest.fixture(scope="session")
def boxes(drawn: dict[str, scenes.Scene]) -> dict[str, BoxLabel]:
    """Gold boxes; two classes: sparrows and all others."""
    size = (scenes.SIDE, scenes.SIDE, 3)
    return {name: box_label(one.boxes, np.minimum(one.species, 1), size) for name, one in drawn.items()}


@pytest.fixture(scope="session")
def habitats(drawn: dict[str, scenes.Scene]) -> dict[str, ClassLabel]:
    """Gold classes."""
    return {name: ClassLabel(one.habitat) for name, one in drawn.items()}
