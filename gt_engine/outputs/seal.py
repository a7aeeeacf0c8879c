"""The certificate of a job: which labels, models, tests and settings belong together, signed. Pure.

`<root>/certificate.json` = {"certificate": {…}, "signature": {"algorithm": "Ed25519", "public-key": …, "value": …}}

The signature is of the certificate in the form that `signed_form` gives it. Whoever changes a file, a price, the test
or delta can no longer sign what he made of it as the engine did: `gt-service verify` finds it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM = "Ed25519"
Json = Mapping[str, Any]


def signed_form(certificate: Json) -> bytes:
    """The bytes that are signed: the same for the same content, however it was written."""
    return json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sealed(certificate: Json, key: Ed25519PrivateKey) -> bytes:
    """The document with its signature, as it is written."""
    signature = {
        "algorithm": ALGORITHM,
        "public-key": b64encode(key.public_key().public_bytes_raw()).decode(),
        "value": b64encode(key.sign(signed_form(certificate))).decode(),
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
        public, signed = Ed25519PublicKey.from_public_bytes(b64decode(key)), b64decode(value)
    except (ValueError, KeyError, TypeError):
        return ["this is no certificate of a job"]
    if algorithm != ALGORITHM:
        return [f"it is signed by {algorithm}, which is not known here"]
    found = []
    try:
        public.verify(signed, signed_form(certificate))
    except InvalidSignature:
        found.append("the certificate was changed after it was signed")
    if public_key is not None and public_key != key:
        found.append(f"it was signed with the key {key}, not with {public_key}")
    for path, expected in files:
        actual = digest(path)
        if actual is None:
            found.append(f"{path} is gone")
        elif actual != expected:
            found.append(f"{path} is not what it was when the job ended")
    return found
