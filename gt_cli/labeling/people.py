"""The people of a local stack: their team, the links that let them in, and what they have done.

The engine's own members and tasks, on the tables of the stack: this process speaks to its own stack alone, so their
settings may stand in its environment, where pynamodb looks for them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gt_cli.stack import REGION, LocalStack, child_environment
from gt_engine.aws import EngineObjects
from gt_engine.store import DynamoStore
from gt_engine.store.workforce import DynamoMembers, DynamoTasks, DynamoTeams
from gt_engine.workforce.index import JobOffer
from gt_engine.workforce.members import INVITATION_LIFETIME, MANAGERS, SIGN_IN_LIFETIME, Invitation, Members
from gt_engine.workforce.progress import JobProgress
from gt_engine.workforce.tasks import Tasks
from gt_engine.workforce.teams import groups_of_teams
from gt_service.errors import NotFound

TABLE_PREFIX = "gt-engine"


@dataclass(frozen=True)
class Link:
    """An address that lets one person in, once."""

    name: str
    worker_id: str
    url: str


@dataclass(frozen=True)
class People:
    """Who labels on a stack."""

    members: Members
    tasks: Tasks
    objects: EngineObjects
    portal_url: str

    @classmethod
    def of(cls, stack: LocalStack) -> People:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(child_environment(stack.endpoint_url))
        tables = DynamoStore(TABLE_PREFIX, REGION).tables
        teams = DynamoTeams(tables)
        members = Members(DynamoMembers(tables), lambda: groups_of_teams(teams), region=REGION)
        objects = EngineObjects(stack.session.client("s3"))
        return cls(members, Tasks(DynamoTasks(tables), lambda _: objects, members.teams_of), objects, stack.portal_url)

    def invite(self, names: Sequence[str], group: str) -> list[Link]:
        """A new link for each; the first leads the team, and sits at this terminal: theirs is for a few minutes.

        group: the team's, as `create_team` named it
        """
        links = []
        for name in names:
            groups = (group, MANAGERS) if name == names[0] else (group,)
            lifetime = SIGN_IN_LIFETIME if name == names[0] else INVITATION_LIFETIME
            now = datetime.now(UTC)
            links.append(self._link(self.members.invite(name, groups=groups, now=now, lifetime=lifetime)))
        return links

    def again(self, link: Link) -> Link:
        """A sign-in link for the same person, from now on."""
        return self._link(self.members.sign_in_link(link.worker_id, datetime.now(UTC)))

    def _link(self, made: Invitation) -> Link:
        return Link(made.worker.name, made.worker.worker_id, f"{self.portal_url}/sign-in/{made.token}")

    def progress(self, job: str) -> JobProgress | None:
        """None where people are not asked (yet, or any more)."""
        try:
            return self.tasks.progress(job, datetime.now(UTC))
        except NotFound:
            return None

    def offer(self, job: str) -> JobOffer | None:
        return self.tasks.store.offer(job)
