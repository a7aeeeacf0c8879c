"""The certificate of a job: which labels, models, tests and settings belong together, signed. Pure.

`<root>/certificate.json` = {"certificate": {…}, "signature": {"algorithm": …, "public-key": …, "value": …}}

algorithm: `Ed25519`, by a key of the engine's own, public-key as raw bytes; or `ECDSA_SHA_256`, KMS's name of ECDSA on
P-256 with SHA-256, by a key in AWS KMS, over the SHA-256 of what is signed (KMS takes short texts), public-key in DER
as KMS gives it. All in base64; nobody needs AWS to check either.

The signature is of the certificate in the form that `signed_form` gives it. Whoever changes a file, a price, the test
or delta can no longer sign what he made of it as the engine did: `gt-service verify` finds it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

OWN, KMS = "Ed25519", "ECDSA_SHA_256"
Json = Mapping[str, Any]


class Signer(Protocol):
    """Whoever signs certificates."""

    @property
    def algorithm(self) -> str: ...

    def public_key(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class OwnKey:
    """A key that the engine keeps itself."""

    key: Ed25519PrivateKey
    algorithm: str = OWN

    @classmethod
    def of(cls, key: bytes) -> OwnKey:
        """key: 32 bytes, any."""
        return cls(Ed25519PrivateKey.from_private_bytes(key))

    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


def signed_form(certificate: Json) -> bytes:
    """The bytes that are signed: the same for the same content, however it was written."""
    return json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(certificate: Json, signer: Signer) -> bytes:
    """The document with its signature, as it is written."""
    signature = {
        "algorithm": signer.algorithm,
        "public-key": b64encode(signer.public_key()).decode(),
        "value": b64encode(signer.sign(signed_form(certificate))).decode(),
    }
    return json.dumps({"certificate": certificate, "signature": signature}, indent=1, ensure_ascii=False).encode()


def problems(document: bytes, digest: Callable[[str], str | None], *, public_key: str | None = None) -> list[str]:
    """What does not belong together; empty where all does.

    digest: SHA-256 of the file at a path below the job's folder, in hexadecimal; None where it is gone.
    public_key: the engine's own, as it was told by another way. Without it anybody who has the files could have signed
    other ones anew.
    """
    try:
        parts = json.loads(document)
        certificate, signature = parts["certificate"], parts["signature"]
        algorithm, key, value = signature["algorithm"], signature["public-key"], signature["value"]
        files = [(str(file["path"]), str(file["sha256"])) for file in certificate["files"]]
        public, signed = b64decode(key), b64decode(value)
        if algorithm not in {OWN, KMS}:
            return [f"it is signed by {algorithm}, which is not known here"]
        check = _own(public) if algorithm == OWN else _of_kms(public)
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        return ["this is no certificate of a job"]
    broken = []
    try:
        check(signed, signed_form(certificate))
    except InvalidSignature:
        broken.append("the certificate was changed after it was signed")
    if public_key is not None and public_key != key:
        broken.append(f"it was signed with the key {key}, not with {public_key}")
    for path, expected in files:
        actual = digest(path)
        if actual is None:
            broken.append(f"{path} is gone")
        elif actual != expected:
            broken.append(f"{path} is not what it was when the job ended")
    return broken


def _own(public: bytes) -> Callable[[bytes, bytes], None]:
    return Ed25519PublicKey.from_public_bytes(public).verify


def _of_kms(public: bytes) -> Callable[[bytes, bytes], None]:
    """Errors: `ValueError` for a key of another kind."""
    key = load_der_public_key(public)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("no key on the curve P-256")
    return lambda signature, message: key.verify(signature, sha256(message).digest(), ec.ECDSA(SHA256()))
