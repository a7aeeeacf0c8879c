"""Bad input through the deployed template: a clear error where the user looks, nothing lost, and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
import yaml

from gt_cli.api import Api
from gt_cli.demo.plan import Plan, campaign_spec
from gt_cli.demo.sources import draw_all
from gt_cli.label_lines import gold_manifest
from gt_cli.stack import LocalStack
from tests.waiting import soon

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

T = TypeVar("T")
IMAGES = 12


class Inbox:
    """What a user has: the bucket to drop files into, and the API to look at."""

    def __init__(self, stack: LocalStack, api: Api) -> None:
        self.bucket = stack.outputs["InboxBucket"]
        self.api = api
        self._s3 = stack.session.client("s3")

    def drop(self, key: str, body: bytes | str) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def spec(self, name: str, **changes: Any) -> str:
        return yaml.safe_dump({**campaign_spec(name, ["Bird"], Plan.of(2 * IMAGES), self.bucket), **changes})

    def rejected(self, campaign: str) -> dict[str, dict[str, Any]]:
        return {image["key"]: image for image in self.api.images(campaign, "rejected")}


@pytest.fixture
def inbox(stack: LocalStack) -> Iterator[Inbox]:
    with Api(stack.api_url, stack.headers) as api:
        yield Inbox(stack, api)


def spec_errors(inbox: Inbox, campaign: str) -> list[dict[str, Any]]:
    found = inbox.api.campaign(campaign)
    return found["spec_errors"] if found else []


def test_an_empty_spec_is_refused_field_by_field_and_can_be_corrected(inbox: Inbox) -> None:
    inbox.drop("empty/campaign.yaml", b"")
    errors = soon(lambda: spec_errors(inbox, "empty"))
    assert all(error["message"] for error in errors)
    inbox.drop("empty/campaign.yaml", inbox.spec("empty"))
    soon(lambda: (inbox.api.campaign("empty") or {}).get("spec"))
    assert spec_errors(inbox, "empty") == []


def test_an_unknown_task_names_its_field_and_what_there_is(inbox: Inbox) -> None:
    inbox.drop("unknown/campaign.yaml", inbox.spec("unknown", task="object-detektion"))
    (error,) = soon(lambda: spec_errors(inbox, "unknown"))
    assert error["field"] == "task"
    assert "object-detection" in error["message"] + error.get("remedy", "")


def test_what_is_no_image_is_listed_with_its_reason_and_counted_nowhere_else(inbox: Inbox) -> None:
    good = draw_all(1, seed=7).images[0].read()
    inbox.drop("broken/campaign.yaml", inbox.spec("broken"))
    inbox.drop("broken/images/cut.jpg", good[:200])
    inbox.drop("broken/images/notes.txt", b"these are not the birds you are looking for")
    inbox.drop("broken/images/nothing.png", b"")
    soon(lambda: inbox.api.campaign("broken"))  # a campaign nobody has heard of yet has no images to list
    rejected = soon(lambda: found if len(found := inbox.rejected("broken")) == 3 else None)
    assert all(image["reason"] and image["remedy"] for image in rejected.values())
    assert "JPEG" in rejected["broken/images/cut.jpg"]["reason"]
    assert "neither JPEG nor PNG" in rejected["broken/images/notes.txt"]["reason"]
    assert "empty" in rejected["broken/images/nothing.png"]["reason"]
    inbox.drop("broken/images/cut.jpg", good)  # corrected: the same key again
    campaign = soon(lambda: found if (found := inbox.api.campaign("broken")) and found["images"]["pending"] else None)
    assert campaign["images"]["rejected"] == 2


def test_a_file_outside_any_campaign_is_not_lost_silently(inbox: Inbox) -> None:
    inbox.drop("stray.jpg", b"\xff\xd8\xff")
    soon(lambda: inbox.api.campaign("-"))
    soon(lambda: "stray.jpg" in inbox.rejected("-"))


def test_images_before_their_campaign_wait_and_are_labeled_once_it_comes(inbox: Inbox) -> None:
    pictures = draw_all(IMAGES, seed=23)
    prefix = f"s3://{inbox.bucket}/early/images/"
    for picture in pictures.images:
        inbox.drop(f"early/images/{picture.name}", picture.read())
    waiting = soon(
        lambda: found if (found := inbox.api.campaign("early")) and found["images"]["pending"] == IMAGES else None
    )
    assert waiting["status"] == "waiting"
    assert "campaign.yaml" in f"{waiting['reason']} {waiting['remedy']}"
    inbox.drop("early/gold/gold.manifest", gold_manifest(pictures.images, prefix))
    inbox.drop("early/examples/examples.manifest", gold_manifest(pictures.images, prefix))
    spec = inbox.spec("early", auto_labeling=False, control_batches=[], batch={"size": IMAGES, "quiet_minutes": 1})
    inbox.drop("early/campaign.yaml", spec)
    soon(lambda: (inbox.api.campaign("early") or {}).get("spec"))
    (job,) = soon(lambda: [job for job in inbox.api.jobs("early") if job["report_s3_uri"]], seconds=120)
    cost = inbox.api.report(job["name"])["cost"]
    assert (job["status"], job["counters"]["HumanLabeled"]) == ("Completed", IMAGES)
    assert (job["cost_mills"], cost["unseen_mills"]) == (cost["total_mills"], 0)


def test_a_budget_below_the_worst_case_is_spent_never_exceeded_and_can_be_raised(inbox: Inbox) -> None:
    """Paid by the hour, people mostly take a part of the time that a task allows: nothing would ever start."""
    pictures = draw_all(60, seed=29)
    for picture in pictures.images:
        inbox.drop(f"tight/images/{picture.name}", picture.read())
    gold = gold_manifest(pictures.images, f"s3://{inbox.bucket}/tight/images/")
    inbox.drop("tight/gold/gold.manifest", gold)
    inbox.drop("tight/examples/examples.manifest", gold)
    changes = {"auto_labeling": False, "control_batches": [], "batch": {"size": 60}, "workers_per_object": 1}
    inbox.drop("tight/campaign.yaml", inbox.spec("tight", **changes, task_time_limit_seconds=30, budget="3"))

    def waiting() -> dict[str, Any] | None:
        found = inbox.api.campaign("tight") or {}
        return found if "needs at least $0.90" in (found.get("reason") or "") else None

    campaign = soon(waiting, seconds=120)
    (job,) = inbox.api.jobs("tight")
    assert (job["status"], job["reserved_mills"]) == ("Stopped", 3_000)
    assert 20 < job["counters"]["HumanLabeled"] < 60
    assert 0 < campaign["spent_mills"] == job["cost_mills"] <= 3_000
    inbox.drop("tight/campaign.yaml", inbox.spec("tight", **changes, task_time_limit_seconds=30, budget="100"))
    jobs = soon(
        lambda: found if len(found := inbox.api.jobs("tight")) == 2 and found[1]["cost_mills"] else None, seconds=120
    )
    assert sum(each["counters"]["HumanLabeled"] for each in jobs) == 60
