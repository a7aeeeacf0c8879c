"""The HTTP API as an OpenAPI 3.1 document: what `/openapi.json` answers and docs/reference/http-api.md is made of.

Tests hold the operations against the app's routes, and the models against what the API really shows.
"""

from gt_service.openapi.document import document
from gt_service.openapi.operations import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation", "document"]
