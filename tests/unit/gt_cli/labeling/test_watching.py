"""How far the labeling of a folder is, from what the service and the engine say."""

from __future__ import annotations

from typing import Any

from gt_cli.labeling.watching import Standing, figures, line, standing
from gt_engine.workforce.progress import JobProgress


def campaign(status: str = "active", **images: int) -> dict[str, Any]:
    counts = {"pending": 0, "rejected": 0, "duplicate": 0, "in_batches": 0, **images}
    return {"status": status, "reason": "because" if status == "waiting" else None, "images": counts}


def job(status: str = "InProgress", *, people: int = 0, machine: int = 0, **changes: Any) -> dict[str, Any]:
    counters = {"HumanLabeled": people, "MachineLabeled": machine}
    ended = {"unlabeled": None, "failure_reason": None, "report_s3_uri": None, "batch": 1, "name": "photos-0001"}
    return {**ended, "status": status, "counters": counters, **changes}


def progress(done: int, *, answers: int | None = None, seconds: float = 0, untouched: int = 5) -> JobProgress:
    return JobProgress("photos-0001", 10, done, 0, 0, untouched, answers or done, 1, seconds)


def test_answers_count_before_the_engine_has_consolidated_them() -> None:
    """People saw 0 for as long as a round took."""
    now = standing(campaign(in_batches=10), [{"number": 1}], [job()], {"photos-0001": progress(4, seconds=80)}, 10)
    assert (now.by_people, now.left, now.minutes_left) == (4, 6, 2.0)
    assert not now.is_done


def test_what_goes_on_is_told_in_words() -> None:
    """The machine was said to be at work where nobody had been asked yet, and where all was labeled."""

    def stage(*jobs: dict[str, Any], asked: JobProgress | None = None, taken_in: int = 10) -> str:
        people = {"photos-0001": asked} if asked else {}
        return standing(campaign(in_batches=taken_in), [{"number": 1}], jobs, people, 10).stage

    assert stage(taken_in=4) == "taking in the photos: 4 of 10"
    assert stage(job()) == "getting ready"
    assert stage(job(), asked=progress(3)) == "waiting for people"
    assert stage(job(), asked=progress(3, untouched=0)) == "the machine is at work"
    assert stage(job(), asked=progress(10, untouched=0)) == "finishing"


def test_photos_that_are_not_taken_in_yet_are_left() -> None:
    now = standing(campaign(pending=3, rejected=1), [], [], {}, 10)
    assert (now.images, now.left) == (9, 9)


def test_nothing_is_foretold_from_too_little() -> None:
    now = standing(campaign(in_batches=10), [{"number": 1}], [job()], {"photos-0001": progress(2, seconds=80)}, 10)
    assert now.minutes_left is None


def test_it_is_done_when_all_jobs_have_ended_and_are_reported() -> None:
    ended = job("Completed", people=8, machine=2, report_s3_uri="s3://r/report.json", unlabeled=0)
    batches = [{"number": 1}]
    assert standing(campaign(in_batches=10), batches, [ended], {}, 10).is_done
    assert not standing(campaign(in_batches=10), batches, [ended | {"report_s3_uri": None}], {}, 10).is_done
    assert not standing(campaign(in_batches=9), batches, [ended], {}, 10).is_done  # one is not taken in yet
    assert not standing(campaign(in_batches=10), [*batches, {"number": 2}], [ended], {}, 10).is_done
    assert not standing(campaign(in_batches=10), [], [], {}, 10).is_done
    assert standing(campaign("waiting", in_batches=10), batches, [ended], {}, 10).is_done


def test_refused_and_duplicate_photos_are_no_reason_to_wait() -> None:
    ended = job("Completed", people=7, report_s3_uri="s3://r/report.json")
    now = standing(campaign(in_batches=7, rejected=1, duplicate=2), [{"number": 1}], [ended], {}, 10)
    assert now.is_done
    assert (now.images, now.duplicates, now.left) == (7, 2, 0)
    shown = dict(figures(now))
    assert (shown["photos"], shown["copies, with their twins' labels"]) == ("7", "2")  # 9 have labels at the end


def test_a_photo_that_was_replaced_is_one_photo() -> None:
    """Counted twice, it made up for another that was not taken in yet: its labels were never asked for."""
    batches, replaced = [{"number": 1}], campaign(in_batches=9, replaced=1)
    ended = job("Completed", people=9, report_s3_uri="s3://r/report.json", unlabeled=0)
    assert not standing(replaced, batches, [ended], {}, 10).is_done
    assert standing(replaced, batches, [ended], {}, 9).is_done


def test_the_last_thing_that_is_waited_for_is_the_report() -> None:
    """All was labeled, and the terminal said that it was getting ready."""
    ended = job("Completed", people=10)
    assert standing(campaign(in_batches=10), [{"number": 1}], [ended], {}, 10).stage == "writing the report"
    assert standing(campaign(in_batches=10), [{"number": 1}], [], {}, 10).stage == "getting ready"


def test_why_a_job_failed_is_told() -> None:
    now = standing(campaign("waiting", in_batches=3), [{"number": 1}], [job("Failed", failure_reason="broken")], {}, 3)
    assert now.is_done
    assert now.reason == "broken"


def test_the_figures_say_who_labeled_and_how_long_it_took() -> None:
    shown = dict(figures(Standing(10, by_people=6, by_machine=2, active_seconds=90, answers=6, stage="waiting")))
    assert shown["by people"] == "6"
    assert shown["by machine (certified)"] == "2"
    assert shown["minutes of people's time"] == "1.5"
    assert shown["minutes left, by people alone"] == "0"  # 2 photos of 15 seconds
    assert "6 by people, 2 by machine, 2 left" in line(Standing(10, by_people=6, by_machine=2))


def test_photos_that_all_had_labels_are_done() -> None:
    """There is nobody to wait for: no batch ever comes."""
    assert standing(campaign(imported=3), [], [], {}, 3).is_done
    assert not standing(campaign(imported=2, pending=1), [], [], {}, 3).is_done
