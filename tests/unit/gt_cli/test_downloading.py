"""A bucket's folder on a disk."""

from __future__ import annotations

from pathlib import Path

from gt_cli.exporting import download
from gt_service.objects import S3Uri
from tests.fakes import MemoryObjects


def test_objects_are_laid_out_as_in_the_bucket(tmp_path: Path) -> None:
    objects = MemoryObjects({"s3://r/birds/a/b:c.json": b"1", "s3://r/birds/d.json": b"2", "s3://r/birdsong/e": b"3"})
    assert download(objects, S3Uri("r", "birds/"), tmp_path) == 2
    assert (tmp_path / "a" / "b:c.json").read_bytes() == b"1"
    assert not (tmp_path / "e").exists()
