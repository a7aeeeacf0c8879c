"""Reads a spec from a file and says what is wrong with it, field by field, each with a remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gt_service.campaign.document import FileError, document, in_one_line
from gt_service.campaign.spec import CampaignSpec
from gt_service.errors import InvalidInput, SpecErrors, quoted, shown
from gt_service.task_types import TaskType

MOST_ERRORS = 50
"""More than a person reads and a table holds."""
_LONGEST_TEXT = 600


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
        raise _spec_errors(errors.errors) from None
    except ValidationError as error:
        fields = _one_per_field(error.errors(include_url=False))
        raise _spec_errors(fields, of=error.error_count()) from None
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


def _spec_errors(errors: Iterable[InvalidInput], *, of: int | None = None) -> SpecErrors:
    """The first of them, each in bounds. of: how many there are, where not all of `errors` are worded."""
    shown = [_in_bounds(error) for error in islice(errors, MOST_ERRORS + 1)]
    if len(shown) > MOST_ERRORS:
        count = "" if of is None else f": {of:,} in all"
        more = InvalidInput(f"there are others{count}", remedy="Correct those above first.", field="spec")
        shown = [*shown[:MOST_ERRORS], more]
    return SpecErrors(shown)


def _in_bounds(error: InvalidInput) -> InvalidInput:
    field = None if error.field is None else shown(error.field)
    return InvalidInput(shown(error.message, _LONGEST_TEXT), remedy=shown(error.remedy, _LONGEST_TEXT), field=field)


def _one_per_field(errors: Sequence[ErrorDetails]) -> Iterator[InvalidInput]:
    reported: set[tuple[str | int, ...]] = set()
    """The fields told of, with all that they are in."""
    for error in errors:
        path = tuple(part for part in error["loc"] if not str(part).startswith("["))  # "[key]", and tags of a union
        if path in reported:
            continue  # told already, of the field or of what is in it
        reported.update(path[:length] for length in range(len(path) + 1))
        yield _field_error(error, path, shown(".".join(map(str, path)) or "spec"))


def _field_error(error: ErrorDetails, path: tuple[str | int, ...], field: str) -> InvalidInput:
    parent, name = _model_at(path[:-1]), shown(str(path[-1])) if path else ""
    if error["type"] == "extra_forbidden" and parent is not None:
        near = difflib.get_close_matches(name.lower(), parent.model_fields, n=1, cutoff=0.5)
        if near:
            return InvalidInput("there is no such field", remedy=f"Did you mean {near[0]}?", field=field)
        remedy = "Take it out. The fields are: " + ", ".join(parent.model_fields) + "."
        return InvalidInput("there is no such field", remedy=remedy, field=field)
    return InvalidInput(_problem(error), remedy=_remedy(error, path), field=field)


_PLAIN_WORDS: Mapping[str, str] = {
    "missing": "this field is required",
    "string_type": "{value} is not text",
    "int_type": "{value} is not a whole number",
    "bool_type": "{value} is neither true nor false",
    "tuple_type": "{value} is not a list",
    "dict_type": "{value} is not a set of fields with values",
    "model_type": "{value} is not a set of fields with values",
    "enum": "there is no {value}",
    "literal_error": "there is no {value}",
    "string_pattern_mismatch": "{value} has not the right form",
}
_OWN_WORDS = frozenset({"money", "s3_uri", "text"})


def _problem(error: ErrorDetails) -> str:
    value = quoted(error["input"])
    if error["type"] in _PLAIN_WORDS:
        return _PLAIN_WORDS[error["type"]].format(value=value)
    if error["type"] in _OWN_WORDS:
        return error["msg"]
    return f"{value}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _remedy(error: ErrorDetails, path: tuple[str | int, ...]) -> str:
    given, named = error["input"], [part for part in path if isinstance(part, str)]
    if error["type"] in {"enum", "literal_error"}:
        choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        near = difflib.get_close_matches(shown(str(given)).lower(), choices, n=1, cutoff=0.5)
        return f"Did you mean {near[0]}?" if near else "Use one of " + ", ".join(choices) + "."
    if error["type"] == "string_type" and isinstance(given, (bool, int, float)):
        example = "" if isinstance(given, bool) or not named else f', such as {named[-1]}: "{given}"'
        return f"Put it in quotes{example}: YAML reads yes, no and numbers as something else than text."
    model = _model_at(tuple(named[:-1]))
    field = model.model_fields.get(named[-1]) if model and named else None
    if field is None or not field.examples:
        return "Correct the value."
    return f"{field.description} For example: {named[-1]}: {in_one_line(field.examples[0])}"


def _model_at(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that the path leads into; None where it leads to a list, a text or nowhere."""
    model: type[BaseModel] | None = CampaignSpec
    for part in path:
        field = model.model_fields.get(str(part)) if model is not None else None
        kind: Any = None if field is None else field.annotation
        kinds = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
        plain = (get_args(member)[0] if get_origin(member) is Annotated else member for member in kinds)
        model = next((member for member in plain if isinstance(member, type) and issubclass(member, BaseModel)), None)
    return model
