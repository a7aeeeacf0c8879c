"""What every function imports before its first message."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("PIL", "gt_service.outputs", "imagehash", "jinja2", "matplotlib", "numpy", "orjson", "scipy")


def test_no_function_waits_for_what_another_needs() -> None:
    """Each cold start would take longer: a second for drawing and decoding, hundredths of one for readers of jobs."""
    code = f"import sys, app; print([name for name in {HEAVY} if name in sys.modules])"
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": "."}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
