"""Reads a spec from a file and says what is wrong with it, field by field, each with a remedy."""

from __future__ import annotations

from pydantic import ValidationError

from gt_service.campaign.document import FileError, document, in_one_line
from gt_service.campaign.problems import of_validation, spec_errors
from gt_service.campaign.spec import CampaignSpec
from gt_service.errors import InvalidInput, SpecErrors
from gt_service.regions import TaskType


def parse_spec(text: str | bytes, *, filename: str, campaign: str | None = None) -> CampaignSpec:
    """The campaign spec in a file.

    text: the file's content, at most `MAX_SPEC_BYTES`. filename: decides the form (`.json`, else YAML) and names the
    file in errors. campaign: the folder or path the spec was given for; it is the default of `name`, and another
    `name` is an error.

    Errors: `SpecErrors` and nothing else, one per field (`field` is a path such as `batch.size`) or one for the file
    as a whole; so its owner is always told.
    """
    try:
        return _spec(text, filename, campaign)
    except SpecErrors as errors:
        raise spec_errors(errors.errors) from None
    except ValidationError as error:
        raise of_validation(error) from None
    except FileError as error:
        raise SpecErrors([InvalidInput(error.problem, remedy=error.remedy, field=filename)]) from None
    except Exception as error:
        # Not foreseen; but whoever wrote the file has to hear that it is not in force, and its neighbours go on.
        problem = f"the spec cannot be read ({type(error).__name__})"
        remedy = "Compare it with the example in the README, and tell gt-service's authors of it."
        raise SpecErrors([InvalidInput(problem, remedy=remedy, field=filename)]) from error


def _spec(text: str | bytes, filename: str, campaign: str | None) -> CampaignSpec:
    fields = document(text, filename)
    if campaign is not None and isinstance(name := fields.setdefault("name", campaign), str) and name != campaign:
        problem = f"{name!r} is not the campaign that this spec was given for, {campaign!r}"
        remedy = f"Write name: {in_one_line(campaign)}, or leave the field out."
        raise SpecErrors([InvalidInput(problem, remedy=remedy, field="name")])
    spec = CampaignSpec.model_validate(fields)
    if not spec.task.facts.takes_inbox_images:
        remedy = "Use one of " + ", ".join(task for task in TaskType if task.facts.takes_inbox_images) + "."
        problem = f"campaigns are fed with images, and {spec.task} needs more than those, or something else"
        raise SpecErrors([InvalidInput(problem, remedy=remedy, field="task")])
    return spec
