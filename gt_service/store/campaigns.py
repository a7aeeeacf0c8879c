"""Campaigns: specs, how they stand, and their money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.update import Action

from gt_service.campaign import CampaignSpec
from gt_service.campaign.succession import succeed
from gt_service.campaign.values import is_campaign_name
from gt_service.errors import InvalidInput, NotFound, quoted
from gt_service.records import NOWHERE, Campaign, Import, Verdict, WaitsFor
from gt_service.records.states import CampaignEvent, CampaignState, CampaignStatus, follow
from gt_service.store.models import CampaignItem, Tables, item_of, record
from gt_service.store.writing import Contention, campaign_unchanged, is_new, saved, updated

_ATTEMPTS = 8
LABELS_LEASE = timedelta(minutes=16)
"""Longer than any function of the service runs: who began to write the labels has written them, or was killed."""
MOST_IMPORTS = 100
"""They stand in the campaign's own item, which holds 400 KB."""
_SPECLESS = Verdict(
    CampaignStatus.WAITING,
    "images have arrived, and there is no campaign spec",
    "Upload campaign.yaml to the campaign's folder; the images are kept.",
    WaitsFor.SPEC,
)
_BAD_SPEC = Verdict(
    CampaignStatus.WAITING,
    "the campaign spec has errors",
    "Correct these fields and upload the spec again.",
    WaitsFor.SPEC,
)


class Campaigns:
    def __init__(self, tables: Tables) -> None:
        self._items, self._jobs = tables.campaigns, tables.jobs

    def get(self, name: str) -> Campaign:
        """Errors: `NotFound`."""
        campaign = self.find(name)
        if campaign is None:
            raise NotFound(
                f"there is no campaign {quoted(name)}",
                remedy="Upload its campaign.yaml.",
                field="name",
            )
        return campaign

    def find(self, name: str) -> Campaign | None:
        item = self._find(name)
        return None if item is None else campaign_of(item)

    def all(self) -> Iterator[Campaign]:
        return map(campaign_of, self._items.scan(consistent_read=True))

    def ensure(self, name: str, now: datetime, verdict: Verdict = _SPECLESS) -> Campaign:
        """The campaign, made to wait for its spec where images came first."""
        campaign = self.find(name)
        if campaign is not None:
            return campaign
        saved(self._blank(name, now, verdict), is_new(self._items))
        return self.get(name)

    def accept_spec(
        self,
        name: str,
        spec: CampaignSpec,
        order: str,
        now: datetime,
        *,
        text: str | None = None,
        is_dropped: bool = True,
        may_replace: Callable[[Campaign], None] = lambda _: None,
    ) -> Campaign:
        """Puts a spec in force, unless a later one is.

        order: sorts specs by when they were given. text: as its owner wrote it. is_dropped: into the inbox; else
        somebody waits for the answer, and the spec is the latest whatever a clock says. may_replace: raises where the
        campaign is not the one that the caller has read; its error is passed on, and nothing has changed.
        """

        def change(item: CampaignItem) -> bool:
            before = campaign_of(item)
            may_replace(before)  # closes: two who read the same spec, and each puts another in its place
            in_force = order
            if item.spec_order is not None and item.spec_order >= order:
                if is_dropped:
                    return False
                in_force = item.spec_order + "~"
            dumped = spec.model_dump_json()
            has_jobs = item.spec is not None and item.spec != dumped and self.has_jobs(name)
            after = succeed(before.in_force, spec, has_jobs=has_jobs, is_dropped=is_dropped)
            item.revision += item.spec != dumped
            item.spec, item.spec_text, item.spec_order, item.cap = dumped, text, in_force, after.cap
            item.former_labels, item.notices = list(after.former_labels) or None, list(after.notices) or None
            if item.errors_order is not None and item.errors_order < in_force:
                item.spec_errors = item.errors_order = None
            if item.status == CampaignStatus.WAITING:
                _show(item, Verdict(CampaignStatus.ACTIVE))
            return True

        return self._change(name, change, now)

    def has_jobs(self, name: str) -> bool:
        """Whether a labeling job of the campaign was ever reserved."""
        return next(iter(self._jobs.query(name, limit=1, consistent_read=True)), None) is not None

    def last_order(self, name: str) -> str | None:
        """Of the latest spec that the campaign was given, good or bad; None where it was given none."""
        item = self._find(name)
        orders = () if item is None else (item.spec_order, item.errors_order)
        return max((order for order in orders if order is not None), default=None)

    def record_spec_errors(
        self, name: str, errors: Sequence[InvalidInput], order: str, now: datetime, *, text: str | None = None
    ) -> Campaign:
        """Shows what is wrong with a spec; the one in force stays in force. text: as its owner wrote it, to be
        corrected where none is in force."""

        def change(item: CampaignItem) -> bool:
            if order <= max(item.spec_order or "", item.errors_order or ""):
                return False
            item.spec_errors, item.errors_order = [error.as_dict() for error in errors], order
            if item.spec is None:
                item.spec_text = text
                _show(item, _BAD_SPEC)
            return True

        return self._change(name, change, now)

    def apply(self, name: str, event: CampaignEvent, now: datetime) -> Campaign:
        """Pause, resume or stop. Errors: `NotFound`; `Conflict` where the transition is illegal."""
        self.get(name)

        def change(item: CampaignItem) -> bool:
            item.state = follow(CampaignState(item.state), event).value
            if event is CampaignEvent.RESUME:
                item.resumed_at = now
            return True

        return self._change(name, change, now)

    def request_close(self, name: str, now: datetime) -> Campaign:
        """Asks that what is pending becomes a batch now. Errors: `NotFound`."""
        self.get(name)
        return self._change(name, lambda item: _set(item, close_requested_at=now), now)

    def close_served(self, campaign: Campaign) -> None:
        """Takes back a request to close that has nothing left to close."""

        def change(item: CampaignItem) -> bool:
            is_asked = item.close_requested_at is not None and item.close_requested_at == campaign.close_requested_at
            return is_asked and _set(item, close_requested_at=None)

        self._change(campaign.name, change, campaign.created_at)

    def show(self, campaign: Campaign, verdict: Verdict) -> bool:
        """Writes down how the campaign stands; False where it has changed since it was judged."""
        item = self._find(campaign.name)
        if item is None or item.version != campaign.version:
            return False
        _show(item, verdict)
        return self._save(item)

    def claim_hint(self, campaign: Campaign, now: datetime, every: timedelta) -> bool:
        """Whether the caller is the one who tells that images have come, of all who would within `every`."""
        if campaign.hinted_at is not None and now - campaign.hinted_at < every:
            return False
        # Closes: of many handlers that saw the same last hint, each sends another.
        seen = CampaignItem.hinted_at
        unclaimed = seen.does_not_exist() if campaign.hinted_at is None else seen == campaign.hinted_at
        item, condition = self._items(name=campaign.name), CampaignItem.name.exists() & unclaimed
        return updated(item, seen.set(now), condition=condition)

    def tell_of_duplicates(self, name: str, now: datetime) -> None:
        """Says that images have come which are labeled under other keys, so that they get into the labels."""
        self._items(name=name).update(
            actions=[CampaignItem.duplicate_at.set(now), CampaignItem.label_changes.add(1)],
            condition=CampaignItem.name.exists(),
        )

    def labels_changed(self, name: str) -> None:
        """Says that the campaign's labels are not as they were last written. To be said behind the change itself."""
        self._items(name=name).update(actions=[CampaignItem.label_changes.add(1)], condition=CampaignItem.name.exists())

    def labels_asked(self, campaign: Campaign, now: datetime) -> None:
        """Writes down that the campaign's labels were asked for."""
        self._change(campaign.name, lambda item: _set(item, labels_asked_at=now), now)

    def begin_labels(self, name: str, now: datetime) -> int | None:
        """Takes it on to write the campaign's labels: how many changes they will hold. None where they hold them all,
        or somebody is writing them, who then writes them once more. Errors: `NotFound`."""
        campaign = self.get(name)
        if campaign.label_changes == campaign.labels_written:
            return None
        # Closes: two who were asked at once, each of whom would read and write every label of the campaign.
        until = CampaignItem.labels_until
        is_free = CampaignItem.name.exists() & (until.does_not_exist() | (until < now))
        item, claim = self._items(name=name), [until.set(now + LABELS_LEASE)]
        return campaign.label_changes if updated(item, *claim, condition=is_free) else None

    def end_labels(self, name: str, changes: int) -> bool:
        """Writes down that the labels hold so many changes; False where there are more by now, which nobody writes."""
        done: list[Action] = [CampaignItem.labels_written.set(changes), CampaignItem.labels_until.remove()]
        # Closes: a label that is corrected while they are written. Whoever was asked for it has left it to us.
        item = self._items(name=name)
        is_whole = updated(item, *done, condition=CampaignItem.label_changes == changes)
        if not is_whole:
            item.update(actions=done)
        return is_whole

    def give_up_labels(self, name: str) -> None:
        """Lets others write the campaign's labels, which could not be."""
        self._items(name=name).update(actions=[CampaignItem.labels_until.remove()])

    def add_import(self, name: str, dropped: Import, now: datetime) -> Import | None:
        """Writes down that labels were dropped. Returns what lies under this name then: others stay, unless they were
        refused; None where there are `MOST_IMPORTS`."""

        def change(item: CampaignItem) -> bool:
            known = {each.name: each for each in _imports(item)}
            before = known.get(dropped.name)
            if before is None and len(known) >= MOST_IMPORTS:
                return False
            if before is not None and (before.etag == dropped.etag or before.problem is None):
                return False
            known[dropped.name] = dropped
            return _set(item, imports=_written(known.values()), imports_seen=None)

        after = self._change(name, change, now)
        return next((each for each in after.imports if each.name == dropped.name), None)

    def record_imports(self, name: str, changed: Iterable[Import], seen: str | None, now: datetime) -> None:
        """Writes down what was read or found; of an import that was replaced since, nothing. seen: see `Campaign`."""
        by_name = {each.name: each for each in changed}

        def change(item: CampaignItem) -> bool:
            known = _imports(item)
            after = [
                by_name[each.name] if each.name in by_name and by_name[each.name].etag == each.etag else each
                for each in known
            ]
            is_known = after == known and item.imports_seen == seen
            return not is_known and _set(item, imports=_written(after), imports_seen=seen)

        self._change(name, change, now)

    def _find(self, name: str) -> CampaignItem | None:
        if not is_campaign_name(name) and name != NOWHERE:
            return None  # DynamoDB refuses to look for some of what callers may ask for
        return item_of(self._items, name)

    def _blank(self, name: str, now: datetime, verdict: Verdict) -> CampaignItem:
        return self._items(name=name, state=CampaignState.ACTIVE.value, created_at=now, **_shown(verdict))

    def _change(self, name: str, change: Callable[[CampaignItem], bool], now: datetime) -> Campaign:
        for _ in range(_ATTEMPTS):
            item = self._find(name)
            fresh = item is None
            item = item or self._blank(name, now, _SPECLESS)
            if not change(item) or self._save(item, fresh=fresh):
                return self.get(name)
        raise Contention(f"campaign {name!r}")

    def _save(self, item: CampaignItem, *, fresh: bool = False) -> bool:
        read = item.version
        item.version = read + 1
        condition = is_new(self._items) if fresh else campaign_unchanged(read)
        # Update, not put: `hinted_at` is written without a version, and must not be taken back.
        if fresh:
            return saved(item, condition)
        return updated(item, *_all_but_hint(item), condition=condition)


def _set(item: CampaignItem, **values: Any) -> bool:
    """Changes an item; True, for there is something to be saved."""
    for name, value in values.items():
        setattr(item, name, value)
    return True


def _show(item: CampaignItem, verdict: Verdict) -> None:
    _set(item, **_shown(verdict))


def _shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict in the item's attributes."""
    waits_for = None if verdict.waits_for is None else verdict.waits_for.value
    return {**vars(verdict), "status": verdict.status.value, "waits_for": waits_for}


_UNVERSIONED = {"name", "hinted_at", "duplicate_at", "label_changes", "labels_written", "labels_until"}


def _all_but_hint(item: CampaignItem) -> list[Any]:
    actions = []
    for name, attribute in CampaignItem.get_attributes().items():
        if name in _UNVERSIONED:
            continue
        value = getattr(item, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    return actions


def _imports(item: CampaignItem) -> list[Import]:
    return [Import(**{**each, "notes": tuple(each["notes"])}) for each in item.imports or ()]


def _written(imports: Iterable[Import]) -> list[dict[str, Any]]:
    return [asdict(each) for each in sorted(imports, key=lambda each: (each.order, each.name))]


def campaign_of(item: CampaignItem) -> Campaign:
    waits_for = WaitsFor(item.waits_for) if item.waits_for else None
    verdict = Verdict(CampaignStatus(item.status), item.reason, item.remedy, waits_for)
    return record(
        Campaign,
        item,
        state=CampaignState(item.state),
        spec=None if item.spec is None else CampaignSpec.model_validate_json(item.spec),
        former_labels=tuple(item.former_labels or ()),
        notices=tuple(item.notices or ()),
        spec_errors=tuple(item.spec_errors or ()),
        verdict=verdict,
        imports=tuple(_imports(item)),
    )
