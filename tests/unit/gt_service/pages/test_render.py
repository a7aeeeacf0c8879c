"""The HTML: every page renders, escapes, carries no inline code, and is the same for the same state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gt_service.campaign.form import NEW
from gt_service.etags import etag, matches
from gt_service.pages import render
from gt_service.pages.campaigns import campaign_page, spec_page
from gt_service.pages.estimates import estimate_page
from gt_service.pages.jobs import job_page
from gt_service.pages.samples import drawn, shown
from tests import pages_data as data

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
OPERATOR = render.Principal("ada", "operator")
STATIC = Path(render.__file__).parent / "static"
PAGING = {"next": "?NextToken=x", "first": None}
EVIL = "<script>alert(1)</script>"


def campaign_values(**changes: Any) -> Mapping[str, Any]:
    page = campaign_page(
        data.campaign(**changes),
        batches=data.batches(),
        in_batches=2500,
        jobs=data.chain(),
        deliveries=data.deliveries(),
        may_operate=True,
        fewest_auto_labeled=100,
    )
    return {**page, **PAGING}


def job_values(job: data.Json, report: data.Json | None) -> Mapping[str, Any]:
    samples = drawn(
        list(map(shown, data.rows()[:4])), address=lambda uri: f"https://images.example/{uri.key}?X-Amz-Signature=a&b=c"
    )
    page = job_page(job, report=report, samples=samples, now=NOW, may_operate=True)
    return {**page, "files": {"Model (ONNX)": "https://results.example/model.onnx"}}


ESTIMATE = {
    **{
        f"{name}_mills": 1000 * index for index, name in enumerate(("low", "likely", "high", "ceiling", "all_human"), 1)
    },
    "jobs": [
        {
            "role": "first",
            "objects": 1250,
            "machine_share": {"low": 0.1, "likely": 0.48, "high": 0.6},
            "cost_mills": {"low": 1, "likely": 2, "high": 3, "ceiling": 4},
        }
    ],
    "facts": [{"name": "Likely", "value": "$2.00", "note": "between $1.00 and $3.00"}],
    "assumptions": ["prices of today"],
}
PAGES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "campaigns": (
        "campaigns.html",
        {"rows": [data.campaign()], "live": True, "inbox": "inbox", **PAGING},
    ),
    "no campaigns": ("campaigns.html", {"rows": [], "live": True, "inbox": "inbox", "next": None, "first": None}),
    "campaign": ("campaign.html", campaign_values()),
    "campaign without a spec": (
        "campaign.html",
        campaign_values(
            status="waiting",
            spec=None,
            cap_mills=None,
            spec_errors=[{"field": "labels", "message": EVIL, "remedy": ""}],
            reason=EVIL,
        ),
    ),
    "job": ("job.html", job_values(data.job(), data.report())),
    "running job": ("job.html", job_values(data.chain()[3], None)),
    "failed job": ("job.html", job_values(data.job(status="Failed", failure_reason=EVIL), None)),
    "images": (
        "images.html",
        {
            "name": "birds",
            "status": "rejected",
            "statuses": ["rejected"],
            "rows": [data.image(key=EVIL)],
            **PAGING,
        },
    ),
    "estimate": ("estimates.html", estimate_page({"objects": EVIL}, tasks=["t"], estimate=ESTIMATE)),
    "change": ("spec.html", spec_page("birds", {"text": f"labels: [{EVIL}]", "revision": 1}, teams=[EVIL])),
    "new campaign": ("spec.html", spec_page(None, {"text": NEW, "revision": 0})),
    "sign in": ("login.html", {"next": "campaigns", "error": EVIL}),
    "error": ("error.html", {"heading": "Not found", "message": EVIL, "remedy": "look elsewhere"}),
}


def html(name: str, root: str = "../") -> str:
    template, values = PAGES[name]
    return render.render(template, root=root, principal=OPERATOR, values=values)


class Structure(HTMLParser):
    """Open and closed elements, ids, and whatever a strict policy would refuse."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.refused: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.refused += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.refused.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.references += [str(given[key]) for key in ("aria-labelledby", "data-opens") if given.get(key)]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PAGES)
def test_page_is_well_formed_and_has_nothing_inline(name: str) -> None:
    """Inline code would be dropped by the policy, in the browser alone and without a word."""
    found = Structure()
    found.feed(html(name))
    assert found.open == []
    assert found.refused == []
    assert len(set(found.ids)) == len(found.ids)
    assert set(found.references) <= set(found.ids)


@pytest.mark.parametrize("name", PAGES)
def test_users_text_is_never_markup(name: str) -> None:
    assert EVIL not in html(name)


@pytest.mark.parametrize("name", PAGES)
def test_same_state_same_page(name: str) -> None:
    """Or a poll would swap the page under the reader every five seconds."""
    assert etag(html(name)) == etag(html(name))


def test_no_image_of_a_campaign_is_missing_from_its_page() -> None:
    """Two hundred were dropped, the page tells of 196, and nobody knows which four are gone."""
    counts = {"pending": 312, "rejected": 17, "duplicate": 29, "replaced": 31, "imported": 43}
    values = campaign_values(images={**counts, "more": []})
    page = render.render("campaign.html", root="../", principal=OPERATOR, section="campaigns", values=values)
    tiles = re.findall(r"<dd>(?:<a href=\"[^\"]*status=(\w+)\">)?([\d,]+)", page)
    assert {(status or "pending", count) for status, count in tiles} >= {
        (status, str(count)) for status, count in counts.items()
    }
    assert ("", "2,500") in tiles  # in batches


def test_links_are_relative() -> None:
    links = re.findall(r'(?:href|src|action)="([^"]+)"', html("campaign"))
    assert links
    assert not [link for link in links if link.startswith("/") or link.startswith("http")]


def test_ended_pages_stop_polling() -> None:
    """A finished job's page left open would ask for ever."""
    assert "hx-trigger" in html("running job")
    assert "hx-trigger" not in html("job")
    stopped = campaign_page(
        data.campaign(status="stopped"),
        batches=[],
        in_batches=0,
        jobs=[data.job()],
        may_operate=True,
        fewest_auto_labeled=100,
    )
    assert "hx-trigger" not in render.render(
        "campaign.html", root="../", principal=OPERATOR, values={**stopped, "next": None, "first": None}
    )


def test_etag_is_recognised_as_gateways_send_it_back() -> None:
    tag = etag("page")
    assert matches(tag, tag)
    assert matches(f'"other", W/{tag}', tag)
    assert not matches(None, tag)
    assert not matches('"other"', tag)


def test_vendored_files_are_the_ones_whose_licences_are_noted() -> None:
    noted = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "LICENCES.md").read_text(), re.MULTILINE))
    vendored = {path.name for path in STATIC.iterdir() if ".min." in path.name}
    assert set(noted) == vendored
    for name, expected in noted.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == expected


def test_every_static_file_is_served_and_nothing_else() -> None:
    assert {path.name for path in STATIC.iterdir()} - {"LICENCES.md"} == set(render.STATIC_TYPES)
    assert render.static_file("../render.py") is None
    assert render.static_file("LICENCES.md") is None
