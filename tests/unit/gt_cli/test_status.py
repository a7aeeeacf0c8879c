"""`gt-service status`, `pause`, `resume`, `close` and `stop`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from gt_cli.main import cli

CAMPAIGN = {
    "name": "birds",
    "status": "waiting",
    "reason": "2 images got no label",
    "remedy": "Look at them.",
    "spec_errors": [],
    "warnings": [{"message": "50 images are fewer than 1,250"}],
    "images": {"pending": 2, "rejected": 1, "duplicate": 0, "in_batches": 40},
    "batches": 2,
    "cap_mills": 20_000,
    "committed_mills": 1_500,
    "spent_mills": 4_200,
}
JOB = {
    "name": "birds-0001",
    "role": "first",
    "status": "Failed",
    "objects": 20,
    "counters": None,
    "cost_mills": None,
    "failure_reason": "no gold labels [Bird]",
    "warning": None,
}


class FakeApi:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def __enter__(self) -> FakeApi:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def campaigns(self) -> list[Any]:
        return [CAMPAIGN]

    def campaign(self, name: str) -> Any:
        return CAMPAIGN if name == "birds" else None

    def jobs(self, name: str) -> list[Any]:
        return [JOB]

    def images(self, name: str, status: str) -> list[Any]:
        return [{"key": "birds/images/a.webp", "reason": "not a JPEG or PNG"}]

    def __getattr__(self, called: str) -> Any:
        return lambda *arguments: self.calls.append(" ".join((called, *arguments)))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    monkeypatch.setattr("gt_cli.options.api_of", lambda *_: fake)
    return fake


def gt_service(*arguments: str, code: int = 0) -> str:
    answer = CliRunner().invoke(cli, [*arguments, "--url", "http://x", "--token", "t"])
    assert answer.exit_code == code, answer.output
    return answer.output


def test_status_tells_budget_warnings_and_why_a_job_failed(api: FakeApi) -> None:
    """All three were left out until the campaign waited."""
    shown = gt_service("status", "birds")
    assert "$4.20 spent, $1.50 set aside, of $20.00" in shown
    assert "50 images are fewer than 1,250" in shown
    assert "birds-0001: no gold labels [Bird]" in shown
    assert "40 in batches" in shown
    assert "rejected birds/images/a.webp: not a JPEG or PNG" in shown


def test_status_says_how_to_correct_each_field_of_a_refused_spec(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message without its remedy left the owner to guess."""
    error = {"field": "name", "message": "2024 is not text", "remedy": 'Put it in quotes: "2024".'}
    monkeypatch.setitem(CAMPAIGN, "spec_errors", [error])
    assert 'name: 2024 is not text. Put it in quotes: "2024".' in gt_service("status", "birds")


def test_amounts_in_a_column_stand_below_each_other(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """$1.08 and $0.864 below each other were hard to compare."""
    monkeypatch.setitem(JOB, "cost_mills", 1_080)
    assert "$1.080" in gt_service("status", "birds")
    assert "$4.200" in gt_service("status")


def test_status_as_json_is_what_the_api_says(api: FakeApi) -> None:
    assert json.loads(gt_service("status", "birds", "--json")) == {
        "campaign": CAMPAIGN,
        "jobs": [JOB],
        "rejected": api.images("birds", "rejected"),
    }
    assert json.loads(gt_service("status", "--json")) == {"campaigns": [CAMPAIGN]}


def test_a_campaign_that_is_not_there_is_an_error(api: FakeApi) -> None:
    gt_service("status", "wrens", code=1)


@pytest.mark.parametrize(
    ("command", "call"),
    [
        (["pause", "birds"], "decide birds pause"),
        (["resume", "birds"], "decide birds resume"),
        (["resume", "birds", "--leave-out"], "decide birds leave-out"),
        (["close", "birds"], "close_batch birds"),
        (["stop", "birds", "--yes"], "decide birds stop"),
    ],
)
def test_what_the_pages_buttons_do_the_command_line_does(api: FakeApi, command: list[str], call: str) -> None:
    gt_service(*command)
    assert api.calls == [call]


def test_stopping_for_good_asks_first(api: FakeApi) -> None:
    CliRunner().invoke(cli, ["stop", "birds", "--url", "http://x", "--token", "t"], input="n\n")
    assert api.calls == []
