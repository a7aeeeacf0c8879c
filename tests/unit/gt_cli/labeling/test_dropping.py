"""What `gt-service label` uploads."""

from __future__ import annotations

from pathlib import Path

import pytest

from gt_cli.labeling.dropping import model_file
from gt_engine.autolabel.own_model.model_file import OwnModel, parts_of
from gt_service.errors import InvalidInput
from tests.onnx_models import detector


def test_a_model_goes_up_with_the_names_of_its_classes(tmp_path: Path) -> None:
    model, labels = tmp_path / "mine.onnx", tmp_path / "classes.txt"
    model.write_bytes(detector("yolox"))
    labels.write_text("raccoon\ndog\n")
    name, plain = model_file(model, None)
    assert name.endswith(".onnx")
    assert plain == detector("yolox")
    name, body = model_file(model, labels)
    assert name.endswith(".tar.gz")
    assert parts_of(body).own_model == OwnModel(detector("yolox"), ("raccoon", "dog"))


def test_a_file_that_is_no_model_is_told_before_anything_starts(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("hello")
    with pytest.raises(InvalidInput, match="not an ONNX file"):
        model_file(wrong, None)
