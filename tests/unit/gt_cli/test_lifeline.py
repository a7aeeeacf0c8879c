"""Children of the stack end with their parent, also where it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import soon

PARENT = """
import os, sys, time
from pathlib import Path
from gt_cli.parts import Part, module
part = Part("child", module("{child}"), environment=dict(os.environ), logs=Path("."))
Path("pid").write_text(str(part.pid))
time.sleep(60)
"""
CHILD = "import time\nassert __name__ == '__main__'\nprint('runs', flush=True)\ntime.sleep(60)\n"


def test_a_part_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """Twelve processes and 1.6 GB were left behind when a terminal was closed."""
    (tmp_path / "sleeper.py").write_text(CHILD)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"}
    parent = subprocess.Popen([sys.executable, "-c", PARENT.format(child="sleeper")], cwd=tmp_path, env=environment)
    try:
        soon(lambda: (tmp_path / "child.log").exists() and "runs" in (tmp_path / "child.log").read_text())
        child = int((tmp_path / "pid").read_text())
        assert _runs(child)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    soon(lambda: not _runs(child))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
