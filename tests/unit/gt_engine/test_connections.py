"""Who connects and says nothing, or says it drop by drop, holds nobody else up."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gt_engine import connections
from gt_engine.connections import guarded_server
from tests.waiting import soon


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@contextmanager
def serving() -> Iterator[int]:
    server = guarded_server(Starlette(routes=[Route("/", echo, methods=["POST"])]))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    soon(lambda: server.started, 10)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.8)
    with serving() as number:
        yield number


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def rest_of(connection: socket.socket) -> bytes:
    """What the server still says before it hangs up."""
    told = b""
    try:
        while part := connection.recv(4096):
            told += part
    except ConnectionError:
        pass
    return told


def answer(connection: socket.socket) -> bytes:
    """An answer of one digit."""
    told = b""
    while not told.partition(b"\r\n\r\n")[2]:
        told += connection.recv(4096)
    assert b"200 OK" in told
    return told


def post(length: int) -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


@pytest.mark.parametrize("begin", [b"", b"POST / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_does_not_finish_its_headers_is_closed(port: int, begin: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(begin)
        began = time.monotonic()
        assert rest_of(connection) == b""
        assert 0.3 < time.monotonic() - began < 5


def test_headers_that_drip_are_no_way_around(port: int) -> None:
    with connect(port) as connection:
        connection.setblocking(False)
        began = time.monotonic()
        closed = False
        while not closed and time.monotonic() - began < 8:
            try:
                connection.send(b"P")
                closed = connection.recv(1) == b""
            except BlockingIOError:
                time.sleep(0.05)
            except ConnectionError:
                closed = True
        assert closed


def test_nor_is_a_first_request_that_was_in_time(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(post(2) + b"ab")
        assert answer(connection).endswith(b"2")
        connection.sendall(b"POST /")
        began = time.monotonic()
        assert rest_of(connection) == b""
        assert time.monotonic() - began < 5


def test_a_body_that_drips_is_answered_and_closed(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(post(1000))
        began = time.monotonic()
        for _ in range(6):
            connection.sendall(b"x")
            time.sleep(0.1)
        told = rest_of(connection)
        assert told.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < 5


def test_who_takes_a_moment_is_served(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(post(4))
        time.sleep(0.4)
        connection.sendall(b"abcd")
        assert answer(connection).endswith(b"4")


def test_more_connections_than_there_is_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bound the process runs out of files, and nobody is answered: health checks neither."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 16)
    with serving() as port, ExitStack() as held:
        for _ in range(16):
            held.enter_context(connect(port))
        late = held.enter_context(connect(port))
        late.sendall(post(2) + b"ab")
        assert b"503" in late.recv(4096)
