"""The five tables, in pynamodb's terms. Nothing outside this package imports them.

campaigns   name                                     the spec, how it stands, its money
images      shard (campaign#0…f), key                one item per key; local index open_places (shard, open_place)
            shard (campaign#contents#0…f), key       one item per content: which key stands for it
            shard #walk, key                         how far the walk through the inbox has come
            shard (campaign#bands#0…f), key          one item per band of a perceptual hash: which pictures share it
batches     campaign, number
jobs        campaign, name
tokens      digest                                   expires: seconds since 1970, the table's time to live
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from enum import Enum
from typing import Any, TypeVar, cast

from pynamodb.attributes import Attribute, BooleanAttribute, JSONAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.connection import Connection
from pynamodb.constants import NUMBER
from pynamodb.indexes import AllProjection, LocalSecondaryIndex
from pynamodb.models import Model


class IntegerAttribute(Attribute[int]):
    """A DynamoDB number that is always a whole one."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(int(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class CampaignItem(Model):
    name = UnicodeAttribute(hash_key=True)
    state = UnicodeAttribute()
    spec = UnicodeAttribute(null=True)
    spec_text = UnicodeAttribute(null=True)
    revision = IntegerAttribute(default=0)
    spec_order = UnicodeAttribute(null=True)
    spec_errors = JSONAttribute(null=True)
    errors_order = UnicodeAttribute(null=True)
    former_labels = JSONAttribute(null=True)
    notices = JSONAttribute(null=True)
    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    remedy = UnicodeAttribute(null=True)
    waits_for = UnicodeAttribute(null=True)
    cap = IntegerAttribute(null=True)
    committed = IntegerAttribute(default=0)
    spent = IntegerAttribute(default=0)
    version = IntegerAttribute(default=0)
    created_at = UTCDateTimeAttribute()
    close_requested_at = UTCDateTimeAttribute(null=True)
    resumed_at = UTCDateTimeAttribute(null=True)
    hinted_at = UTCDateTimeAttribute(null=True)
    duplicate_at = UTCDateTimeAttribute(null=True)
    label_changes = IntegerAttribute(default=0)
    labels_written = IntegerAttribute(default=0)
    labels_until = UTCDateTimeAttribute(null=True)
    labels_asked_at = UTCDateTimeAttribute(null=True)
    imports = JSONAttribute(null=True)
    imports_seen = UnicodeAttribute(null=True)


class OpenPlaces(LocalSecondaryIndex["ImageItem"]):  # type: ignore[no-untyped-call]
    """Local, so that "what is pending" is read as it is now, not as it was.

    Images in batches have no `open_place` and so are not in it, but for those that were replaced since: it stays small
    however many were ever labeled.
    """

    class Meta:
        index_name = "open_places"
        projection = AllProjection()

    shard = UnicodeAttribute(hash_key=True)
    open_place = UnicodeAttribute(range_key=True)


class ImageItem(Model):
    shard = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    place = UnicodeAttribute()
    open_place = UnicodeAttribute(null=True)
    event_time = UnicodeAttribute()
    sequencer = UnicodeAttribute()
    etag = UnicodeAttribute()
    size = IntegerAttribute()
    width = IntegerAttribute(null=True)
    height = IntegerAttribute(null=True)
    media_format = UnicodeAttribute(null=True)
    orientation = IntegerAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    remedy = UnicodeAttribute(null=True)
    replaced_after_batch = BooleanAttribute(null=True)
    near_to = UnicodeAttribute(null=True)
    digest = UnicodeAttribute(null=True)
    registered_at = UnicodeAttribute(null=True)
    open_places = OpenPlaces()


class ContentItem(Model):
    """In the images table, under a shard of its own kind: which key stands for this content.

    twins: grows with every duplicate, so that a change of owner notices one that came in the meantime.
    """

    shard = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    owner = UnicodeAttribute(null=True)
    twins = IntegerAttribute(default=0)


class BandItem(Model):
    """In the images table, under a shard of its own kind: the pictures whose hashes are equal in one band.

    looks: fingerprint, hash, width and height of each. version: grows with every picture.
    """

    shard = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    looks = JSONAttribute()
    version = IntegerAttribute()


class WalkItem(Model):
    """In the images table, under a shard of its own kind: how far the walk through the inbox has come."""

    shard = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    after = UnicodeAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)


class BatchItem(Model):
    campaign = UnicodeAttribute(hash_key=True)
    number = IntegerAttribute(range_key=True)
    state = UnicodeAttribute()
    reason = UnicodeAttribute()
    objects = IntegerAttribute()
    members_uri = UnicodeAttribute()
    manifest_uri = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute()
    closed_at = UTCDateTimeAttribute(null=True)
    unlabeled = IntegerAttribute(null=True)
    extra_follow_ups = IntegerAttribute(default=0)
    leaves_out = BooleanAttribute(default=False)
    labeled_manifest_uri = UnicodeAttribute(null=True)
    review_objects = IntegerAttribute(null=True)
    review_manifest_uri = UnicodeAttribute(null=True)


class JobItem(Model):
    campaign = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(range_key=True)
    batch = IntegerAttribute()
    role = UnicodeAttribute()
    attempt = IntegerAttribute()
    state = UnicodeAttribute()
    objects = IntegerAttribute()
    revision = IntegerAttribute()
    task = UnicodeAttribute()
    labels = JSONAttribute()
    manifest_uri = UnicodeAttribute()
    output_uri = UnicodeAttribute()
    reserved = IntegerAttribute()
    reserved_at = UTCDateTimeAttribute()
    initial_model_arn = UnicodeAttribute(null=True)
    final_model_arn = UnicodeAttribute(null=True)
    counters = JSONAttribute(null=True)
    unlabeled = IntegerAttribute(null=True)
    cost = IntegerAttribute(null=True)
    report_uri = UnicodeAttribute(null=True)
    report_asked_at = UTCDateTimeAttribute(null=True)
    failure_reason = UnicodeAttribute(null=True)
    refused_at = UTCDateTimeAttribute(null=True)
    stop_requested_at = UTCDateTimeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)
    progress_at = UTCDateTimeAttribute(null=True)
    warning = UnicodeAttribute(null=True)
    output_problem = UnicodeAttribute(null=True)
    output_read_at = UTCDateTimeAttribute(null=True)
    output_accepted = BooleanAttribute(default=False)
    people_seconds = IntegerAttribute(null=True)


class TokenItem(Model):
    digest = UnicodeAttribute(hash_key=True)
    principal = UnicodeAttribute()
    role = UnicodeAttribute()
    expires = IntegerAttribute()


_M = TypeVar("_M", bound=Model)
_R = TypeVar("_R")


def item_of(model: type[_M], key: Any, range_key: Any = None) -> _M | None:
    """What lies under a key at this moment; None where nothing does."""
    try:
        return model.get(key, range_key, consistent_read=True)
    except model.DoesNotExist:
        return None


def record(kind: type[_R], item: Model, /, **others: Any) -> _R:
    """The record of an item whose attributes have the names of its fields, but for `others`. What the item does not
    hold is at its default."""
    for field in fields(cast("Any", kind)):
        if field.name not in others:
            value = getattr(item, field.name)
            if value is not None or (field.default is MISSING and field.default_factory is MISSING):
                others[field.name] = value
    return kind(**others)


def members(value: Any) -> dict[str, Any]:
    """What an item holds of a record: whatever is not at its default."""
    defaults = {field.name: field.default for field in fields(value)}
    return {name: plain(member) for name, member in vars(value).items() if member != defaults[name]}


def plain(member: Any) -> Any:
    """A member of a record as attributes take it."""
    if isinstance(member, Enum):
        return member.value
    return list(member) if isinstance(member, tuple) else member


def bound(model: type[_M], table_name: str, region: str) -> type[_M]:
    """The model of one table: that which the deployment gave this name."""
    meta = type("Meta", (), {"table_name": table_name, "region": region, "billing_mode": "PAY_PER_REQUEST"})
    return cast("type[_M]", type(model.__name__, (model,), {"Meta": meta}))


@dataclass(frozen=True)
class TableNames:
    campaigns: str
    images: str
    batches: str
    jobs: str
    tokens: str


class Tables:
    """The models, bound to the names that the deployment gave its tables."""

    def __init__(self, names: TableNames, region: str) -> None:
        self.campaigns = bound(CampaignItem, names.campaigns, region)
        self.images = bound(ImageItem, names.images, region)
        self.contents = bound(ContentItem, names.images, region)
        self.bands = bound(BandItem, names.images, region)
        self.walks = bound(WalkItem, names.images, region)
        self.batches = bound(BatchItem, names.batches, region)
        self.jobs = bound(JobItem, names.jobs, region)
        self.tokens = bound(TokenItem, names.tokens, region)
        in_images = [self.images, self.contents, self.bands, self.walks]
        self.connection = shared_connection([self.campaigns, *in_images, self.batches, self.jobs, self.tokens], region)

    def create(self) -> None:
        """For tests; a deployment's tables are made by .chalice/infrastructure.yaml."""
        owners: tuple[type[Any], ...] = (self.campaigns, self.images, self.batches, self.jobs, self.tokens)
        for model in owners:
            model.create_table(wait=True)


def shared_connection(models: list[type[Any]], region: str) -> Connection:
    """One client for all models and for transactions: to make one takes as long as a hundred calls."""
    shared, known = Connection(region=region), set[str]()
    for model in models:
        table = model._get_connection()
        if table.table_name not in known:  # contents and bands live in the images' table, which knows the index
            shared.add_meta_table(table.get_meta_table())
            known.add(table.table_name)
        table.connection = shared
    return shared
