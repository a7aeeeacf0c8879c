"""`gt-service estimate`: what a user is told before a campaign starts, alone and with a service to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from gt_cli.main import cli
from gt_service.campaign import parse_spec
from gt_service.estimates.estimate import estimate
from gt_service.estimates.ranges import PastJob
from gt_service.money import Mills
from gt_service.prices import PriceTable
from gt_service.records.names import Role

SPEC = """\
name: birds
task: object-detection
labels: [Bird]
workforce: public
content_classifiers: [FreeOfPersonallyIdentifiableInformation]
"""
WRITTEN = parse_spec(SPEC, filename="campaign.yaml")
HERE = {"prices": PriceTable.current(), "region": "us-east-1"}
LEARNT = estimate(WRITTEN, 2500, history=[PastJob(Role.FIRST, 1250, 1000, Mills(900))], **HERE).as_dict()  # type: ignore[arg-type]


@pytest.fixture
def spec(tmp_path: Path) -> str:
    file = tmp_path / "campaign.yaml"
    file.write_text(SPEC)
    return str(file)


@pytest.fixture
def service() -> Iterator[tuple[str, list[Any]]]:
    """An API that knows a finished job of the campaign; and what it was asked."""
    asked: list[Any] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"], json.loads(body)))
            answer = json.dumps(LEARNT).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/service", asked
        server.shutdown()
        thread.join()


def shown(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, ["estimate", *arguments, "--objects", "2500", "--json"], env={})
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_alone_it_takes_the_region_named(spec: str) -> None:
    assert (
        shown(spec, "--region", "eu-west-1")
        == estimate(WRITTEN, 2500, prices=PriceTable.current(), region="eu-west-1").as_dict()
    )


def test_with_a_service_the_campaigns_own_jobs_count(spec: str, service: tuple[str, list[Any]]) -> None:
    url, asked = service
    assert shown(spec, "--url", url, "--token", "gts_viewer") == LEARNT
    ((path, bearer, body),) = asked
    assert (path, bearer, body["objects"]) == ("/service/estimates", "Bearer gts_viewer", 2500)
    assert parse_spec(json.dumps(body["spec"]), filename="spec.json") == WRITTEN
    assert LEARNT["likely_mills"] != estimate(WRITTEN, 2500, **HERE).likely  # type: ignore[arg-type]
