"""Lists are walked page by page; a page must neither repeat nor skip what is there."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gt_engine.api.listing import page
from gt_engine.request.errors import ValidationException

names = st.lists(st.text("abc", min_size=1, max_size=4), unique=True, max_size=30)


def walk(items: list[str], request: dict[str, Any], *, descending: bool) -> list[str]:
    found: list[str] = []
    token = None
    while True:
        asked = request | ({"NextToken": token} if token else {})
        shown, token = page(items, asked, sort_key=len_of, name=str, descending=descending)
        assert len(shown) <= request["MaxResults"]
        found += shown
        if token is None:
            return found


def len_of(item: str) -> str:
    return str(len(item))  # many items share a sort key: the name must break the tie


@settings(deadline=None)
@given(names, st.integers(1, 5), st.booleans())
def test_all_pages_together_are_the_whole_list_in_order(items: list[str], size: int, descending: bool) -> None:
    expected = sorted(items, key=lambda item: (len_of(item), item), reverse=descending)
    assert walk(items, {"MaxResults": size}, descending=descending) == expected


def test_what_comes_or_goes_between_two_pages_neither_repeats_nor_hides_others() -> None:
    request = {"MaxResults": 2}
    first, token = page(["b", "d", "f", "h"], request, sort_key=str, name=str, descending=False)
    assert first == ["b", "d"]
    shown, _ = page(["a", "b", "e", "f", "h"], request | {"NextToken": token}, sort_key=str, name=str, descending=False)
    assert shown == ["e", "f"]


def test_without_a_size_ten_are_shown_as_sagemaker_does() -> None:
    shown, token = page([f"{n:02}" for n in range(11)], {}, sort_key=str, name=str, descending=False)
    assert len(shown) == 10
    assert token


@pytest.mark.parametrize("token", ["x", "", "é", "WzFd", "bnVsbA=="])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(ValidationException, match="NextToken"):
        page(["a"], {"NextToken": token}, sort_key=str, name=str, descending=False)


def test_a_forged_token_is_refused() -> None:
    """It answered 500, as if the engine had failed."""
    _, token = page(["a", "b"], {"MaxResults": 1}, sort_key=str, name=str, descending=False)
    filters, *_ = json.loads(urlsafe_b64decode(str(token)))
    forged = urlsafe_b64encode(json.dumps([filters, 1, None]).encode()).decode()
    with pytest.raises(ValidationException, match="NextToken"):
        page(["a", "b"], {"MaxResults": 1, "NextToken": forged}, sort_key=str, name=str, descending=False)


def test_a_token_of_another_request_is_refused() -> None:
    _, token = page(["a", "b"], {"MaxResults": 1, "NameContains": "a"}, sort_key=str, name=str, descending=False)
    with pytest.raises(ValidationException, match="NextToken"):
        page(["a", "b"], {"MaxResults": 1, "NextToken": token}, sort_key=str, name=str, descending=False)
