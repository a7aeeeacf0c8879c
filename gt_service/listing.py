"""SageMaker's parameters of lists: what to leave out, in which order, and one page after the other.

Rows that are filtered out count for the order, so a row that no longer passes a filter is still a place to go on from.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from gt_service.documents import parse_time
from gt_service.errors import InvalidInput, quoted

_T = TypeVar("_T")
_MOST_RESULTS = 100
_LONGEST_NAME = 63
MOST_SUSPECTS, _USUAL_SUSPECTS = 1_000, 24
"""Labels in the list of those that seem wrong: more than anybody looks through, and unless somebody says how many."""
Order = Literal["Name", "CreationTime", "Status"]
ORDERS: tuple[Order, ...] = ("Name", "CreationTime", "Status")
DIRECTIONS = ("Ascending", "Descending")


@dataclass(frozen=True)
class Row:
    """What a thing is listed by."""

    name: str
    created_at: datetime
    status: str


@dataclass(frozen=True)
class Listing:
    """What was asked for; None where it was not. after: the name of the last row of the page before."""

    most: int = _MOST_RESULTS
    after: Any = None
    status: str | None = None
    name_contains: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    sort_by: Order | None = None
    descending: bool = False

    @classmethod
    def parse(cls, query: Mapping[str, str], *, statuses: Iterable[str]) -> Listing:
        """Errors: `InvalidInput` naming the parameter."""
        sort_by = one_of("SortBy", query.get("SortBy"), ORDERS)
        direction = one_of("SortOrder", query.get("SortOrder"), DIRECTIONS)
        contained = query.get("NameContains")
        if contained is not None and len(contained) > _LONGEST_NAME:
            raise InvalidInput(f"names have at most {_LONGEST_NAME} characters", field="NameContains")
        return cls(
            most=most_results(query),
            after=read_token(query.get("NextToken")),
            status=one_of("StatusEquals", query.get("StatusEquals"), tuple(statuses)),
            name_contains=contained,
            created_after=_time(query, "CreationTimeAfter"),
            created_before=_time(query, "CreationTimeBefore"),
            sort_by=next((order for order in ORDERS if order == sort_by), None),
            descending=direction == "Descending",
        )

    def page(self, things: Iterable[_T], row: Callable[[_T], Row]) -> tuple[list[_T], str | None]:
        """The things of this page, and the token of the next; None on the last.

        things: in the order that holds where none is asked for, each with a name of its own.
        """
        rows = [(row(thing), thing) for thing in things]
        if self.sort_by is not None:
            order = self.sort_by
            rows.sort(key=lambda pair: (_value(pair[0], order), pair[0].name))
        if self.descending:
            rows.reverse()
        if self.after is not None:
            names = [each.name for each, _ in rows]
            if self.after not in names:
                raise unknown_token()
            rows = rows[names.index(self.after) + 1 :]
        passing = [(each, thing) for each, thing in rows if self._passes(each)]
        shown = passing[: self.most]
        following = page_token(shown[-1][0].name) if len(passing) > len(shown) else None
        return [thing for _, thing in shown], following

    def _passes(self, row: Row) -> bool:
        return (
            (self.status is None or row.status == self.status)
            and (self.name_contains is None or self.name_contains.lower() in row.name.lower())
            and (self.created_after is None or row.created_at > self.created_after)
            and (self.created_before is None or row.created_at < self.created_before)
        )


def most_results(query: Mapping[str, str]) -> int:
    """Errors: `InvalidInput`."""
    text = query.get("MaxResults")
    if text is None:
        return _MOST_RESULTS
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= _MOST_RESULTS):
        raise InvalidInput(f"MaxResults is 1 to {_MOST_RESULTS}", remedy="Page with NextToken.", field="MaxResults")
    return int(text)


def _value(row: Row, order: Order) -> Any:
    return {"Name": row.name, "CreationTime": row.created_at, "Status": row.status}[order]


def one_of(field: str, given: str | None, choices: Sequence[str]) -> str | None:
    """What was chosen of a parameter; None where nothing was. Errors: `InvalidInput`."""
    if given and given not in choices:
        remedy = f"Use one of {', '.join(choices)}."
        raise InvalidInput(f"{field} cannot be {quoted(given)}", remedy=remedy, field=field)
    return given or None


def _time(query: Mapping[str, str], field: str) -> datetime | None:
    text = query.get(field)
    moment = parse_time(text)
    if moment is None and text is not None:
        remedy = "Write it as 2026-11-22T08:00:00Z, with a + as %2B."
        raise InvalidInput(f"{text!r} is no time in ISO 8601", remedy=remedy, field=field)
    return moment


def page_token(place: Any) -> str | None:
    """Where the next page goes on, as JSON takes it, in a form that is opaque to callers; None where there is none."""
    return None if place is None else base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def read_token(token: str | None) -> Any:
    """What `page_token` was given, or what somebody else has made up. Errors: `InvalidInput`."""
    try:
        return json.loads(base64.urlsafe_b64decode(token)) if token else None
    except (ValueError, RecursionError):
        raise unknown_token() from None


def unknown_token() -> InvalidInput:
    """Of a page's token that no answer held."""
    return InvalidInput("not a token of an earlier answer", remedy="Begin again without it.", field="NextToken")


def whole_number(text: str, *, field: str) -> int:
    """A place in a list, from 0. Errors: `InvalidInput` naming the field."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise InvalidInput(f"{field} is a whole number from 0 on", remedy="Write digits alone.", field=field)
    return int(text)


def suspects_wanted(text: str | None) -> int:
    """How many labels that seem wrong somebody asks to see or to send. Errors: `InvalidInput`."""
    number = _USUAL_SUSPECTS if text is None else whole_number(text, field="top")
    if not 1 <= number <= MOST_SUSPECTS:
        raise InvalidInput("top is no number of labels", remedy=f"Write one from 1 to {MOST_SUSPECTS:,}.", field="top")
    return number
