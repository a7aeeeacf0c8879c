"""What the store promises, whichever DynamoDB is behind it: run on moto and on MiniStack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gt_service.campaign import CampaignSpec
from gt_service.errors import Conflict, NotFound
from gt_service.money import Mills
from gt_service.records import Batch, Campaign, Image, ImageStatus, Job, Member, Token, Verdict
from gt_service.records.names import Role
from gt_service.records.placement import pending_place
from gt_service.records.states import BatchState, CampaignEvent, CampaignStatus, JobState
from gt_service.store import Store
from gt_service.store.tokens import digest
from tests.world import spec_document

NOW = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def a_spec(**changes: object) -> CampaignSpec:
    return CampaignSpec(name="birds", **spec_document(**changes))


def an_image(name: str, number: int = 1, *, content: str | None = None) -> Image:
    image = Image("birds", f"birds/images/{name}", "", f"2026-05-01T08:00:{number:02}.000Z", f"{number:032}",
                  content or name, 100, 64, 48, "PNG")  # fmt: skip
    return replace(image, place=pending_place(image))


def a_batch(number: int = 1) -> Batch:
    return Batch("birds", number, BatchState.FILLING, "full", 4, "s3://results/members", None, NOW)


def a_job(name: str = "birds-0001", reserved: int = 400, batch: int = 1) -> Job:
    return Job(
        name=name,
        campaign="birds",
        batch=batch,
        role=Role.FIRST,
        attempt=0,
        state=JobState.RESERVED,
        objects=4,
        revision=1,
        task="object-detection",
        labels=("Bird", "Cat"),
        manifest_uri="s3://results/m",
        output_uri="s3://results/o",
        reserved=Mills(reserved),
        reserved_at=NOW,
    )


class StoreContract:
    """Subclasses give the fixture `store`: empty tables."""

    def campaign(self, store: Store, **changes: object) -> Campaign:
        return store.campaigns.accept_spec("birds", a_spec(**changes), "2026-05-01T08:00:00.000Z#1", NOW)

    def closed_batch(self, store: Store, number: int = 1) -> Batch:
        assert store.batches.create(a_batch(number))
        store.batches.close(a_batch(number), objects=4, manifest_uri="s3://results/m", now=NOW)
        return store.batches.get("birds", number)

    # ------------------------------------------------------------ campaigns

    def test_what_is_written_is_read(self, store: Store) -> None:
        """A field that is lost on the way is lost for good."""
        spec = a_spec(budget="12.345", gold_labels="s3://inbox/birds/gold/gold.manifest", control_batches=[2])
        campaign = store.campaigns.accept_spec("birds", spec, "2026#1", NOW)
        assert (campaign.spec, campaign.cap, campaign.revision) == (spec, 12_345, 1)
        assert campaign == store.campaigns.get("birds") == next(store.campaigns.all())

    def test_a_spec_given_again_is_no_new_revision(self, store: Store) -> None:
        """S3 tells twice; files would be written and jobs compiled anew."""
        self.campaign(store)
        assert store.campaigns.accept_spec("birds", a_spec(), "2026-06#1", NOW).revision == 1
        assert store.campaigns.accept_spec("birds", a_spec(budget="5"), "2026-07#1", NOW).revision == 2
        assert store.campaigns.accept_spec("birds", a_spec(), "2026-06#9", NOW).revision == 2

    def test_a_spec_that_somebody_waits_for_is_the_latest_whatever_the_clock_says(self, store: Store) -> None:
        """A clock that was set back: the answer would be that it is in force, and the old budget would hold."""
        store.campaigns.accept_spec("birds", a_spec(budget="2"), "2026-07#1", NOW)
        for budget in ("3", "4"):
            put = store.campaigns.accept_spec("birds", a_spec(budget=budget), "2026-06#~", NOW, is_dropped=False)
            assert put.spec == a_spec(budget=budget)
        assert store.campaigns.accept_spec("birds", a_spec(budget="5"), "2026-07#1", NOW).cap == 4_000
        assert store.campaigns.accept_spec("birds", a_spec(budget="1"), "2026-07#2", NOW).cap == 1_000

    def test_labels_of_jobs_outlive_the_spec_that_named_them(self, store: Store) -> None:
        campaign = self.campaign(store, labels=["Bird"])
        store.campaigns.accept_spec("birds", a_spec(labels=["Raccoon"]), "2026-06#1", NOW)
        assert store.campaigns.get("birds").former_labels == ()
        batch = self.closed_batch(store)
        assert store.jobs.reserve(a_job(), store.campaigns.get("birds"), batch)
        changed = store.campaigns.accept_spec("birds", a_spec(labels=["Animal"]), "2026-07#1", NOW)
        assert changed.former_labels == ("Raccoon",)
        assert "'Raccoon'" in changed.notices[0]
        assert campaign.notices == ()

    def test_an_old_verdict_is_not_written_over_news(self, store: Store) -> None:
        """A slow handler would say "waiting" of a campaign that has gone on."""
        old = self.campaign(store)
        store.campaigns.apply("birds", CampaignEvent.PAUSE, NOW)
        assert not store.campaigns.show(old, Verdict(CampaignStatus.WAITING, "x", "y"))
        assert store.campaigns.show(store.campaigns.get("birds"), Verdict(CampaignStatus.PAUSED, "on request"))
        assert store.campaigns.get("birds").verdict == Verdict(CampaignStatus.PAUSED, "on request")

    def test_a_stopped_campaign_cannot_be_resumed(self, store: Store) -> None:
        self.campaign(store)
        store.campaigns.apply("birds", CampaignEvent.STOP, NOW)
        with pytest.raises(Conflict):
            store.campaigns.apply("birds", CampaignEvent.RESUME, NOW)

    def test_nobody_is_paused(self, store: Store) -> None:
        """A typo in a name must not make a campaign."""
        with pytest.raises(NotFound):
            store.campaigns.apply("brids", CampaignEvent.PAUSE, NOW)
        assert store.campaigns.find("brids") is None

    def test_of_many_that_would_hint_one_does(self, store: Store) -> None:
        """A thousand functions see the same images come."""
        campaign = self.campaign(store)
        every = timedelta(seconds=2)
        assert [store.campaigns.claim_hint(campaign, NOW, every) for _ in range(3)] == [True, False, False]
        hinted = store.campaigns.get("birds")
        assert not store.campaigns.claim_hint(hinted, NOW + timedelta(seconds=1), every)
        assert store.campaigns.claim_hint(hinted, NOW + every, every)

    def test_a_hint_is_not_taken_back_by_another_write(self, store: Store) -> None:
        """Every write of the campaign would let another flood of hints through."""
        campaign = self.campaign(store)
        store.campaigns.claim_hint(campaign, NOW, timedelta(seconds=2))
        assert store.campaigns.show(campaign, Verdict(CampaignStatus.WAITING, "x"))
        assert store.campaigns.get("birds").hinted_at == NOW

    # ------------------------------------------------------------ money

    def test_two_reservations_on_the_same_decision_are_one(self, store: Store) -> None:
        """Each fits under the cap, both do not."""
        campaign, batch, other = self.campaign(store), self.closed_batch(store, 1), self.closed_batch(store, 2)
        assert store.jobs.reserve(a_job(), campaign, batch)
        assert not store.jobs.reserve(a_job("birds-0002", batch=2), campaign, other)
        assert [job.name for job in store.jobs.of("birds")] == ["birds-0001"]
        assert store.campaigns.get("birds").committed == 400

    def test_a_batch_gets_one_job_at_a_time(self, store: Store) -> None:
        """A first try and a follow-up, decided at the same time, would both send the unlabeled objects."""
        campaign, batch = self.campaign(store), self.closed_batch(store)
        assert store.jobs.reserve(a_job(), campaign, batch)
        fresh = store.campaigns.get("birds")
        assert not store.jobs.reserve(a_job(), fresh, store.batches.get("birds", 1))
        assert not store.jobs.reserve(a_job("birds-0001-r1"), fresh, batch), "the batch was closed, and is labeling"
        assert store.campaigns.get("birds").committed == 400

    def test_a_job_comes_back_as_it_went(self, store: Store) -> None:
        campaign, batch = self.campaign(store), self.closed_batch(store)
        job = replace(a_job(), initial_model_arn="arn:model")
        store.jobs.reserve(job, campaign, batch)
        assert store.jobs.get("birds-0001") == job
        seen = replace(job, state=JobState.COMPLETED, counters={"HumanLabeled": 3}, ended_at=NOW, unlabeled=1)
        assert store.jobs.record(job, seen)
        assert store.jobs.get("birds-0001") == seen
        assert not store.jobs.record(job, replace(job, state=JobState.IN_PROGRESS)), "a late event takes it back"

    def test_a_cost_is_booked_once(self, store: Store) -> None:
        campaign, batch = self.campaign(store), self.closed_batch(store)
        store.jobs.reserve(a_job(), campaign, batch)
        ended = replace(a_job(), state=JobState.COMPLETED)
        store.jobs.record(a_job(), ended)
        assert [store.jobs.settle(ended, Mills(123), "s3://results/r") for _ in range(2)] == [True, False]
        after = store.campaigns.get("birds")
        assert (after.committed, after.spent) == (0, 123)
        assert store.jobs.get("birds-0001").cost == 123

    def test_a_withdrawn_job_frees_its_money_once(self, store: Store) -> None:
        campaign, batch = self.campaign(store), self.closed_batch(store)
        store.jobs.reserve(a_job(), campaign, batch)
        store.jobs.withdraw(a_job())
        store.jobs.withdraw(a_job())
        assert store.campaigns.get("birds").committed == 0
        assert store.jobs.get("birds-0001").state is JobState.WITHDRAWN

    def test_a_job_that_turns_up_is_not_withdrawn(self, store: Store) -> None:
        """It runs and will cost: freed, its money could be spent twice."""
        campaign, batch = self.campaign(store), self.closed_batch(store)
        store.jobs.reserve(a_job(), campaign, batch)
        store.jobs.record(a_job(), replace(a_job(), state=JobState.IN_PROGRESS))
        store.jobs.withdraw(a_job())
        assert store.campaigns.get("birds").committed == 400
        assert store.jobs.get("birds-0001").state is JobState.IN_PROGRESS

    def test_a_job_that_was_tried_again_is_not_withdrawn_by_who_saw_it_before(self, store: Store) -> None:
        """Less than what was set aside for it would be freed, and the rest be set aside for ever."""
        campaign, batch = self.campaign(store), self.closed_batch(store)
        store.jobs.reserve(a_job(), campaign, batch)
        store.jobs.refuse(a_job(), "no such role", NOW)
        refused = store.jobs.get("birds-0001")
        assert store.jobs.reserve_again(refused, a_job(reserved=500), store.campaigns.get("birds"))
        store.jobs.withdraw(a_job())
        assert store.campaigns.get("birds").committed == 500
        store.jobs.withdraw(a_job(reserved=500))
        assert store.campaigns.get("birds").committed == 0

    def test_a_refused_job_is_tried_again_with_what_it_costs_now(self, store: Store) -> None:
        campaign, batch = self.campaign(store), self.closed_batch(store)
        store.jobs.reserve(a_job(), campaign, batch)
        store.jobs.refuse(a_job(), "no such role", NOW)
        refused = store.jobs.get("birds-0001")
        assert store.jobs.reserve_again(refused, a_job(reserved=500), store.campaigns.get("birds"))
        assert not store.jobs.reserve_again(refused, a_job(reserved=500), store.campaigns.get("birds"))
        assert store.campaigns.get("birds").committed == 500
        assert store.jobs.get("birds-0001").failure_reason is None

    # ------------------------------------------------------------ batches

    def test_a_batch_number_is_given_once(self, store: Store) -> None:
        assert [store.batches.create(replace(a_batch(), members_uri=uri)) for uri in ("s3://a", "s3://b")] == [
            True,
            False,
        ]
        assert store.batches.get("birds", 1).members_uri == "s3://a"

    def test_a_batch_is_closed_once(self, store: Store) -> None:
        """A slow handler with another count must not change what a job was started with."""
        assert self.closed_batch(store).objects == 4
        store.batches.close(a_batch(), objects=3, manifest_uri="s3://other", now=NOW)
        assert store.batches.get("birds", 1).manifest_uri == "s3://results/m"

    def test_batches_come_in_order(self, store: Store) -> None:
        """The chain takes the lowest: as text, 10 comes before 9."""
        for number in (10, 9, 1):
            store.batches.create(a_batch(number))
        assert [batch.number for batch in store.batches.of("birds")] == [1, 9, 10]

    # ------------------------------------------------------------ images

    def test_an_image_comes_back_as_it_went(self, store: Store) -> None:
        image = replace(an_image('q "h" é+%'), orientation=6)
        assert store.images.register(image, skip_duplicates=True) == image
        assert store.images.get("birds", image.key) == image
        assert list(store.images.pending("birds")) == [image]

    def test_an_image_is_taken_once(self, store: Store) -> None:
        """The proof that no image is in two manifests."""
        image = an_image("a")
        store.images.register(image, skip_duplicates=True)
        member = Member(image.key, image.place)
        for batch in (1, 2):
            store.images.take("birds", [member], batch)
        assert store.images.taken("birds", [member], 1) == [image.key]
        assert store.images.taken("birds", [member], 2) == []

    def test_of_equal_contents_one_is_pending(self, store: Store) -> None:
        for number, name in enumerate("abc"):
            store.images.register(an_image(name, number, content="same"), skip_duplicates=True)
        counts = {
            status: store.images.count("birds", status) for status in (ImageStatus.PENDING, ImageStatus.DUPLICATE)
        }
        assert counts == {ImageStatus.PENDING: 1, ImageStatus.DUPLICATE: 2}

    def test_pages_hold_every_image_once(self, store: Store) -> None:
        images = [replace(an_image(f"{number:02}"), place="rejected", reason="r", remedy="m") for number in range(23)]
        for image in images:
            store.images.register(image, skip_duplicates=True)
        found: list[Image] = []
        after = None
        while True:
            page = store.images.page("birds", ImageStatus.REJECTED, limit=5, after=after)
            found += page.images
            after = page.next_after
            if after is None:
                break
            assert len(page.images) == 5
        assert sorted(found, key=lambda image: image.key) == images

    def test_images_in_batches_are_listed_and_burden_no_other_list(self, store: Store) -> None:
        """A page about three rejected images must not read through a million labeled ones."""
        images = [an_image(f"{number:02}", number) for number in range(23)]
        for image in images:
            store.images.register(image, skip_duplicates=True)
        store.images.take("birds", [Member(image.key, image.place) for image in images[:21]], 1)
        in_index = {item.key for item in store.tables.images.scan(index_name="open_places")}
        assert in_index == {image.key for image in images[21:]}
        found: list[str] = []
        after = None
        while True:
            page = store.images.page("birds", ImageStatus.BATCH, limit=4, after=after)
            assert {image.batch for image in page.images} <= {1}
            found += [image.key for image in page.images]
            after = page.next_after
            if after is None:
                break
            assert len(page.images) == 4
        assert sorted(found) == [image.key for image in images[:21]]

    # ------------------------------------------------------------ tokens

    def test_tokens(self, store: Store) -> None:
        token = Token(digest("secret"), "ann", "viewer", NOW + timedelta(days=1))
        store.tokens.add(token)
        assert store.tokens.find("secret", NOW) == token
        assert store.tokens.find("guess", NOW) is None
        assert store.tokens.find("secret", NOW + timedelta(days=1)) is None
