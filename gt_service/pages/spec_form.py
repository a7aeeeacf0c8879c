"""What the page shows on which a spec is written: the form's fields, the file beside them, and what else it may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gt_service.campaign import CampaignSpec
from gt_service.campaign.form import FIELDS, NEW, FormField, values
from gt_service.campaign.values import NAME_PATTERN
from gt_service.etags import etag_of
from gt_service.regions import TaskType


@dataclass(frozen=True)
class Input:
    """A field of the form with what it shows. options: of what may be chosen, or is suggested."""

    field: FormField
    value: str
    options: Sequence[str] = ()


def spec_page(
    name: str | None, file: Mapping[str, Any], *, teams: Sequence[str] = (), pending: int = 0
) -> dict[str, Any]:
    """name: None of a campaign that is not there yet. file: as `GET /campaigns/{name}/spec` answers it. pending: images
    that wait for a batch."""
    tasks = [task.value for task in TaskType if task.facts.takes_inbox_images]
    options = {"task": tasks, "workforce": [*teams, "public"]}
    text = file["text"] or NEW  # images came first
    shown = values(text)
    return {
        "name": name,
        "name_pattern": NAME_PATTERN.strip("^$"),
        "text": text,
        "inputs": [Input(field, shown[field.path], options.get(field.path, ())) for field in FIELDS],
        "tag": "" if name is None else etag_of(file),
        "objects": pending or "",
        "fields": [(path, field.description) for path, field in CampaignSpec.model_fields.items()],
    }
