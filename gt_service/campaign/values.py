"""The kinds of values that a campaign spec is made of, each with its limits.

Limits are Ground Truth's own (botocore's `CreateLabelingJobRequest`, developer guide).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from gt_service.errors import InvalidInput, quoted, shown
from gt_service.money import MILLS_PER_DOLLAR, Mills, from_usd
from gt_service.objects import S3Uri
from gt_service.task_types import MAX_LABEL_CHARACTERS

TITLE_PATTERN = r"^[\t\n\r -\uD7FF\uE000-\uFFFD]*$"
"""Ground Truth's titles hold no control characters and nothing beyond Unicode's first plane."""
MAX_NAME_CHARACTERS = 40
NAME_PATTERN = r"^[a-z0-9](-*[a-z0-9])*$"
MAX_TAG_VALUE_CHARACTERS = 256
_MAX_TAG_KEY_CHARACTERS = 128
_KEYWORD = r"^[A-Za-z0-9]+( [A-Za-z0-9]+)*$"
_LONGEST_TEXT = 20_000
_LONGEST_KEY_BYTES = 1024


def unusable_character(text: str, *, but: str = "") -> str | None:
    """Names the first character that shows as nothing and that XML, as some exports are, cannot hold: a control,
    half of a pair, a code that is no character. None where there is none."""
    for character in text:
        code = ord(character)
        if character not in but and (unicodedata.category(character) in {"Cc", "Cs"} or code & 0xFFFE == 0xFFFE):
            return f"U+{code:04X}"
    return None


def is_campaign_name(text: str) -> bool:
    """Whether a campaign can have this name: no other is in any table, nor a folder of the inbox."""
    return len(text) <= MAX_NAME_CHARACTERS and re.fullmatch(NAME_PATTERN.strip("^$"), text) is not None


def fits_a_tag(value: str) -> bool:
    """Whether a tag of a labeling job can have this value: letters, digits, blanks and _ . : / = + - @."""
    if len(value) > MAX_TAG_VALUE_CHARACTERS:
        return False
    return all(character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN" for character in value)


def fits_a_tags_key(key: str) -> bool:
    return 1 <= len(key) <= _MAX_TAG_KEY_CHARACTERS and fits_a_tag(key)


def _usable(but: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        unusable = unusable_character(text, but=but)
        if unusable is not None:
            problem = f"it holds {unusable}, which cannot be shown"
            raise PydanticCustomError("text", "{problem}", {"problem": problem})
        return text

    return check


def _without_blank_ends(text: str) -> str:
    if text != text.strip():
        raise PydanticCustomError("text", "{problem}", {"problem": f"{shown(repr(text))} begins or ends with a blank"})
    return text


def _in_one_line(value: Any) -> Any:
    """As YAML folds a block: Ground Truth takes one line, and a block ends in a line break of its own."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _as_money(value: Any) -> Mills:
    try:
        return from_usd(value)
    except InvalidInput as error:
        raise PydanticCustomError("money", "{problem}", {"problem": error.message}) from None


def _as_uri(value: Any) -> S3Uri:
    if isinstance(value, S3Uri):
        return value
    try:
        uri = S3Uri.parse(value if isinstance(value, str) else quoted(value))
        if not uri.key or len(uri.key.encode("utf-8", "backslashreplace")) > _LONGEST_KEY_BYTES:
            raise InvalidInput(f"{quoted(value)} has no key, or one of more than {_LONGEST_KEY_BYTES} bytes")
        return uri
    except InvalidInput as error:
        raise PydanticCustomError("s3_uri", "{problem}", {"problem": error.message}) from None


Dollars = Annotated[
    Mills,
    BeforeValidator(_as_money),
    PlainSerializer(lambda mills: f"{Decimal(mills) / MILLS_PER_DOLLAR:f}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\$?\d+(\.\d{1,3})?$"}),
]
"""US dollars in the file ("0.036", 500), mills in the program, dollars again when dumped."""

Location = Annotated[
    S3Uri,
    PlainValidator(_as_uri),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^s3://[^/]+/.*$", "maxLength": 1024}),
]
Label = Annotated[
    StrictStr,
    Field(min_length=1, max_length=MAX_LABEL_CHARACTERS),
    AfterValidator(_usable("")),
    AfterValidator(_without_blank_ends),
]
Line = Annotated[StrictStr, BeforeValidator(_in_one_line), Field(min_length=1), AfterValidator(_usable(""))]
"""Text in one line, whatever lines it was written in."""
Text = Annotated[StrictStr, Field(min_length=1, max_length=_LONGEST_TEXT), AfterValidator(_usable("\t\n\r"))]
"""Text in as many lines as it has."""
Keyword = Annotated[StrictStr, Field(max_length=30, pattern=_KEYWORD)]
ContentClassifier = Literal["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]
