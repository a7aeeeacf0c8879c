"""S3's files: two an object, its bytes and a sidecar `<file>.meta.json`, which MiniStack replaces one after the other.

<folder>/<account>/<bucket>/<key>                         the current version
<folder>/.versions/<account>/<bucket>/<version>/<key>     the bytes of those before it
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from gt_cli.ministack.files import sync

SIDECAR = ".meta.json"
VERSIONS = ".versions"

log = logging.getLogger(__name__)


def write(path: str, data: bytes | str) -> None:
    """Replaces a file; whoever looks, and whatever fails, finds the old bytes or the new.

    The bytes are on the disk before they take the old ones' name: a power cut in between would otherwise leave an
    empty file where an object was that has been answered for. The folder itself is synced before the answer.
    """
    unfinished = f"{path}.tmp"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            sync(file.fileno())
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    os.replace(unfinished, path)


def undo_half_written(folder: Path) -> int:
    """Takes back the writes that a kill fell into, none of which was answered; says how many there were.

    The sidecar is written after the bytes. Bytes without one are a new object's, and go. Bytes that are younger than
    their sidecar have replaced a version whose bytes were put aside before, and which comes back.
    """
    undone = 0
    for account in folder.glob("[0-9]*"):
        for path in _data_files(account):
            sidecar = path.with_name(path.name + SIDECAR)
            if not sidecar.exists():
                log.warning("%s was not fully written and never answered for: removed", path)
                path.unlink()
            elif path.stat().st_mtime_ns > sidecar.stat().st_mtime_ns:
                log.warning("%s was not fully replaced and never answered for: the version before is back", path)
                _bring_back(folder, account, path, sidecar)
            else:
                continue
            undone += 1
    return undone


def _data_files(account: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(account):
        for name in names:
            path = Path(parent, name)
            if name.endswith(".tmp"):
                path.unlink()
            elif not name.endswith(SIDECAR):
                yield path


def _bring_back(folder: Path, account: Path, path: Path, sidecar: Path) -> None:
    version = json.loads(sidecar.read_text("utf-8")).get("version_id") or "null"
    bucket, *key = path.relative_to(account).parts
    before = Path(folder, VERSIONS, account.name, bucket, version, *key)
    if before.is_file():
        shutil.copyfile(before, path)
        os.utime(path, ns=(sidecar.stat().st_mtime_ns, sidecar.stat().st_mtime_ns))
    else:  # a bucket without versions: the new bytes are all there is, so the sidecar must tell of them
        known = json.loads(sidecar.read_text("utf-8"))
        sidecar.write_text(json.dumps({name: known[name] for name in known.keys() - {"size", "etag"}}), "utf-8")
