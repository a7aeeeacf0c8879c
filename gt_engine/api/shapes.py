"""Requests checked against botocore's own model of SageMaker, with the messages the service itself would send.

boto3 checks types, required members and minimum lengths before it sends; patterns, enumerations and maxima it leaves
to the service. This is the service's side: everything the model says, all violations at once.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from gt_engine.request.errors import SerializationException, ValidationException

_JSON_KINDS = {
    bool: ("TRUE_VALUE", {"boolean"}),
    int: ("NUMBER_VALUE", {"integer", "long", "float", "double", "timestamp"}),
    float: ("DECIMAL_VALUE", {"float", "double", "timestamp", "integer", "long"}),
    str: ("STRING_VALUE", {"string", "timestamp"}),
    list: ("START_ARRAY", {"list"}),
    dict: ("START_OBJECT", {"structure", "map"}),
}
_TYPE_NAMES = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "boolean": "a Boolean",
    "list": "a List",
}


@cache
def service_model() -> ServiceModel:
    """SageMaker's model as the installed botocore ships it."""
    return botocore.session.get_session().get_service_model("sagemaker")


def operation_model(name: str) -> OperationModel:
    return service_model().operation_model(name)


def parse_input(operation: str, body: Any) -> dict[str, Any]:
    """The request's members as Python values: timestamps as UTC datetimes, unknown members dropped.

    Errors: `SerializationException` for a value of the wrong type, `ValidationException` for broken constraints.
    """
    shape = operation_model(operation).input_shape
    if shape is None:
        return {}
    request: dict[str, Any] = _parse(shape, body, operation)
    problems = list(_violations(shape, request, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise ValidationException(f"{count}: {'; '.join(problems)}")
    return request


def _parse(shape: Shape, value: Any, path: str) -> Any:
    kind, accepted = _JSON_KINDS[type(value)]
    if shape.type_name not in accepted:
        wanted = _TYPE_NAMES.get(shape.type_name, f"a {shape.type_name.title()}")
        raise SerializationException(f"{kind} can not be converted to {wanted} ({path})")
    if isinstance(shape, StructureShape):
        known = ((name, member) for name, member in shape.members.items() if value.get(name) is not None)
        return {name: _parse(member, value[name], f"{path}.{name}") for name, member in known}
    if isinstance(shape, ListShape):
        _refuse_null(value, path)
        return [_parse(shape.member, item, path) for item in value]
    if isinstance(shape, MapShape):
        _refuse_null(value.values(), path)
        return {key: _parse(shape.value, item, path) for key, item in value.items()}
    return _scalar(shape, value, path)


def _refuse_null(items: Collection[Any], path: str) -> None:
    if None in items:
        raise SerializationException(f"NULL_VALUE can not be a member of a list or map ({path})")


def _scalar(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name in {"integer", "long"}:
        if isinstance(value, float) and not value.is_integer():  # 1e999 is infinite, and no integer either
            raise SerializationException(f"DECIMAL_VALUE can not be converted to an Integer ({path})")
        return int(value)
    if shape.type_name == "timestamp":
        try:
            if isinstance(value, str):
                moment = datetime.fromisoformat(value)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            raise SerializationException(f"{value!r} can not be converted to a Timestamp ({path})") from None
    return value


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    broken = _broken(shape, value)
    for constraint in broken:
        # What is said is logged, too.
        shown = "***" if shape.metadata.get("sensitive") else _shown(value)
        yield f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"
    if isinstance(shape, StructureShape):
        yield from _member_violations(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _item_violations(shape.member, value, path)
    elif isinstance(shape, MapShape):
        for item in value.values():
            yield from _violations(shape.value, item, path)


def _member_violations(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        below = f"{path}.{_camel(name)}" if path else _camel(name)
        if name in value:
            yield from _violations(member, value[name], below)
        elif name in shape.required_members:
            yield f"Value null at '{below}' failed to satisfy constraint: Member must not be null"


def _item_violations(member: Shape, items: list[Any], path: str) -> Iterator[str]:
    """The service names the place of a structure in a list, but reports plain values as a fault of the list."""
    if isinstance(member, StructureShape):
        for place, item in enumerate(items, start=1):
            yield from _violations(member, item, f"{path}.{place}.member")
    elif any(_broken(member, item) for item in items):
        rules = ", ".join(words for words, _ in _constraints(member))
        constraint = f"Member must satisfy constraint: [{rules}]"
        yield f"Value '{_shown(items)}' at '{path}' failed to satisfy constraint: {constraint}"


def _broken(shape: Shape, value: Any) -> list[str]:
    return [words for words, holds in _constraints(shape) if not holds(value)]


def _constraints(shape: Shape) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """What the model asks of a value: as the service says it, and whether a value keeps to it."""
    facts = shape.metadata
    if "max" in facts:
        yield _bound(shape, "less", facts["max"]), lambda value: _size(value) <= facts["max"]
    if "min" in facts:
        yield _bound(shape, "greater", facts["min"]), lambda value: _size(value) >= facts["min"]
    if "pattern" in facts:
        words = f"Member must satisfy regular expression pattern: {facts['pattern']}"
        yield words, lambda value: _pattern(facts["pattern"]).fullmatch(value) is not None
    if "enum" in facts:
        words = f"Member must satisfy enum value set: [{', '.join(facts['enum'])}]"
        yield words, lambda value: value in facts["enum"]


def _size(value: Any) -> float:
    return value if isinstance(value, int | float) else len(value)


def _bound(shape: Shape, side: str, limit: int) -> str:
    what = "value" if shape.type_name in {"integer", "long", "float", "double"} else "length"
    return f"Member must have {what} {side} than or equal to {limit}"


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of the model; of its Unicode classes (tags, groups of workers) Python has no names."""
    for theirs, here in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s"), (r"\p{Alnum}", "a-zA-Z0-9")):
        text = text.replace(theirs, here)
    return re.compile(re.sub(r"\\p\{([MPS])\}", lambda match: _characters(match[1]), text), re.DOTALL)


@cache
def _characters(category: str) -> str:
    """Every character of a Unicode category (M marks, P punctuation, S symbols), to be put between [ and ]."""
    codes = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == category]
    starts = [code for code, before in zip(codes, [-2, *codes], strict=False) if code != before + 1]
    ends = [code for code, after in zip(codes, [*codes[1:], -2], strict=True) if code != after - 1]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))


def _camel(name: str) -> str:
    """As the service names members in messages: LabelingJobName → labelingJobName, S3DataSource → s3DataSource."""
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_shown(item)}' for key, item in value.items())}}}"
    return str(value)
