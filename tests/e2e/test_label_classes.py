"""`gt-service label` for classes: asked, answered, put right, and written out as classes are."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from PIL import Image

from gt_cli.labeling.people import People
from gt_cli.stack import LocalSession
from gt_cli.work_folder import recall
from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
PHOTOS = 4
PATIENCE = 300
LINK = re.compile(r"(http\S+)/login#token=(\S+)")
ANSWERS = {
    "image-classification": {"classifier": {"label": "Dog"}},
    "image-classification-multilabel": {"classifier": {"labels": ["Raccoon", "Dog"]}},
}


@pytest.mark.parametrize(
    "task", [pytest.param("image-classification", marks=pytest.mark.long), "image-classification-multilabel"]
)
def test_classes(tmp_path: Path, task: str) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(PHOTOS):
        Image.new("RGB", (80, 60), (50 * number, 90, 120)).save(tmp_path / "photos" / f"{number}.png")
    command = [sys.executable, "-m", "gt_cli.main", "label", "photos", "--labels", "Raccoon,Dog", "--no-open", "--keep"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GT_ENGINE_CORRECTION_SECONDS": "0"}
    log = tmp_path / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--task", task], cwd=tmp_path, env=environment, stdout=output, stderr=output
        )
    try:
        with pytest.MonkeyPatch.context() as settings:
            answer_all(tmp_path / "photos-work", ANSWERS[task], process, settings)
        link = soon(lambda: re.search(r"Ctrl-C ends", log.read_text()) and LINK.search(log.read_text()), PATIENCE)
        take_out(*link.groups())
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0, log.read_text()
    finally:
        process.kill()
    out = tmp_path / "photos-labels"
    lines = [json.loads(line) for line in (out / "labels.manifest").read_text().splitlines()]
    assert [line["source-ref"].rpartition("/")[2] for line in lines] == [f"{n}.png" for n in range(1, PHOTOS)]
    with (out / "csv" / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if task == "image-classification":
        assert {row["class"] for row in rows} == {"Dog"}
        assert len(list((out / "folders" / "Dog").iterdir())) == PHOTOS - 1
    else:
        assert len(rows) == 2 * (PHOTOS - 1)
        (metadata,) = (out / "huggingface").rglob("metadata.jsonl")
        assert len(metadata.read_text().splitlines()) == PHOTOS - 1


def take_out(api: str, token: str) -> None:
    """An owner who looks at the labels, at the address that was printed, and takes out that of the first photo."""
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{api}/campaigns/photos/labeled-images", headers=headers, timeout=60).json()
    (image,) = [one["id"] for one in listed["images"] if one["source"].endswith("/0.png")]
    correction = {"image": image, "label": None, "why": "not one of ours"}
    answer = httpx.post(f"{api}/campaigns/photos/corrections", headers=headers, json=correction, timeout=60)
    assert answer.status_code == 201, answer.text


def answer_all(
    work: Path, answer: dict[str, Any], process: subprocess.Popen[bytes], settings: pytest.MonkeyPatch
) -> None:
    """A worker who answers everything alike, through what the portal's pages call."""
    for name, value in os.environ.items():
        settings.setenv(name, value)  # so that what is set from here on is gone afterwards
    deadline = time.monotonic() + PATIENCE
    people, done = None, 0
    while done < PHOTOS:
        assert process.poll() is None, "the command has ended"
        assert time.monotonic() < deadline, f"{done} answered"
        time.sleep(0.5)
        memory = recall(work) if work.is_dir() else None
        if memory is None:
            continue
        if people is None:
            endpoint = f"http://127.0.0.1:{memory.port}"
            there = SimpleNamespace(endpoint_url=endpoint, session=LocalSession(endpoint), portal_url="")
            people = People.of(there)  # type: ignore[arg-type]
        for worker in people.members.workers():
            for job in people.tasks.jobs(worker, datetime.now(UTC)):
                while task := people.tasks.next(worker, job.offer.job, datetime.now(UTC)):
                    accepted = people.tasks.accept(worker, task.task_id, datetime.now(UTC))
                    people.tasks.submit(worker, accepted.task_id, answer, 2.0, datetime.now(UTC))
                    done += 1
