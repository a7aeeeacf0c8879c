"""Starts MiniStack so that it keeps what it is given; settings come from the environment, as MiniStack's own do."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path


def main() -> None:
    os.environ |= {"PERSIST_STATE": "1", "S3_PERSIST": "1"}
    state, data = Path(os.environ["STATE_DIR"]), Path(os.environ["S3_DATA_DIR"])
    from gt_cli.ministack import objects, snapshots

    if snapshots.latest(state / "snapshots") is None:
        for half_a_deployment in (state, data):  # nothing was promised before the first snapshot
            shutil.rmtree(half_a_deployment, ignore_errors=True)
    undone = objects.undo_half_written(data)  # before S3 reads its folder, which it does when it is imported
    if undone:
        logging.getLogger("gt_cli.ministack").warning("%d object(s) were being written at the last end", undone)
    import ministack.app

    from gt_cli.ministack import durable

    ministack.app.app = durable.Durable(state)
    ministack.app.main()


if __name__ == "__main__":
    main()
