"""Structured logs: one JSON object per line, with the campaign, batch and job that it is about."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import utils

logger = Logger(service="gt-service")
utils.copy_config_to_registered_loggers(source_logger=logger, include={"gt_service"})
