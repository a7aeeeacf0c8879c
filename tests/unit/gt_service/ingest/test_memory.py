"""The largest image must fit into the function that looks at it: killed, it takes nine others along."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gt_service.task_types import TASKS

CONFIG = Path(__file__).parents[4] / ".chalice" / "config.json"
SIDE = 4000
REST_MB = 250
"""The function itself with its libraries, and the file: 40 MB at most."""
READ = """
import resource, sys
from pathlib import Path
from gt_service.ingest.pixels import decoded
body = Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decoded(body)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("JPEG", "CMYK", {"progressive": True, "subsampling": 0}),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
        ("JPEG", "RGB", {}),
        ("PNG", "RGBA", {"compress_level": 1}),
    ],
    ids=["progressive CMYK", "progressive RGB", "baseline", "PNG with transparency"],
)
@pytest.mark.parametrize("function", ["on_uploads", "reconcile"])
def test_the_largest_image_fits_into_the_function(
    tmp_path: Path, form: str, mode: str, options: dict[str, int], function: str
) -> None:
    """Measured at a sixth of its size; memory grows as pixels do."""
    Image.new(mode, (SIDE, SIDE)).save(tmp_path / "image", form, **options)
    read = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "image")], capture_output=True, text=True, check=True, timeout=60
    )
    largest = max(facts.max_pixels for facts in TASKS.values())
    needed = int(read.stdout) / 1024 * largest / SIDE**2 + REST_MB
    functions = json.loads(CONFIG.read_text("utf-8"))["stages"]["service"]["lambda_functions"]
    assert needed < functions[function]["lambda_memory_size"]
