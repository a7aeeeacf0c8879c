"""How long it takes from a labeling job's end to the request for the next one, on the local stack.

    python benchmarks/latency.py [--jobs 6] [--out latency.json]

The deployed template on MiniStack, with a stub for SageMaker (`tests/stub_sagemaker.py`, without its faults): each job
ends a moment after it was created, and the clock runs from the event on the bus to the next `CreateLabelingJob`. The
first is a cold start. It is this machine's time, with MiniStack's functions on this machine's processors.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from gt_cli.deployment import deploy, stack_name
from gt_cli.packaging import build
from gt_cli.stack import ARTIFACTS, local_stack
from gt_service.objects import S3Objects, S3Uri
from tests.stub_sagemaker import Fault, StubSageMaker
from tests.world import picture, spec_document


class Clock(StubSageMaker):
    """No faults; notes when events are sent and requests come."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.moments: list[tuple[str, float]] = []

    def _fault(self, operation: str, name: str) -> Fault:
        if operation == "CreateLabelingJob":
            self.moments.append(("request", time.monotonic()))
        return Fault.NONE

    def _end(self, name: str, dice: random.Random) -> None:
        with self._lock:
            self.jobs.finish(name)
        self.moments.append(("event", time.monotonic()))
        self._tell(name, "Completed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        with local_stack(work, logs=work / "logs", shorten_training=10) as stack:
            objects = S3Objects(stack.session.client("s3"))
            stub = Clock(objects, stack.session.client("events"), 1)
            with stub.serving() as url:
                parameters = {
                    "Stage": "latency",
                    "SageMakerEndpointUrl": url,
                    "ReconcileSchedule": "rate(60 minutes)",
                    "Scale": "laptop",
                    "EncryptedTransportOnly": "false",
                }
                package = build(work / "again")
                outputs = deploy(stack.session, package, stack_name("latency"), bucket=ARTIFACTS, parameters=parameters)
                spec = spec_document(batch={"size": 1, "quiet_minutes": 30, "minimum": 1})
                drops = [("clock/campaign.json", json.dumps(spec).encode())]
                drops += [(f"clock/images/{number}.png", picture(number)) for number in range(options.jobs)]
                for key, body in drops:
                    objects.write(S3Uri(outputs["InboxBucket"], key), body, "application/octet-stream")
                deadline = time.monotonic() + 300
                while len(stub.jobs.jobs) < options.jobs and time.monotonic() < deadline:
                    time.sleep(0.5)
                moments = list(stub.moments)
    waits = [
        round(later[1] - earlier[1], 3)
        for earlier, later in pairwise(moments)
        if (earlier[0], later[0]) == ("event", "request")
    ]
    found = {
        "seconds": waits,
        "median": round(statistics.median(waits), 3),
        "load_average": [round(each, 1) for each in os.getloadavg()],
    }
    text = json.dumps(found, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
