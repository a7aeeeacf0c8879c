"""What a job is to learn of labels that were put right: lines behind its objects, as labels that were imported are.

A model keeps the labels that it has learnt from and hands them to the next job, the wrong ones too; a labeled line of
the same image takes the place of its old label there, and one whose label was taken out has it forgotten. gt-engine
learns from such lines, and asks nobody about them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from gt_service.corrections.files import (
    Correction,
    Corrections,
    Labeled,
    label_attribute,
    laid_over,
    read_corrections,
)
from gt_service.manifests import CONTENT_TYPE, MOST_LEARNT, fits, json_lines
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import JsonObject, manifest_objects, source, taken_out
from gt_service.records import Job
from gt_service.records.names import Places

CLOCKS = timedelta(minutes=10)
"""Functions' clocks differ, and a correction is written a moment after its time: what may have been too late for the
job before is brought again."""


def manifest_with_corrections(
    objects: ObjectStore, places: Places, job: Job, attribute: str, since: datetime | None, replaced: Collection[str]
) -> S3Uri:
    """A new job's manifest as it is, or another one that holds what was put right.

    attribute: the label attribute. since: when the job was planned whose model this one starts from; None where it
    starts from no model of the chain, so that there is nothing to put right but labels that come with the manifest.
    replaced: keys of images whose file is another one by now; whoever learns would look at that.
    """
    manifest = S3Uri.parse(job.manifest_uri)
    written = read_corrections(objects, places.root).items()
    corrections = {source: own for source, own in written if S3Uri.parse(source).key not in replaced}
    learnt = () if since is None else to_learn(corrections, attribute, since - CLOCKS)
    comes_with_labels = manifest == places.labeled_manifest(job.batch)
    if not learnt and not (corrections and comes_with_labels):
        return manifest
    # Named by what is put right: of two who plan the job at the same time, none writes over the other's.
    last = sorted(own[-1].name for own in corrections.values())
    uri = places.corrected_manifest(manifest, sha256("\n".join(last).encode()).hexdigest()[:12])
    corrected = corrected_lines(manifest_objects(objects.lines(manifest)), attribute, corrections, learnt)
    objects.write_stream(uri, json_lines(corrected), CONTENT_TYPE)
    return uri


def to_learn(corrections: Corrections, attribute: str, since: datetime) -> Sequence[Correction]:
    """What was put right or taken out since, one of each image; the newest `MOST_LEARNT`, oldest first. Pure."""
    last = (own[-1] for own in corrections.values())
    taught = [each for each in last if each.at >= since and _is_to_learn(each, attribute)]
    return sorted(taught, key=lambda each: each.name)[-MOST_LEARNT:]


def corrected_lines(
    lines: Iterable[JsonObject], attribute: str, corrections: Corrections, learnt: Sequence[Correction]
) -> Iterator[JsonObject]:
    """Objects that are asked about stay as they are; labels that came with the manifest are put right, or left out; and
    behind them is what is to be learnt of other images. Pure."""
    known = set[str | None]()
    for line in lines:
        right = laid_over(line, attribute, corrections) if attribute in line else Labeled(line, attribute)
        if right is not None:
            known.add(source(line))
            yield right.line
    yield from (_line(each, attribute) for each in learnt if each.source not in known)


def _is_to_learn(correction: Correction, attribute: str) -> bool:
    if correction.label is not None and label_attribute(correction.label) != attribute:
        return False
    return fits(_line(correction, attribute))


def _line(correction: Correction, attribute: str) -> JsonObject:
    label = taken_out(attribute) if correction.label is None else correction.label
    return {"source-ref": correction.source, **label}
