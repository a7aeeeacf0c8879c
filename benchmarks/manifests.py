"""How long manifests take, and how much memory: 10,000, 100,000 and 1,000,000 objects.

    python benchmarks/manifests.py [--out manifests.json]

Each size in a process of its own: the keys as the images table gives them (sixteen shards, in any order), sorted, made
into lines and written in parts to an S3 client that throws the parts away. Ground Truth takes 100,000 objects a job,
and so does a batch; the million shows that nothing grows but the list of keys.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

SIZES = (10_000, 100_000, 1_000_000)


class Nowhere:
    """The part of an S3 client that writes; keeps the number of bytes."""

    def __init__(self) -> None:
        self.bytes = self.parts = 0

    def put_object(self, *, Body: bytes, **_: Any) -> None:  # noqa: N803
        self.bytes, self.parts = len(Body), 1

    def create_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"UploadId": "1"}

    def upload_part(self, *, Body: bytes, **_: Any) -> dict[str, str]:  # noqa: N803
        self.bytes, self.parts = self.bytes + len(Body), self.parts + 1
        return {"ETag": "x"}

    def complete_multipart_upload(self, **_: Any) -> None:
        return


def keys(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"birds/images/2026/11/{number * 7919 % count:08}-red flower é.jpg"


def build(count: int) -> dict[str, Any]:
    from gt_service.manifests import write_manifest
    from gt_service.objects import S3Objects, S3Uri

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client: Any = Nowhere()
    begin = time.process_time()
    write_manifest(S3Objects(client), S3Uri("results", "birds/manifests/x.manifest"), "inbox", sorted(keys(count)))
    return {
        "objects": count,
        "cpu_seconds": round(time.process_time() - begin, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "of_it_before_mb": round(before / 1024),
        "manifest_mb": round(client.bytes / 1e6, 1),
        "parts": client.parts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = []
    for size in SIZES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found.append(pool.apply(build, (size,)))
    text = json.dumps(found, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
