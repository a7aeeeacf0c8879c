"""What an ended labeling job left unlabeled: the follow-up sends that, and nothing that is labeled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gt_service.ingest.manifests import CONTENT_TYPE, follow_up_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.files import find_files
from gt_service.outputs.records import auto_label, consolidated, label_record, manifest_object


def labeled_numbers(objects: ObjectStore, description: Mapping[str, Any]) -> set[int]:
    """Line numbers, from 0, of the objects that the job labeled.

    The output manifest is the final word; of a job that failed before it wrote one, its consolidations and machine
    labels are.
    """
    attribute: str = description["LabelAttributeName"]
    files = find_files(objects, description)
    if files.manifest is not None:
        lines = enumerate(objects.lines(files.manifest))
        return {number for number, line in lines if line.strip() and label_record(manifest_object(line), attribute)}
    labeled = set[int]()
    for file in files.responses:
        labeled |= {int(number) for number, _ in consolidated(objects.read(file.uri), attribute)}
    for _, uri in files.machine:
        found = (auto_label(line) for line in objects.lines(uri))
        labeled |= {int(each[0]) for each in found if each is not None and label_record(each[1], attribute)}
    return labeled


def write_follow_up(objects: ObjectStore, manifest: S3Uri, labeled: set[int], follow_up: S3Uri) -> int:
    """Writes the manifest of what is left and returns its number of objects; writes nothing where that is none."""
    count = sum(1 for _ in follow_up_lines(objects.lines(manifest), labeled))
    if count:
        objects.write_stream(follow_up, follow_up_lines(objects.lines(manifest), labeled), CONTENT_TYPE)
    return count
