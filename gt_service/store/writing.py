"""Conditional writes, and what it means to lose one.

Every write of the service is made under a named condition; its name and docstring say which race it closes. A lost
condition is no error: somebody else was first, and the caller looks again. The helpers here tell the two apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, PutError, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from gt_service.errors import Conflict
from gt_service.store.models import BandItem, BatchItem, CampaignItem, ContentItem, ImageItem, JobItem

_LOST = frozenset({"ConditionalCheckFailed", "TransactionConflict", "None"})


class Lost(Exception):
    """The condition did not hold: the item is not as it was read. Never leaves the store."""


class Contention(Conflict):
    """The same item was changed under us again and again; the message or the request may simply be tried again."""

    code = "contention"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is being changed by too many at once", remedy="Try again.")


@contextmanager
def lost_if_refused() -> Iterator[None]:
    """Turns a refused condition into `Lost`; every other failure stays what it is."""
    try:
        yield
    except (DeleteError, PutError, UpdateError) as error:
        if error.cause_response_code in {"ConditionalCheckFailedException", "TransactionConflictException"}:
            raise Lost from error
        raise
    except TransactWriteError as error:
        codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
        if error.cause_response_code == "TransactionCanceledException" and codes <= _LOST:
            raise Lost from error
        raise


def saved(item: Model, condition: Condition) -> bool:
    """Whether the item was put; not where the condition did not hold."""
    return _is_done(lambda: item.save(condition=condition))


def updated(item: Model, *actions: Action, condition: Condition) -> bool:
    """Whether the actions were done on the item of this key; not where the condition did not hold."""
    return _is_done(lambda: item.update(actions=list(actions), condition=condition))


def _is_done(write: Callable[[], object]) -> bool:
    try:
        with lost_if_refused():
            write()
    except Lost:
        return False
    return True


@contextmanager
def transaction(connection: Connection) -> Iterator[TransactWrite]:
    """All of the writes or none. connection: kept by the caller, for making its client takes longer than the writes.

    Errors: `Lost`.
    """
    with lost_if_refused(), TransactWrite(connection=connection) as writes:
        yield writes


def is_new(model: type[Any]) -> Condition:
    """Nothing is there. Closes: two handlers of the same message, or of two messages for one thing, both create it."""
    return model._hash_key_attribute().does_not_exist()  # type: ignore[no-any-return]


def campaign_unchanged(version: int) -> Condition:
    """Closes: a decision about money, spec or state made on values that another handler has changed since."""
    condition: Condition = CampaignItem.version == version
    return condition


def image_unchanged(place: str, sequencer: str) -> Condition:
    """Closes: an older event overwrites a newer upload; a re-upload moves an image that a batch just took."""
    condition: Condition = (ImageItem.place == place) & (ImageItem.sequencer == sequencer)
    return condition


def still_at(place: str) -> Condition:
    """Closes: two batches take the same image; a batch takes an image that was re-uploaded or refused since it was
    chosen. Places of pending images differ with every upload, so an old choice never fits a new upload."""
    condition: Condition = ImageItem.place == place
    return condition


def content_unchanged(owner: str | None, twins: int) -> Condition:
    """Closes: an owner gives up its content while a duplicate of it is being registered, which would leave the
    duplicate with nobody to be labeled in its stead."""
    owned = ContentItem.owner.does_not_exist() if owner is None else ContentItem.owner == owner
    condition: Condition = owned & (ContentItem.twins == twins)
    return condition


def band_unchanged(version: int) -> Condition:
    """Closes: two pictures that look alike are registered at the same time, and both are sent to people because
    neither had seen the other."""
    condition: Condition = BandItem.version == version
    return condition


def batch_in(state: str) -> Condition:
    """Closes: a slow handler takes a batch back to where it was, or two close it with different counts."""
    condition: Condition = BatchItem.state == state
    return condition


def job_in(state: str) -> Condition:
    """Closes: a late or repeated event takes a job back from its end; two handlers withdraw and create one job."""
    condition: Condition = JobItem.state == state
    return condition


def job_unsettled() -> Condition:
    """Closes: the same report, written twice, frees the reservation twice."""
    return JobItem.cost.does_not_exist()
