"""All services' state in one folder, which is there as a whole or not at all.

<folder>/<number>/<service>.json     as MiniStack's own persistence reads them
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core import persistence

from gt_cli.ministack.files import sync, sync_path


def latest(folder: Path) -> int | None:
    """The number of the latest complete snapshot; None where there has been none."""
    return max((int(path.name) for path in folder.glob("*") if path.name.isdigit()), default=None)


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}"


def write(folder: Path, number: int, states: Mapping[str, Any]) -> None:
    """Writes a snapshot, and forgets those before it once it is on the disk. Errors: OSError."""
    unfinished = folder / f"{number:08d}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for service, state in states.items():
        # MiniStack's own `save_state` logs an error and goes on; a snapshot without a service would lose it.
        wrapped = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
        with (unfinished / f"{service}.json").open("x", encoding="utf-8") as file:
            json.dump(wrapped, file, default=persistence._json_default)
            file.flush()
            sync(file.fileno())
    sync_path(unfinished)
    os.rename(unfinished, path_of(folder, number))
    sync_path(folder)
    for old in folder.glob("*"):
        if old.name.partition(".")[0].isdigit() and int(old.name.partition(".")[0]) < number:
            shutil.rmtree(old)
