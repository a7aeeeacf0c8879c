"""What the service keeps, as frozen values, and what follows from them alone: names, states, where an image goes. Pure.

The floor below `store`, which writes them, and below `chain`, which decides by them.
"""

from gt_service.records.campaigns import Campaign, Import, Verdict, WaitsFor
from gt_service.records.images import NOWHERE, Image, ImageStatus, Member, Pending, Walk
from gt_service.records.jobs import Batch, Job
from gt_service.records.tokens import Token

__all__ = [
    "NOWHERE",
    "Batch",
    "Campaign",
    "Image",
    "ImageStatus",
    "Import",
    "Job",
    "Member",
    "Pending",
    "Token",
    "Verdict",
    "WaitsFor",
    "Walk",
]
