"""Connections that cannot be held for nothing: deadlines for headers and bodies, and no more of them than there is
room for. A key protects against callers, not against those who only connect."""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""
BODY_SECONDS = 120.0
"""For all of a body: 8 MB at half a megabit per second."""
MOST_CONNECTIONS = 2_000
_OTHER_FILES = 256
"""What the process keeps open besides: connections to AWS, logs, pipes to its workers."""


def guarded_server(app: ASGIApp) -> uvicorn.Server:
    """The server of an app, for the open internet: though a proxy in front is better still."""
    connections = _room_for(MOST_CONNECTIONS)
    config = uvicorn.Config(
        BodyDeadline(app),
        http=GuardedProtocol,
        log_config=None,
        timeout_graceful_shutdown=5,
        limit_concurrency=connections,
        backlog=512,
    )
    return uvicorn.Server(config)


class GuardedProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, to those who say what they want within a while."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # A connection too many gets its 503 like the others; those beyond are not even read.
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency + _OTHER_FILES // 2:
            transport.abort()
            return
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_request():
            self._stop_waiting()
        elif self._deadline is None:
            self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _in_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_headers(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._in_request():
            self.transport.abort()


class BodyDeadline:
    """Answers 408 to a body that does not come to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + BODY_SECONDS
        whole = started = late = False

        async def receive_in_time() -> Message:
            nonlocal whole, late
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                late = True
                return {"type": "http.disconnect"}
            whole = not message.get("more_body", False)
            return message

        async def send_in_time(message: Message) -> None:
            nonlocal started
            if not late:  # else it answers to half a request
                started = True
                await send(message)

        with suppress(ClientDisconnect):
            await self._app(scope, receive_in_time, send_in_time)
        if late and not started:
            answer = PlainTextResponse("The request did not come to its end in time.", 408, {"Connection": "close"})
            await answer(scope, receive, send)


def _room_for(connections: int) -> int:
    """As many connections as the process may have files open, after asking for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return connections if soft == resource.RLIM_INFINITY else max(16, min(connections, soft - _OTHER_FILES))
