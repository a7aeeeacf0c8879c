"""A label that the owner puts right, on an image's page or by the API."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.page_data import page_data
from gt_service.campaign.values import unusable_character
from gt_service.errors import Conflict, InvalidInput
from gt_service.gallery.correcting import LONGEST_TEXT, corrected_label
from gt_service.gallery.looking import Filter
from gt_service.objects import S3Uri
from gt_service.outputs.corrections import Correction, corrections_of, write_correction
from gt_service.records.names import Places

_FIELDS = {"image", "source", "label", "replaces", "why"}


def correct(campaign: str, body: Any, *, by: str) -> Correction:
    """Keeps the correction and has the labels written anew. Errors: `InvalidInput`, `NotFound`; `Conflict` where the
    image was corrected since the caller saw it: nothing is written over unseen."""
    if not isinstance(body, dict) or not {"image", "label"} <= set(body) <= _FIELDS:
        raise InvalidInput("a correction has image and label, and may have source, replaces and why", field="image")
    texts = {name: body.get(name, "") for name in ("image", "source", "replaces", "why")}
    for field, text in texts.items():
        if not isinstance(text, str) or len(text) > LONGEST_TEXT or unusable_character(text, but="\t\n\r"):
            raise InvalidInput(
                f"{field} is a text of at most {LONGEST_TEXT:,} characters, none of them a control character",
                field=field,
            )
    spec = wiring.store().campaigns.get(campaign).demanded_spec
    objects, root = wiring.objects(), Places(wiring.settings().deployment.results_bucket, campaign).root
    labeled = page_data().gallery_image(campaign, None, Filter(), texts["image"])
    row, now = labeled.image.row, wiring.now()
    if texts["source"] not in {"", row["source"]}:
        raise Conflict("this is another image by now", remedy="Load the page again.", field="source")
    label = corrected_label(
        body["label"],
        row=row,
        attribute=spec.label_attribute,
        task=spec.task,
        labels=spec.labels,
        by=by,
        at=now,
    )
    _check_seen(labeled.history, texts["replaces"])
    image = wiring.store().images.get(campaign, S3Uri.parse(row["source"]).key)
    if image is not None and image.replaced_after_batch:
        raise Conflict(
            "another file has come under this image's name since it was labeled; the label is of the one before",
            remedy="Upload the new file under another name.",
        )
    replaced = {"job": row.get("job") or labeled.image.id.rpartition(".")[0], "correction": texts["replaces"]}
    correction = write_correction(
        objects,
        root,
        source=row["source"],
        label=label,
        by=by,
        at=now,
        why=texts["why"],
        replaces=replaced,
        picture="" if image is None else image.fingerprint,
    )
    wiring.store().campaigns.labels_changed(campaign)
    wiring.QueueSignals().ask_labels(campaign)
    # Closes: two who saved in the same moment, neither of whom saw the other. Both corrections are kept.
    history = corrections_of(objects, root, row["source"])
    siblings = [each for each in history if each.replaces.get("correction") == texts["replaces"]]
    if len(siblings) > 1:
        raise Conflict(
            f"{', '.join(sorted({each.by for each in siblings}))} corrected this image in the same moment; the one of"
            f" {history[-1].by} holds, and the others are in its history",
            remedy="Load the page again and see whether it is right.",
        )
    return correction


def _check_seen(history: tuple[Correction, ...], seen: str) -> None:
    last = history[-1] if history else None
    if (last.name if last else "") != seen:
        who = f"{last.by} corrected it at {last.at:%H:%M} UTC" if last else "it has no correction of that name"
        raise Conflict(
            f"this is not the image's label any more: {who}",
            remedy="Load the page again, look at the label, and correct that one.",
            field="replaces",
        )
