"""S3's messages about uploads, told again where a kill may have taken them from a queue.

Queues are in snapshots, and what was in them since is lost. The objects are there, so their messages can be made again.
They carry the time at which the object was written and no sequencer: whoever orders messages about a key by time and
sequencer, as AWS advises, takes them for the upload's own or for an earlier one, and never for a new one.
"""

from __future__ import annotations

import logging
from datetime import datetime

from ministack.core import responses
from ministack.services import s3

CREATED = "s3:ObjectCreated:Put"

log = logging.getLogger(__name__)


def tell_again(since: datetime) -> int:
    """Sends the message of every object that was written since then; says how many there were."""
    sent = 0
    for (account, bucket), bucket_data in list(s3._buckets._data.items()):
        responses.set_request_account_id(account)
        if bucket not in s3._bucket_notifications:
            continue
        for key, upload in list(bucket_data["objects"].items()):
            if datetime.fromisoformat(upload["last_modified"]) >= since:
                s3._fire_s3_event(
                    bucket,
                    key,
                    CREATED,
                    size=upload["size"],
                    etag=upload["etag"],
                    version_id=upload.get("version_id"),
                    record_extra={"eventTime": upload["last_modified"]},
                )
                sent += 1
    log.info("told again of %d upload(s)", sent)
    return sent
