"""The campaign spec: what a user writes once, in YAML or JSON, and everything else follows from.

`parse_spec` reads a file and answers with a `CampaignSpec` or with `SpecErrors`, one error per field.
"""

from gt_service.campaign.document import MAX_SPEC_BYTES
from gt_service.campaign.reading import parse_spec
from gt_service.campaign.spec import CampaignSpec

__all__ = ["MAX_SPEC_BYTES", "CampaignSpec", "parse_spec"]
