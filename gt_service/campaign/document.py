"""A spec's file as fields and values: JSON, or YAML in which no number is another than the one that is written."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from gt_service.errors import quoted, shown

MAX_SPEC_BYTES = 64 * 1024
"""Room for long instructions. What is read in so many bytes is read in a second, and stored in one item of a table."""
_WIDEST = 100
"""Characters of a line that is written: longer texts and lists have lines of their own."""
_MOST_DIGITS = 18
"""A longer row of digits is text: no field takes such a number, and Python reads it in quadratic time, or refuses."""


_YAML, _JSON = "campaign.yaml", "campaign.json"


class FileError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def document(text: str | bytes, filename: str) -> dict[str, Any]:
    """The fields in a file; its name says whether it is JSON, else it is YAML. Errors: `FileError`."""
    written = _decoded(text)
    try:
        parsed = _json(written) if filename.lower().endswith(".json") else _yaml(written)
    except RecursionError:
        raise FileError("nested too deeply", "A spec nests two levels at most.") from None
    if not isinstance(parsed, dict):
        kind = {list: "a list", str: "plain text", type(None): "nothing but comments"}.get(type(parsed), "a value")
        raise FileError(f"the file holds {kind}, not fields with values", "Write lines such as task: object-detection.")
    return parsed


def filename_of(text: str | bytes) -> str:
    """The name of a file that came without one: what can be read as JSON is JSON, and all else YAML."""
    try:
        is_json = len(text) <= MAX_SPEC_BYTES and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_json = False
    return _JSON if is_json else _YAML


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_SPEC_BYTES:
        raise FileError(
            f"the file has more than the {MAX_SPEC_BYTES:,} bytes that a campaign spec may have",
            "Check that this is the spec and not a manifest or an image.",
        )
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"byte {error.start} is not UTF-8", "Save the file as UTF-8 text.") from None
    if not decoded.strip():
        raise FileError("the file is empty", "Write the campaign's spec into it; the README shows one.")
    return decoded


def _json(text: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
            raise FileError(f"{quoted(twice)} is given twice", "Give each field once.")
        return fields

    def whole(digits: str) -> int | str:
        return int(digits) if len(digits) <= _MOST_DIGITS else digits

    def no_number(name: str) -> Any:
        raise FileError(f"{name} is no number in JSON", "Write a number, or text in quotes.")

    try:
        return json.loads(text, object_pairs_hook=once, parse_int=whole, parse_constant=no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FileError(f"not JSON: {error.msg} ({where})", "Correct the line named.") from None


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = shown(str(error.problem or error.context), 200)
        raise FileError(f"not YAML: {problem}{where}", "Correct the line named.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: !!int and its like on what is none
        first_line = str(error).partition("\n")[0]
        raise FileError(f"not YAML: {shown(first_line, 200)}", "Correct the file.") from None


class StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses what a reader would overlook: keys given twice, and aliases (which can also explode).

    Numbers are JSON's: 0500, 0x1F, 1_000 and 12:30 are text here, while YAML 1.1 makes 320, 31, 1000 and 750 of them.
    Dates are text as well.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":null"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

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
                    raise yaml.MarkedYAMLError(
                        problem=f"{quoted(key.value)} is given twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_NUMBERS: tuple[tuple[str, re.Pattern[str], Callable[[str], int | float]], ...] = (
    ("tag:yaml.org,2002:int", re.compile(rf"^-?(?:0|[1-9][0-9]{{0,{_MOST_DIGITS - 1}}})$"), int),
    (
        "tag:yaml.org,2002:float",
        re.compile(rf"^-?(?:0|[1-9][0-9]{{0,{_MOST_DIGITS - 1}}})(?:\.[0-9]{{1,30}})?(?:[eE][-+]?[0-9]{{1,3}})?$"),
        float,
    ),
)


def _number(loader: StrictLoader, node: yaml.ScalarNode) -> int | float:
    """Also of what is tagged as a number by hand."""
    written = loader.construct_scalar(node)
    for tag, form, make in _NUMBERS:
        if tag == node.tag and form.match(str(written)):
            return make(str(written))
    raise yaml.MarkedYAMLError(problem=f"{quoted(written)} is no number", problem_mark=node.start_mark)


for _tag, _form, _ in _NUMBERS:
    StrictLoader.add_implicit_resolver(_tag, _form, list("-0123456789"))
    StrictLoader.add_constructor(_tag, _number)


class _Writer(yaml.SafeDumper):
    """YAML as a person writes it, with quotes where `StrictLoader` would take a text for something else."""

    yaml_implicit_resolvers = StrictLoader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True  # a list that is there twice is written twice

    def choose_scalar_style(self) -> str:
        style = str(super().choose_scalar_style())
        return '"' if style == "'" else style


def _written_text(writer: _Writer, text: str) -> yaml.Node:
    is_block = ("\n" in text or len(text) > _WIDEST) and "\x85" not in text  # which is read as the end of a line
    return writer.represent_scalar("tag:yaml.org,2002:str", text, "|" if is_block else None)


def _written_list(writer: _Writer, items: list[Any]) -> yaml.Node:
    is_short = writer.default_flow_style or sum(len(str(item)) + 2 for item in items) < _WIDEST
    return writer.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=is_short)


_Writer.add_representer(str, _written_text)
_Writer.add_representer(list, _written_list)


def written_in_yaml(fields: Mapping[str, Any]) -> str:
    """The lines of a file that says so, in the fields' order."""
    return yaml.dump(dict(fields), Dumper=_Writer, allow_unicode=True, sort_keys=False, width=_WIDEST) if fields else ""


def written_in_json(fields: Mapping[str, Any]) -> str:
    """The same for those who write JSON."""
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def in_one_line(value: Any) -> str:
    """A value as it may stand behind a field's name."""
    width = float("inf")
    return yaml.dump([value], Dumper=_Writer, default_flow_style=True, allow_unicode=True, width=width)[1:-2]
