"""Pages as HTML. Pure: the same view gives the same bytes, so that a page's hash can be its ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from gt_service.pages.status import campaign_status
from gt_service.reports.amounts import exact, money, money_per_image, number, percent, time
from gt_service.templates import templates_in

_HERE = Path(__file__).parent
STATIC_TYPES = {
    "pico.min.css": "text/css; charset=utf-8",
    "pages.css": "text/css; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "box-editor.js": "text/javascript; charset=utf-8",
    "correct.js": "text/javascript; charset=utf-8",
    "spec.js": "text/javascript; charset=utf-8",
    "upload.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Principal:
    """Who looks at the page; `role` is `viewer` or `operator`."""

    name: str
    role: str

    @property
    def may_operate(self) -> bool:
        return self.role == "operator"


@cache
def _environment() -> Environment:
    return templates_in(
        _HERE / "templates",
        number=number,
        percent=percent,
        money=money,
        money_in_column=exact,
        money_per_image=money_per_image,
        time=time,
        campaign_status=campaign_status,
    )


@cache
def static_file(name: str) -> str | None:
    """One of the vendored or own files that pages load; None where there is no such file."""
    return (_HERE / "static" / name).read_text(encoding="utf-8") if name in STATIC_TYPES else None


@cache
def static_version(name: str) -> str:
    """Changes when the file does, so that browsers may keep it for ever."""
    return hashlib.sha256((static_file(name) or "").encode()).hexdigest()[:12]


def render(
    template: str, *, root: str, principal: Principal | None, section: str = "", values: Mapping[str, Any]
) -> str:
    """One page. `root` is the relative way to the API's root (`browser.relative_root`)."""

    def static(name: str) -> str:
        return f"{root}static/{name}?v={static_version(name)}"

    return (
        _environment()
        .get_template(template)
        .render(root=root, principal=principal, section=section, static=static, **values)
    )
