"""What a key of the inbox bucket is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from gt_service.campaign.values import is_campaign_name
from gt_service.errors import quoted
from gt_service.records import NOWHERE

SPEC_FILES = frozenset({"campaign.yaml", "campaign.yml", "campaign.json"})
_NEVER_INGESTED = ("gold/", "examples/", "models/")
_NEARLY_A_SPEC = re.compile(r"campaign.*\.(ya?ml|json)(\.txt)?", re.IGNORECASE | re.DOTALL)
_COMES_ALONG = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""What file managers leave in folders, unseen by whoever uploads them."""


class Purpose(StrEnum):
    SPEC = "spec"
    IMAGE = "image"
    """An image, or something that its owner has to be told is none."""
    LABELS = "labels"
    """Labels that somebody has already."""
    OTHER = "other"
    """Gold labels, example images, models, empty objects that stand for folders, what file managers leave behind."""


@dataclass(frozen=True)
class Rejection:
    """Why an upload is not sent to people, and what its owner can do."""

    reason: str
    remedy: str


_LABELS = re.compile(r"labels/(?P<name>[^/]+)\.manifest")
_IMPORT_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}")
_MISNAMED = Rejection(
    "the name of a file of labels has up to 64 letters, digits, dots, - and _",
    "Upload it again under such a name, with .manifest behind it.",
)


@dataclass(frozen=True)
class Key:
    purpose: Purpose
    campaign: str
    problem: Rejection | None = None


def classify(key: str, size: int) -> Key:
    """The campaign that a key belongs to, and what it is there."""
    folder, slash, rest = key.partition("/")
    name = key.rpartition("/")[2]
    if (key.endswith("/") and size == 0) or _came_along(key, name):
        return Key(Purpose.OTHER, folder if is_campaign_name(folder) else NOWHERE)
    is_nearly_a_spec = _NEARLY_A_SPEC.fullmatch(name) is not None
    place = "birds/campaign.yaml" if is_nearly_a_spec else "birds/images/"
    below = f"Upload it again below a campaign's folder, such as {place}."
    if not slash:
        return Key(Purpose.IMAGE, NOWHERE, Rejection("it lies in no campaign's folder", below))
    if not is_campaign_name(folder):
        rule = "up to 40 of a-z, 0-9 and -, with no - at either end"
        return Key(
            Purpose.IMAGE, NOWHERE, Rejection(f"its folder {quoted(folder)} is no campaign name ({rule})", below)
        )
    if rest in SPEC_FILES:
        return Key(Purpose.SPEC, folder)
    labels = _LABELS.fullmatch(rest)
    if labels is not None:
        is_named = _IMPORT_NAME.fullmatch(labels["name"]) is not None
        return Key(Purpose.LABELS, folder) if is_named else Key(Purpose.IMAGE, folder, _MISNAMED)
    if rest.startswith(_NEVER_INGESTED):
        return Key(Purpose.OTHER, folder)
    if is_nearly_a_spec:
        reason = f"it is called like a campaign spec, and those lie at {folder}/campaign.yaml, .yml or .json"
        return Key(Purpose.IMAGE, folder, Rejection(reason, f"Upload it again as {folder}/campaign.yaml."))
    return Key(Purpose.IMAGE, folder)


def import_name(key: str) -> str:
    """What a file of labels is called among a campaign's imports."""
    return key.rpartition("/")[2].removesuffix(".manifest")


def _came_along(key: str, name: str) -> bool:
    """Files of the system of whoever uploaded a folder: never images, and in every folder of some."""
    return name.lower() in _COMES_ALONG or name.startswith("._") or "__MACOSX/" in key
