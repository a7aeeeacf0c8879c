"""The page of a task and its files: at signed addresses only, and harmless when opened by themselves."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from gt_engine.portal import files
from gt_engine.portal.assets import ELEMENTS_SCRIPT
from gt_service.objects import S3Uri
from tests.pictures import painting, saved
from tests.portal_client import Client
from tests.portal_world import BOXES, JOB, PortalWorld, rotated_jpeg
from tests.unit.gt_engine.portal.conftest import ORIGIN, Visitor

S3_EXAMPLE = S3Uri("labels", "example.png")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"


def huge_png(side: int = 50_000) -> bytes:
    """A PNG that says it has 2.5 thousand million pixels and is some bytes long."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def opened(world: PortalWorld, visitor: Visitor, **job: Any) -> tuple[Client, str, str]:
    """A worker, and the addresses of the first task's page and picture."""
    world.add_job(**job)
    ada = visitor("Ada")
    task = ada.post(f"/jobs/{JOB}/next", json={}).json()["task"]
    page = visitor().get(task["page"]).text
    image = page.partition('src="http://localhost/tasks/')[2].partition('"')[0].replace("&amp;", "&")
    return ada, task["page"], f"/tasks/{image}"


def test_the_page_is_sandboxed_by_itself(world: PortalWorld, visitor: Visitor) -> None:
    _, page, _ = opened(world, visitor)
    policy = visitor().get(page).headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts allow-forms; default-src 'none'")
    assert "allow-same-origin" not in policy
    assert "connect-src 'none'; form-action 'none'" in policy
    assert f"frame-ancestors {ORIGIN}" in policy


def test_neither_page_nor_picture_needs_a_cookie_or_gives_one(world: PortalWorld, visitor: Visitor) -> None:
    _, page, image = opened(world, visitor)
    for address in (page, image):
        answer = visitor().get(address)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers


def test_a_picture_is_what_lies_in_s3_with_its_true_type(world: PortalWorld, visitor: Visitor) -> None:
    _, _, image = opened(world, visitor)
    answer = visitor().get(image)
    assert answer.content == world.objects.contents[f"s3://labels/{JOB}/0.jpg"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_no_more_of_a_file_is_read_than_can_be_shown(
    world: PortalWorld, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A template may name any object: a video of some gigabytes would end the engine."""
    _, _, image = opened(world, visitor)
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    read, sizes = world.objects.read, list[int]()

    def watched(uri: S3Uri, **options: Any) -> bytes:
        body = read(uri, **options)
        sizes.append(len(body) if uri.key.endswith(".jpg") else 0)
        return body

    monkeypatch.setattr(world.objects, "read", watched)
    assert visitor().get(image).status_code == 415
    assert max(sizes) == 1001


def test_a_picture_that_is_too_large_for_a_function_comes_from_s3_and_may_be_shown(
    world: PortalWorld, visitor: Visitor
) -> None:
    """Lambda answers with 6 MB at most: a phone's picture would never be seen."""
    world.portal = replace(world.portal, largest_answer_bytes=10)
    _, page, image = opened(world, visitor)
    answer = visitor().get(image)
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"https://s3/labels/{JOB}/0.jpg?")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert f"img-src {ORIGIN} https://s3 data:" in visitor().get(page).headers["content-security-policy"]


def test_a_server_sends_pictures_of_every_size_itself(world: PortalWorld, visitor: Visitor) -> None:
    """It would tell where they lie, and files' names often hold the label."""
    _, page, _ = opened(world, visitor)
    assert f"img-src {ORIGIN} data:" in visitor().get(page).headers["content-security-policy"]


def test_an_address_does_not_tell_where_the_picture_lies(world: PortalWorld, visitor: Visitor) -> None:
    """File names often hold the label."""
    _, _, image = opened(world, visitor)
    assert "labels" not in image
    assert ".jpg" not in image


@pytest.mark.parametrize("part", ["worker", "until", "signature"])
def test_a_changed_address_is_refused(world: PortalWorld, visitor: Visitor, part: str) -> None:
    _, page, image = opened(world, visitor)
    for address in (page, image):
        changed = address.replace(f"{part}=", f"{part}=9")
        assert changed != address
        assert visitor().get(changed).status_code == 403
        assert visitor().get(urlsplit(address).path).status_code == 403
    assert visitor().get(image.replace("/files/0", "/files/1")).status_code == 403


def test_addresses_end(world: PortalWorld, visitor: Visitor) -> None:
    _, page, image = opened(world, visitor)
    world.clock.ahead = timedelta(minutes=4)
    assert visitor().get(page).status_code == 200
    world.clock.ahead = timedelta(hours=1)
    assert visitor().get(page).status_code == 403
    assert visitor().get(image).status_code == 403


def test_addresses_end_with_the_worker_and_the_task(world: PortalWorld, visitor: Visitor) -> None:
    ada, page, image = opened(world, visitor)
    world.members.disable(ada.get("/session").json()["worker"])
    assert visitor().get(page).status_code == 403
    assert visitor().get(image).status_code == 403


@pytest.mark.parametrize(("body", "kind"), [(SVG, "text/plain"), (HTML, "text/plain")])
def test_what_only_calls_itself_a_picture_is_text(world: PortalWorld, visitor: Visitor, body: bytes, kind: str) -> None:
    _, _, image = opened(world, visitor, image=lambda _: body)
    answer = visitor().get(image)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    "body",
    [huge_png(), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"MZ\x00\x01", saved(painting(1), "BMP"), b"\x00" * 100],
    ids=["bomb", "cut PNG", "cut JPEG", "program", "BMP", "zeros"],
)
def test_what_is_no_picture_is_not_sent(world: PortalWorld, visitor: Visitor, body: bytes) -> None:
    _, _, image = opened(world, visitor, image=lambda _: body)
    answer = visitor().get(image)
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_pictures_of_every_kind_that_browsers_show(world: PortalWorld, visitor: Visitor, form: str) -> None:
    _, _, image = opened(world, visitor, image=lambda n: saved(painting(n), form))
    assert visitor().get(image).headers["content-type"] == f"image/{form.lower()}"


def test_a_turned_picture_keeps_its_orientation_for_the_browser(world: PortalWorld, visitor: Visitor) -> None:
    body = rotated_jpeg(60, 40)
    _, _, image = opened(world, visitor, image=lambda _: body)
    assert visitor().get(image).content == body


def test_a_page_grants_what_it_names_and_nothing_else(world: PortalWorld, visitor: Visitor) -> None:
    template = BOXES + '<img src="{{ "s3://labels/example.png" | grant_read_access }}">'
    world.objects.write(S3_EXAMPLE, saved(painting(9)), "image/png")
    _, page, _ = opened(world, visitor, template=template)
    addresses = [part.partition('"')[0] for part in visitor().get(page).text.split('src="')[1:]]
    example = next(one for one in addresses if "/files/1?" in one).replace("&amp;", "&")
    assert visitor().get(example.removeprefix(ORIGIN)).headers["content-type"] == "image/png"


def test_all_elements_come_in_one_compressed_file(visitor: Visitor) -> None:
    """Frames of an opaque origin keep no cache: each task loads them anew."""
    plain = visitor().get(ELEMENTS_SCRIPT, headers={"Accept-Encoding": "identity"})
    small = visitor().get(ELEMENTS_SCRIPT)
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.text == plain.text
    assert int(small.headers["Content-Length"]) < len(plain.content) / 2
    assert not [line for line in plain.text.splitlines() if line.startswith("import ")]


def test_crowd_elements_are_loaded_from_the_engine(world: PortalWorld, visitor: Visitor) -> None:
    _, page, _ = opened(world, visitor)
    text = visitor().get(page).text
    script = text.partition('<script type="module" crossorigin="anonymous" src="')[2].partition('"')[0]
    answer = visitor().get(script.removeprefix(ORIGIN))
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "immutable" in answer.headers["cache-control"]
    assert "assets.crowd.aws" not in text


@pytest.mark.parametrize("path", ["..%2fapp.py", "%2e%2e/app.py", "/etc/passwd", "html/base.html"])
def test_no_other_file_of_the_engine_can_be_had(visitor: Visitor, path: str) -> None:
    for folder in ("static", "elements"):
        assert visitor().get(f"/{folder}/x/{path}").status_code == 404
