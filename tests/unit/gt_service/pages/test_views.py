"""What the pages say about campaigns and jobs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from gt_service.backends import GROUND_TRUTH, GT_ENGINE, Backend
from gt_service.errors import UnknownState
from gt_service.pages import render
from gt_service.pages.campaigns import at_work, campaign_page, chain_points, next_step
from gt_service.pages.jobs import job_page, problems, time_left
from gt_service.pages.report import tables
from gt_service.pages.samples import shown
from gt_service.pages.status import campaign_actions, campaign_dialogs, campaign_status, job_actions, job_status
from tests import pages_data as data

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)


def text_of(template: str, values: data.Json) -> str:
    """A page's words, without its elements."""
    page = render.render(
        template, root="../", principal=None, values={"next": None, "first": None, "files": {}, **values}
    )
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def campaign_text(campaign: data.Json, jobs: list[data.Json], **more: Any) -> str:
    page = campaign_page(
        campaign, batches=[], in_batches=0, jobs=jobs, may_operate=False, fewest_auto_labeled=100, **more
    )
    return text_of("campaign.html", page)


def test_job_row_has_the_notebooks_figures() -> None:
    assert "1,250 650 600 48 % $170.200 $0.136" in campaign_text(data.campaign(), [data.job()])


def test_imported_labels_can_be_looked_at_before_any_job() -> None:
    """The pages were there, and nothing led to them."""
    images = {**data.campaign()["images"], "pending": 0, "imported": 40}
    said = campaign_text(data.campaign(images=images), [])
    assert "Labeled images Download labels" in said
    assert "Cost report" not in said
    assert "Labeled images" not in campaign_text(data.campaign(), [])
    assert "Labeled images Download labels Cost report" in campaign_text(data.campaign(), [data.job()])


def test_chart_counts_follow_ups_with_their_batch_and_leaves_running_jobs_out() -> None:
    """A follow-up shown as a batch of its own would make the chain look cheaper than it was."""
    first = data.job(counters=data.counters(300, 200, unlabeled=750), status="Stopped", cost_mills=70_000)
    rest = data.job("birds-0001-r1", attempt=1, counters=data.counters(350, 400), cost_mills=100_200)
    points = chain_points([first, rest, data.chain()[3]])
    assert [(point.batch, point.objects, point.machine_share, point.cost_mills) for point in points] == [
        (1, 1250, 0.48, 170_200)
    ]


def test_chart_waits_for_the_report_before_it_shows_a_cost() -> None:
    point = chain_points([data.job(cost_mills=None)])[0]
    assert point.cost_mills is None


@pytest.mark.parametrize(
    ("changes", "jobs", "words"),
    [
        ({"status": "waiting", "reason": "No money.", "remedy": "Raise it."}, [], "No money."),
        ({"status": "paused"}, [data.chain()[3]], "birds-0003 goes on to its end"),
        ({"status": "stopped"}, [], "stopped"),
        ({}, [data.chain()[3]], "birds-0003 is labeling"),
        ({}, [], "312 of 1,250 images"),
        ({"images": {"pending": 0, "rejected": 0, "in_batches": 0}}, [], "Waiting for images"),
        ({"spec": None}, [], "312 of 1,250 images"),
    ],
)
def test_next_step_says_what_happens_or_why_not(changes: dict[str, object], jobs: list[data.Json], words: str) -> None:
    assert words in next_step(data.campaign(**changes), jobs).text


def test_reserved_money_is_not_counted_as_spent_nor_as_left() -> None:
    words = campaign_text(data.campaign(), [])
    assert "Spent $297.20 Reserved $64.00 for running jobs Left $138.80 of $500.00" in words


def test_viewers_get_no_buttons() -> None:
    page = campaign_page(
        data.campaign(), batches=[], in_batches=0, jobs=data.chain(), may_operate=False, fewest_auto_labeled=100
    )
    assert page["actions"] == page["dialogs"] == ()


@pytest.mark.parametrize(
    ("status", "pending", "names"),
    [
        ("active", 5, ["close", "pause", "stop"]),
        ("active", 0, ["pause", "stop"]),
        ("waiting", 5, ["close", "pause", "resume", "stop"]),
        ("paused", 5, ["resume", "stop"]),
        ("stopped", 5, []),
    ],
)
def test_only_what_is_legal_is_offered(status: str, pending: int, names: list[str]) -> None:
    assert [
        action.name for action in campaign_actions(campaign_dialogs("birds", 100), status, pending=pending)
    ] == names


@pytest.mark.parametrize("backend", [GROUND_TRUTH, GT_ENGINE])
def test_closing_a_batch_says_from_how_many_images_this_backend_s_machine_labels(backend: Backend) -> None:
    """With another backend's number an owner waits for images that nobody needs."""
    [close] = (one for one in campaign_dialogs("birds", backend.fewest_auto_labeled) if one.name == "close")
    assert f"fewer than {backend.fewest_auto_labeled:,} images" in str(close)


@pytest.mark.parametrize(
    ("waits_for", "offered"),
    [
        ("output", {"resume", "leave-out"}),
        ("unlabeled", {"resume", "leave-out"}),
        ("request", {"resume"}),
        ("budget", set()),
        ("spec", set()),
        (None, {"resume"}),
    ],
)
def test_a_waiting_campaign_offers_what_helps(waits_for: str | None, offered: set[str]) -> None:
    """Without "Go on without them", two images that nobody can answer hold up a campaign for good; "Resume" beside a
    refused spec or a spent budget does nothing."""
    campaign = {**data.campaign(), "status": "waiting", "waits_for": waits_for}
    page = campaign_page(campaign, batches=[], in_batches=0, jobs=[], may_operate=True, fewest_auto_labeled=100)
    assert {action.name for action in page["actions"]} & {"resume", "leave-out"} == offered
    assert "leave-out" in {dialog.name for dialog in page["dialogs"]}, "the page asks before it does it"


def test_what_a_job_cost_beyond_its_reserve_and_lost_of_its_output_is_shown() -> None:
    job = {**data.chain()[0], "reserved_mills": 100, "cost_mills": 120, "output_problem": "2 of 4 are missing"}
    texts = " ".join(problem.text for problem in problems(job))
    assert "more than the $0.10 set aside" in texts
    assert "not whole: 2 of 4 are missing" in texts


def test_a_campaign_whose_images_are_all_done_says_so() -> None:
    """Active it stays, and looked like one at work."""
    campaign = {**data.campaign(), "status": "active", "images": {"pending": 0, "rejected": 0}}
    done = [job for job in data.chain() if job["status"] == "Completed"]
    assert "Everything that came is done" in next_step(campaign, done).text


@pytest.mark.parametrize(
    ("labeled", "status", "is_said"), [(10, "InProgress", True), (9, "InProgress", False), (10, "Completed", False)]
)
def test_a_job_at_100_percent_says_what_it_still_does(labeled: int, status: str, is_said: bool) -> None:
    """ "100 %" and "InProgress" stood side by side for a minute."""
    job = {**data.chain()[0], "status": status, "objects": 10, "counters": data.counters(labeled, 0)}
    page = job_page(job, report=None, now=NOW, may_operate=False)
    assert bool(page["last_step"]) is is_said


def test_images_without_a_label_are_named() -> None:
    """'The report names them', said the page, and had no link to it."""
    objects = [
        {"object_id": "3", "source": "s3://inbox/birds/images/a b.jpg", "reason": "it failed", "detail": "too dark"},
        {"object_id": "4", "source": None, "reason": "it failed", "detail": None},
    ]
    report = {"unlabeled": {"count": 250, "reasons": {"it failed": 250}, "objects": objects}}
    (table,) = tables(report)
    assert table.rows == (("birds/images/a b.jpg", "too dark"), ("object 4", "it failed"))
    assert "250: it failed" in table.about
    assert "The first 2 of 250" in table.about


def test_money_beyond_the_budget_is_shown_while_the_campaign_is_active() -> None:
    campaign = {**data.campaign(), "status": "active", "reason": "$0.10 more than the budget is spent"}
    assert "more than the budget" in next_step(campaign, []).text


def test_ended_jobs_cannot_be_stopped() -> None:
    assert [bool(job_actions("j", word)) for word in ("InProgress", "Stopping", "Completed")] == [True, False, False]


def test_unknown_statuses_are_errors() -> None:
    with pytest.raises(UnknownState):
        job_status("Paused")
    with pytest.raises(UnknownState):
        campaign_status("asleep")


def test_time_left_follows_the_pace_so_far() -> None:
    """600 of 1,250 images in two hours, 2 failed: 648 more take 2 h 10 min."""
    assert time_left(data.chain()[3], now=NOW) == "2 h 10 min"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": "Completed"}, id="ended"),
        pytest.param({"counters": data.counters(0, 0)}, id="nothing done yet"),
        pytest.param({"created_at": "2026-05-03T11:00:00Z"}, id="a clock that is behind"),
        pytest.param({"counters": data.counters(1250, 0)}, id="all done"),
    ],
)
def test_no_time_left_where_there_is_no_pace(changes: data.Json) -> None:
    assert time_left({**data.chain()[3], **changes}, now=NOW) == ""


def test_failures_come_with_a_remedy() -> None:
    failed = data.job(
        status="Failed",
        failure_reason="ClientError: Access denied to s3://inbox/a.jpg",
        counters=data.counters(10, 0, failed=3, unlabeled=1237),
    )
    found = list(problems(failed))
    assert [problem.severe for problem in found] == [True, False, False]
    assert "labeling role" in found[0].remedy
    assert all(problem.remedy for problem in found)


def test_job_page_shows_report_and_stays_live_until_it_is_written() -> None:
    page = job_page(data.job(), report=data.report(), now=NOW, may_operate=True)
    facts = {fact.name: fact.value for fact in page["facts"]}
    assert facts["Cost"] == "$170.20"
    assert facts["Saved"] == "28 %"
    assert [table.title for table in page["tables"]] == ["Audit", "Workers"]
    assert page["iterations"].rows[2] == ("3", "200", "281", "160", "220", "$50.400")
    assert not page["live"]
    assert job_page(data.job(report_s3_uri=None), report=None, now=NOW, may_operate=True)["live"]


def test_a_running_job_shows_its_spend_beside_its_ceiling() -> None:
    """Whoever watches a job wants to know what it has cost, and that it cannot cost more than so much."""

    def facts(**changes: Any) -> dict[str, str]:
        running = data.job(status="InProgress", cost_mills=None, report_s3_uri=None, ended_at=None, **changes)
        return {fact.name: fact.value for fact in job_page(running, report=None, now=NOW, may_operate=True)["facts"]}

    shown = facts(so_far_mills=118_200)
    assert (shown["Spent so far"], shown["Ceiling"]) == ("$118.20", "$235.00")
    assert "Spent so far" not in facts(so_far_mills=None)


def test_machine_boxes_have_a_confidence_and_peoples_have_none() -> None:
    """People's confidence says how far they agreed; shown beside the machine's it would be read as the same thing."""
    images = list(map(shown, data.rows()))
    assert all(len(image.confidences) == len(image.boxes) * image.by_machine for image in images)
    assert {bool(image.confidences) for image in images} == {True, False}


def test_duplicates_name_their_twin() -> None:
    twin = data.image(key="b.jpg", status="duplicate", reason=None, duplicate_of="birds/images/a.jpg")
    values = {"name": "birds", "status": "duplicate", "statuses": ["duplicate"], "rows": [twin]}
    assert "b.jpg the same content as birds/images/a.jpg" in text_of("images.html", values)


def test_who_is_at_work_is_shown_as_the_engine_says_and_ground_truth_does_not() -> None:
    running = data.job(status="InProgress", objects=100, counters={"HumanLabeled": 20, "MachineLabeled": 30})
    figures = {"at": "2026-05-01T09:00:00+00:00", "at_work": 2, "done": 25, "answers": 60, "last_hour": 40}
    figures |= {"active_seconds": 600.0, "workers_per_object": 2}

    def shown(people: list[tuple[data.Json, data.Json]] | None) -> str:
        return campaign_text(data.campaign(), [running], people=people)

    first = shown([(running, figures)])
    assert "At work 2 in the last ten minutes Offered – images" in first
    assert "Answers 60 40 in the last hour Time at work 10 min 10 s an answer" in first
    assert "Minutes left 15" in first  # 45 images, two answers each, ten seconds an answer
    assert "declined" not in first.lower()
    more = {"declines": {"Unclear": 3}, "portal": "https://labels.example.org", "given_up": 1}
    assert "too small" not in first + shown([(running, figures | {"members": 2})])
    assert "2 people are to answer each image, and the team has 1." in shown([(running, figures | {"members": 1})])
    needed = figures | {"workers_per_object": 5, "least_workers": 1, "members": 3}
    assert "Minutes left 18" in shown([(running, needed)])  # 2.4 answers an image, as the 25 had
    assert "Up to 5 people are to answer each image, and the team has 3. An image on" in shown([(running, needed)])
    assert "Done 25 1 given up" in shown([(running, figures | more)])
    assert "Declined 3 Why people declined: “Unclear” (3)." in shown([(running, figures | more)])
    assert at_work(running, figures | more)["team_page"] == "https://labels.example.org/team"
    assert not at_work(running, figures | {"portal": "javascript:alert(1)"})["team_page"]
    assert "Minutes left –" in shown([(running, {**figures, "answers": 2})])
    assert "does not tell" in shown(None)
    assert "People at work" not in shown([])
