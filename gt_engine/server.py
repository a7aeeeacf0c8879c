"""The engine as a server: tables, runner and HTTP put together, started and stopped in the right order."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from dataclasses import replace

import uvicorn

from gt_engine.assemble import engine_app
from gt_engine.connections import guarded_server
from gt_engine.jobs.runner import Runner
from gt_engine.settings import Settings
from gt_engine.store import DynamoStore

log = logging.getLogger(__name__)


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT. The first line on stdout is `{"url": …}`, once calls are taken."""
    stopping = _Stopping()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    listener = _listen(host, port)
    settings = replace(settings, public_url=settings.public_url or _url(listener))
    store = DynamoStore(settings.table_prefix, settings.region)
    store.create_tables()
    runner = Runner(settings)
    server = guarded_server(engine_app(settings, store, runner.wake))
    jobs = [job.name for job in store.jobs() if job.has_work]
    try:
        stopping.watch(server)
        runner.start(jobs)
        print(json.dumps({"url": _url(listener)}), flush=True)  # noqa: T201 - what the caller waits for
        log.info("serving", extra={"url": _url(listener), "region": settings.region, "account": settings.account})
        server.run(sockets=[listener])
    finally:
        runner.stop()
        log.info("stopped")
        sys.stderr.flush()


class _Stopping:
    """SIGTERM and SIGINT, from the first moment on. Before there is a server they end the process; from then on they
    end the server, also where uvicorn has not yet set up its own handlers, or raises them again when it is done."""

    def __init__(self) -> None:
        self._server: uvicorn.Server | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def watch(self, server: uvicorn.Server) -> None:
        self._server = server

    def _stop(self, *_: object) -> None:
        if self._server is None:
            sys.exit(0)
        self._server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
