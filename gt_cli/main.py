"""`gt-service`: the command line."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

import click

from gt_cli.commands.campaign import close, pause, resume, stop
from gt_cli.commands.demo import demo
from gt_cli.commands.deploy import deploy, destroy, package
from gt_cli.commands.estimate import estimate
from gt_cli.commands.export import export
from gt_cli.commands.gold import gold
from gt_cli.commands.import_labels import import_labels
from gt_cli.commands.job import model, report
from gt_cli.commands.label import label
from gt_cli.commands.plan import plan, preview
from gt_cli.commands.redrive import redrive_command
from gt_cli.commands.review import review
from gt_cli.commands.scenes import scenes
from gt_cli.commands.status import status
from gt_cli.commands.team import team
from gt_cli.commands.token import token
from gt_cli.commands.up import up
from gt_cli.commands.verify import verify


@click.group()
@click.version_option(package_name="gt-service")
def cli() -> None:
    """Drop images in a bucket, get labels and a cost report.

    Start with `gt-service label FOLDER`: you, and people you invite, label your photos in the browser. Or with
    `gt-service demo`: simulated workers label drawn scenes. Both run on this machine and cost nothing.
    """


for commands in (
    (label, demo, scenes, gold, up),  # the local stack
    (team, status, pause, resume, close, stop, report, review),  # a running service
    (import_labels, export, model, estimate, verify),  # its labels
    (plan, preview),  # without a service
    (package, deploy, destroy, token, redrive_command),  # an installation on AWS
):
    for command in commands:
        cli.add_command(command)


def main() -> None:
    """The entry point: a signal that ends it unwinds like an exit, so that what was started is stopped."""
    if threading.current_thread() is threading.main_thread():
        heed_signals()
    cli()


def heed_signals() -> None:
    """SIGTERM, SIGINT, and SIGHUP, which comes when the terminal's window is closed.

    A shell without job control starts what is to run in the background deaf to SIGINT, and Python leaves it so; nohup
    makes it deaf to SIGHUP, and is meant to.
    """

    def terminated(number: int, _: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminated)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, terminated)


if __name__ == "__main__":
    main()
