"""What each function imports before and at its first message, in a fresh interpreter.

    python benchmarks/cold_start.py [--runs 5] [--out cold_start.json]

`app.py` is imported by every function of the app. What a function imports only when it runs is named below, and timed
after it: `first_message_ms` is both together. The engine's functions import modules of their own; the first message of
the two that learn loads what looks at pictures. Times are processor time, the least of the runs: a cold start on Lambda
also loads the package from disk, and has a share of a processor that its memory buys.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NEEDED = {
    "authorize": (),
    "api_handler": (),
    "on_uploads": ("gt_service.ingest.intake",),
    "on_uploads, near-duplicates": ("gt_service.ingest.intake", "imagehash", "scipy.fftpack"),
    "on_batch_ready": ("gt_service.chain.advance",),
    "on_job_state_change": ("gt_service.chain.advance",),
    "on_notification": (),
    "reconcile": ("gt_service.chain.advance",),
    "on_job_completed": (
        "gt_service.chain.settlement",
        "gt_service.outputs",
        "gt_service.reports.publish",
        "gt_service.reports.figure",
    ),
}
ENGINE = {
    "EngineApi": ("gt_engine.functions.api", ""),
    "EngineSteps": ("gt_engine.functions.steps", "gt_engine.autolabel.backbone"),
    "EngineChunks": ("gt_engine.functions.chunks", "gt_engine.autolabel.backbone"),
}
"""What a function imports, and the backbone that its first message opens."""
_CODE = """
import importlib, json, sys, time
begin = time.process_time()
importlib.import_module(sys.argv[1])
loaded = time.process_time()
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    if hasattr(module, "Backbone"):
        module.Backbone()
print(json.dumps([loaded - begin, time.process_time() - begin, len(sys.modules)]))
"""


def once(module: str, modules: tuple[str, ...]) -> tuple[float, float, int]:
    command = [sys.executable, "-c", _CODE, module, *modules]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    app, first, count = json.loads(done.stdout.splitlines()[-1])
    return app, first, count


def measured(name: str, module: str, modules: tuple[str, ...], runs: int) -> dict[str, Any]:
    found = [once(module, modules) for _ in range(runs)]
    return {
        "function": name,
        "app_ms": round(min(each[0] for each in found) * 1000),
        "first_message_ms": round(min(each[1] for each in found) * 1000),
        "modules": found[0][2],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    functions = {name: ("app", modules) for name, modules in NEEDED.items()}
    functions |= {name: (module, (backbone,) if backbone else ()) for name, (module, backbone) in ENGINE.items()}
    for module in dict.fromkeys(module for module, _ in functions.values()):
        once(module, ())  # so that every file has been compiled
    text = json.dumps([measured(name, *imports, options.runs) for name, imports in functions.items()], indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
