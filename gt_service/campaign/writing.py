"""A spec's file written: of a spec, and of a file in which a few fields are set and all else stays as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gt_service.campaign.document import FileError, StrictLoader, document, written_in_yaml
from gt_service.campaign.spec import CampaignSpec

FILENAME = "campaign.yaml"
_WIDEST = 100
_INDENT = "  "


def written(spec: CampaignSpec) -> str:
    """A file that says the same: without fields that are as they are when left out, and without the name, which is
    the folder's."""
    return _whole(spec.model_dump(mode="json", exclude_defaults=True, exclude={"name"}))


def with_fields(text: str, fields: Mapping[str, Any]) -> str:
    """The file with fields set, each by its path such as `batch.size`; None takes a field out.

    Comments, order and whatever else was written stay, but in a file whose form does not let them (one pair of braces,
    say): that is written anew. Errors: `FileError` where `text` is no file of fields.
    """
    wanted, mended = document(text, FILENAME), text
    for path, value in fields.items():
        head, _, last = path.partition(".")
        part = wanted.get(head)
        if last:  # of a part: with its last field, the part goes too
            part = {**part} if isinstance(part, dict) else {}
            _put(part, last, value)
            if part and head in wanted and wanted[head] and isinstance(wanted[head], dict):
                mended = _line_put(mended, (head, last), value, part)
            else:
                mended = _line_put(mended, (head,), part or None, None)
            _put(wanted, head, part or None)
        else:
            _put(wanted, head, value)
            mended = _line_put(mended, (head,), value, None)
    return mended if _says(mended, wanted) else _whole(wanted)


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        fields.pop(name, None)
    else:
        fields[name] = value


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return document(text, FILENAME) == wanted
    except FileError:
        return not wanted


def _line_put(text: str, path: tuple[str, ...], value: Any, part: Any) -> str:
    """One field set in the text. part: of a field in a part, the whole of it, for where the part is in braces."""
    node = yaml.compose(text, StrictLoader)
    if not isinstance(node, yaml.MappingNode):
        return "" if value is None else _field(path[0], value)
    for depth, name in enumerate(path):
        found = next((each for each in node.value if each[0].value == name), None)
        if found is None:
            return text if value is None else _added(text, node, _field(name, value), is_whole=depth == 0)
        key, held = found
        if depth + 1 < len(path):
            if not isinstance(held, yaml.MappingNode) or held.flow_style:
                return _line_put(text, path[:1], part, None)
            node = held
    return _replaced(text, key, held, value)


def _replaced(text: str, key: yaml.Node, held: yaml.Node, value: Any) -> str:
    start, end = key.start_mark.index, key.start_mark.index
    lines = text[start : held.end_mark.index].splitlines(keepends=True)
    # What is behind a list or a part, as far as the next field, is not its own.
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    end += len("".join(lines).rstrip("\r\n"))
    indent = " " * key.start_mark.column
    if value is None:
        line_end = text.find("\n", end)
        return text[: start - key.start_mark.column] + ("" if line_end < 0 else text[line_end + 1 :])
    return text[:start] + _field(str(key.value), value, indent) + text[end:]


def _added(text: str, node: yaml.MappingNode, line: str, *, is_whole: bool) -> str:
    if node.flow_style:
        return ""
    if is_whole:
        return text + ("" if text.endswith("\n") else "\n") + line + "\n"
    start = node.start_mark
    return text[: start.index] + line + "\n" + " " * start.column + text[start.index :]


# ---------------------------------------------------------------- whole


def _whole(fields: Mapping[str, Any]) -> str:
    return "".join(f"{_field(name, value)}\n" for name, value in fields.items())


def _field(name: str, value: Any, indent: str = "") -> str:
    """`name: value`, in one line where it fits."""
    inline = f"{written_in_yaml(name)}: {_inline(value)}"
    if len(indent) + len(inline) <= _WIDEST and not (isinstance(value, dict) and not indent):
        return inline
    deeper = indent + _INDENT
    if isinstance(value, dict) and value:
        return f"{written_in_yaml(name)}:" + "".join(f"\n{deeper}{_field(*each, deeper)}" for each in value.items())
    if isinstance(value, list) and value:
        return f"{written_in_yaml(name)}:" + "".join(f"\n{deeper}- {_inline(each)}" for each in value)
    if isinstance(value, str) and (block := _block(value, deeper)):
        return f"{written_in_yaml(name)}: {block}"
    return inline


def _block(value: str, indent: str) -> str | None:
    """Text in lines of its own; None where it would not be read as it is."""
    sign = "|" if value.endswith("\n") else "|-"
    block = f"{sign}\n" + "\n".join(f"{indent}{line}".rstrip(" ") for line in value.removesuffix("\n").split("\n"))
    return block if _says(f"text: {block}", {"text": value}) else None


def _inline(value: Any) -> str:
    if isinstance(value, str):
        plain = written_in_yaml(value)
        return plain if _says(f"field: [{plain}]", {"field": [value]}) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_inline(name)}: {_inline(each)}' for name, each in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)


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
            leaves[f"{root}{name}"] = value if isinstance(value, str) else _inline(value)
    return leaves
