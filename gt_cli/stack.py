"""The embedded local stack: MiniStack for AWS, gt-engine for Ground Truth, and the deployed template on top.

    with local_stack(work_dir, logs=log_dir) as stack:
        stack.session.client("s3").put_object(Bucket=stack.outputs["InboxBucket"], …)
        httpx.get(stack.api_url + "/campaigns", headers=stack.headers)

With `keep=True` a stack that is started again in the same folder has what the one before was given, however that one
ended (`gt_cli.ministack`), at the same addresses where their ports are free.

Nothing here can reach a real account: clients and child processes get test credentials and this stack's endpoint, and
nothing of the user's own AWS settings.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import boto3
import botocore.session
import httpx

from gt_cli.deployment import deploy, engine_keys, stack_name
from gt_cli.exposure import Exposure, exposure
from gt_cli.packaging import build
from gt_cli.parts import Part, StackError, module
from gt_cli.ports import free_port, kept_port
from gt_cli.tokens import is_valid, issue
from gt_cli.work_folder import Memory, locked, recall

REGION = "us-east-1"
ACCOUNT = "000000000000"
"""MiniStack's. It knows it as a key as well, and looks at who signs calls of functions that are open to all; AWS does
not, so there any key will do."""
ARTIFACTS = "gt-service-artifacts"
TEST_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TOKEN_LIFETIME = timedelta(days=366)


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


@dataclass(frozen=True)
class LocalStack:
    """What a running stack offers. `outputs` are the template's; `token` is an operator's.

    engine_keys   the pair that the engine's API wants calls to be signed with; None where it takes any
    table_prefix  of the engine's tables
    """

    session: LocalSession
    outputs: Mapping[str, str]
    endpoint_url: str
    engine_url: str
    token: str
    logs: Path
    parts: tuple[Part, ...]
    engine_keys: tuple[str, str] | None = None
    table_prefix: str = "gt-engine"

    @property
    def api_url(self) -> str:
        return f"{self.endpoint_url}/restapis/{self.outputs['RestAPIId']}/api/_user_request_"

    @property
    def portal_url(self) -> str:
        """Where people label; `--host` makes it an address that other machines reach."""
        return self.engine_url

    def sagemaker(self) -> Any:
        """A client of the engine's API, which wants signatures where other machines reach it."""
        names = ("aws_access_key_id", "aws_secret_access_key")
        keys = dict(zip(names, self.engine_keys or (), strict=False))
        return self.session.client("sagemaker", endpoint_url=self.engine_url, **keys)

    @property
    def sign_in_url(self) -> str:
        """Opens the status pages. The token stands behind the #, which no browser sends to a server."""
        return f"{self.api_url}/login#token={self.token}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def check(self) -> None:
        """Errors: StackError where a part has ended by itself."""
        for part in self.parts:
            part.check()

    def stay(self) -> NoReturn:
        """Until Ctrl-C. Errors: KeyboardInterrupt then; StackError where a part has ended by itself."""
        while True:
            self.check()
            time.sleep(1)


@contextmanager
def local_stack(
    work: Path,
    *,
    logs: Path,
    keep: bool = False,
    host: str = "127.0.0.1",
    shorten_training: int = 1,
    serverless: bool = False,
    parameters: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[LocalStack]:
    """Starts everything, deploys the template, and stops it all at the end, however that comes.

    `work` takes data and packages, `logs` what every part prints. `keep`: the next stack there has what this one was
    given. `host`: where people's pages are reached; beyond loopback the engine's API wants signatures.
    `shorten_training`: trainings take one step in so many. `serverless`: the engine is functions of the template, for
    this machine alone.
    The functions may do what their IAM roles allow and no more.
    Errors: StackError, DeploymentError, PackagingError, FolderInUse, FolderUnusable.
    """
    with ExitStack() as cleanup:
        lock = cleanup.enter_context(locked(work))
        logs.mkdir(parents=True, exist_ok=True)
        memory = recall(work) if keep else None
        outside = exposure(host, work)
        say("packaging the app")
        builder = cleanup.enter_context(ThreadPoolExecutor(1))
        package = builder.submit(build, work / "package", with_engine=serverless)
        say("starting MiniStack")
        port = free_port(memory.port) if memory else cleanup.enter_context(kept_port())
        endpoint_url = f"http://127.0.0.1:{port}"
        ministack = _start_ministack(work, port, logs, keep=keep, lock=lock)
        cleanup.callback(ministack.stop)
        ministack.wait_for(lambda: _answers(f"{endpoint_url}/_ministack/health"))
        engine_port = free_port(memory.engine_port if memory else 0, outside.host if outside else "127.0.0.1")
        engine_url, engine = outside.url(engine_port) if outside else f"http://127.0.0.1:{engine_port}", None
        if not serverless:
            say("starting gt-engine")
            engine = _start_engine(
                work, endpoint_url, engine_port, logs, shorten_training=shorten_training, lock=lock, outside=outside
            )
            cleanup.callback(engine.stop)
            engine.wait_for(partial(_takes_calls, engine))
        if memory and port != memory.port:
            say(f"port {memory.port} is taken by something else: this time it is {port}")
        say("deploying the template")
        session = LocalSession(endpoint_url)
        session.client("s3").create_bucket(Bucket=ARTIFACTS)
        keys = _keys(session, outside, serverless=serverless)
        elsewhere = {"SageMakerEndpointUrl": engine_url, "EngineChecksSignatures": "true" if keys else "false"}
        outputs = deploy(
            session,
            package.result(),
            stack_name("local"),
            bucket=ARTIFACTS,
            parameters={
                "Stage": "local",
                "ReconcileSchedule": "rate(1 minute)",
                "Scale": "laptop",
                "EncryptedTransportOnly": "false",
                **(_own_engine(engine_url, shorten_training) if serverless else elsewhere),
                **(parameters or {}),
            },
        )
        if engine is None:
            engine = _start_door(endpoint_url, outputs["EngineFunctionUrl"], engine_port, logs, lock)
            cleanup.callback(engine.stop)
            engine.wait_for(lambda: _listens(engine_port))
        token = _token(session, outputs["TokensTable"], memory)
        if keep:
            _save(endpoint_url)
            Memory(port, engine_port, token).write(work)
        prefix = outputs.get("EngineTablePrefix", "gt-engine")
        parts = (ministack, engine)
        yield LocalStack(session, outputs, endpoint_url, engine_url, token, logs, parts, keys, prefix)


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


def _start_ministack(
    work: Path, port: int, logs: Path, *, keep: bool, lock: int, enforce_policies: bool = True
) -> Part:
    """enforce_policies: false for queues that no template, and so no policy, stands behind."""
    data = work / "ministack"
    scratch = data / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = child_environment() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true" if enforce_policies else "false",
        "STATE_DIR": str(data / "state"),
        "S3_DATA_DIR": str(data / "s3"),
        "PERSIST_STATE": "1" if keep else "0",
        "S3_PERSIST": "1" if keep else "0",
        "TMPDIR": str(scratch),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        "LAMBDA_WARM_TTL_SECONDS": "30",  # an idle copy of a function takes 0.13 GB
    }
    command = module("gt_cli.ministack")
    return Part("ministack", command, environment=environment, logs=logs, keep_open=[lock])


def _start_engine(
    work: Path, endpoint_url: str, port: int, logs: Path, *, shorten_training: int, lock: int, outside: Exposure | None
) -> Part:
    listens = outside.arguments(port) if outside is not None else []
    command = module("gt_engine.main", "--port", str(port), "--state-dir", str(work / "engine"), *listens)
    environment = child_environment(endpoint_url) | {"GT_ENGINE_SHORTEN_TRAINING": str(shorten_training)}
    # The engine works on as many things at once as there are cores; its libraries need not do so as well.
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return Part("gt-engine", command, environment=environment, logs=logs, keep_open=[lock])


def _takes_calls(engine: Part) -> bool:
    """gt-engine's first line of output is `{"url": …}`, once it does."""
    return '{"url": ' in engine.output()


def _own_engine(url: str, shorten_training: int) -> dict[str, str]:
    seconds = os.environ.get("GT_ENGINE_CORRECTION_SECONDS", "30")
    return {"EnginePublicUrl": url, "EngineShortenTraining": str(shorten_training), "EngineCorrectionSeconds": seconds}


def _start_door(endpoint_url: str, function_url: str, port: int, logs: Path, lock: int) -> Part:
    """What stands in for the name and the TLS that AWS gives a function URL."""
    name = function_url.removeprefix("https://").partition(".")[0]
    to = f"{endpoint_url}/_aws/lambda-url/{name}"
    command = module("gt_cli.function_door", "--port", str(port), "--to", to)
    return Part("engine-url", command, environment=child_environment(), logs=logs, keep_open=[lock])


def _token(session: LocalSession, table: str, memory: Memory | None) -> str:
    """The owner's token: the one of last time, as long as it is good for another day."""
    dynamodb = session.client("dynamodb")
    now = datetime.now(UTC)
    if memory and is_valid(dynamodb, table, memory.token, now + timedelta(days=1)):
        return memory.token
    return issue(dynamodb, table, "operator", principal="you", expires=now + TOKEN_LIFETIME)


def _keys(session: LocalSession, outside: Exposure | None, *, serverless: bool) -> tuple[str, str] | None:
    """The pair that calls of the engine are signed with, kept where the functions look for it; None for none."""
    if serverless:
        return engine_keys(session, stack_name("local"), key_id=ACCOUNT)
    if outside is None:
        return None
    name = f"/{stack_name('local')}/engine-keys"
    value = json.dumps({outside.key_id: outside.secret})
    session.client("ssm").put_parameter(Name=name, Type="SecureString", Value=value, Overwrite=True)
    return outside.key_id, outside.secret


def _save(endpoint_url: str) -> None:
    """Everything deployed so far is kept from here on. Errors: StackError."""
    answer = httpx.post(f"{endpoint_url}/_gt_service/snapshot", timeout=120)
    if not answer.is_success:
        raise StackError(f"the local stack cannot keep its state: {answer.text}")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False
