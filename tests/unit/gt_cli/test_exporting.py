"""`gt-service export`: labels that arrive whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner, Result

from gt_cli.main import cli
from tests.factories import box_label, class_label, compact
from tests.fakes import MemoryObjects

ODD = "Bird\u2028of prey"
"""A line separator to many readers of text, and none to JSON Lines."""


def boxed(name: str, *, human: bool) -> dict[str, Any]:
    label = box_label([(1, 2, 30, 40)], job="j", human=human, labels=(ODD,))
    return {"source-ref": f"s3://inbox/birds/images/{name}.jpg", **label}


class Service(BaseHTTPRequestHandler):
    """The API and the bucket; `tokens` are the headers that came with the download."""

    manifest = b""
    broken = False
    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        if self.path == "/labels.manifest":
            self.tokens.append(self.headers["Authorization"])
            body = self.manifest
        else:
            assert self.path in {"/service/campaigns/birds/labels", "/service/jobs/birds-0001/model"}
            host, port = self.server.server_address[:2]
            url = f"http://{host!s}:{port}/labels.manifest"
            found = {"manifest_s3_uri": "s3://r/m", "url": url, "label_attribute": "category", "labels": [ODD]}
            body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (10 if self.broken and body is self.manifest else 0)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    lines = [boxed("a", human=True), boxed("b", human=False), {"source-ref": "s3://inbox/birds/images/c.jpg"}]
    Service.manifest = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    Service.broken, Service.tokens[:] = False, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/service"
        server.shutdown()
        thread.join()


def run(url: str, out: Path, form: str = "coco", *more: str) -> Result:
    command = ["export", "--campaign", "birds", "--format", form, "--out", str(out), "--url", url, "--token", "t"]
    return CliRunner().invoke(cli, [*command, *more])


def test_labels_are_written_in_the_form_asked_for(url: str, tmp_path: Path) -> None:
    result = run(url, tmp_path / "new" / "coco")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "new/coco/annotations.json").read_text("utf-8"))
    assert [image["file_name"] for image in found["images"]] == ["a.jpg", "b.jpg"]
    assert [each["bbox"] for each in found["annotations"]] == [[1, 2, 30, 40]] * 2
    assert [each["name"] for each in found["categories"]] == [ODD]
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new/coco"]


def test_a_file_for_each_image_and_by_people_alone(url: str, tmp_path: Path) -> None:
    assert run(url, tmp_path / "yolo", "yolo", "--only", "human").exit_code == 0
    files = {path.relative_to(tmp_path / "yolo").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"data.yaml", "labels/a.txt"}


def test_the_token_is_for_the_service_and_not_for_the_bucket(url: str, tmp_path: Path) -> None:
    """S3 refuses a request that says twice who asks, and tokens have no business in its logs."""
    run(url, tmp_path / "out")
    assert Service.tokens == [None]


def test_half_a_download_is_no_export(url: str, tmp_path: Path) -> None:
    """Whoever trains on half the labels does not notice."""
    Service.broken = True
    result = run(url, tmp_path / "out")
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "broke off" in result.output


def test_half_a_model_is_no_model(url: str, tmp_path: Path) -> None:
    """The next try would be refused, or a file of no use be taken for the model."""
    target = tmp_path / "[b].onnx"
    command = ["model", "birds-0001", "--out", str(target), "--url", url, "--token", "t"]
    Service.broken = True
    assert (CliRunner().invoke(cli, command).exit_code, list(tmp_path.iterdir())) == (1, [])
    Service.broken = False
    result = CliRunner().invoke(cli, command)
    assert result.output.startswith(str(target))
    assert target.read_bytes() == Service.manifest


def test_labels_that_a_form_cannot_hold_are_told_and_leave_nothing(url: str, tmp_path: Path) -> None:
    line = {"source-ref": "s3://inbox/birds/images/a.jpg", **class_label(ODD, 0, job="j", human=True)}
    Service.manifest = compact(line).encode()
    result = run(url, tmp_path / "out", "voc")
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "augmented manifest" in result.output


def test_images_lie_beside_their_labels(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainers want them there; copying by hand went wrong as documented."""
    bucket = MemoryObjects({f"s3://inbox/birds/images/{name}.jpg": name.encode() for name in "ab"})
    monkeypatch.setattr("gt_cli.commands.export._user_objects", lambda: bucket)
    result = run(url, tmp_path / "yolo", "yolo", "--images", "copy")
    assert result.exit_code == 0, result.output
    assert "2 image(s)" in result.output
    assert (tmp_path / "yolo/images/a.jpg").read_bytes() == b"a"


def test_images_of_this_machine_are_linked_and_what_is_gone_is_told(url: str, tmp_path: Path) -> None:
    """Ten thousand photos need not be on the disk twice; a photo that was deleted keeps nobody from the labels."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(b"a")
    options = ("--images", "link", "--image-folder", str(tmp_path / "photos"))
    result = run(url, tmp_path / "yolo", "yolo", *options)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "yolo/images/a.jpg").is_symlink()
    assert (tmp_path / "yolo/images/a.jpg").read_bytes() == b"a"
    assert "not there any more: s3://inbox/birds/images/b.jpg" in result.output
    assert (tmp_path / "yolo/labels/b.txt").exists()


def test_linking_needs_a_folder_and_a_split_needs_sense(url: str, tmp_path: Path) -> None:
    for options, says in [(("--images", "link"), "--image-folder"), (("--split", "80/80"), "split")]:
        result = run(url, tmp_path / "out", "yolo", *options)
        assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
        assert says in result.output


def test_nothing_is_written_over(url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    result = run(url, tmp_path)
    assert result.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
