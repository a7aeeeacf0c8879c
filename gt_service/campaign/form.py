"""The fields of a spec that a form shows: read from its file, and what was typed in them as what the file is to say.

Every other field is in the file alone, which stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gt_service.campaign.document import FileError, document, filename_of

NEW = "task: object-detection\n"
"""The file that a new campaign begins with."""
_MOST_DIGITS = 12


@dataclass(frozen=True)
class FormField:
    """path: in the file. kind: of its input: `select`, `lines`, `list` (a text with suggestions), `text`. note: below
    it. empty: shown where nothing is typed: what holds then."""

    path: str
    label: str
    value: Callable[[str], Any]
    kind: str = "text"
    note: str = ""
    empty: str = ""


def _lines(typed: str) -> Any:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def number(typed: str) -> Any:
    """A number where it is one; the spec's own check words the error where it is not."""
    if len(typed) > _MOST_DIGITS:
        return typed
    if re.fullmatch(r"0|[1-9][0-9]*", typed):
        return int(typed)
    return float(typed) if re.fullmatch(r"[0-9]+\.[0-9]+", typed) else typed


def _dollars(typed: str) -> Any:
    return int(typed) if re.fullmatch(r"[1-9][0-9]{0,11}", typed) else typed


def _workers(typed: str) -> Any:
    between = re.fullmatch(r"([0-9]{1,3})\s*(?:to|-|–)\s*([0-9]{1,3})", typed)
    return number(typed) if between is None else {"least": int(between[1]), "most": int(between[2])}


FIELDS = (
    FormField("task", "Task", str, "select"),
    FormField("labels", "Labels", _lines, "lines", "One a line. Their order gives them their numbers."),
    FormField("workforce", "Who labels", str, "list", "The ARN of a work team, or “public”."),
    FormField(
        "workers_per_object", "Workers per image", _workers, note="3, or 1 to 5: as many as it needs.", empty="3"
    ),
    FormField("budget", "Budget in $", _dollars, note="For the whole campaign; nothing goes beyond it.", empty="none"),
    FormField(
        "wage", "Wage in $ an hour", _dollars, note="What you pay your own team; the budget holds it.", empty="none"
    ),
    FormField("batch.size", "Images per batch", number, note="Each batch is one labeling job.", empty="1250"),
    FormField("quality.target", "Target of machine labels", number, note="From 0 to 1.", empty="the measure’s own"),
)


def values(text: str) -> dict[str, str]:
    """What each field shows of a file, by its path; nothing of a file that cannot be read."""
    try:
        fields = document(text, filename_of(text))
    except FileError:
        fields = {}
    return {field.path: _shown(_at(fields, field.path)) for field in FIELDS}


def typed_in(text: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """The fields that were typed and that the file does not say already, as the file is to say them; None for those
    that were emptied."""
    before, now = values(text), {path: value.strip() for path, value in typed.items()}
    return {
        field.path: field.value(now[field.path]) if now[field.path] else None
        for field in FIELDS
        if now.get(field.path, before[field.path]) != before[field.path]
    }


def _at(fields: Mapping[str, Any], path: str) -> Any:
    head, _, last = path.partition(".")
    value = fields.get(head)
    return value if not last else value.get(last) if isinstance(value, dict) else None


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            return "\n".join(map(str, value)).strip()
        case {"least": least, "most": most}:
            return f"{least} to {most}"
        case _:
            return str(value).strip()
