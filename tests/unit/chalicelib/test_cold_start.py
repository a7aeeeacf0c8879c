"""What every function imports before its first message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("PIL", "gt_service.outputs", "imagehash", "jinja2", "matplotlib", "numpy", "orjson", "scipy")


def test_no_function_waits_for_what_another_needs() -> None:
    """Each cold start would take longer: a second for drawing and decoding, hundredths of one for readers of jobs."""
    code = f"import sys, app; print([name for name in {HEAVY} if name in sys.modules])"
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": "."}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_function_draws_with_files_in_the_only_folder_where_it_may_write(tmp_path: Path) -> None:
    """matplotlib would look for a home that a function does not have, and on the local stack write into the user's."""
    code = "import os, chalicelib.wiring; print(os.environ.get('MPLCONFIGDIR'))"
    outside = {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": ".", "TMPDIR": str(tmp_path)}
    for environment, folder in (
        (outside, None),
        (outside | {"AWS_LAMBDA_FUNCTION_NAME": "on_job_completed"}, tmp_path / "matplotlib"),
    ):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(folder)
