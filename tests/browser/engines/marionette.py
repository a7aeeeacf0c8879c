"""Selenium's commands in Firefox's own protocol, so that no driver beside the browser has to be found.

https://firefox-source-docs.mozilla.org/testing/marionette/
"""

from __future__ import annotations

import json
import socket
from typing import Any

# What selenium calls otherwise.
COMMANDS = {
    "quit": "DeleteSession",
    "close": "CloseWindow",
    "get": "Navigate",
    "goBack": "Back",
    "goForward": "Forward",
    "findChildElement": "FindElement",
    "findChildElements": "FindElements",
    "clearElement": "ElementClear",
    "clickElement": "ElementClick",
    "sendKeysToElement": "ElementSendKeys",
    "w3cGetCurrentWindowHandle": "GetWindowHandle",
    "getCurrentUrl": "GetCurrentURL",
    "w3cExecuteScriptAsync": "ExecuteAsyncScript",
    "getElementValueOfCssProperty": "GetElementCSSValue",
    "getElementAriaRole": "GetComputedRole",
    "getElementAriaLabel": "GetComputedLabel",
    "screenshot": "TakeScreenshot",
    "elementScreenshot": "TakeScreenshot",
    "actions": "PerformActions",
    "clearActionState": "ReleaseActions",
    "printPage": "Print",
}


def name_of(command: str) -> str:
    name = command.removeprefix("w3c")
    return COMMANDS.get(command, name[0].upper() + name[1:])


class Marionette:
    """A connection to a Firefox; a message is `length:[kind, number, name, parameters]`."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.number = 0
        self._read()  # its greeting

    def _read(self) -> Any:
        length = b""
        while (digit := self.stream.read(1)) != b":":
            assert digit, "Firefox is gone"
            length += digit
        return json.loads(self.stream.read(int(length)))

    def send(self, name: str, parameters: dict[str, Any]) -> tuple[Any, Any]:
        """The error and the result of a command."""
        self.number += 1
        body = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(body), body))
        _, number, error, result = self._read()
        assert number == self.number
        return error, result

    def execute(self, command: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
        sent = dict(parameters or {})
        if command == "newSession":
            sent = sent["capabilities"]["alwaysMatch"]
        elif command.startswith("findChild"):
            sent["element"] = sent.pop("id")
        elif command == "switchToFrame" and isinstance(sent["id"], dict):
            sent["element"] = next(iter(sent.pop("id").values()))
        elif "shadowId" in sent:
            sent["shadowRoot"] = sent.pop("shadowId")
        elif command in ("screenshot", "elementScreenshot"):
            sent.setdefault("full", False)
        error, result = self.send(f"WebDriver:{name_of(command)}", sent)
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result["value"] if isinstance(result, dict) and set(result) == {"value"} else result}

    def close(self) -> None:
        self.stream.close()
        self.socket.close()
