"""Nothing leaves the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gt_engine.autolabel.own_model.sandbox import Sandbox
from tests.onnx_models import classifier


def test_onnx_runtime_reports_to_nobody(tmp_path: Path) -> None:
    """It would send to Microsoft what it runs, and leave an identifier of the machine in the user's home."""
    code = "import gt_engine, onnxruntime"
    folders = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
    subprocess.run([sys.executable, "-c", code], env={**_without_telemetrys(), **folders}, check=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux tells what a process was told")
def test_nor_does_it_for_a_model_that_a_user_brings() -> None:
    with Sandbox(classifier()) as sandbox:
        told = Path(f"/proc/{sandbox._process.pid}/environ").read_bytes().split(b"\0")
    assert b"ORT_DISABLE_TELEMETRY=1" in told


def _without_telemetrys() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
