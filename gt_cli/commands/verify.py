"""`gt-service verify`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import click
from rich.markup import escape

from gt_cli.terminal import console, reporting_errors
from gt_service.errors import NotFound
from gt_service.objects import S3Objects, S3Uri
from gt_service.outputs.layout import CERTIFICATE


@click.command()
@click.argument("job")
@click.option("--public-key", help="The engine's public key, from a source you trust; proves who signed.")
@reporting_errors
def verify(job: str, public_key: str | None) -> None:
    """Check a job's labels against its signed certificate.

    The certificate also covers models, prices, the statistical test and its delta.

    JOB is the folder of the job's output, in a bucket (s3://…) or on this machine.
    """
    from gt_engine.outputs.seal import problems

    document = b"".join(_content(job, CERTIFICATE))
    broken = problems(document, lambda path: _digest(job, path), public_key=public_key)
    for problem in broken:
        console.print(f"[red]✗[/] {escape(problem)}")
    if broken:
        raise SystemExit(1)
    seal = json.loads(document)
    guarantee, labels = seal["certificate"]["guarantee"], seal["certificate"]["labels"]
    console.print(
        f"[green]✓[/] {len(seal['certificate']['files'])} files of {seal['certificate']['job']} are as it signed them: "
        f"{labels['human']:,} labels of people, {labels['machine']:,} of the machine, {guarantee['loss']} target "
        f"{guarantee['target']} of {guarantee['scope']}, delta {guarantee['delta']}, {guarantee['method']}."
    )
    if public_key is None:
        console.print(
            f"Signed with {seal['signature']['public-key']}: is that your engine's? --public-key holds it to it."
        )


def _content(job: str, path: str) -> Iterable[bytes]:
    """A file in pieces. Errors: `NotFound`."""
    if job.startswith("s3://"):
        import boto3

        uri = S3Uri.parse(job.rstrip("/")) / path
        yield S3Objects(boto3.client("s3")).read(uri)
        return
    file = Path(job) / path
    if not file.is_file():
        raise NotFound(
            f"there is no {file}", remedy="Name the folder of a job's output: the one with certificate.json."
        )
    with file.open("rb") as pieces:
        while piece := pieces.read(2**20):
            yield piece


def _digest(job: str, path: str) -> str | None:
    whole = sha256()
    try:
        for piece in _content(job, path):
            whole.update(piece)
    except NotFound:
        return None
    return whole.hexdigest()
