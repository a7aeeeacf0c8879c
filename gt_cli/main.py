"""`gt-service`: the command line."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn, ParamSpec

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gt_cli import deployment, exporting, packaging, planning, redrive, tokens
from gt_cli.api import Api
from gt_cli.datasets import OpenImagesClass, read_boxes
from gt_cli.exporting import Images, ImageSource
from gt_cli.stack import LocalStack, local_stack
from gt_service.campaign import parse_spec
from gt_service.errors import GtServiceError, SpecErrors
from gt_service.exports import Format, Split, Who
from gt_service.money import Mills, usd
from gt_service.objects import S3Objects, S3Uri
from gt_service.regions import REGION_ACCOUNTS
from gt_service.reports import estimate as estimates

P = ParamSpec("P")
console = Console()
if not console.is_terminal:
    console = Console(width=120)  # rich would fold tables into 80 columns
errors = Console(stderr=True)
INTERRUPTED = 130


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
    return GtServiceError(f"{where}{error.strerror or error}", remedy="Mend that, or name another file or folder.")


def fail(error: GtServiceError, *, logs: Path | None = None) -> NoReturn:
    for each in error.errors if isinstance(error, SpecErrors) else (error,):
        where = f"{each.field}: " if each.field else ""
        errors.print(f"[bold red]Failed:[/] {escape(where + each.message)}", highlight=False, soft_wrap=True)
        if each.remedy:
            errors.print(f"[bold]What to do:[/] {escape(each.remedy)}", highlight=False, soft_wrap=True)
    if logs is not None:
        errors.print(f"[bold]Logs:[/] {escape(str(logs))}", highlight=False, soft_wrap=True)
    sys.exit(1)


@click.group()
@click.version_option(package_name="gt-service")
def cli() -> None:
    """Drop images in a bucket, get labels and a cost report."""


# ---------------------------------------------------------------- the local stack


@cli.command()
@click.option("--quick", is_flag=True, help="A small run that ends in under two minutes.")
@click.option("--images", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Your own photos.")
@click.option("--boxes", type=click.Path(exists=True, path_type=Path), help="Their boxes: CSV, COCO, VOC, Open Images.")
@click.option("--hierarchy", type=click.Path(exists=True, path_type=Path), help="Open Images' class hierarchy.")
@click.option("--label", help="Open Images: what to call the class that is labeled.", metavar="NAME")
@click.option("--class-id", help="Open Images: its LabelName, as in /m/015p6; all below it in the hierarchy counts.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo-output"), show_default=True)
@click.option("--seed", default=16, show_default=True, help="Draws other scenes.")
@reporting_errors
def demo(
    quick: bool,
    images: Path | None,
    boxes: Path | None,
    hierarchy: Path | None,
    label: str | None,
    class_id: str | None,
    out: Path,
    seed: int,
) -> None:
    """The notebook's three-job experiment on the embedded local stack: no account, no key."""
    from gt_cli.demo import run, sources
    from gt_cli.demo.results import conclusion

    if (images is None) != (boxes is None):
        raise click.UsageError("--images and --boxes go together: the simulated workers answer from the boxes.")
    if images is not None and boxes is not None:
        source = sources.photos(images, boxes, choice=_open_images_class(label, class_id, hierarchy))
    else:
        source = sources.scenes(quick=quick, seed=seed)
    run.prepare_folder(out)
    logs = out / "logs"
    for note in source.plan.notes:
        console.print(f"[yellow]Note:[/] {note}")
    try:
        found = run.run(run.Demo(source.campaign, source.words, source.plan, out, source.hurry), source.load, console)
    except KeyboardInterrupt:
        errors.print(f"[bold]Stopped.[/] Logs: {logs}")
        sys.exit(INTERRUPTED)
    except GtServiceError as error:
        fail(error, logs=logs)
    except Exception:  # noqa: BLE001 - shown whole, with the logs beside it
        errors.print_exception()
        errors.print(f"[bold red]Failed[/] in a way that gt-service does not know. Logs: {logs}")
        sys.exit(1)
    console.print(conclusion(found))
    console.print(f"{found['seconds']:.0f} seconds. Everything is in [bold]{out}[/]; open [bold]{out}/index.html[/]")


def _open_images_class(label: str | None, class_id: str | None, hierarchy: Path | None) -> OpenImagesClass | None:
    if class_id is None:
        if label is not None or hierarchy is not None:
            raise click.UsageError("--label and --hierarchy say more about --class-id, which is missing.")
        return None
    return OpenImagesClass(label or class_id, class_id, hierarchy)


@cli.command()
@click.option("--images", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option(
    "--boxes", type=click.Path(exists=True, path_type=Path), required=True, help="In any form that demo takes."
)
@click.option("--hierarchy", type=click.Path(exists=True, path_type=Path), help="Open Images' class hierarchy.")
@click.option("--class-id", help="Open Images: the class that is labeled.", metavar="ID")
@click.option("--label", help="Open Images: what to call the class that is labeled.", metavar="NAME")
@click.option("--prefix", required=True, help="Where the images will lie: s3://<inbox>/<campaign>/images/")
@click.option("--out", type=click.Path(path_type=Path), default=Path("gold.manifest"), show_default=True)
@reporting_errors
def gold(
    images: Path,
    boxes: Path,
    hierarchy: Path | None,
    class_id: str | None,
    label: str | None,
    prefix: str,
    out: Path,
) -> None:
    """Writes known boxes as gold labels, for a campaign's gold_labels or its examples."""
    from gt_cli.demo.pictures import gold_manifest
    from gt_cli.demo.sources import as_pictures

    found = read_boxes(boxes, images, choice=_open_images_class(label, class_id, hierarchy))
    place = S3Uri.parse(prefix, field="--prefix")
    out.write_bytes(gold_manifest(as_pictures(found), f"{str(place).rstrip('/')}/"))
    console.print(
        f"{out}: {len(found.images):,} images, {sum(len(image.boxes) for image in found.images):,} boxes of "
        f"{', '.join(found.labels)}; {len(found.left_out):,} images left out",
        highlight=False,
        soft_wrap=True,
    )


@cli.command()
@click.option("--work", type=click.Path(path_type=Path), help="Where data and logs go; kept if you name it.")
@reporting_errors
def up(work: Path | None) -> None:
    """Starts the local stack and keeps it running until Ctrl-C."""
    with TemporaryDirectory(prefix="gt-service-") as temporary:
        folder = work or Path(temporary)
        logs = folder / "logs"
        with local_stack(
            folder, logs=logs, keep=work is not None, say=lambda text: console.print(f"[dim]{text} …[/]")
        ) as stack:
            _print_exports(stack)
            try:
                while True:
                    stack.check()
                    time.sleep(1)
            except KeyboardInterrupt:
                console.print("\n[dim]stopping …[/]")


def _print_exports(stack: LocalStack) -> None:
    exports = {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": stack.engine_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": stack.session.region_name,
        "GT_SERVICE_URL": stack.api_url,
        "GT_SERVICE_TOKEN": stack.token,
        "INBOX": f"s3://{stack.outputs['InboxBucket']}",
        "RESULTS": f"s3://{stack.outputs['ResultsBucket']}",
    }
    console.print("The stack is running; Ctrl-C stops it. In another terminal:\n")
    for name, value in exports.items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print("\n  aws s3 cp campaign.yaml $INBOX/birds/campaign.yaml")
    console.print("  aws s3 cp --recursive photos/ $INBOX/birds/images/")
    console.print("  gt-service status birds\n")
    console.print(f"[dim]Logs: {stack.logs}[/]")


# ---------------------------------------------------------------- a running service


def of_a_service(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which service to ask."""
    command = click.option("--token", envvar="GT_SERVICE_TOKEN", required=True, help="Yours; or GT_SERVICE_TOKEN.")(
        command
    )
    return click.option("--url", envvar="GT_SERVICE_URL", required=True, help="The API's; or GT_SERVICE_URL.")(command)


def _api(url: str, token: str) -> Api:
    return Api(url, {"Authorization": f"Bearer {token}"})


@cli.command()
@click.argument("campaign", required=False)
@of_a_service
@reporting_errors
def status(campaign: str | None, url: str, token: str) -> None:
    """All campaigns, or the jobs of one."""
    with _api(url, token) as api:
        if campaign is None:
            console.print(_campaigns_table(api.campaigns()))
            return
        found = api.campaign(campaign)
        if found is None:
            raise GtServiceError(f"there is no campaign {campaign}", remedy="`gt-service status` lists them.")
        console.print(f"[bold]{campaign}[/]: {found['status']}" + (f", {found['reason']}" if found["reason"] else ""))
        for problem in found.get("spec_errors") or ():
            console.print(f"  [red]{problem.get('field')}[/]: {problem['message']}")
        if found.get("remedy"):
            console.print(f"  what to do: {found['remedy']}")
        console.print("  images: " + ", ".join(f"{count:,} {what}" for what, count in found["images"].items()))
        for image in api.images(campaign, "rejected")[:20]:
            console.print(f"  [yellow]rejected[/] {image['key']}: {image['reason']}", highlight=False)
        console.print(_jobs_table(api.jobs(campaign)))


def _campaigns_table(campaigns: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("campaign", "status", "images", "batches", "spent", "cap"):
        table.add_column(name)
    for campaign in campaigns:
        images = sum(campaign["images"].values())
        table.add_row(
            campaign["name"],
            campaign["status"],
            f"{images:,}",
            str(campaign["batches"]),
            usd(Mills(campaign["spent_mills"])),
            "–" if campaign["cap_mills"] is None else usd(Mills(campaign["cap_mills"])),
        )
    return table


def _jobs_table(jobs: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("job", "role", "status", "objects", "by people", "by machine", "cost"):
        table.add_column(name)
    for job in jobs:
        counters = job["counters"] or {}
        table.add_row(
            job["name"],
            job["role"],
            job["status"],
            f"{job['objects']:,}",
            str(counters.get("HumanLabeled", "–")),
            str(counters.get("MachineLabeled", "–")),
            "–" if job["cost_mills"] is None else usd(Mills(job["cost_mills"])),
        )
    return table


@cli.command()
@click.argument("job")
@of_a_service
@reporting_errors
def report(job: str, url: str, token: str) -> None:
    """A job's cost report, as JSON."""
    with _api(url, token) as api:
        console.print_json(data=api.report(job))


@cli.command()
@click.option("--campaign", required=True, help="Whose labels.")
@click.option("--format", "form", type=click.Choice([form.value for form in Format]), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder that is not there yet.")
@click.option("--only", type=click.Choice(["human", "machine"]), help="Labels by people or by machine alone.")
@click.option("--split", help="Percentages for train/val/test, such as 80/10/10.")
@click.option(
    "--images",
    type=click.Choice([images.value for images in Images]),
    default=Images.NONE.value,
    show_default=True,
    help="Put the images beside their labels.",
)
@click.option(
    "--image-folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the images are on this machine; without it they are read from the bucket.",
)
@of_a_service
@reporting_errors
def export(
    campaign: str,
    form: str,
    out: Path,
    only: Who | None,
    split: str | None,
    images: str,
    image_folder: Path | None,
    url: str,
    token: str,
) -> None:
    """Downloads a campaign's labels for a trainer or another tool."""
    prefix = f"{campaign}/images/"
    with _api(url, token) as api:
        exported = exporting.export(
            api.labels(campaign),
            Format(form),
            out,
            prefix=prefix,
            only=only,
            split=Split.parse(split) if split else None,
            images=Images(images),
            source=ImageSource(_user_objects, image_folder, prefix),
        )
    with_images = f" and {exported.images:,} image(s)" if images != Images.NONE else ""
    console.print(
        f"{exported.files:,} file(s){with_images} in [bold]{escape(str(out))}[/]", highlight=False, soft_wrap=True
    )
    for source in exported.missing[:10]:
        errors.print(f"not there any more: {escape(source)}", style="yellow", highlight=False, soft_wrap=True)
    if len(exported.missing) > 10:
        errors.print(f"and {len(exported.missing) - 10:,} more image(s)", style="yellow", highlight=False)


@cache
def _user_objects() -> S3Objects:
    """The buckets as the user's own AWS credentials reach them."""
    return S3Objects(boto3.client("s3"))


@cli.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--objects", type=click.IntRange(1), required=True, help="How many images there will be.")
@click.option("--region", type=click.Choice(sorted(REGION_ACCOUNTS)), default="us-east-1", show_default=True)
@click.option("--url", envvar="GT_SERVICE_URL", help="Ask this service, in its own region; or GT_SERVICE_URL.")
@click.option("--token", envvar="GT_SERVICE_TOKEN", help="Yours; or GT_SERVICE_TOKEN.")
@click.option("--json", "as_json", is_flag=True, help="Everything, for programs.")
@reporting_errors
def estimate(spec: Path, objects: int, region: str, url: str | None, token: str | None, as_json: bool) -> None:
    """What labeling so many images would cost, before it starts.

    A service that is asked (--url and --token) lets the campaign's own finished jobs count; without one nothing is
    called, and the machine's share is taken from AWS's notebook.
    """
    written = parse_spec(spec.read_bytes(), filename=spec.name)
    if url and token:
        with _api(url, token) as api:
            found = api.estimate(written.model_dump(mode="json"), objects)
    else:
        found = estimates.estimate(written, objects, region=region).as_dict()
    if as_json:
        console.print_json(data=found)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("low", "likely", "high", "ceiling", "all by people"):
        table.add_column(name, justify="right")
    amounts = ("low_mills", "likely_mills", "high_mills", "ceiling_mills", "all_human_mills")
    table.add_row(*(usd(Mills(found[name])) for name in amounts))
    console.print(table)
    for assumption in found["assumptions"]:
        console.print(f"[dim]* {escape(assumption)}[/]", highlight=False)


@cli.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--objects", type=click.IntRange(1), required=True, help="How many images there will be.")
@click.option("--region", type=click.Choice(sorted(REGION_ACCOUNTS)), default="us-east-1", show_default=True)
@click.option("--results-bucket", default="results", show_default=True, help="As it will stand in the requests.")
@click.option("--requests", is_flag=True, help="Show each CreateLabelingJob request too.")
@click.option("--json", "as_json", is_flag=True, help="Everything, for programs.")
@reporting_errors
def plan(spec: Path, objects: int, region: str, results_bucket: str, requests: bool, as_json: bool) -> None:
    """What a campaign would do, step by step, and what it would cost. Calls nothing."""
    planning.show_plan(spec, objects, region=region, results_bucket=results_bucket, requests=requests, as_json=as_json)


@cli.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--image", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--examples", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PNG of example boxes.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("preview.html"), show_default=True)
@reporting_errors
def preview(spec: Path, image: Path, examples: Path | None, out: Path) -> None:
    """Writes the page that workers will see, with an image on it (its tools are loaded from AWS)."""
    planning.write_preview(spec, image, examples, out)


# ---------------------------------------------------------------- an installation on AWS


def of_a_stage(command: Callable[..., None]) -> Callable[..., None]:
    """Options that say which installation is meant; credentials are boto3's usual ones."""
    command = click.option("--region", envvar="AWS_DEFAULT_REGION", help="AWS region; boto3's usual one otherwise.")(
        command
    )
    return click.option("--stage", default="dev", show_default=True, help="Which installation.")(command)


@cli.command()
@click.option("--build", "folder", type=click.Path(path_type=Path), default=Path("build/production"), show_default=True)
@reporting_errors
def package(folder: Path) -> None:
    """Builds the Lambda package and the template for AWS, and checks them (Python 3.12 or later)."""
    packaging.build(folder, production=True, say=console.print)


@cli.command()
@of_a_stage
@click.option("--engine-url", default="", help="URL of your gt-engine; left out, SageMaker Ground Truth labels.")
@click.option("--engine-checks-signatures", is_flag=True, help="Your gt-engine was given access keys.")
@click.option("--alarm-email", default="", help="Who is told of alarms.")
@click.option("--traces", is_flag=True, help="Send traces of the functions and the API to AWS X-Ray, which bills them.")
@click.option("--yes", is_flag=True, help="Apply the changes without asking.")
@reporting_errors
def deploy(
    stage: str,
    region: str | None,
    engine_url: str,
    engine_checks_signatures: bool,
    alarm_email: str,
    traces: bool,
    yes: bool,
) -> None:
    """Builds, shows what would change in your account, asks, and applies it."""
    session = boto3.Session(region_name=region)
    built = packaging.build(Path("build/production"), production=True, say=console.print)
    outputs = deployment.deploy(
        session,
        built,
        deployment.stack_name(stage),
        bucket=deployment.artifact_bucket(session),
        parameters={
            "Stage": stage,
            "SageMakerEndpointUrl": engine_url,
            "EngineChecksSignatures": "true" if engine_checks_signatures else "false",
            "AlarmEmail": alarm_email,
            "Tracing": "Active" if traces else "PassThrough",
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


@cli.command()
@of_a_stage
@click.option("--yes", is_flag=True, help="Do not ask.")
@reporting_errors
def destroy(stage: str, region: str | None, yes: bool) -> None:
    """Deletes an installation. Buckets, tables and their key stay: they hold what was paid for."""
    if yes or click.confirm(f"Delete {deployment.stack_name(stage)}? Its buckets and tables are kept."):
        deployment.destroy(boto3.Session(region_name=region), deployment.stack_name(stage))


@cli.group()
def token() -> None:
    """Tokens for the HTTP API and the status page."""


@token.command("issue")
@of_a_stage
@click.option("--for", "principal", required=True, help="Whose it is; appears in the log of what was done.")
@click.option("--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True)
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@reporting_errors
def issue_token(stage: str, region: str | None, principal: str, role: tokens.Role, days: int) -> None:
    """Prints a new token. It is shown this once; only its digest is kept."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    expires = datetime.now(UTC) + timedelta(days=days)
    click.echo(
        tokens.issue(session.client("dynamodb"), outputs["TokensTable"], role, principal=principal, expires=expires)
    )


@token.command("revoke")
@of_a_stage
@click.argument("text", metavar="TOKEN")
@reporting_errors
def revoke_token(stage: str, region: str | None, text: str) -> None:
    """Forgets a token."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    if not tokens.revoke(session.client("dynamodb"), outputs["TokensTable"], text):
        raise GtServiceError("there is no such token", remedy="It may have been revoked or have expired before.")
    click.echo("Revoked. The API may take it for another minute: API Gateway remembers an answer so long.")


@cli.command("redrive")
@of_a_stage
@reporting_errors
def redrive_command(stage: str, region: str | None) -> None:
    """Sends what lies in the dead-letter queues through the service again."""
    session = boto3.Session(region_name=region)
    outputs = deployment.outputs(session.client("cloudformation"), deployment.stack_name(stage))
    for name, count in redrive.redrive(session.client("sqs"), outputs).items():
        click.echo(f"{name}: {count} message(s) sent again")


def main() -> None:
    """The entry point: a signal that ends it unwinds like an exit, so that what was started is stopped.

    SIGHUP comes when the terminal's window is closed.
    """

    def terminated(number: int, _: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, terminated)
    cli()


if __name__ == "__main__":
    main()
