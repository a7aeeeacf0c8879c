"""Readers of what a labeling job leaves in S3 and in the training logs."""

from gt_service.outputs.job import read_job_output
from gt_service.outputs.job_output import JobOutput
from gt_service.outputs.logs import CloudWatchTrainingLogs, LogLine, TrainingLogs

__all__ = ["CloudWatchTrainingLogs", "JobOutput", "LogLine", "TrainingLogs", "read_job_output"]
