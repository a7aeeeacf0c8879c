"""No test may depend on how fast the machine is."""

from __future__ import annotations

import ast
from pathlib import Path

import tests

ASKS = {"get", "post", "put", "delete", "request", "Client"}


def test_no_test_gives_up_on_an_answer_after_httpxs_five_seconds() -> None:
    """The first call of a function takes seven on a busy machine, and a whole run of the tests would be refused."""
    hasty = [
        f"{path}:{call.lineno}"
        for path in Path(tests.__path__[0]).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _asks(call.func) and not {"timeout", "transport"} & _named(call)
    ]
    assert hasty == []


def _asks(called: ast.expr) -> bool:
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "httpx" and called.attr in ASKS


def _named(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}
