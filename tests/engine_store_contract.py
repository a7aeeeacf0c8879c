"""What the engine's store promises: DynamoDB on moto, on MiniStack, and the tests' stand-in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gt_engine.store import Counters, DynamoStore, JobRecord, ModelRecord, Phase
from gt_service.errors import Conflict, NotFound
from tests.engine import job_record, request

NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)


class EngineStoreContract:
    @pytest.fixture
    def job(self, store: DynamoStore) -> JobRecord:
        made = job_record(request("Birds-1"))
        store.create_job(made)
        return made

    def test_what_is_written_is_what_is_read(self, store: DynamoStore, job: JobRecord) -> None:
        assert store.job("birds-1") == store.job("BIRDS-1") == job
        assert list(store.jobs()) == [job]

    def test_a_name_is_taken_once_whatever_its_case(self, store: DynamoStore, job: JobRecord) -> None:
        with pytest.raises(Conflict):
            store.create_job(replace(job, name="BIRDS-1"))

    def test_a_job_that_is_not_there(self, store: DynamoStore) -> None:
        for call in (
            store.job,
            store.model,
            store.delete_model,
            lambda name: store.request_stop(name, NOW),
            lambda name: store.tag(name, {"a": "b"}),
        ):
            with pytest.raises(NotFound):
                call("nothing")

    def test_progress_is_written_by_version(self, store: DynamoStore, job: JobRecord) -> None:
        after = store.advance(
            replace(job, phase=Phase.IN_PROGRESS, counters=Counters(1, 2, 3, 4), final_model_arn="arn"),
            unless_stop_requested=False,
        )
        assert (after.version, after.counters, after.final_model_arn) == (1, Counters(1, 2, 3, 4), "arn")
        assert store.job(job.name) == after
        with pytest.raises(Conflict):
            store.advance(replace(job, phase=Phase.FAILED), unless_stop_requested=False)
        failed = store.advance(replace(after, phase=Phase.FAILED, failure_reason="why"), unless_stop_requested=False)
        assert (failed.status, failed.failure_reason) == ("Failed", "why")

    def test_a_stop_outlives_progress_and_stands_in_the_way_of_completion(
        self, store: DynamoStore, job: JobRecord
    ) -> None:
        store.request_stop(job.name, NOW)
        assert store.job(job.name).status == "Stopping"
        after = store.advance(replace(job, phase=Phase.IN_PROGRESS), unless_stop_requested=False)
        assert after.stop_requested
        with pytest.raises(Conflict):
            store.advance(replace(after, phase=Phase.COMPLETED), unless_stop_requested=True)
        assert store.advance(replace(after, phase=Phase.STOPPED), unless_stop_requested=False).status == "Stopped"

    def test_a_stop_after_the_end_changes_nothing(self, store: DynamoStore, job: JobRecord) -> None:
        ended = store.advance(replace(job, phase=Phase.COMPLETED), unless_stop_requested=True)
        store.request_stop(job.name, NOW)
        assert store.job(job.name) == ended

    def test_an_announced_job_has_no_work(self, store: DynamoStore, job: JobRecord) -> None:
        store.advance(replace(job, phase=Phase.COMPLETED), unless_stop_requested=True)
        assert store.job(job.name).has_work
        store.mark_announced(job.name)
        assert not store.job(job.name).has_work

    def test_tags_survive_progress_and_progress_survives_tags(self, store: DynamoStore, job: JobRecord) -> None:
        store.tag(job.name, {"a.b": "1", "c": "2"})
        after = store.advance(job, unless_stop_requested=False)
        assert after.tags == {**job.tags, "a.b": "1", "c": "2"}
        store.untag(job.name, ["a.b"])
        assert store.job(job.name).tags == {**job.tags, "c": "2"}
        assert store.job(job.name).version == 1

    def test_a_model_may_be_written_twice(self, store: DynamoStore) -> None:
        model = ModelRecord("m", "arn", "s3://b/m", "job", "role", "object-detection", ("Bird", "Owl"), NOW)
        store.put_model(model)
        store.put_model(model)
        assert store.model("m") == model
        assert list(store.models()) == [model]
