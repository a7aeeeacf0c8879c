"""The cost report in Chromium, as people get it: one file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gt_service.prices import PriceTable
from gt_service.records.names import Role
from gt_service.reports.ended_job import EndedJob
from gt_service.reports.page import job_page
from gt_service.reports.publish import make_job_report
from tests.browser.conftest import Open
from tests.factories import MemoryLogs, notebook_jobs, spec
from tests.fakes import MemoryObjects

SIDEWAYS = "const table = document.querySelector('.many'); return [table.scrollWidth, table.clientWidth]"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the notebook's warm job, with iterations that cost thousands."""
    store, logs = MemoryObjects(), MemoryLogs()
    found = make_job_report(
        EndedJob(notebook_jobs()["warm"].write(store, logs), spec(), Role.WARM, 2),
        objects=store,
        logs=logs,
        now=datetime(2026, 5, 3, tzinfo=UTC),
        prices=PriceTable.current(),
    )
    for row in found["iterations"]:
        row["cost"]["workers_mills"] += 1_234_567
        row["cost_mills"] += 1_234_567
    page = tmp_path_factory.mktemp("report") / "report.html"
    page.write_bytes(job_page(found, b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 20"></svg>'))
    return page


def test_the_iterations_fit_a_window_of_900_pixels(open_browser: Open, report: Path) -> None:
    """The last column is what people look for first: what it cost."""
    browser = open_browser(width=900)
    browser.get(report.as_uri())
    needed, there = browser.execute_script(SIDEWAYS)
    assert needed <= there


def test_on_a_phone_the_table_scrolls_and_the_page_does_not(open_browser: Open, report: Path) -> None:
    browser = open_browser(width=390)
    browser.get(report.as_uri())
    needed, there = browser.execute_script(SIDEWAYS)
    assert needed > there
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
