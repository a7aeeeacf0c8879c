"""The certificate of a job: whoever buys labels must see when something was put in their place."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from gt_cli.main import cli
from gt_engine.aws import KmsKey
from gt_engine.outputs.seal import OwnKey, sealed
from tests.engine import MemoryEngineObjects, bird_inputs, memory_tools
from tests.unit.gt_engine.jobs.test_worker import NAME, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The output of a job with machine labels, as it is downloaded."""
    tools = memory_tools(tmp_path / "engine", bird_inputs(120))
    run(tools)
    for name, content in cast(MemoryEngineObjects, tools.objects).contents.items():
        _, mine, path = name.partition(f"/{NAME}/")
        if mine:
            file = tmp_path / NAME / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return tmp_path / NAME


def verified(folder: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["verify", str(folder), *options])
    return done.exit_code, " ".join(done.output.split())


def document(folder: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads((folder / "certificate.json").read_bytes()))


def test_a_job_that_nobody_touched_is_whole(folder: Path) -> None:
    certificate = document(folder)
    paths = {file["path"] for file in certificate["certificate"]["files"]}
    assert "manifests/output/output.manifest" in paths
    assert any(path.endswith("model.tar.gz") for path in paths)
    assert any(path.startswith("activelearning/validation/") for path in paths)
    assert verified(folder)[0] == 0
    assert verified(folder, "--public-key", certificate["signature"]["public-key"])[0] == 0


def test_any_file_that_was_changed_or_is_gone_is_named(folder: Path) -> None:
    for file in document(folder)["certificate"]["files"]:
        path = folder / file["path"]
        before = path.read_bytes()
        path.write_bytes(before[:-2] + b" \n")
        assert verified(folder)[0] == 1
        path.unlink()
        status, output = verified(folder)
        assert (status, "is gone" in output) == (1, True)
        path.write_bytes(before)
    assert verified(folder)[0] == 0


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("guarantee", "target"), 0.99),
        (("guarantee", "delta"), 0.001),
        (("guarantee", "method"), "finite-sample"),
        (("guarantee", "scope"), "dataset"),
        (("request", "HumanTaskConfig", "NumberOfHumanWorkersPerDataObject"), 9),
        (("request", "HumanTaskConfig", "PublicWorkforceTaskPrice"), {}),
        (("labels", "machine"), 1),
        (("files",), []),
    ],
)
def test_settings_that_were_changed_are_found(folder: Path, where: tuple[str, ...], value: Any) -> None:
    """Prices, test, delta: a better promise than was kept would be read from it."""
    changed = document(folder)
    part = changed["certificate"]
    for name in where[:-1]:
        part = part[name]
    assert part[where[-1]] != value
    part[where[-1]] = value
    (folder / "certificate.json").write_text(json.dumps(changed))
    status, output = verified(folder)
    assert (status, "changed after it was signed" in output) == (1, True)


def test_whoever_signs_anew_has_another_key(folder: Path, tmp_path: Path) -> None:
    """All hashes would be right, and the labels somebody else's."""
    before = document(folder)
    forged: Mapping[str, Any] = before["certificate"] | {"labels": {"human": 0, "machine": 0}}
    (folder / "certificate.json").write_bytes(sealed(forged, OwnKey.of(bytes(range(32)))))
    assert verified(folder)[0] == 0, "nothing tells, without the engine's own key"
    status, output = verified(folder, "--public-key", before["signature"]["public-key"])
    assert (status, "signed with the key" in output) == (1, True)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"certificate": {}}', b'{"certificate": {"files": []}, "signature": 1}']
)
def test_what_is_no_certificate_is_said_to_be_none(folder: Path, content: bytes) -> None:
    (folder / "certificate.json").write_bytes(content)
    status, output = verified(folder)
    assert (status, "no certificate" in output) == (1, True)


def test_a_folder_without_one_is_named(tmp_path: Path) -> None:
    assert verified(tmp_path)[0] != 0


def test_a_key_in_kms_signs_what_is_verified_without_aws(tmp_path: Path) -> None:
    """The key of an engine without a server would be another for every job, and prove nothing of whose it is."""
    certificate = {
        "job": "birds-0001",
        "guarantee": {"loss": "f1", "target": 0.9, "scope": "machine", "delta": 0.05, "method": "t-test"},
        "labels": {"human": 2, "machine": 3},
        "files": [{"path": "output.manifest", "sha256": sha256(b"{}").hexdigest()}],
        "request": {"long": "x" * 5_000},
    }
    (tmp_path / "output.manifest").write_bytes(b"{}")
    with mock_aws():
        kms = boto3.client("kms", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        (tmp_path / "certificate.json").write_bytes(sealed(certificate, KmsKey(kms, arn)))
        public = b64encode(kms.get_public_key(KeyId=arn)["PublicKey"]).decode()
    assert verified(tmp_path, "--public-key", public)[0] == 0
    changed = document(tmp_path)
    changed["certificate"]["labels"]["machine"] = 4
    (tmp_path / "certificate.json").write_text(json.dumps(changed))
    status, output = verified(tmp_path, "--public-key", public)
    assert (status, "changed after it was signed" in output) == (1, True)
    changed["signature"]["algorithm"] = "Ed25519"
    (tmp_path / "certificate.json").write_text(json.dumps(changed))
    assert verified(tmp_path)[0] == 1
