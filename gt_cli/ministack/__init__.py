"""MiniStack, made to keep what it was given: `python -m gt_cli.ministack` instead of `python -m ministack`.

MiniStack writes S3 objects to disk as they come (`S3_PERSIST`), everything else only at a clean stop. Here nothing is
answered before it is durable, so that what was answered survives `kill -9` and a power cut:

* `snapshots`: all services' state, whole or not at all, after a deployment and now and then;
* `journal`: the items that DynamoDB requests have written since, replayed over the snapshot at start;
* `objects`: S3's files are synced before the answer, and what a kill has left half written is undone at start.

* `uploads`: S3's messages since the last snapshot are sent again at start.

What only other services knew since the last snapshot (other messages under way, logs) may be lost; the app's
`reconcile` finds the work that was in them.

It reaches into a few of MiniStack's internals: its version is locked, and `tests/integration/stack/test_kept.py` kills
it again and again.
"""
