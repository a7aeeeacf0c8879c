"""When the demo gives up, and when it waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gt_cli.demo.run import DemoError, _fail_where_it_cannot_go_on, prepared_folder
from gt_cli.work_folder import Memory, recall


def campaign(**changes: Any) -> dict[str, Any]:
    return {"status": "active", "reason": None, "remedy": None, "waits_for": None, "spec_errors": [], **changes}


def test_the_folder_of_a_stack_is_no_demo(tmp_path: Path) -> None:
    """`demo --out` would delete a campaign that `gt-service up` keeps there, and its labels."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ministack.log").touch()
    Memory(1, 2, "token").write(tmp_path)
    with pytest.raises(DemoError, match="no demo has written"), prepared_folder(tmp_path):
        pass
    assert recall(tmp_path)


def test_images_may_be_taken_in_before_their_spec() -> None:
    """S3 tells of uploads in any order: on a busy machine the demo failed for a spec that was on its way."""
    _fail_where_it_cannot_go_on(None, [])
    _fail_where_it_cannot_go_on(campaign(status="waiting", waits_for="spec", reason="there is no campaign spec"), [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "waiting", "waits_for": "spec", "spec_errors": [{"field": "task"}]}, "refuses campaign.yaml"),
        ({"status": "waiting", "waits_for": "budget", "reason": "the budget is spent"}, "the budget is spent"),
        ({"status": "paused", "reason": "paused on request"}, "paused on request"),
    ],
)
def test_what_cannot_go_on_is_told_at_once(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DemoError, match=says):
        _fail_where_it_cannot_go_on(campaign(**changes), [])
