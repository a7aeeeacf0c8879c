"""The embedded local stack: MiniStack for AWS, gt-engine for Ground Truth, and the deployed template on top.

    with local_stack(work_dir, logs=log_dir) as stack:
        stack.session.client("s3").put_object(Bucket=stack.outputs["InboxBucket"], …)
        httpx.get(stack.api_url + "/campaigns", headers=stack.headers)

Nothing here can reach a real account: clients and child processes get test credentials and this stack's endpoint, and
nothing of the user's own AWS settings.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import httpx

from gt_cli.deployment import deploy, stack_name
from gt_cli.packaging import build
from gt_cli.tokens import issue
from gt_service.errors import GtServiceError

REGION = "us-east-1"
USUAL_PORT = 4566
ARTIFACTS = "gt-service-artifacts"
TEST_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
PATIENCE_SECONDS = 180


class StackError(GtServiceError):
    """A part of the local stack did not start or stopped by itself; the message names its log."""

    code = "local_stack_failed"


class LocalSession(boto3.Session):
    """A boto3 session that knows one endpoint, and nothing of the user's profiles and credentials."""

    def __init__(self, endpoint_url: str) -> None:
        nothing_of_the_users = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        super().__init__(
            aws_access_key_id=TEST_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=TEST_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
            botocore_session=botocore.session.Session(nothing_of_the_users),
        )
        self.endpoint_url = endpoint_url

    def client(self, service_name: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("endpoint_url", self.endpoint_url)
        return super().client(service_name, *args, **kwargs)


class Part:
    """A child process of the stack, in a process group of its own, writing to a log file."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def check(self) -> None:
        """Errors: StackError where the process has ended."""
        if self._process.poll() is not None:
            lines = self.log.read_text("utf-8", errors="replace").splitlines()[-15:]
            said = "\n".join(f"  {line}" for line in lines)
            raise StackError(f"{self.name} ended with status {self._process.returncode}:\n{said}\nIts log: {self.log}")

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

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:  # the whole group has gone already
            return


@dataclass(frozen=True)
class LocalStack:
    """What a running stack offers. `outputs` are the template's; `token` is an operator's."""

    session: LocalSession
    outputs: Mapping[str, str]
    endpoint_url: str
    engine_url: str
    token: str
    logs: Path
    parts: tuple[Part, ...]

    @property
    def api_url(self) -> str:
        return f"{self.endpoint_url}/restapis/{self.outputs['RestAPIId']}/api/_user_request_"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def check(self) -> None:
        """Errors: StackError where a part has ended by itself."""
        for part in self.parts:
            part.check()


@contextmanager
def local_stack(
    work: Path,
    *,
    logs: Path,
    hurry: int = 1,
    parameters: Mapping[str, str] | None = None,
    enforce_roles: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[LocalStack]:
    """Starts everything, deploys the template, and stops it all at the end, however that comes.

    `work` takes data and packages, `logs` what every part prints. `hurry`: trainings take one step in so many.
    `enforce_roles`: the functions may do what their IAM roles allow and no more.
    Errors: StackError, DeploymentError, PackagingError.
    """
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as cleanup:
        say("packaging the app")
        packaging = cleanup.enter_context(ThreadPoolExecutor(1)).submit(build, work / "package")
        say("starting MiniStack")
        port = cleanup.enter_context(kept_port())
        endpoint_url = f"http://127.0.0.1:{port}"
        ministack = _start_ministack(work, port, logs, enforce_roles=enforce_roles)
        cleanup.callback(ministack.stop)
        _wait_for(ministack, lambda: _answers(f"{endpoint_url}/_ministack/health"))
        say("starting gt-engine")
        engine, engine_url = _start_engine(work, endpoint_url, logs, hurry=hurry)
        cleanup.callback(engine.stop)
        say("deploying the template")
        session = LocalSession(endpoint_url)
        session.client("s3").create_bucket(Bucket=ARTIFACTS)
        outputs = deploy(
            session,
            packaging.result(),
            stack_name("local"),
            bucket=ARTIFACTS,
            parameters={
                "Stage": "local",
                "SageMakerEndpointUrl": engine_url,
                "ReconcileSchedule": "rate(1 minute)",
                "Scale": "laptop",
                "EncryptedTransportOnly": "false",
                **(parameters or {}),
            },
        )
        token = issue(
            session.client("dynamodb"), outputs["TokensTable"], "operator", principal="you", expires=_tomorrow()
        )
        yield LocalStack(session, outputs, endpoint_url, engine_url, token, logs, (ministack, engine))


def child_environment(endpoint_url: str | None = None) -> dict[str, str]:
    """This process's environment without the user's AWS settings and with the stack's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= TEST_CREDENTIALS
    environment |= {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONUNBUFFERED": "1",
    }
    if endpoint_url is not None:
        environment["AWS_ENDPOINT_URL"] = endpoint_url
    return environment


@contextmanager
def kept_port(usual: int = USUAL_PORT) -> Iterator[int]:
    """A port that no other stack of this user takes in the meantime: the usual one for the first of them.

    A stack needs seconds to listen. One that begins in these seconds would find the port free as well, and then take
    the answers of the first stack for its own.
    """
    with (Path(tempfile.gettempdir()) / f"gt-service-{os.getuid()}-{usual}.lock").open("a") as first:
        try:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            usual = 0
        yield free_port(usual)


def free_port(usual: int = USUAL_PORT) -> int:
    """The usual port where it is free, any free one otherwise."""
    for port in (usual, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StackError("there is no free port on this machine")


def _start_ministack(work: Path, port: int, logs: Path, *, enforce_roles: bool) -> Part:
    data = work / "ministack"
    scratch = data / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = child_environment() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true" if enforce_roles else "false",
        "STATE_DIR": str(data / "state"),
        "S3_DATA_DIR": str(data / "s3"),
        "TMPDIR": str(scratch),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "LAMBDA_WARM_TTL_SECONDS": "30",  # an idle copy of a function takes 0.13 GB
    }
    return Part("ministack", [sys.executable, "-m", "ministack"], environment=environment, logs=logs)


def _start_engine(work: Path, endpoint_url: str, logs: Path, *, hurry: int) -> tuple[Part, str]:
    command = [sys.executable, "-m", "gt_engine.main", "--port", "0", "--state-dir", str(work / "engine")]
    environment = child_environment(endpoint_url) | {"GT_ENGINE_HURRY": str(hurry)}
    # The engine works on as many things at once as there are cores; its libraries need not do so as well.
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    engine = Part("gt-engine", command, environment=environment, logs=logs)
    try:
        _wait_for(engine, lambda: _announced_url(engine.log) is not None)
    except BaseException:
        engine.stop()
        raise
    return engine, str(_announced_url(engine.log))


def _announced_url(log: Path) -> str | None:
    """gt-engine's first line of output is a JSON object that holds its URL."""
    for line in log.read_text("utf-8", errors="replace").splitlines():
        if line.startswith("{"):
            try:
                return str(json.loads(line)["url"])
            except (json.JSONDecodeError, KeyError):
                continue
    return None


def _wait_for(part: Part, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        part.check()
        if time.monotonic() > deadline:
            raise StackError(f"{part.name} did not start within {PATIENCE_SECONDS} s; its log: {part.log}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)
