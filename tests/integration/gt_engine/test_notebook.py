"""AWS's own notebook reads the engine's output as if Ground Truth had written it, and counts right."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gt_cli.stack import LocalSession, child_environment
from tests.engine_server import Engine, birds, ended, output_files, request_in
from tests.integration.notebook_cell import CELL, IMPORTS

pytestmark = pytest.mark.integration

SHELL = """
import subprocess
def shell(command):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout.splitlines()
"""
RESULTS = """
print("RESULTS" + json.dumps({
    "human": dict(consolidated_nims), "human_boxes": sum(consolidated_nboxes.values()),
    "machine": dict(auto_nims), "machine_boxes": sum(auto_nboxes.values()),
    "iterations": n_iters, "cost": [total_human, total_auto],
    "samples": training_sizes, "curves": training_mAPs, "trained_in": training_iters,
}))
"""


def as_python(cell: str) -> str:
    """The cell with IPython's two kinds of shell lines as calls."""
    cell = re.sub(r"^!(.+)$", r'shell(f"""\1""")', cell, flags=re.MULTILINE)
    return re.sub(r"^(\w+) = !(.+)$", r'\1 = shell(f"""\2""")', cell, flags=re.MULTILINE)


def run_cell(engine: Engine, job_name: str, directory: Path) -> dict[str, Any]:
    script = directory / "cell.py"
    script.write_text(f"{IMPORTS}{SHELL}job_name = {job_name!r}\n{as_python(CELL)}{RESULTS}")
    environment = child_environment(engine.endpoint_url) | {
        "AWS_ENDPOINT_URL_SAGEMAKER": engine.url,
        "MPLBACKEND": "Agg",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run([sys.executable, str(script)], cwd=directory, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.split("RESULTS")[1])
    return result


@pytest.mark.timeout(600)
def test_the_notebooks_cell_counts_what_the_job_did(
    aws: LocalSession, engine: Engine, name: str, tmp_path: Path
) -> None:
    client = engine.client()
    client.create_labeling_job(**request_in(birds(aws, name, 160), name, MaxConcurrentTaskCount=30))
    described = ended(client, name, seconds=500)
    assert described["LabelingJobStatus"] == "Completed"
    counters = described["LabelCounters"]
    found = run_cell(engine, name, tmp_path)
    human = {int(iteration): count for iteration, count in found["human"].items()}
    machine = {int(iteration): count for iteration, count in found["machine"].items() if count}
    assert sum(human.values()) == counters["HumanLabeled"]
    assert sum(machine.values()) == counters["MachineLabeled"]
    assert (human[1], human[2], human[3]) == (10, 20, 30)
    # The cell's bars go by a count of iterations: it leaves out a last one in which only the machine labeled.
    # Ground Truth's output has such iterations too; there are no other gaps for it to stumble over.
    assert sorted({*human, *machine}) == list(range(1, max({*human, *machine}) + 1))
    shown = range(1, found["iterations"] + 1)
    assert set(human) <= set(shown)
    assert found["cost"] == [
        pytest.approx(0.26 * sum(human.values())),
        pytest.approx(0.08 * sum(machine.get(iteration, 0) for iteration in shown)),
    ]
    boxes = {"yes": 0, "no": 0}
    for line in output_files(aws, described)["manifests/output/output.manifest"].splitlines():
        record = json.loads(line)
        boxes[record["category-metadata"]["human-annotated"]] += len(record["category"]["annotations"])
    assert (found["human_boxes"], found["machine_boxes"]) == (boxes["yes"], boxes["no"])
    assert found["samples"][0] == 60
    assert found["trained_in"][0] == 4
    assert len(found["samples"]) == len(found["curves"]) == len(found["trained_in"])
    assert all(curve and all(0 <= score <= 1 for score in curve) for curve in found["curves"])
    assert described["LabelingJobOutput"]["FinalActiveLearningModelArn"].split(":model/")[1]
