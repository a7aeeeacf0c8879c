"""Reads a spec from a file and says what is wrong with it, field by field, each with a remedy."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gt_service.campaign.spec import CampaignSpec, shown
from gt_service.errors import InvalidInput, SpecErrors
from gt_service.regions import TaskType

MAX_SPEC_BYTES = 256 * 1024


def parse_spec(text: str | bytes, *, filename: str, campaign: str | None = None) -> CampaignSpec:
    """The campaign spec in a file.

    text: the file's content, at most `MAX_SPEC_BYTES`. filename: decides the form (`.json`, else YAML) and names the
    file in errors. campaign: the folder or path the spec was given for; it is the default of `name`, and another
    `name` is an error.

    Errors: `SpecErrors`, one per field (`field` is a path such as `batch.size`) or one for the file as a whole.
    """
    try:
        document = _document(_decoded(text), filename)
    except _FileError as error:
        raise SpecErrors([InvalidInput(error.problem, remedy=error.remedy, field=filename)]) from None
    if campaign is not None and document.setdefault("name", campaign) != campaign:
        problem = f"{document['name']!r} is not the campaign that this spec was given for, {campaign!r}"
        remedy = f"Write name: {campaign}, or leave the field out."
        raise SpecErrors([InvalidInput(problem, remedy=remedy, field="name")])
    try:
        spec = CampaignSpec.model_validate(document)
    except ValidationError as error:
        raise SpecErrors(list(_one_per_field(error.errors(include_url=False)))) from None
    if not spec.task.facts.takes_inbox_images:
        remedy = "Use one of " + ", ".join(task for task in TaskType if task.facts.takes_inbox_images) + "."
        problem = f"campaigns are fed with images, and {spec.task} needs more than those, or something else"
        raise SpecErrors([InvalidInput(problem, remedy=remedy, field="task")])
    return spec


class _FileError(Exception):
    """The file as a whole cannot be read; never leaves this module."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_SPEC_BYTES:
        raise _FileError(
            f"the file has {len(text):,} bytes, more than the {MAX_SPEC_BYTES:,} of a campaign spec",
            "Check that this is the spec and not a manifest or an image.",
        )
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _FileError(f"byte {error.start} is not UTF-8", "Save the file as UTF-8 text.") from None
    if not decoded.strip():
        raise _FileError("the file is empty", "Write the campaign's spec into it; the README shows one.")
    return decoded


def _document(text: str, filename: str) -> dict[str, Any]:
    try:
        document = _json(text) if filename.lower().endswith(".json") else yaml.load(text, _StrictLoader)  # noqa: S506
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _FileError(f"not JSON: {error.msg} ({where})", "Mend the line named.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise _FileError(f"not YAML: {error.problem or error.context}{where}", "Mend the line named.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-13-01, a character YAML has not
        raise _FileError(f"not YAML: {error}".splitlines()[0], "Mend the file.") from None
    except RecursionError:
        raise _FileError("nested too deeply", "A spec nests two levels at most.") from None
    if not isinstance(document, dict):
        kind = {list: "a list", str: "plain text", type(None): "nothing but comments"}.get(type(document), "a value")
        raise _FileError(
            f"the file holds {kind}, not fields with values", "Write lines such as task: object-detection."
        )
    return document


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for key, value in pairs:
            if key in document:
                raise _FileError(f"{key!r} is given twice", "Give each field once.")
            document[key] = value
        return document

    return json.loads(text, object_pairs_hook=once)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses what a reader would overlook: keys given twice, and aliases (which can also explode)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken here", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"{key.value!r} is given twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _one_per_field(errors: Sequence[ErrorDetails]) -> Iterator[InvalidInput]:
    reported: set[tuple[str | int, ...]] = set()
    for error in errors:
        path = tuple(part for part in error["loc"] if part != "[key]")
        if any(known[: len(path)] == path for known in reported):
            continue  # said already, of the field or of what is in it
        reported.add(path)
        yield _field_error(error, path, shown(".".join(map(str, path)) or "spec"))


def _field_error(error: ErrorDetails, path: tuple[str | int, ...], field: str) -> InvalidInput:
    parent, name = _model_at(path[:-1]), str(path[-1]) if path else ""
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


def _problem(error: ErrorDetails) -> str:
    value = shown(repr(error["input"]))
    if error["type"] in _PLAIN_WORDS:
        return _PLAIN_WORDS[error["type"]].format(value=value)
    if error["type"] in {"money", "s3_uri"}:
        return error["msg"]
    return f"{value}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _remedy(error: ErrorDetails, path: tuple[str | int, ...]) -> str:
    if error["type"] in {"enum", "literal_error"}:
        choices = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        near = difflib.get_close_matches(str(error["input"]).lower(), choices, n=1, cutoff=0.5)
        return f"Did you mean {near[0]}?" if near else "Use one of " + ", ".join(choices) + "."
    if error["type"] == "string_type" and not isinstance(error["input"], (dict, list, type(None))):
        return "Put it in quotes: YAML reads yes, no, numbers and dates as something else than text."
    named = [part for part in path if isinstance(part, str)]
    model = _model_at(tuple(named[:-1]))
    field = model.model_fields.get(named[-1]) if model and named else None
    if field is None or not field.examples:
        return "Mend the value."
    example = field.examples[0]
    written = json.dumps(example) if isinstance(example, (list, dict, bool)) else example
    return f"{field.description} For example: {named[-1]}: {written}"


def _model_at(path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The model that the path leads into; None where it leads to a list, a text or nowhere."""
    model: type[BaseModel] | None = CampaignSpec
    for part in path:
        field = model.model_fields.get(str(part)) if model is not None else None
        kind: Any = None if field is None else field.annotation
        if get_origin(kind) is UnionType:
            kind = get_args(kind)[0]
        model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return model
