"""Whatever is dropped as a spec is read in bounded time and ends in a spec that SageMaker takes, or in errors that fit.

A spec that is not comes with images of others: read for minutes, or failing with an error that nobody foresaw, it
takes them along, and its owner is never told.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gt_engine.api.shapes import parse_input
from gt_service.backends import GT_ENGINE
from gt_service.campaign import MAX_SPEC_BYTES, CampaignSpec, parse_spec, reading
from gt_service.chain.request import job_request
from gt_service.deployment import Deployment
from gt_service.errors import InvalidInput, SpecErrors
from gt_service.money import MAX_DOLLARS, from_usd
from tests.store_contract import a_job

TEAM = "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"
SMALLEST: dict[str, Any] = {"name": "birds", "task": "object-detection", "labels": ["Bird"], "workforce": TEAM}
MOST_ERROR_BYTES = 100_000
MOST_STORED_BYTES = 200_000
"""Both and the rest of a campaign's item are to fit into DynamoDB's 400 KB."""
SECONDS = 5
"""Measured: 0.7 at most on a busy CPU."""
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcome(text: str | bytes, filename: str = "campaign.yaml") -> CampaignSpec | SpecErrors:
    """As `Intake` has it, within the bounds that tables, answers and neighbours set."""
    begun = time.process_time()
    found = spec_or_errors(text, filename)
    assert time.process_time() - begun < SECONDS
    if isinstance(found, SpecErrors):
        assert len(json.dumps(found.as_dict()["errors"]).encode()) < MOST_ERROR_BYTES
        assert all(error.message and error.remedy and error.field for error in found.errors)
    else:
        assert len(found.model_dump_json().encode()) < MOST_STORED_BYTES
    return found


def spec_or_errors(text: str | bytes, filename: str) -> CampaignSpec | SpecErrors:
    try:
        return parse_spec(text, filename=filename, campaign="birds")
    except SpecErrors as errors:
        return errors


def filled(item: str, *, head: str = "", tail: str = "") -> str:
    """As many items as the largest file holds."""
    room = MAX_SPEC_BYTES - len(head) - len(tail)
    count = room // len(item.format(10_000).encode())
    return head + "".join(item.format(10_000 + number) for number in range(count)) + tail


@pytest.mark.parametrize("filename", ["campaign.yaml", "campaign.json"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(filled("a{}: 1\n"), id="unknown fields"),
        pytest.param(filled('"a{}": 1,', head="{", tail='"b": 1}'), id="unknown fields in JSON"),
        pytest.param(filled('"a",', head='{"labels": [', tail='"a"]}'), id="one label often"),
        pytest.param(filled('"l{}",', head='{"labels": [', tail='"a"]}'), id="many labels"),
        pytest.param(filled("1,", head='{"control_batches": [', tail="1]}"), id="many numbers"),
        pytest.param(filled("[],", head='{"labels": [', tail="[]]}"), id="many lists"),
        pytest.param(filled("t{}: 1\n  ", head="tags:\n  "), id="many tags"),
        pytest.param("[" * MAX_SPEC_BYTES, id="deep"),
        pytest.param(filled('{{"a":'), id="deep fields"),
        pytest.param(filled("- "), id="deep lists"),
        pytest.param(filled('\\"', head='{"instructions": {"full": "', tail='"}}'), id="quotes"),
        pytest.param(filled("9", head='{"budget": ', tail="}"), id="digits"),
        pytest.param(filled(":59", head="budget: 1"), id="sexagesimal"),
        pytest.param("budget: 0x" + "f" * 5000, id="hexadecimal"),
        pytest.param("batch: {size: 0b" + "1" * 60_000 + "}", id="binary"),
        pytest.param("labels: [0" + "7" * 60_000 + "]", id="octal"),
        pytest.param("name: !!int 0x" + "f" * 60_000, id="a tag's own number"),
        pytest.param("control_batches: [!!float 0x1, !!binary aGk=, !!set {a, b}]", id="other tags"),
        pytest.param("budget: '1E+999999'", id="exponent"),
        pytest.param("budget: '1e200'", id="a cap that no table holds"),
        pytest.param("budget: 1e999", id="infinite"),
        pytest.param("budget: " + "." * 60_000, id="dots"),
        pytest.param("a" * 60_000 + ": 1", id="a long name"),
        pytest.param("? " + "a" * 60_000 + "\n: 1", id="a long name of a field"),
        pytest.param("x" * (MAX_SPEC_BYTES + 1), id="too large"),
        pytest.param("when: 2026-13-01", id="no date"),
        pytest.param('{"labels": ["\\ud800"]}', id="half a pair"),
    ],
)
def test_no_file_takes_long_or_makes_more_than_fits(text: str, filename: str) -> None:
    assert isinstance(outcome(text, filename), SpecErrors)


def test_more_errors_than_anybody_reads_are_counted() -> None:
    errors = outcome(json.dumps(SMALLEST | {f"a{number}": 1 for number in range(3000)}), "campaign.json")
    assert isinstance(errors, SpecErrors)
    assert len(errors.errors) == 51
    assert "3,000" in errors.errors[-1].message


def test_an_error_that_nobody_foresaw_is_told_to_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(reading, "document", fails)
    errors = outcome(yaml.safe_dump(SMALLEST))
    assert isinstance(errors, SpecErrors)
    assert "MemoryError" in errors.errors[0].message


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=30),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=12,
)
_FIELDS = sorted(CampaignSpec.model_fields)
_TEXTS = st.text(st.characters(codec=None), max_size=60)
_NEARLY: dict[str, st.SearchStrategy[Any]] = {
    "labels": st.lists(_TEXTS, max_size=4),
    "budget": st.floats() | st.integers() | _TEXTS | st.from_regex(r"\$?[0-9]{1,12}(\.[0-9]{1,4})?([eE][0-9]{1,4})?"),
    "tags": st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    "gold_labels": _TEXTS.map(lambda key: f"s3://inbox/birds/gold/{key}"),
    "instructions": st.fixed_dictionaries(
        {}, optional={"title": _TEXTS, "description": _TEXTS, "header": _TEXTS, "full": _TEXTS}
    ),
    "batch": st.fixed_dictionaries({}, optional={"size": st.integers(), "minimum": st.integers(max_value=3)}),
    "workforce": _TEXTS.map(lambda name: f"arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/{name}"),
    "label_attribute": _TEXTS,
    "output_kms_key": _TEXTS,
    "role_arn": _TEXTS.map(lambda name: f"arn:aws:iam::111122223333:role/{name}"),
}


@unhurried
@given(
    st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4),
    st.fixed_dictionaries({}, optional=_NEARLY),
    st.sampled_from(["campaign.yaml", "campaign.json"]),
)
def test_whatever_is_taken_at_the_door_can_be_sent(wild: dict[str, Any], near: dict[str, Any], filename: str) -> None:
    """A spec that is taken and whose request no SageMaker takes holds a campaign up behind a message about another
    field (a tag, a title), when its images are there already."""
    for document in (SMALLEST | near, SMALLEST | wild):
        spec = outcome(json.dumps(document), filename)
        if isinstance(spec, SpecErrors):
            continue
        assert CampaignSpec.model_validate_json(spec.model_dump_json()) == spec, "stored, it is another"
        parse_input("CreateLabelingJob", request_of(spec))


def request_of(spec: CampaignSpec) -> dict[str, Any]:
    deployment = Deployment(
        "inbox", "results", "us-east-1", "arn:aws:iam::111122223333:role/labeling", backend=GT_ENGINE
    )
    request = job_request(a_job(), spec, deployment)
    return json.loads(json.dumps(request))  # type: ignore[no-any-return]


@unhurried
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_whatever_bytes_come_the_owner_is_told(body: bytes) -> None:
    for filename in ("campaign.yaml", "campaign.json"):
        assert isinstance(outcome(body, filename), SpecErrors)


@unhurried
@given(
    st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=50)
    | st.from_regex(r"\$?-?[0-9]{1,60}(\.[0-9]{0,60})?([eE][-+]?[0-9]{1,8})?", fullmatch=True)
    | st.integers(4000, 6000).map(lambda digits: 10**digits)
)
def test_an_amount_is_one_that_tables_hold_or_an_error(written: Any) -> None:
    with suppress(InvalidInput):
        mills = from_usd(written)
        assert abs(mills) <= MAX_DOLLARS * 1000
        assert Fraction(str(written).strip().removeprefix("$")) * 1000 == mills
