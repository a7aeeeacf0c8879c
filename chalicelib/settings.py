"""What the deployment tells the functions, read from the environment in this one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from gt_service.backends import backend_of
from gt_service.deployment import Deployment, region, variable
from gt_service.records.names import stage_mark
from gt_service.store import TableNames


@dataclass(frozen=True)
class Settings:
    """Names as in the template (.chalice/infrastructure.yaml)."""

    deployment: Deployment
    tables: TableNames
    batches_queue_url: str
    completions_queue_url: str
    notifications_queue_url: str
    notifications_table: str
    notifications_parameter: str
    requests_table: str
    is_local: bool
    """Whether this is the stack on a laptop."""
    engine_keys_parameter: str | None
    """Name of the parameter with the key pair for gt-engine; None with Ground Truth, and where the engine asks none."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Errors: `InvalidInput` naming the first variable that is missing."""
        value = partial(variable, environment)
        return cls(
            deployment=Deployment(
                inbox_bucket=value("GT_INBOX_BUCKET"),
                results_bucket=value("GT_RESULTS_BUCKET"),
                region=region(environment),
                role_arn=value("GT_LABELING_ROLE_ARN"),
                job_mark=stage_mark(value("GT_STAGE")),
                backend=backend_of(value("GT_BACKEND"), field="GT_BACKEND"),
            ),
            tables=TableNames(
                campaigns=value("GT_CAMPAIGNS_TABLE"),
                images=value("GT_IMAGES_TABLE"),
                batches=value("GT_BATCHES_TABLE"),
                jobs=value("GT_JOBS_TABLE"),
                tokens=value("GT_TOKENS_TABLE"),
            ),
            batches_queue_url=value("GT_BATCHES_QUEUE_URL"),
            completions_queue_url=value("GT_COMPLETIONS_QUEUE_URL"),
            notifications_queue_url=value("GT_NOTIFICATIONS_QUEUE_URL"),
            notifications_table=value("GT_NOTIFICATIONS_TABLE"),
            notifications_parameter=value("GT_NOTIFICATIONS_PARAMETER"),
            requests_table=value("GT_REQUESTS_TABLE"),
            is_local="AWS_ENDPOINT_URL" in environment,
            engine_keys_parameter=environment.get("GT_ENGINE_KEYS_PARAMETER"),
        )
