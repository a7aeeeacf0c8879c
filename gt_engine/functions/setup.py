"""How the engine's functions are set up: the template tells them by their environment, read in this one place."""

from __future__ import annotations

import hmac
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from gt_engine import logs
from gt_engine.aws import client
from gt_engine.functions.waking import Timers, Waker
from gt_engine.settings import Settings, parse_secrets
from gt_service.deployment import region as region_of
from gt_service.deployment import variable
from gt_service.errors import InvalidInput

SCRATCH = Path(tempfile.gettempdir()) / "gt-engine"
"""Below the only folder where a function may write."""
SCRATCH_BYTES = 8 * 10**9
"""Of the 10 GB that the template gives: the rest is for what is not the cache."""


@dataclass(frozen=True)
class Setup:
    """What a function of the engine works with."""

    settings: Settings
    waker: Waker
    timers: Timers

    @property
    def portal_key(self) -> bytes:
        """What the portal signs addresses with: the same in every copy of the function, and known to none but them.

        Errors: `InvalidInput` without callers' keys: anybody could then call the API, and sign addresses.
        """
        secret = next(iter(self.settings.secrets.values()), None)
        if secret is None:
            raise InvalidInput("the API's function has no keys of callers", field="GT_ENGINE_KEYS_PARAMETER")
        return hmac.new(secret.encode(), b"addresses of the portal", sha256).digest()


@cache
def setup() -> Setup:
    """This function's. Errors: `InvalidInput` naming what the environment or the parameter with the keys lacks."""
    logs.configure()
    os.environ.setdefault("GT_ENGINE_CACHE", str(SCRATCH))  # a function has no home
    return read_setup(os.environ)


@cache
def waker() -> Waker:
    """This function's, before there are settings: it needs no key. Errors: as `setup`, for lack of a variable."""
    return _waker(os.environ)


def read_setup(environment: Mapping[str, str]) -> Setup:
    """Errors: as `setup`."""

    value = partial(variable, environment)
    region = region_of(environment)
    keys = environment.get("GT_ENGINE_KEYS_PARAMETER", "")
    settings = Settings(
        region=region,
        account=value("GT_ENGINE_ACCOUNT"),
        state_dir=SCRATCH,
        table_prefix=value("GT_ENGINE_TABLE_PREFIX"),
        processes=os.cpu_count() or 1,
        secrets=_secrets(client("ssm", region), keys) if keys else {},
        buckets=frozenset(value("GT_ENGINE_BUCKETS").split()),
        cache_bytes=SCRATCH_BYTES,
        packs_features=True,
        chunks_arn=environment.get("GT_ENGINE_CHUNKS_ARN", ""),
        chunks_from=int(environment.get("GT_ENGINE_CHUNKS_FROM") or 2000),
        shorten_training=int(environment.get("GT_ENGINE_SHORTEN_TRAINING") or 1),
        correction_seconds=int(environment.get("GT_ENGINE_CORRECTION_SECONDS") or 30),
        certificate_key=environment.get("GT_ENGINE_CERTIFICATE_KEY", ""),
        public_url=environment.get("GT_ENGINE_PUBLIC_URL", "").rstrip("/"),
    )
    return Setup(
        settings,
        _waker(environment),
        Timers(
            client("scheduler", region),
            prefix=value("GT_ENGINE_TIMERS"),
            queue_arn=value("GT_ENGINE_STEPS_QUEUE_ARN"),
            role_arn=value("GT_ENGINE_TIMER_ROLE_ARN"),
        ),
    )


def _waker(environment: Mapping[str, str]) -> Waker:
    return Waker(client("sqs", region_of(environment)), variable(environment, "GT_ENGINE_STEPS_QUEUE_URL"))


def _secrets(ssm: Any, name: str) -> dict[str, str]:
    """The key pairs in a parameter: the JSON object that `gt-engine --access-keys` reads."""
    try:
        pairs = parse_secrets(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        pairs = None
    if not pairs:
        raise InvalidInput(
            f"the parameter {name} holds no key pair", remedy="Run `gt-service deploy`: it makes one.", field=name
        )
    return pairs
