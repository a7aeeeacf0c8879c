"""State in DynamoDB: frozen records out, conditional writes in."""

from gt_service.store.batches import Batches
from gt_service.store.campaigns import Campaigns
from gt_service.store.images import Images
from gt_service.store.jobs import Jobs
from gt_service.store.models import TableNames, Tables
from gt_service.store.tokens import Tokens
from gt_service.store.walks import Walks

__all__ = ["Batches", "Campaigns", "Images", "Jobs", "Store", "TableNames", "Tokens", "Walks"]


class Store:
    """The five tables of one deployment."""

    def __init__(self, names: TableNames, region: str) -> None:
        tables = Tables(names, region)
        self.tables = tables
        self.campaigns = Campaigns(tables)
        self.images = Images(tables)
        self.batches = Batches(tables)
        self.jobs = Jobs(tables)
        self.tokens = Tokens(tables)
        self.walks = Walks(tables)
