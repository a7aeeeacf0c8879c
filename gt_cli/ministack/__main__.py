"""Starts MiniStack. Settings come from the environment, as its own do; PERSIST_STATE=1 has it keep everything."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = "/_user_request_"

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Mapping[str, Any], Any, Send], Awaitable[None]]


def main() -> None:
    if os.environ.get("PERSIST_STATE") == "1":
        _keep()
    import ministack.app

    ministack.app.app = with_slash(ministack.app.app)
    ministack.app.main()


def _keep() -> None:
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


def with_slash(app: App) -> App:
    """AWS tells a function whether its root was asked for with a slash, by which relative links go. MiniStack does
    not: here the slash is always there."""

    async def rooted(scope: Mapping[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith(ROOT):
            headers = [(b"location", f"{scope['path']}/".encode()), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 308, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send)

    return rooted


if __name__ == "__main__":
    main()
