"""Messages from one function to another."""

from __future__ import annotations

from typing import Protocol


class Signals(Protocol):
    """Messages to other functions: hints that may come twice or be lost."""

    def hint(self, campaign: str, *, delay_seconds: int = 0) -> None:
        """Says that a campaign may have something to do."""

    def ask_report(self, job: str) -> None:
        """Says that an ended job wants its cost report."""

    def ask_labels(self, campaign: str) -> None:
        """Says that a campaign wants its labels written anew."""
