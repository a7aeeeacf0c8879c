"""A stack without the app: MiniStack and one engine, on free ports, stopped at the end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from gt_cli.stack import LocalSession, child_environment, free_port
from tests.engine import ACCOUNT, BUCKET
from tests.engine_server import Engine, answers
from tests.waiting import soon


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSession]:
    """MiniStack, and a session whose clients reach it."""
    work = tmp_path_factory.mktemp("aws")
    port = free_port(0)
    environment = child_environment() | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "STATE_DIR": str(work / "state"),
        "TMPDIR": str(work),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    with (work / "ministack.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        soon(lambda: answers(f"{url}/_ministack/health"), 120)
        session = LocalSession(url)
        session.client("s3").create_bucket(Bucket=BUCKET)
        yield session
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def engine(aws: LocalSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests that do not hurt it."""
    running = Engine(
        aws.endpoint_url, tmp_path_factory.mktemp("engine"), environment={"GT_ENGINE_SHORTEN_TRAINING": "10"}
    ).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def name() -> str:
    """A job name that no other test has."""
    return f"job-{uuid4().hex[:12]}"
