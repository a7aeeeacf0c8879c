"""`gt-service up`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.markup import escape

from gt_cli.options import NEW_PATH
from gt_cli.stack import LocalStack, local_stack
from gt_cli.terminal import console, reporting_errors, say


@click.command()
@click.option(
    "--work", type=NEW_PATH, help="Folder in which everything is kept for the next start. Without it nothing is kept."
)
@click.option(
    "--engine",
    type=click.Choice(["server", "serverless"]),
    default="server",
    show_default=True,
    help="gt-engine as one process, or as functions as in `deploy --engine serverless`.",
)
@reporting_errors
def up(work: Path | None, engine: str) -> None:
    """Run the local stack until Ctrl-C."""
    with TemporaryDirectory(prefix="gt-service-") as temporary:
        folder = work or Path(temporary)
        with local_stack(
            folder,
            logs=folder / "logs",
            keep=work is not None,
            serverless=engine == "serverless",
            say=lambda text: console.print(f"[dim]{text} …[/]"),
        ) as stack:
            print_addresses(stack)
            kept = (
                f"What is in it stays in {escape(str(work))}, for the next start." if work else "Nothing in it is kept."
            )
            say(f"[bold]Ctrl-C stops the stack.[/] {kept}")
            run_until_interrupted(stack)
    if work is None:
        console.print("[dim]Everything in it is gone. With --work FOLDER it stays.[/]")


def run_until_interrupted(stack: LocalStack) -> None:
    """Errors: StackError where a part ends by itself."""
    try:
        stack.stay()
    except KeyboardInterrupt:
        console.print("\n[dim]stopping …[/]")


def print_addresses(stack: LocalStack) -> None:
    key_id, secret = stack.engine_keys or ("test", "test")
    exports = {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": stack.engine_url,
        "AWS_ACCESS_KEY_ID": key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": stack.session.region_name,
        "GT_ENGINE_TABLE_PREFIX": stack.table_prefix,
        "GT_SERVICE_URL": stack.api_url,
        "GT_SERVICE_TOKEN": stack.token,
        "INBOX": f"s3://{stack.outputs['InboxBucket']}",
        "RESULTS": f"s3://{stack.outputs['ResultsBucket']}",
    }
    say(f"Open [bold]{stack.sign_in_url}[/]\n")
    console.print("In another terminal:\n")
    for name, value in exports.items():
        say(f"  export {name}={value}")
    console.print("\n  aws s3 cp campaign.yaml $INBOX/birds/campaign.yaml")
    console.print("  aws s3 cp --recursive photos/ $INBOX/birds/images/")
    console.print("  gt-service status birds\n")
    say(f"[dim]Logs: {escape(str(stack.logs))}[/]")
