"""`gt-service deploy` and `gt-service destroy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import click

from gt_cli import deployment, packaging
from gt_cli.options import stage_options
from gt_cli.terminal import console, reporting_errors


@click.command()
@stage_options
@click.option(
    "--engine",
    type=click.Choice(["serverless"]),
    help="gt-engine as functions of this stack; left out, SageMaker Ground Truth labels, or what --engine-url names.",
)
@click.option("--engine-url", default="", help="URL of your gt-engine; left out, SageMaker Ground Truth labels.")
@click.option("--engine-checks-signatures", is_flag=True, help="Your gt-engine was given access keys.")
@click.option("--alarm-email", default="", help="Who is told of alarms.")
@click.option("--traces", is_flag=True, help="Send traces of the functions and the API to AWS X-Ray, which bills them.")
@click.option(
    "--parameter",
    "others",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another parameter of the template, again for each; left out at the next time, it has its default again.",
)
@click.option("--yes", is_flag=True, help="Apply the changes without asking.")
@reporting_errors
def deploy(
    stage: str,
    region: str | None,
    engine: str | None,
    engine_url: str,
    engine_checks_signatures: bool,
    alarm_email: str,
    traces: bool,
    others: tuple[str, ...],
    yes: bool,
) -> None:
    """Installs on AWS: shows what would change, asks, applies it."""
    if engine and engine_url:
        raise click.UsageError("--engine-url is the address of an engine elsewhere; --engine serverless has its own.")
    for other in others:
        if "=" not in other:
            raise click.BadParameter(f"{other!r} is not NAME=VALUE", param_hint="--parameter")
    session = boto3.Session(region_name=region)
    own = engine == "serverless"
    built = packaging.build(Path("build/production"), production=True, with_engine=own, say=console.print)
    elsewhere = {
        "SageMakerEndpointUrl": engine_url,
        "EngineChecksSignatures": "true" if engine_checks_signatures else "false",
    }
    if own:
        deployment.engine_keys(session, deployment.stack_name(stage))
    outputs = deployment.deploy(
        session,
        built,
        deployment.stack_name(stage),
        bucket=deployment.artifact_bucket(session),
        parameters={
            "Stage": stage,
            **({} if own else elsewhere),
            "AlarmEmail": alarm_email,
            "Tracing": "Active" if traces else "PassThrough",
            **dict(other.split("=", 1) for other in others),
        },
        confirm=lambda changes: _confirm(changes, yes=yes),
        tags={"stage": stage},
    )
    for name, value in sorted(outputs.items()):
        console.print(f"  {name}: {value}", highlight=False, soft_wrap=True)


def _confirm(changes: list[Any], *, yes: bool) -> bool:
    for change in changes:
        resource = change["ResourceChange"]
        replaced = " [bold red](replaced)[/]" if resource.get("Replacement") == "True" else ""
        console.print(
            f"  {resource['Action']:7} {resource['LogicalResourceId']} ({resource['ResourceType']}){replaced}"
        )
    return yes or click.confirm("Apply these changes?")


@click.command()
@stage_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@reporting_errors
def destroy(stage: str, region: str | None, yes: bool) -> None:
    """Deletes an installation. Buckets, tables and their key stay: they hold what was paid for."""
    if yes or click.confirm(f"Delete {deployment.stack_name(stage)}? Its buckets and tables are kept."):
        deployment.destroy(boto3.Session(region_name=region), deployment.stack_name(stage))
