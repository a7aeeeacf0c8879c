"""The campaign spec: what a user writes once, in YAML or JSON, and everything else follows from.

`parse_spec` reads a file and answers with a `CampaignSpec` or with `SpecErrors`, one error per field.
"""

from gt_service.campaign.reading import MAX_SPEC_BYTES, parse_spec
from gt_service.campaign.spec import TITLE_PATTERN, BatchRule, CampaignSpec, Instructions, Quality, Stopping

__all__ = [
    "MAX_SPEC_BYTES",
    "TITLE_PATTERN",
    "BatchRule",
    "CampaignSpec",
    "Instructions",
    "Quality",
    "Stopping",
    "parse_spec",
]
