"""The workforce of an account and region, and its work teams, as the table holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Workforce:
    """The one workforce of an account and region. Its members are as CreateWorkforce takes them.

    cognito  {UserPool, ClientId}: kept and given back; the engine invites people itself
    oidc     OidcConfig with its ClientSecret, which no answer of the API holds
    """

    name: str
    arn: str
    created_at: datetime
    modified_at: datetime
    cognito: Mapping[str, str] | None = None
    oidc: Mapping[str, Any] | None = None
    cidrs: tuple[str, ...] = ()
    vpc: Mapping[str, Any] | None = None
    ip_address_type: str | None = None


@dataclass(frozen=True)
class Workteam:
    """A private work team with people: whoever is in one of its groups is a member.

    members: MemberDefinitions as CreateWorkteam takes them.
    """

    name: str
    arn: str
    description: str
    members: Sequence[Mapping[str, Any]]
    created_at: datetime
    modified_at: datetime
    notification: Mapping[str, str] | None = None
    access: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose workers are members: Cognito's user groups are the engine's own groups of that name."""
        return frozenset(group for member in self.members for group in _groups(member))

    @property
    def is_of_a_provider(self) -> bool:
        """Whether an identity provider knows who is in it: the engine, only who has signed in."""
        return any("OidcMemberDefinition" in member for member in self.members)


def _groups(member: Mapping[str, Any]) -> Iterable[str]:
    if "CognitoMemberDefinition" in member:
        return (str(member["CognitoMemberDefinition"]["UserGroup"]),)
    return tuple(member["OidcMemberDefinition"]["Groups"])


class TeamStore(Protocol):
    """The workforce and its teams."""

    def create_workforce(self, workforce: Workforce) -> None:
        """Errors: `Conflict` where there is one."""
        ...

    def workforce(self) -> Workforce | None: ...

    def put_workforce(self, workforce: Workforce) -> None: ...

    def delete_workforce(self) -> None: ...

    def create_team(self, team: Workteam) -> None:
        """Errors: `Conflict` where the name is taken."""
        ...

    def team(self, name: str) -> Workteam | None: ...

    def teams(self) -> Iterable[Workteam]: ...

    def replace_team(self, team: Workteam) -> None:
        """Errors: `NotFound` where it was deleted meanwhile."""
        ...

    def delete_team(self, name: str) -> None: ...

    def portal(self) -> str | None:
        """Where people sign in, as far as any engine on these tables has said."""
        ...


def groups_of_teams(store: TeamStore) -> dict[str, frozenset[str]]:
    """The groups of every work team that has people, by its ARN."""
    return {team.arn: team.groups for team in store.teams()}
