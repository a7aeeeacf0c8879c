"""The engine's HTTP side on its tables and files: the same app for a server and for a function."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import lru_cache

from starlette.applications import Starlette

from gt_engine.api.operations import Operations
from gt_engine.api.wire import api
from gt_engine.aws import EngineObjects, EventBridge, client, s3_client
from gt_engine.outputs.events import worker_paused
from gt_engine.own_key import own_key
from gt_engine.portal.app import portal_routes
from gt_engine.portal.calls import Portal
from gt_engine.portal.security import Signer
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from gt_engine.workforce.files import WorkFiles
from gt_engine.workforce.members import Members, Pause
from gt_engine.workforce.supervision import EndedJob, read_ended
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.teams import groups_of_teams
from gt_service.errors import NotFound

log = logging.getLogger(__name__)

ENDED_JOBS_LISTED = 20
PORTAL_KEY = "portal.key"
"""In the engine's folder of state: pages that are open outlive a restart."""

WORKFORCE_SECONDS = 10.0
"""How old what is known of the workforce may be: every page asks for it."""


def engine_app(
    settings: Settings,
    store: DynamoStore,
    wake: Callable[[str], None],
    *,
    key: bytes | None = None,
    largest_answer_bytes: int | None = None,
) -> Starlette:
    """The engine's HTTP side, API and portal, at `settings.public_url`.

    wake: tells whoever takes jobs' steps that one has work. key: what the portal signs addresses with; the engine's own
    otherwise. largest_answer_bytes: as `Portal`.
    """
    teams = DynamoTeams(store.tables)
    if teams.portal() != settings.public_url:
        teams.put_portal(settings.public_url)
    objects = EngineObjects(s3_client(settings.region, settings.buckets))
    portal = _portal(settings, store, wake, key or own_key(settings.state_dir / PORTAL_KEY), largest_answer_bytes)
    return api(Operations(settings, store, teams, objects, wake), portal_routes(portal))


def _portal(
    settings: Settings, store: DynamoStore, wake: Callable[[str], None], key: bytes, largest_answer_bytes: int | None
) -> Portal:
    s3 = s3_client(settings.region, settings.buckets)
    teams = DynamoTeams(store.tables)

    def objects(kms_key: str | None) -> EngineObjects:
        return EngineObjects(s3, kms_key)

    workforce = lru_cache(maxsize=1)(lambda _: teams.workforce())
    members = Members(DynamoMembers(store.tables), lambda: groups_of_teams(teams), region=settings.region)
    events = EventBridge(client("events", settings.region))

    def pause(worker_id: str, why: Pause) -> None:
        """First the worker, who would go on; that the owner is told of it is tried once, and stands in the log."""
        members.pause(worker_id, why)
        about = {"job": why.job, "worker": worker_id, "right": why.right, "shown": why.shown}
        log.warning("a worker is paused", extra=about)
        arn = f"arn:aws:sagemaker:{settings.region}:{settings.account}:labeling-job/{why.job}"
        try:
            taken = events.send(worker_paused(arn, worker_id, why.right, why.shown, why.at))
        except Exception:
            taken = False
            log.exception("EventBridge cannot be reached", extra=about)
        if not taken:
            log.error("the event of a paused worker was not taken", extra=about)

    def ended_jobs() -> list[tuple[str, str]]:
        ended = [job for job in store.jobs() if job.by_people and job.phase.has_ended]
        ended.sort(key=lambda job: job.modified_at, reverse=True)
        return [(job.name, job.request["HumanTaskConfig"]["TaskTitle"]) for job in ended[:ENDED_JOBS_LISTED]]

    def ended(name: str) -> EndedJob:
        job = store.job(name)
        found = read_ended(WorkFiles.of(job.tree, objects(job.kms_key)))
        if found is None:
            raise NotFound(f"nothing is kept of the people of the labeling job {job.name!r}")
        return found

    return Portal(
        members=members,
        tasks=Tasks(DynamoTasks(store.tables), objects, members.teams_of, wake, pause),
        objects=objects(None),
        signer=Signer(key),
        public_url=settings.public_url,
        insecure_sign_in=settings.insecure_sign_in,
        workforce=lambda: workforce(time.monotonic() // WORKFORCE_SECONDS),
        ended_jobs=ended_jobs,
        ended=ended,
        largest_answer_bytes=largest_answer_bytes,
    )
