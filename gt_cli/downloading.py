"""What lies below a prefix of a bucket, as files of a folder."""

from __future__ import annotations

from pathlib import Path

from gt_service.objects import ObjectStore, S3Uri
from gt_service.parallel import in_parallel


def download(objects: ObjectStore, prefix: S3Uri, folder: Path) -> int:
    """Copies all objects below a prefix into a folder, their keys as paths; answers how many."""

    def fetch(uri: S3Uri) -> None:
        target = folder / uri.key.removeprefix(prefix.key).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(objects.read(uri))

    uris = (summary.uri for summary in objects.list(prefix))
    return sum(1 for _ in in_parallel(fetch, uris))
