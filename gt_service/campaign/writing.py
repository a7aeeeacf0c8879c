"""A spec's file written: of a spec, and of a file in which a few fields are set and all else stays as it was."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gt_service.campaign.document import (
    FileError,
    StrictLoader,
    document,
    filename_of,
    in_one_line,
    written_in_json,
    written_in_yaml,
)
from gt_service.campaign.spec import CampaignSpec


def written(spec: CampaignSpec) -> str:
    """A file that says the same: without fields that are as they are when left out, and without the name, which is
    the folder's."""
    return written_in_yaml(spec.model_dump(mode="json", exclude_defaults=True, exclude={"name"}))


def with_fields(text: str, fields: Mapping[str, Any]) -> str:
    """The file with fields set, each by its path such as `batch.size`; None takes a field out.

    Comments, order and whatever else was written stay, but in a file whose form does not let them (one pair of braces,
    say): that is written anew. JSON, which has nothing but fields, stays JSON. Errors: `FileError` where `text` is no
    file of fields.
    """
    filename = filename_of(text)
    wanted, corrected = document(text, filename), text
    for path, value in fields.items():
        head, _, last = path.partition(".")
        whole = value
        if last:  # of a part: with its last field, the part goes too
            part = wanted.get(head)
            whole = {**part} if isinstance(part, dict) else {}
            _put(whole, last, value)
        _put(wanted, head, whole or None if last else whole)
        if filename.endswith(".json"):
            corrected = written_in_json(wanted)
            continue
        corrected = _with_field(corrected, head, last, value, wanted.get(head))
        if not _says(corrected, wanted):
            corrected = written_in_yaml(wanted)
    return corrected


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        fields.pop(name, None)
    else:
        fields[name] = value


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return document(text, filename_of(text)) == wanted
    except FileError:
        return not wanted


def _with_field(text: str, head: str, last: str, value: Any, whole: Any) -> str:
    """The text with one field set. whole: what the head says then, for where its fields have no lines of their own."""
    root = yaml.compose(text, StrictLoader)
    part = _found(root, head)
    if last and whole and part and isinstance(part[1], yaml.MappingNode) and not part[1].flow_style:
        return _with_line(text, part[1], last, value)
    return _with_line(text, root, head, whole)


def _with_line(text: str, node: yaml.Node | None, name: str, value: Any) -> str:
    """node: the mapping that the line is of; None where nothing but comments is left."""
    if (found := _found(node, name)) is not None:
        return _replaced(text, *found, value)
    if value is None:
        return text
    if node is None or node.start_mark.column == 0:
        return text + ("" if text.endswith("\n") else "\n") + _field(name, value) + "\n"
    start = node.start_mark
    return text[: start.index] + _field(name, value) + "\n" + " " * start.column + text[start.index :]


def _found(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and the value of a field."""
    held = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((each for each in held if each[0].value == name), None)


def _replaced(text: str, key: yaml.Node, held: yaml.Node, value: Any) -> str:
    start, column = key.start_mark.index, key.start_mark.column
    lines = text[start : held.end_mark.index].splitlines(keepends=True)
    # What is behind a list or a part, as far as the next field, is not its own.
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    end = start + len("".join(lines).rstrip("\r\n"))
    if value is None:
        line_end = text.find("\n", end)
        return text[: start - column] + ("" if line_end < 0 else text[line_end + 1 :])
    return text[:start] + _field(str(key.value), value, " " * column) + text[end:]


def _field(name: str, value: Any, indent: str = "") -> str:
    """One field, to stand behind so much indentation."""
    return textwrap.indent(written_in_yaml({name: value}), indent).strip()


# ---------------------------------------------------------------- compared


def differences(before: CampaignSpec | None, after: CampaignSpec) -> Iterator[tuple[str, str, str]]:
    """Each field that is not as it was: its path, what it was and what it is; empty where a file would say nothing."""
    was = {} if before is None else _leaves(before.model_dump(mode="json", exclude_defaults=True))
    then = _leaves(after.model_dump(mode="json", exclude_defaults=True))
    for path in dict.fromkeys((*was, *then)):
        if was.get(path) != then.get(path):
            yield path, was.get(path, ""), then.get(path, "")


def _leaves(fields: Mapping[str, Any], root: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            leaves |= _leaves(value, f"{root}{name}.")
        else:
            leaves[f"{root}{name}"] = value if isinstance(value, str) else in_one_line(value)
    return leaves
