"""What the commands print, and how they fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from gt_service.errors import GtServiceError, SpecErrors

P = ParamSpec("P")
console = Console(highlight=False)
if not console.is_terminal:
    console = Console(width=120, highlight=False)  # rich would fold tables into 80 columns
errors = Console(stderr=True, highlight=False)
INTERRUPTED = 130


def say(text: str) -> None:
    """A line, which the terminal wraps, so that what is copied from it is whole."""
    console.print(text, soft_wrap=True)


def warn(text: str) -> None:
    """A line of what is left out, or still to come."""
    errors.print(text, style="yellow", soft_wrap=True)


def reporting_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Says an error the way a person reads it, and exits with 1."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except GtServiceError as error:
            fail(error)
        except (BotoCoreError, ClientError) as error:
            fail(GtServiceError(f"AWS: {error}", remedy="Check your credentials, region and permissions."))
        except OSError as error:
            fail(unusable(error))

    return guarded


def unusable(error: OSError) -> GtServiceError:
    """A file or a folder that cannot be read or written, in words."""
    where = f"{error.filename}: " if error.filename else ""
    return GtServiceError(f"{where}{error.strerror or error}", remedy="Fix that, or name another file or folder.")


def fail(error: GtServiceError, *, logs: Path | None = None) -> NoReturn:
    for each in error.errors if isinstance(error, SpecErrors) else (error,):
        where = f"{each.field}: " if each.field else ""
        errors.print(f"[bold red]Failed:[/] {escape(where + each.message)}", soft_wrap=True)
        if each.remedy:
            errors.print(f"[bold]What to do:[/] {escape(each.remedy)}", soft_wrap=True)
    if logs is not None:
        errors.print(f"[bold]Logs:[/] {escape(str(logs))}", soft_wrap=True)
    sys.exit(1)
