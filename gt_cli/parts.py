"""Child processes of the local stack: started, looked after, and ended with everything that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gt_service.errors import GtServiceError

PATIENCE_SECONDS = 180
LINES_SHOWN = 15


class StackError(GtServiceError):
    """A part of the local stack did not start or stopped by itself; the message names its log."""

    code = "local_stack_failed"


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of Python and ends with this process, however that ends (`gt_cli.lifeline`)."""
    return [sys.executable, "-m", "gt_cli.lifeline", name, *arguments]


class Part:
    """A child process, in a process group of its own, writing to a log file; its standard input ends with this process.

    `keep_open`: file descriptors that it holds as well.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        logs: Path,
        keep_open: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        with self.log.open("ab") as log:
            self._begins_at = log.tell()  # the log goes on where the last start left it
            end, self._lifeline = os.pipe()
            self._process = subprocess.Popen(  # noqa: S603
                command,
                env=dict(environment),
                stdin=end,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=keep_open,
            )
            os.close(end)

    @property
    def pid(self) -> int:
        return self._process.pid

    def output(self) -> str:
        """What this start has written so far."""
        with self.log.open("rb") as log:
            log.seek(self._begins_at)
            return log.read().decode("utf-8", errors="replace")

    def check(self) -> None:
        """Errors: StackError where the process has ended."""
        if self._process.poll() is not None:
            lines = self.output().splitlines()[-LINES_SHOWN:]
            shown = "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
            raise StackError(f"{self.name} ended with status {self._process.returncode}:\n{shown}\nIts log: {self.log}")

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Errors: StackError where it ends, or is not ready in time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} did not start within {PATIENCE_SECONDS} s; its log: {self.log}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends the process and all it started: asks first, insists after ten seconds."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)  # what the process has started and left behind is in its group
            self._process.wait()
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:  # the whole group has gone already
            return
