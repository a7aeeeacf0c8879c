"""Just enough of SageMaker's API over HTTP: `FakeSageMaker` behind a real server, on a bad day.

Whoever asks it to create a job may get an error before or after it took effect, or no answer at all; jobs end by
themselves, as their name decides; their events come once, twice or not at all.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes import FakeSageMaker

_MOMENT = 0.3


class Fault(StrEnum):
    NONE = "none"
    ERROR_BEFORE = "an error, and nothing was done"
    ERROR_AFTER = "an error, and it was done"
    SILENCE = "no answer, and it was done"


class StubSageMaker:
    """Serves on a free port. `events`: puts them on the bus. `seed`: decides every fault, by operation and job."""

    def __init__(self, objects: Any, events: Any, seed: int) -> None:
        self.jobs = FakeSageMaker(objects, lambda: datetime.now(UTC))
        self.faults = Counter[Fault]()
        self.told = Counter[int]()
        self._events, self._seed = events, seed
        self._lock = threading.RLock()
        self._asked = Counter[str]()
        self._timers: list[threading.Timer] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            for timer in self._timers:
                timer.cancel()
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, Any] | None:
        """Status and body; None where the connection is to break."""
        fault = self._fault(operation, request["LabelingJobName"])
        if fault is Fault.ERROR_BEFORE:
            return _error(500, "InternalFailure", "try again")
        status, body = self._do(operation, request)
        if fault is Fault.ERROR_AFTER:
            return _error(500, "InternalFailure", "it was done all the same")
        return None if fault is Fault.SILENCE else (status, body)

    def _do(self, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        with self._lock:
            try:
                if operation == "CreateLabelingJob":
                    body = self.jobs.create_labeling_job(**request)
                    self._end_soon(request["LabelingJobName"])
                    return 200, body
                if operation == "DescribeLabelingJob":
                    return 200, self.jobs.describe_labeling_job(**request)
                if operation == "StopLabelingJob":
                    return 200, self.jobs.stop_labeling_job(**request)
            except ClientError as error:
                return _error(400, error.response["Error"]["Code"], error.response["Error"]["Message"])
        return _error(400, "ValidationException", f"{operation} is not stubbed")

    def _fault(self, operation: str, name: str) -> Fault:
        """Each call's own, the same in every run; never more than two in a row."""
        call = f"{operation} {name}"
        with self._lock:
            self._asked[call] += 1
            dice = random.Random(f"{self._seed} {call} {self._asked[call]}")
            often = 0.6 if operation == "CreateLabelingJob" else 0.15
            fault = dice.choice(list(Fault)[1:]) if dice.random() < often and self._asked[call] % 3 else Fault.NONE
            self.faults[fault] += 1
        return fault

    def _end_soon(self, name: str) -> None:
        dice = random.Random(f"{self._seed} {name}")
        timer = threading.Timer(_MOMENT + dice.random(), self._end, (name, dice))
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _end(self, name: str, dice: random.Random) -> None:
        status = dice.choice(["Completed", "Completed", "Failed", "Stopped"])
        with self._lock:
            labeled = None if status == "Completed" else dice.randrange(3)
            self.jobs.finish(name, status, labeled=labeled, model=dice.random() < 0.7)
        times = dice.choice([0, 1, 1, 2])
        self.told[times] += 1
        for _ in range(times):
            self._tell(name, status)

    def _tell(self, name: str, status: str) -> None:
        arn = self.jobs.jobs[name]["LabelingJobArn"]
        entry = {
            "Source": "gt.engine",
            "DetailType": "SageMaker Ground Truth Labeling Job State Change",
            "Detail": json.dumps({"LabelingJobStatus": status}),
            "Resources": [arn.rpartition("/")[0] + "/" + name],
        }
        self._events.put_events(Entries=[entry])


def _error(status: int, code: str, message: str) -> tuple[int, Any]:
    return status, {"__type": code, "message": message}


def _handler(stub: StubSageMaker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            answer = stub.answer(operation, json.loads(body))
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, content = answer
            text = json.dumps(content, default=datetime.timestamp).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            return

    return Handler
