"""The `gt-engine` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from gt_engine import logs
from gt_engine.autolabel.providers import chosen
from gt_engine.aws import client
from gt_engine.server import serve
from gt_engine.settings import Settings, check_exposure, read_secrets, region_from_environment
from gt_engine.workers import workers
from gt_service.errors import GtServiceError


class Commands(click.Group):
    """`gt-engine` without the name of a command serves, as it did before there were others."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if args[:1] == ["--help"] else self._named(args))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, self._named(args))

    def _named(self, args: list[str]) -> list[str]:
        return args if args and args[0] in self.commands else ["serve", *args]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GtServiceError as error:
            click.echo(f"gt-engine: {error.message}" + (f" {error.remedy}" if error.remedy else ""), err=True)
            sys.exit(2)
        except (OSError, BotoCoreError, ClientError) as error:
            click.echo(f"gt-engine: {error}", err=True)
            sys.exit(1)


@click.group(cls=Commands)
def main() -> None:
    """Run Ground Truth's labeling jobs without Ground Truth. The default command is serve."""


GIGABYTE = 1_000_000_000

main.add_command(workers)


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on.")
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option(
    "--state-dir", required=True, type=click.Path(file_okay=False, path_type=Path), help="Cache of image features."
)
@click.option("--region", default=region_from_environment, help="Default: AWS_REGION, or us-east-1.")
@click.option("--account", default=None, help="Account of the ARNs. Default: the account of the credentials.")
@click.option("--table-prefix", default="gt-engine", show_default=True, help="Prefix of the DynamoDB tables' names.")
@click.option(
    "--processes",
    default=lambda: os.cpu_count() or 1,
    type=click.IntRange(1),
    help="Number of steps that run at the same time.",
)
@click.option(
    "--max-active-jobs",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="Maximum of active jobs; one more is refused, as by an account's quota.",
)
@click.option(
    "--min-auto-labeling-objects",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="A job with automated data labeling fails if it has fewer objects. Ground Truth asks for 1,250.",
)
@click.option(
    "--access-keys",
    default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object of access key ids and secret keys; every call must then be signed. Or set GT_ENGINE_ACCESS_KEYS.",
)
@click.option(
    "--bucket",
    "buckets",
    multiple=True,
    help="Bucket that jobs may use; repeatable. Default: all that the engine's own role may use.",
)
@click.option(
    "--cache-gb",
    default=None,
    type=click.FloatRange(0, min_open=True),
    help="Maximum size of the cache of image features (0.38 MB per image). Default: four fifths of the disk.",
)
@click.option(
    "--shorten-training",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    envvar="GT_ENGINE_SHORTEN_TRAINING",
    help="Divide the number of training steps by this; the model learns less. For tests and the quick demo.",
)
@click.option(
    "--correction-seconds",
    default=30,
    show_default=True,
    type=click.IntRange(0),
    envvar="GT_ENGINE_CORRECTION_SECONDS",
    help="How long an answer may be taken back after the last answer to a data object.",
)
@click.option(
    "--public-url",
    default="",
    envvar="GT_ENGINE_PUBLIC_URL",
    show_default="the address listened on",
    help="Address at which browsers reach the engine behind a proxy, such as https://labels.example.org.",
)
@click.option(
    "--insecure-sign-in",
    is_flag=True,
    help="Let people sign in from other machines without TLS, in a network that you trust.",
)
@click.option(
    "--certificate-key",
    default="",
    envvar="GT_ENGINE_CERTIFICATE_KEY",
    show_default="a key of the engine's own",
    help="ARN of a signing key in AWS KMS (ECC_NIST_P256) for jobs' certificates.",
)
@click.option(
    "--onnx-providers",
    default="cpu",
    show_default=True,
    envvar="GT_ENGINE_ONNX_PROVIDERS",
    help="Hardware for features and models, in order of preference: cuda, tensorrt, coreml, openvino, cpu, …",
)
def serve_command(
    *,
    host: str,
    port: int,
    state_dir: Path,
    region: str,
    account: str | None,
    access_keys: Path | None,
    buckets: tuple[str, ...],
    cache_gb: float | None,
    public_url: str,
    onnx_providers: str,
    **settings: Any,
) -> None:
    """Run labeling jobs: Ground Truth's API, files and events.

    S3, DynamoDB, EventBridge and CloudWatch Logs are those of the account, or of the stack at AWS_ENDPOINT_URL.
    """
    from onnxruntime import get_available_providers  # here, for the other commands need not wait for it

    logs.configure()
    secrets = read_secrets(access_keys)
    check_exposure(host, secrets)
    engine = Settings(
        region=region,
        account=account or client("sts", region).get_caller_identity()["Account"],
        state_dir=state_dir.absolute(),
        secrets=secrets,
        buckets=frozenset(buckets) or None,
        cache_bytes=None if cache_gb is None else round(cache_gb * GIGABYTE),
        public_url=public_url.rstrip("/"),
        onnx_providers=chosen(onnx_providers.split(","), get_available_providers()),
        **settings,
    )
    serve(engine, host=host, port=port)


if __name__ == "__main__":
    main()
