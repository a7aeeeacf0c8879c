"""Creates labeling jobs from the spec that their worst case was taken from.

A job's name makes a second one impossible, so that trying again is always safe.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ParamValidationError

from gt_service.campaign import CampaignSpec
from gt_service.chain.instructions import instruction_template
from gt_service.chain.labeling_jobs import LabelingJobs
from gt_service.chain.next_jobs import model_arn, model_name
from gt_service.chain.request import job_request, label_category_config
from gt_service.chain.reviews import spec_of
from gt_service.chain.sample_boxes import examples_picture
from gt_service.deployment import Deployment
from gt_service.errors import AccessDenied, GtServiceError, InvalidInput, NotFound
from gt_service.objects import ObjectStore, is_there, write_json
from gt_service.outputs.labels import Boxes, Label
from gt_service.outputs.records import gold_lines
from gt_service.records import Campaign, Job
from gt_service.records.names import Places
from gt_service.reports.quality import gold_label
from gt_service.store import Store

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeLabelingJobResponseTypeDef

logger = logging.getLogger(__name__)

_DEFINITE_REFUSALS = {
    "ValidationException": "Correct what the message names.",
    "AccessDeniedException": "Let the service's role do this.",
    "ResourceLimitExceeded": "Wait for other labeling jobs to end, or ask AWS for a higher limit.",
    "ResourceNotFound": "Correct the ARN that the message names.",
}
"""Answers after which no job was created; the same request would be refused again. Anything else may have taken
effect, and is simply tried again: the job's name makes a second one impossible."""


_GOLD_LINES = 1_000
"""Read of the gold labels: a mistake in the names is in the first of them."""


class _RefusalError(Exception):
    """Says why the same request would be refused again."""


class JobCreation:
    def __init__(
        self,
        store: Store,
        objects: ObjectStore,
        labeling_jobs: LabelingJobs,
        deployment: Deployment,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._objects, self._labeling_jobs = store, objects, labeling_jobs
        self._deployment, self._now = deployment, now

    def keep_spec(self, job: Job, campaign: Campaign) -> None:
        """A job is created from the spec that its worst case was taken from, whatever the campaign's is by then."""
        text = campaign.demanded_spec.model_dump_json(indent=2)
        self._objects.write(self._places(job).of_spec(job.revision, "campaign.json"), text.encode(), "application/json")

    def create(self, job: Job, campaign: Campaign) -> DescribeLabelingJobResponseTypeDef | None:
        """What SageMaker says of the job that it now has; None where it was refused.

        Errors: `NotFound` where SageMaker took it and does not show it yet; whatever AWS raises that may pass.
        """
        try:
            self._ask_for(job)
            return self._created(job)
        except _RefusalError as refusal:
            self._refuse(job, campaign, str(refusal))
            return None

    def _ask_for(self, job: Job) -> None:
        try:
            spec = spec_of(job, self._objects, self._places(job))
            self._write_spec_files(job, spec)
            request = job_request(job, spec, self._deployment)
        except GtServiceError as error:
            raise _RefusalError(f"{error.message}. {error.remedy}".strip()) from error
        body = json.dumps(request, indent=2).encode()
        self._objects.write(self._places(job).request(job.name), body, "application/json")
        try:
            if spec.model is not None and job.initial_model_arn == model_arn(spec, self._deployment):
                # The campaign's own model is made known to the API by the first job that starts from it.
                self._labeling_jobs.create_model(model_name(spec), spec.model, request["RoleArn"])
            self._labeling_jobs.create(request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _DEFINITE_REFUSALS:
                raise _RefusalError(f"{error.response['Error']['Message']} {_DEFINITE_REFUSALS[code]}") from error
            if code != "ResourceInUse":
                raise
            logger.info("another handler has created it", extra={"campaign": job.campaign, "job": job.name})
        except ParamValidationError as error:
            # Never sent: boto3 itself knows that it cannot be right.
            raise _RefusalError(f"{error} Correct what the message names.") from error

    def _created(self, job: Job) -> DescribeLabelingJobResponseTypeDef:
        description = self._labeling_jobs.find(job)
        if description is not None:
            return description
        if not self._labeling_jobs.is_taken(job.name):
            raise NotFound(f"SageMaker took labeling job {job.name!r} and does not show it yet", remedy="Try again.")
        raise _RefusalError(
            f"another labeling job is named {job.name}, and an account uses a name only once. "
            "Begin a campaign of another name with these images."
        )

    def _refuse(self, job: Job, campaign: Campaign, reason: str) -> None:
        logger.error("labeling job refused", extra={"campaign": job.campaign, "job": job.name, "reason": reason})
        # After the request to resume that it was tried for, whatever the clock says: set back since, every look at the
        # job would take it for one that nobody has tried again, and try it without end.
        now = self._now()
        self._store.jobs.refuse(job, reason, max(now, campaign.resumed_at or now))

    def _write_spec_files(self, job: Job, spec: CampaignSpec) -> None:
        """The files that a spec asks for, written once for each revision: class labels and instruction template."""
        places = self._places(job)
        template = places.template(job.revision, job.role)
        if is_there(self._objects, template):
            return
        check_gold(spec, self._objects)
        picture = examples_picture(spec, self._objects)
        if picture is not None:
            self._objects.write(places.of_spec(job.revision, "instructions.png"), picture, "image/png")
        write_json(self._objects, places.of_spec(job.revision, "class_labels.json"), label_category_config(spec))
        text = instruction_template(spec, picture)
        self._objects.write(template, text.encode(), "text/html; charset=utf-8")

    def _places(self, job: Job) -> Places:
        return Places(self._deployment.results_bucket, job.campaign)


def check_gold(spec: CampaignSpec, objects: ObjectStore) -> None:
    """Gold labels against the labels of a spec, before anybody is asked: the same names, to the letter.

    Simulated workers answer from gold labels and reports are scored by them; with other names every image fails, or
    every label is wrong, and nothing says why. Gold labels that are not there (yet) or may not be read are nobody's
    mistake here.

    Errors: `InvalidInput` where gold and spec have no name in common, or names that differ only in their letters' case.
    """
    if spec.gold_labels is None:
        return
    try:
        lines = list(islice(gold_lines(objects.lines(spec.gold_labels)), _GOLD_LINES))
    except (NotFound, AccessDenied):
        return
    labels = [gold_label(line, spec.labels) for _, line in lines]
    gold = {name for each in labels if each is not None for name in _names(each[1])}
    strange, missing = gold - set(spec.labels), set(spec.labels) - gold
    alike = {name.casefold() for name in strange} & {name.casefold() for name in missing}
    if gold and (strange == gold or alike):
        raise InvalidInput(
            f"the gold labels speak of {_listed(strange)}, the spec of {_listed(missing)}",
            remedy="Give labels and gold labels the same names, to the letter.",
            field="gold_labels",
        )


def _names(label: Label) -> set[str]:
    return {box.label for box in label.boxes} if isinstance(label, Boxes) else set(label.names)


def _listed(names: set[str]) -> str:
    some = sorted(names)
    return ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")
