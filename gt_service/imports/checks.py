"""Whether imported labels are right: a share of their images, by chance, is asked of people who do not see the label.

Such an image goes into a batch as any other, with the label from before beside it in the manifest; what people say of
it holds, and the job's report tells how well both agree.
"""

from __future__ import annotations

from typing import Any

from gt_service.outputs.records import CHECKED, JsonObject, attribute_of, metadata_key
from gt_service.records.names import drawn


def is_chosen(share: float, campaign: str, key: str) -> bool:
    """Whether an image is one of the share: by its name alone, whatever its label."""
    return drawn(f"{campaign}/{key}") < share


def beside(line: JsonObject, attribute: str) -> dict[str, Any]:
    """What goes into the manifest for the imported line of an image, under the job's label attribute."""
    name = attribute_of(line)
    return {attribute + CHECKED: {"label": line[name], "metadata": line[metadata_key(name)]}}
