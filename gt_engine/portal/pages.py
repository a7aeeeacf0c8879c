"""The portal's pages as HTML. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gt_engine.portal.assets import static
from gt_engine.workforce.members import Worker

_TEMPLATES = Path(__file__).parent / "html"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    environment.filters["moment"] = moment
    return environment


def render(template: str, *, worker: Worker | None, section: str, values: Mapping[str, Any]) -> str:
    """One page for `worker` (None: nobody is signed in); `section` is marked in the menu."""
    return _environment().get_template(template).render(worker=worker, section=section, static=static, **values)


def duration(seconds: float) -> str:
    """45 s, 12 min, 1 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def moment(when: datetime) -> str:
    return when.strftime("%d %b %Y, %H:%M UTC").lstrip("0")
