"""What changes when people label from other machines: the engine is reached by a network, so its API wants keys.

Pages for people ask for a session in any case; the SageMaker API takes unsigned calls on the loopback interface alone.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from gt_service.errors import InvalidInput

KEYS = "engine-keys.json"
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what a user may ask for
OUTSIDE = ("192.0.2.1", 9)  # reserved for documentation: nothing is sent there


@dataclass(frozen=True)
class Exposure:
    """An interface beyond loopback, and the key pair that calls of the engine's API are signed with.

    address  what browsers on other machines use
    """

    host: str
    address: str
    key_id: str
    secret: str
    keys: Path

    def url(self, port: int) -> str:
        """Where browsers on other machines reach the engine."""
        return f"http://[{self.address}]:{port}" if ":" in self.address else f"http://{self.address}:{port}"

    def arguments(self, port: int) -> list[str]:
        """For gt-engine."""
        keys = ["--access-keys", str(self.keys)]
        return ["--host", self.host, *keys, "--public-url", self.url(port), "--insecure-sign-in"]


def exposure(host: str, folder: Path) -> Exposure | None:
    """None for this machine alone. Errors: `InvalidInput` for a host that is no address of this machine."""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise InvalidInput(
            f"{host!r} is no address", remedy="Give one of this machine's, such as 192.168.1.20.", field="host"
        ) from None
    if address.is_loopback:
        return None
    _check_is_ours(host)
    key_id, secret = _pair(folder / KEYS)
    return Exposure(host, _outside_address() if host in ANYWHERE else host, key_id, secret, folder / KEYS)


def _check_is_ours(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise InvalidInput(
                f"this machine has no address {host}: {error.strerror}",
                remedy="`ip address` (macOS: ifconfig) lists those that it has.",
                field="host",
            ) from None


def _outside_address() -> str:
    """This machine's address on its way out; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(OUTSIDE)
        except OSError:
            raise InvalidInput(
                "this machine is on no network", remedy="Give the address that others reach it at.", field="host"
            ) from None
        return str(probe.getsockname()[0])


def _pair(path: Path) -> tuple[str, str]:
    """The pair of this folder, the same at every start, for its owner's eyes."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({f"GTLOCAL{secrets.token_hex(6).upper()}": secrets.token_urlsafe(32)}, file)
    ((key_id, secret),) = json.loads(path.read_text("utf-8")).items()
    return key_id, secret
