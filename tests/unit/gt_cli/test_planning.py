"""`gt-service plan`, `preview` and `gold` from the command line: what a user sees before any money moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from gt_cli.main import cli

SPEC = """\
name: birds
task: object-detection
labels: [Bird]
workforce: public
content_classifiers: [FreeOfPersonallyIdentifiableInformation]
batch: {size: 100}
budget: 35
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "campaign.yaml"
    file.write_text(SPEC)
    return file


def test_plan_tells_steps_the_end_of_the_budget_and_the_cost(spec: Path) -> None:
    result = CliRunner().invoke(cli, ["plan", str(spec), "--objects", "200"])
    assert result.exit_code == 0
    for words in ("start labeling job birds-0001", "birds-0002 may cost", "likely", "budget $35.00", "Note:"):
        assert words in result.output


def test_plan_shows_requests_where_asked(spec: Path) -> None:
    command = ["plan", str(spec), "--objects", "100", "--region", "eu-west-1", "--requests"]
    result = CliRunner().invoke(cli, command)
    assert "function:PRE-BoundingBox" in result.output
    assert "eu-west-1" in result.output


def test_programs_get_everything_as_json(spec: Path) -> None:
    result = CliRunner().invoke(cli, ["plan", str(spec), "--objects", "100", "--json"])
    shown = json.loads(result.output)
    assert shown["steps"][1]["request"]["LabelingJobName"] == "birds-0001"
    assert shown["estimate"]["ceiling_mills"] >= shown["estimate"]["likely_mills"]
    assert shown["worker_page_problems"] == []


def test_a_wrong_spec_is_told_by_field_and_fails(spec: Path) -> None:
    spec.write_text(SPEC.replace("object-detection", "object-detektion"))
    result = CliRunner().invoke(cli, ["plan", str(spec), "--objects", "100"])
    assert result.exit_code == 1
    assert "task: there is no" in result.output
    assert "Did you mean object-detection?" in result.output


def test_preview_writes_a_page_with_the_image_in_it(spec: Path, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg")
    out = tmp_path / "page.html"
    command = ["preview", str(spec), "--image", str(tmp_path / "photo.jpg"), "--out", str(out)]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == 0
    assert "Problem" not in result.output
    assert 'src="data:image/jpeg;base64,' in out.read_text()
    assert "needs the internet" in out.read_text(), "where it is not there, the page is blank and says not why"


def test_gold_writes_what_a_spec_can_name(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (20, 10)).save(tmp_path / "photos" / "a.jpg")
    boxes, out = tmp_path / "boxes.csv", tmp_path / "gold.manifest"
    boxes.write_text("filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,20,10,bird,1,2,5,6\n")
    command = ["gold", "--images", str(tmp_path / "photos"), "--boxes", str(boxes), "--out", str(out)]
    result = CliRunner().invoke(cli, [*command, "--prefix", "s3://inbox/birds/images"])
    assert "1 images, 1 boxes of bird" in result.output
    line = json.loads(out.read_text())
    assert line["source-ref"] == "s3://inbox/birds/images/a.jpg"
    assert line["gold"]["annotations"] == [{"class_id": 0, "left": 1, "top": 2, "width": 4, "height": 4}]
    refused = CliRunner().invoke(cli, [*command, "--prefix", "birds/images"])
    assert refused.exit_code == 1
