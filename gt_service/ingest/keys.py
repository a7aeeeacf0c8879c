"""What a key of the inbox bucket is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from gt_service.store.records import NOWHERE

SPEC_FILES = frozenset({"campaign.yaml", "campaign.yml", "campaign.json"})
_NEVER_INGESTED = ("gold/", "examples/")
_CAMPAIGN = re.compile(r"(?=.{1,40}$)[a-z0-9](-*[a-z0-9])*")


class Purpose(StrEnum):
    SPEC = "spec"
    IMAGE = "image"
    """An image, or something that its owner has to be told is none."""
    OTHER = "other"
    """Gold labels, example images, the empty objects that stand for folders."""


@dataclass(frozen=True)
class Key:
    purpose: Purpose
    campaign: str
    problem: str | None = None


def classify(key: str, size: int) -> Key:
    """The campaign that a key belongs to, and what it is there."""
    folder, slash, rest = key.partition("/")
    if key.endswith("/") and size == 0:
        return Key(Purpose.OTHER, folder)
    if not slash:
        return Key(Purpose.IMAGE, NOWHERE, "it lies in no campaign's folder")
    if not _CAMPAIGN.fullmatch(folder):
        problem = f"its folder {folder!r} is no campaign name (up to 40 of a-z, 0-9 and -, with no - at either end)"
        return Key(Purpose.IMAGE, NOWHERE, problem)
    if rest in SPEC_FILES:
        return Key(Purpose.SPEC, folder)
    return Key(Purpose.OTHER if rest.startswith(_NEVER_INGESTED) else Purpose.IMAGE, folder)
