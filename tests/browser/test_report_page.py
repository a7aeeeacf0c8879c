"""The cost report in Chromium, as people get it: one file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gt_cli.demo.results import write
from gt_service.reports.page import job_page
from gt_service.reports.publish import make_job_report
from tests.browser.conftest import Open
from tests.factories import MemoryLogs, notebook_jobs, spec
from tests.fakes import MemoryObjects

A4_LANDSCAPE = 1032
"""Pixels of a sheet's width, without 12 mm at either side."""
SIDEWAYS = "const table = document.querySelector('.many'); return [table.scrollWidth, table.clientWidth]"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the notebook's warm job, with iterations that cost thousands."""
    store, logs = MemoryObjects(), MemoryLogs()
    found = make_job_report(
        objects=store,
        logs=logs,
        description=notebook_jobs()["warm"].write(store, logs),
        spec=spec(),
        role="warm",
        batch=2,
        control=None,
        now=datetime(2026, 5, 3, tzinfo=UTC),
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


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """The page that the demo leaves, of three jobs."""
    job = {
        "machine_share": 0.48,
        "human_labeled": 650,
        "human_boxes": 12_900,
        "machine_labeled": 600,
        "machine_boxes": 11_800,
        "people_hours": 112.5,
        "all_human_hours": 124.0,
        "cost_usd": 1170.2,
        "all_human_usd": 1235.0,
        "saving_usd": 164.8,
        "true_error": 0.072,
    }
    roles = {"birds-0001": "first", "birds-0002": "warm", "birds-0002-control": "control"}
    jobs = [{**job, "name": name, "role": role} for name, role in roles.items()]
    write(tmp_path, {"campaign": "birds", "images": 2500, "source": "drawn scenes", "notes": [], "jobs": jobs})
    return tmp_path / "index.html"


def test_nothing_is_cut_off_on_paper(open_browser: Open, report: Path, demo: Path) -> None:
    """The last columns are what people look for, and a bar without its colour tells nothing."""
    browser = open_browser(width=A4_LANDSCAPE)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    for page in (report, demo):
        browser.get(page.as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= A4_LANDSCAPE
        cut = "return [...document.querySelectorAll('table')].filter(t => t.scrollWidth > t.parentElement.clientWidth)"
        assert not browser.execute_script(cut)
        scrolling = "return [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).overflowX === 'auto')"
        assert not browser.execute_script(scrolling)
    bar = "return getComputedStyle(document.querySelector('.bar > span')).printColorAdjust"
    assert browser.execute_script(bar) == "exact"
