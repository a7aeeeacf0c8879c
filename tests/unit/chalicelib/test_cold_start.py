"""What every function imports before its first message."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("PIL", "imagehash", "jinja2", "matplotlib", "numpy", "scipy")


def test_no_function_waits_for_what_another_needs() -> None:
    """Drawing and decoding libraries would make each cold start a second longer."""
    code = f"import sys, app; print([name for name in {HEAVY} if name in sys.modules])"
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": "."}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
