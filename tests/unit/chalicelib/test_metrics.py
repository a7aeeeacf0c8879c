"""What CloudWatch is told, as it stands in the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import metrics
from gt_service.notifications.due import due
from tests import pages_data as data


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GT_STAGE", "prod")
    metrics.metrics.cache_clear()
    yield
    metrics.metrics.cache_clear()


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_an_invocation_logs_one_line_that_cloudwatch_reads(capsys: pytest.CaptureFixture[str]) -> None:
    def work(event: str) -> str:
        for outcome in ("pending", "pending", "rejected", "duplicate", "spec"):
            metrics.upload(outcome)
        metrics.transitions(due(data.campaign(), data.chain(), now=datetime(2026, 5, 3, 10, 0, tzinfo=UTC)))
        metrics.standing(data.campaign(), [data.job(warning="no progress for a day")])
        return event

    assert metrics.measured("event", work) == "event"
    line = logged(capsys)
    assert (line["service"], line["stage"]) == ("gt-service", "prod")
    assert sum(line["ImagesAccepted"]) == 2
    assert sum(line["JobsCompleted"]) == 3
    assert line["BudgetUsedPercent"] == [pytest.approx(59.44)]
    assert line["JobsWithWarning"] == [1.0]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "GtService"
    assert {one["Name"] for one in directive["Metrics"]} <= set(line)


def test_what_a_failed_invocation_counted_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(event: str) -> None:
        metrics.upload("rejected")
        raise RuntimeError(event)

    with pytest.raises(RuntimeError):
        metrics.measured("event", fails)
    assert logged(capsys)["ImagesRejected"] == [1.0]


def test_every_metric_is_in_the_runbook() -> None:
    from pathlib import Path

    runbook = (Path(__file__).parents[3] / "docs" / "reference" / "runbook.md").read_text("utf-8")
    names = [
        name
        for line in (metrics.__doc__ or "").splitlines()
        if line.startswith("    ")
        for name in line.split("   ")[:2]
        if name
    ]
    for name in " ".join(names).replace(",", " ").split():
        if name[0].isupper():
            assert f"`{name}`" in runbook
