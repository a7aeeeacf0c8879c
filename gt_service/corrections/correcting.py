"""Keeps a label that somebody puts right, and has the campaign's labels written anew."""

from __future__ import annotations

from datetime import datetime

from gt_service.campaign import CampaignSpec
from gt_service.corrections.files import Correction, corrections_of, write_correction
from gt_service.corrections.form import Asked, LabelNow, corrected_label
from gt_service.errors import Conflict
from gt_service.objects import ObjectStore, S3Uri
from gt_service.outputs.records import JsonObject
from gt_service.records import Image
from gt_service.records.names import Places
from gt_service.signals import Signals
from gt_service.store import Store


class Correcting:
    def __init__(self, store: Store, objects: ObjectStore, signals: Signals, results_bucket: str) -> None:
        self._store, self._objects, self._signals, self._bucket = store, objects, signals, results_bucket

    def correct(
        self, campaign: str, label_now: LabelNow, asked: Asked, *, by: str, at: datetime, token: str
    ) -> Correction:
        """Keeps the correction. token: chance, see `write_correction`.

        Errors: `InvalidInput` for a label that is none here; `Conflict` where the image was corrected or replaced since
        the caller saw it: nothing is written over unseen.
        """
        spec = self._store.campaigns.get(campaign).demanded_spec
        _check_image(asked, label_now)
        label = _label(spec, label_now, asked, by=by, at=at)
        _check_seen(label_now.history, asked.replaces)
        image = self._store.images.get(campaign, S3Uri.parse(label_now.source).key)
        _check_file(image)
        root = Places(self._bucket, campaign).root
        correction = write_correction(
            self._objects,
            root,
            source=label_now.source,
            label=label,
            by=by,
            at=at,
            token=token,
            why=asked.why,
            replaces={"job": label_now.job, "correction": asked.replaces},
            picture="" if image is None else image.fingerprint,
        )
        self._store.campaigns.labels_changed(campaign)
        self._signals.ask_labels(campaign)
        # Closes: two who saved in the same moment, neither of whom saw the other. Both corrections are kept.
        _check_alone(corrections_of(self._objects, root, label_now.source), asked.replaces)
        return correction


def _label(spec: CampaignSpec, label_now: LabelNow, asked: Asked, *, by: str, at: datetime) -> JsonObject | None:
    known = list(dict.fromkeys([*spec.labels, *label_now.classes]))
    return corrected_label(
        asked.label,
        task=spec.task,
        attribute=spec.label_attribute,
        known=known,
        size=label_now.size,
        by=by,
        at=at,
    )


def _check_image(asked: Asked, label_now: LabelNow) -> None:
    if asked.source not in {"", label_now.source}:
        raise Conflict("this is another image by now", remedy="Load the page again.", field="source")


def _check_seen(history: tuple[Correction, ...], seen: str) -> None:
    last = history[-1] if history else None
    if (last.name if last else "") != seen:
        who = f"{last.by} corrected it at {last.at:%H:%M} UTC" if last else "it has no correction of that name"
        raise Conflict(
            f"this is not the image's label any more: {who}",
            remedy="Load the page again, look at the label, and correct that one.",
            field="replaces",
        )


def _check_file(image: Image | None) -> None:
    if image is not None and image.replaced_after_batch:
        raise Conflict(
            "another file has come under this image's name since it was labeled; the label is of the one before",
            remedy="Upload the new file under another name.",
        )


def _check_alone(history: tuple[Correction, ...], replaced: str) -> None:
    siblings = [each for each in history if each.replaces.get("correction") == replaced]
    if len(siblings) > 1:
        raise Conflict(
            f"{', '.join(sorted({each.by for each in siblings}))} corrected this image in the same moment; the one of"
            f" {history[-1].by} holds, and the others are in its history",
            remedy="Load the page again and see whether it is right.",
        )
