"""`gt-service package`, `deploy` and `destroy`: an installation on AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import click

from gt_cli import deployment, packaging
from gt_cli.options import NEW_PATH, stage_options
from gt_cli.terminal import console, reporting_errors, say


@click.command()
@stage_options
@click.option(
    "--engine",
    type=click.Choice(["serverless"]),
    help="Deploy gt-engine with this stack. Without it, SageMaker Ground Truth or --engine-url does the labeling.",
)
@click.option(
    "--engine-url", default="", help="URL of your own gt-engine. Without it, SageMaker Ground Truth does the labeling."
)
@click.option("--engine-checks-signatures", is_flag=True, help="Your gt-engine uses access keys.")
@click.option("--alarm-email", default="", help="Address that receives alarms.")
@click.option(
    "--traces", is_flag=True, help="Send traces of the functions and the API to AWS X-Ray, which charges for them."
)
@click.option(
    "--parameter",
    "others",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set another parameter of the template; repeatable. If you omit it next time, it returns to its default.",
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
    """Deploy to AWS: show what would change, ask, apply it."""
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
        say(f"  {name}: {value}")


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
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@reporting_errors
def destroy(stage: str, region: str | None, yes: bool) -> None:
    """Delete an installation. Buckets, tables and their key are kept."""
    if yes or click.confirm(f"Delete {deployment.stack_name(stage)}? Its buckets and tables are kept."):
        deployment.destroy(boto3.Session(region_name=region), deployment.stack_name(stage))


@click.command()
@click.option(
    "--build",
    "folder",
    type=NEW_PATH,
    default=Path("build/production"),
    show_default=True,
    help="Folder for the zip file and the template.",
)
@click.option("--engine", type=click.Choice(["serverless"]), help="Include gt-engine's functions.")
@reporting_errors
def package(folder: Path, engine: str | None) -> None:
    """Build and check the Lambda package and the template.

    Needs Python 3.12 or later.
    """
    packaging.build(folder, production=True, with_engine=engine is not None, say=console.print)
