"""The root of an API, with and without a slash at its end, as on AWS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

ROOT = "/_user_request_"

Message = Mapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Mapping[str, Any], Any, Send], Awaitable[None]]


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
