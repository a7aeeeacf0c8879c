"""Labeling jobs in bad weather: whatever AWS does for an hour, whatever dies, the same labels come out of the engine
and no job fails. People were paid for those labels."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from gt_engine.jobs.faults import NotTaken
from tests.engine import bird_inputs, files_under, job_record, request
from tests.faults.engine.sky import Engine, Sky, Trouble, says

JOBS = ("birds-0001", "birds-0002")


def engine_with_jobs(directory: Path, sky: Sky) -> Engine:
    engine = Engine(directory, bird_inputs(60), sky)
    engine.store.create_job(job_record(request(JOBS[0])))
    engine.store.create_job(job_record(request(JOBS[1], auto=False)))
    return engine


def outputs(engine: Engine) -> dict[str, bytes]:
    """Every file that the jobs leave."""
    return {f"{job}/{path}": body for job in JOBS for path, body in files_under(engine.objects.contents, job).items()}


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The same jobs on a day when everything works."""
    engine = engine_with_jobs(tmp_path_factory.mktemp("fair"), Sky())
    engine.run(JOBS)
    assert all(engine.store.job(job).status == "Completed" for job in JOBS)
    return engine


def check(engine: Engine, fair: Engine) -> None:
    for job in JOBS:
        record = engine.store.job(job)
        assert (record.status, record.failure_reason) == ("Completed", None)
        assert record.counters == fair.store.job(job).counters
        assert record.announced
    assert outputs(engine) == outputs(fair)


def broken(_: str) -> Exception:
    return EndpointConnectionError(endpoint_url="https://aws")


def slow(_: str) -> Exception:
    return ConnectTimeoutError(endpoint_url="https://aws")


def refused(_: str) -> Exception:
    return NotTaken("EventBridge did not take it")


STATE = frozenset({"dynamodb"})
FILES = frozenset({"s3"})
WEATHERS: dict[str, Callable[[float], Trouble]] = {
    "all connections break for 75 seconds": lambda at: Trouble(at, 75, broken),
    "all connections time out for 75 seconds": lambda at: Trouble(at, 75, slow),
    "an hour without a network": lambda at: Trouble(at, 3600, broken),
    "DynamoDB answers 500 for 75 seconds": lambda at: Trouble(at, 75, says("InternalServerError", 500), STATE),
    "DynamoDB throttles for 75 seconds": lambda at: Trouble(
        at, 75, says("ProvisionedThroughputExceededException", 400), STATE
    ),
    "a third of DynamoDB's calls are throttled for an hour": lambda at: Trouble(
        at, 3600, says("ThrottlingException", 400), STATE, share=0.3
    ),
    "S3 asks to slow down, half of the time, for ten minutes": lambda at: Trouble(
        at, 600, says("SlowDown", 503), FILES, share=0.5
    ),
    "the clock jumps": lambda at: Trouble(at, 3, says("RequestTimeTooSkewed", 403), FILES),
    "the clock is wrong for an hour": lambda at: Trouble(at, 3600, says("RequestTimeTooSkewed", 403)),
    "the access key is being rotated": lambda at: Trouble(at, 3, says("InvalidAccessKeyId", 403)),
    "DynamoDB does not know the new key yet": lambda at: Trouble(at, 90, says("UnrecognizedClientException", 400)),
    "S3's credentials expired": lambda at: Trouble(at, 12, says("ExpiredToken", 400), FILES),
    "DynamoDB's credentials expired": lambda at: Trouble(at, 14, says("ExpiredTokenException", 400), STATE),
    "there are no credentials": lambda at: Trouble(at, 600, lambda _: NoCredentialsError()),
    "the engine's role lost its table": lambda at: Trouble(at, 600, says("AccessDeniedException", 400), STATE),
    "nothing may be logged, ever": lambda at: Trouble(at, 1e9, says("AccessDenied", 403), frozenset({"logs"})),
    "EventBridge takes nothing for an hour": lambda at: Trouble(at, 3600, refused, frozenset({"events"})),
    "the disk is full for an hour": lambda at: Trouble(
        at, 3600, lambda _: OSError(errno.ENOSPC, "No space left on device"), FILES
    ),
}


@pytest.mark.parametrize("share", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("weather", WEATHERS)
def test_what_passes_leaves_the_same_files_and_no_failed_job(
    tmp_path: Path, fair: Engine, weather: str, share: float
) -> None:
    """`share`: how far through their calls the jobs are when it begins."""
    sky = Sky([WEATHERS[weather](share * fair.sky.now)])
    engine = engine_with_jobs(tmp_path, sky)
    engine.run(JOBS)
    assert sky.refused or (share == 0.9 and WEATHERS[weather](0).seconds < 100)
    check(engine, fair)


@pytest.mark.parametrize("part", range(4))
def test_an_engine_killed_at_any_call_loses_nothing(tmp_path: Path, fair: Engine, part: int) -> None:
    for at in range(1 + part * 17, fair.sky.calls, 4 * 17):
        engine = engine_with_jobs(tmp_path / str(at), Sky(kill_at=at))
        engine.run(JOBS)
        check(engine, fair)


def test_a_cache_that_is_always_empty_costs_time_alone(tmp_path: Path, fair: Engine) -> None:
    """A new machine, a smaller disk, somebody's `rm`: features are made again."""
    engine = engine_with_jobs(tmp_path, Sky())
    known = engine.tools.features.known  # type: ignore[attr-defined]
    real = engine._open

    def emptied() -> object:
        known.clear()
        return real()

    engine._open = emptied  # type: ignore[method-assign]
    engine.run(JOBS)
    check(engine, fair)
