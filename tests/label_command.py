"""`gt-service label` as a process of its own: what a user starts, interrupts, and loses to a power cut."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.waiting import soon

PATIENCE = 240
LINK = re.compile(r"http://\S+/sign-in/\S+")


@dataclass
class LabelCommand:
    """`gt-service label` in a folder of its own, running."""

    folder: Path
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        return self.log.read_text("utf-8", errors="replace")

    def links(self) -> list[str]:
        """The owner's first; they are printed together."""
        soon(lambda: "lets one person in" in self.output() or self.process.poll() is not None, PATIENCE)
        links = LINK.findall(self.output())
        assert links, self.output()
        return links

    def link(self) -> str:
        return self.links()[0]

    def wait(self) -> None:
        assert self.process.wait(PATIENCE) == 0, self.output()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.wait()

    def kill_everything(self) -> None:
        """`kill -9` of the command and of all that it has started, as a power cut would."""
        every = [self.process.pid, *descendants(self.process.pid)]
        assert len(every) > 2, "MiniStack and the engine run"
        kill(every)
        self.process.wait()

    def labels(self) -> dict[str, Any]:
        out = self.folder / "photos-labels"
        return json.loads((out / "coco" / "annotations.json").read_text("utf-8"))


@contextmanager
def running(
    folder: Path, number: int, labels: str, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[LabelCommand]:
    """The command on `photos` in a folder, for the `number`th time; whatever is left of it at the end is killed."""
    log = folder / f"output-{number}.log"
    command = [sys.executable, "-m", "gt_cli.main", "label", "photos", "--labels", labels, "--no-open", *options]
    environment = {**os.environ, **(settings or {}), "PYTHONPATH": str(Path(__file__).parents[1])}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    command_ = LabelCommand(folder, process, log)
    try:
        yield command_
    finally:
        if process.poll() is None:
            command_.kill_everything()


def kill(processes: Iterable[int]) -> None:
    for pid in processes:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(pid: int) -> list[int]:
    """All that a process has started (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            child = int(stat.parent.name)
            found += [child, *descendants(child)]
    return found
