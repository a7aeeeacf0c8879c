"""The tutorial, walked as a reader would: its own commands in its own order, in a folder of one's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "tutorial/first-campaign.md"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PHOTOS = 50
"""As many as the tutorial draws, and its batch takes."""


class Reader:
    """A folder, and the two terminals."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        (folder / ".venv").symlink_to(Path(sys.prefix))
        self.environment["PATH"] = f"{folder}/.venv/bin:{self.environment['PATH']}"
        self._up: subprocess.Popen[str] | None = None

    def start(self, command: str) -> None:
        """The first terminal: keeps running; what it tells to export goes into the second one."""
        log = self.folder / "up.log"
        with log.open("w") as out:
            self._up = subprocess.Popen(
                command.split(), cwd=self.folder, env=self.environment, stdout=out, stderr=out, text=True
            )
        deadline = time.monotonic() + 90
        while "export RESULTS" not in log.read_text():
            assert self._up.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        for name, value in re.findall(r"^ *export (\w+)=(.*)$", log.read_text(), re.MULTILINE):
            self.environment[name] = value.strip("'\"")

    def run(self, block: str) -> str:
        """The second terminal."""
        done = subprocess.run(
            ["bash", "-euc", block], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        if self._up:
            self._up.terminate()
            assert self._up.wait(60) is not None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    one = Reader(tmp_path)
    try:
        yield one
    finally:
        one.stop()


def wait(reader: Reader, command: str, for_what: str, seconds: float) -> str:
    shown = ""

    def look() -> bool:
        nonlocal shown
        shown = reader.run(command)
        return re.search(for_what, shown) is not None

    soon(look, seconds, every=2, known=lambda: shown)
    return shown


def test_every_command_of_the_tutorial_does_what_it_says(reader: Reader) -> None:
    blocks = FENCE.findall(PAGE.read_text())
    spec = next(body for kind, body in blocks if kind == "yaml campaign")
    demo, up, draw, gold, drop, status, report = (body.strip() for kind, body in blocks if kind == "sh")
    assert demo == "make demo QUICK=1"  # the one command that has a test of its own
    reader.start(up)
    inbox = reader.environment["INBOX"].removeprefix("s3://")
    reader.run(draw)
    (reader.folder / "birds/campaign.yaml").write_text(spec.replace("my-inbox", inbox))
    reader.run(gold)
    reader.run(drop)
    shown = wait(reader, status, r"birds-0001.*Completed", 180)
    assert "birds-0001" in shown
    # The page says that the report comes a moment later.
    found = json.loads(wait(reader, f"{report} 2> /dev/null || true", r"counts", 60))
    assert found["counts"]["objects"] == PHOTOS
    look_around(reader)


def look_around(reader: Reader) -> None:
    """The how-to pages that go on from there, on the stack that is up."""
    campaign = reader.folder / "birds"
    shutil.copy(campaign / "campaign.yaml", reader.folder)
    shutil.copy(next((campaign / "images").iterdir()), reader.folder / "photo.jpg")
    for page in ("export", "plan"):
        for kind, body in FENCE.findall((DOCS / f"how-to/{page}.md").read_text()):
            if kind == "sh":
                reader.run(body.replace("s3://your-inbox", "$INBOX"))
    export = reader.folder / "birds-yolo"
    labels = sorted(path.relative_to(export / "labels").with_suffix("") for path in export.glob("labels/**/*.txt"))
    images = sorted(path.relative_to(export / "images").with_suffix("") for path in export.glob("images/**/*.jpg"))
    assert len(labels) == PHOTOS
    assert images == labels, "each image lies where trainers look for it"
    assert "crowd-bounding-box" in (reader.folder / "preview.html").read_text()
