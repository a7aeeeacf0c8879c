"""The local stack's processes and what they are told."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from gt_cli.stack import LocalSession, Part, StackError, child_environment, free_port, kept_port
from tests.waiting import soon


def test_nothing_of_the_users_aws_settings_reaches_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://somewhere.else")
    environment = child_environment("http://127.0.0.1:1")
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & set(environment)


def test_the_stacks_own_clients_ignore_the_users_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://somewhere.else")
    client = LocalSession("http://127.0.0.1:1").client("s3")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"


def test_a_taken_port_is_not_taken_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(usual=port) != port


def test_two_stacks_that_start_at_once_take_different_ports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The second would talk to the first, and each would find the other's campaigns."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    usual = free_port(0)
    with kept_port(usual) as one, kept_port(usual) as two:
        assert one == usual != two
    with kept_port(usual) as later:
        assert later == usual


def test_a_part_that_dies_says_what_it_said_and_where_its_log_is(tmp_path: Path) -> None:
    part = _python(tmp_path, "import sys; print('no such table', file=sys.stderr); sys.exit(3)")
    soon(lambda: part._process.poll() is not None)
    with pytest.raises(StackError, match="no such table") as failed:
        part.check()
    assert str(tmp_path / "part.log") in failed.value.message


def test_stopping_a_part_stops_what_it_has_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    part = _python(
        tmp_path,
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(child)!r}, 'w').write(str(p.pid))\n"
        "time.sleep(60)",
    )
    soon(lambda: child.exists() and child.read_text() != "")
    part.stop()
    soon(lambda: not _runs(int(child.read_text())))


def _python(logs: Path, program: str) -> Part:
    return Part("part", [sys.executable, "-c", program], environment=dict(os.environ), logs=logs)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # gone, but for the one who ought to collect it
