"""The ASGI application around MiniStack's: nothing is answered before what it changed is on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ministack.app
from ministack.core import persistence, responses
from ministack.core.concurrency import spawn_background
from ministack.services import lambda_svc, s3

from gt_cli.ministack import journal as journals
from gt_cli.ministack import objects, snapshots, uploads
from gt_cli.ministack.files import sync_path
from gt_cli.ministack.requests import entries_of

SNAPSHOT_PATH = "/_gt_service/snapshot"
SNAPSHOT_EVERY_SECONDS = 30.0
SNAPSHOT_SHARE = 0.05  # of the time, where taking one takes long
READS = ("GET", "HEAD", "OPTIONS")
MARGIN = timedelta(minutes=1)  # a snapshot is older than its file
NOT_STORED = 503  # clients try again; a full disk can be emptied

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)


class Unanswered:
    """What a request has written and must be durable before it is answered."""

    def __init__(self) -> None:
        self.folders: set[Path] = set()
        self.journaled = False
        self.failed: OSError | None = None


_unanswered: ContextVar[Unanswered | None] = ContextVar("unanswered", default=None)


class Durable:
    """MiniStack with a memory. `folder` takes snapshots and journals; S3's objects lie where `S3_DATA_DIR` says."""

    def __init__(self, folder: Path) -> None:
        self._app = ministack.app.app
        self._snapshots = folder / "snapshots"
        self._journals = folder / "journal"
        self._journals.mkdir(parents=True, exist_ok=True)
        self._number = snapshots.latest(self._snapshots)
        if self._number is not None:
            persistence.STATE_DIR = str(snapshots.path_of(self._snapshots, self._number))
        journals.repair(self._journals)
        self._journal = journals.Journal(self._journals, max(journals.numbers(self._journals), default=0))
        self._snapshot_running = asyncio.Lock()
        self._is_dirty = False
        self._background: asyncio.Task[None] | None = None
        self._dynamodb = ministack.app.SERVICE_HANDLERS["dynamodb"]
        self._put_into_place()

    def _put_into_place(self) -> None:
        load, self._save = ministack.app._load_persisted_state, ministack.app._build_persistence_save_dict
        self._prune_code = lambda_svc._prune_orphan_code_blobs
        self._code: set[str] = set()

        def load_and_replay() -> None:
            load()
            ministack.app.PERSIST_STATE = False  # from here on state is saved by snapshots alone
            self._replay()

        def remember_code(referenced: set[str]) -> None:
            self._code = set(referenced)  # pruned once no snapshot needs the rest

        ministack.app._load_persisted_state = load_and_replay
        ministack.app.SERVICE_HANDLERS["dynamodb"] = self._handle_dynamodb
        lambda_svc._prune_orphan_code_blobs = remember_code
        s3._atomic_write = _write_object

    # ------------------------------------------------------------ requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._around_lifespan(send))
        elif scope["type"] == "http" and scope["path"] == SNAPSHOT_PATH and scope["method"] == "POST":
            await self._answer_snapshot(send)
        elif scope["type"] == "http" and scope["method"] not in READS:
            self._is_dirty = True
            await self._serve(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        unanswered = Unanswered()
        _unanswered.set(unanswered)
        refused = False

        async def send_durably(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                try:
                    await self._make_durable(unanswered)
                except OSError as error:
                    log.error("not stored, so refused: %s", error)
                    refused = True
                    await _answer(send, NOT_STORED, b"")
            if not refused:
                await send(message)

        await self._app(scope, receive, send_durably)

    async def _make_durable(self, unanswered: Unanswered) -> None:
        if unanswered.failed is not None:
            raise unanswered.failed
        if unanswered.journaled:
            await asyncio.to_thread(self._journal.sync)
        for folder in unanswered.folders:
            await asyncio.to_thread(sync_path, folder)

    async def _handle_dynamodb(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, Any]
    ) -> tuple[int, Any, Any]:
        """Runs the request and appends what became of its items, in one turn of the loop: nothing comes in between."""
        status, answer_headers, answer = await self._dynamodb(method, path, headers, body, query)
        if status == 200:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            unanswered = _unanswered.get() or Unanswered()
            try:
                async for after, request in entries_of(action, json.loads(body or b"{}"), self._item):
                    self._journal.append(
                        journals.Entry(responses.get_account_id(), responses.get_region(), after, request)
                    )
                    unanswered.journaled = True
            except OSError as error:
                unanswered.failed = error
        return status, answer_headers, answer

    async def _item(self, table: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        request = {"TableName": table, "Key": key, "ConsistentRead": True}
        _, _, answer = await self._dynamodb("POST", "/", _target("GetItem"), json.dumps(request).encode(), {})
        item: Mapping[str, Any] | None = json.loads(answer).get("Item")
        return item

    # ------------------------------------------------------------ start and end

    def _replay(self) -> None:
        if self._number is None:
            return
        count = 0
        account, region = responses.get_account_id(), responses.get_region()
        for entry in journals.read(self._journals, self._number):
            responses.set_request_account_id(entry.account)
            responses.set_request_region(entry.region)
            _finished(self._dynamodb("POST", "/", _target(entry.action), json.dumps(entry.request).encode(), {}), entry)
            count += 1
        responses.set_request_account_id(account)
        responses.set_request_region(region)
        log.info("replayed %d entries of the journal", count)

    def _around_lifespan(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "lifespan.shutdown.complete" and self._background is not None:
                self._background.cancel()
                await self.snapshot()
            await send(message)
            if message["type"] == "lifespan.startup.complete" and self._number is not None:
                saved_at = snapshots.path_of(self._snapshots, self._number).stat().st_mtime
                since = datetime.fromtimestamp(saved_at, UTC) - MARGIN
                spawn_background(uploads.tell_again, since, thread_name="tell-again")

        return sending

    # ------------------------------------------------------------ snapshots

    def _write(self, number: int, states: Mapping[str, Any]) -> None:
        for code in Path(lambda_svc.CODE_BLOB_DIR).glob("*.zip"):
            sync_path(code)
        snapshots.write(self._snapshots, number, states)

    async def snapshot(self) -> None:
        """Saves all state, and forgets what came before. Errors: OSError."""
        async with self._snapshot_running:
            number = max([*journals.numbers(self._journals), self._number or 0]) + 1
            self._is_dirty = False
            states = _states(self._save())
            self._journal.begin(number)  # in the same turn of the loop as the state was copied
            await asyncio.to_thread(self._write, number, states)
            self._number = number
            journals.forget(self._journals, number)
            self._prune_code(self._code)

    async def _answer_snapshot(self, send: Send) -> None:
        """Asked for after a deployment. Before the first one a snapshot would hold a half made deployment for good."""
        try:
            await self.snapshot()
        except OSError as error:
            log.error("no snapshot: %s", error)
            await _answer(send, 507, str(error).encode())
            return
        if self._background is None:
            self._background = asyncio.create_task(self._keep_saving())
        await _answer(send, 204, b"")

    async def _keep_saving(self) -> None:
        pause = SNAPSHOT_EVERY_SECONDS
        while True:
            await asyncio.sleep(pause)
            if not self._is_dirty:
                continue
            began = time.monotonic()
            try:
                await self.snapshot()
            except OSError as error:
                log.error("no snapshot: %s", error)
            pause = max(SNAPSHOT_EVERY_SECONDS, (time.monotonic() - began) / SNAPSHOT_SHARE)


def _states(getters: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """A copy of every service's state. A thread may change a service's tables while they are copied: once more then."""
    states = {}
    for service, get_state in getters.items():
        for attempt in range(20):
            try:
                state = get_state()
                break
            except RuntimeError:  # "changed size during iteration"
                if attempt == 19:
                    raise
                time.sleep(0.01)
        if state is not None:
            states[service] = state
    return states


def _write_object(path: str, data: bytes | str, *, text: bool = False) -> None:
    """In place of MiniStack's own, whose callers log an error and answer as if all was well."""
    unanswered = _unanswered.get()
    try:
        objects.write(path, data)
    except OSError as error:
        if unanswered is not None:
            unanswered.failed = error
        raise
    if unanswered is not None:
        unanswered.folders.add(Path(path).parent)
    else:
        sync_path(Path(path).parent)


def _finished(call: Awaitable[tuple[int, Any, Any]], entry: journals.Entry) -> None:
    """Runs a DynamoDB handler to its end outside of the loop; it awaits nothing."""
    try:
        call.__await__().send(None)
    except StopIteration as done:
        status, _, answer = done.value
        if status != 200:
            log.error("not replayed: %s on %s: %s", entry.action, entry.request.get("TableName"), answer)
        return
    raise RuntimeError("MiniStack's DynamoDB waits for something: this version cannot be replayed")


def _target(action: str) -> dict[str, str]:
    return {"x-amz-target": f"DynamoDB_20120810.{action}"}


async def _answer(send: Send, status: int, body: bytes) -> None:
    with contextlib.suppress(OSError):
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-length", b"%d" % len(body))]}
        )
        await send({"type": "http.response.body", "body": body})
