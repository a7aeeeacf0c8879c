"""The routes as Lambda runs them: who gets in, page or JSON, 304, signing in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from chalice.app import IAMAuthorizer
from chalice.test import Client
from markupsafe import escape

from app import app
from chalicelib import access, api, label_routes, pages, sign_in
from gt_service.chain.second_look import Suspects
from gt_service.errors import InvalidInput, NotFound
from gt_service.etags import etag_of
from gt_service.exports.downloads import Download
from gt_service.exports.export import Format
from gt_service.gallery.looking import (
    Filter,
    GalleryImage,
    GalleryPage,
    OneImage,
    gallery_page,
    gallery_samples,
    one_image,
)
from gt_service.objects import S3Uri
from gt_service.records import Token
from gt_service.records.names import Places
from gt_service.routes import ROUTES, route_at
from tests import pages_data as data
from tests.fakes import MemoryObjects

# Chalice's test client has no IAM: it lets everybody through to the app.
pytestmark = pytest.mark.filterwarnings("ignore:IAMAuthorizer is not a supported in local mode")

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OPERATOR, VIEWER = "gts_operator", "gts_viewer"


def bearer(token: str = OPERATOR) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str = OPERATOR) -> dict[str, str]:
    return {"Cookie": f"theme=dark; gt-service-token={token}"}


class MemoryData:
    """`PageData` of the notebook's chain."""

    inbox = "inbox"
    fewest_auto_labeled = 1_250

    def __init__(self) -> None:
        self.presigned_times = 0
        self.objects = MemoryObjects()
        self.index = data.gallery(self.objects, 60)

    def campaigns(self, limit: int, after: str | None) -> tuple[Sequence[data.Json], str | None]:
        return [data.campaign()], "more" if after is None else None

    def campaign(self, name: str) -> data.Json:
        if name != "birds":
            raise NotFound(f"there is no campaign {name!r}", remedy="Drop its campaign.yaml.")
        return data.campaign()

    def spec_file(self, name: str) -> tuple[data.Json, int]:
        self.campaign(name)
        return {"text": "task: object-detection\nlabels: [Bird, <Cat>]\nbudget: 50\n", "revision": 1}, 30

    def upload_form(self, campaign: str) -> data.Json:
        return {"url": "https://inbox.s3.amazonaws.com/"}

    def teams(self) -> Sequence[str]:
        return ["arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/birders"]

    def batches(self, campaign: str, limit: int) -> tuple[Sequence[data.Json], int]:
        return data.batches(), 2500

    def jobs(self, campaign: str, limit: int, after: str | None) -> tuple[Sequence[data.Json], str | None]:
        return data.chain(), None

    def people(self, jobs: Sequence[data.Json]) -> Sequence[tuple[data.Json, data.Json]] | None:
        return []

    def job(self, name: str) -> data.Json:
        if name == "broken":
            raise RuntimeError("the table is gone")
        return data.job()

    def report(self, job: data.Json) -> data.Json | None:
        return data.report()

    def campaign_report_page(self, campaign: str) -> str:
        return self.report_page(data.job())

    def report_page(self, job: data.Json) -> str:
        return "<!doctype html><style>b{}</style>report"

    def downloads(self, campaign: str, wanted: str | None) -> tuple[S3Uri, Sequence[Download]]:
        places = Places("results", "birds")
        states: tuple[Literal["ready", "none"], ...] = ("ready", "none")
        forms = zip((Format.COCO, Format.YOLO), states, strict=True)
        return places.labels, [Download(form, state, places.root / f"exports/{form}.zip") for form, state in forms]

    def samples(self, job: data.Json, each: int) -> Sequence[GalleryImage]:
        return gallery_samples(self.objects, self.index, "birds-0001", each)

    def taken_away(self, job: data.Json) -> Mapping[str, S3Uri]:
        return {"Model (ONNX)": S3Uri("results", "birds/output/birds-0001/model/model.onnx")}

    def gallery(self, campaign: str, job: data.Json | None, wanted: Filter, first: int) -> GalleryPage:
        return gallery_page(self.objects, self.index, wanted, first)

    def gallery_image(self, campaign: str, job: data.Json | None, wanted: Filter, image: str) -> OneImage:
        return one_image(self.objects, self.index, wanted, image, Places("results", "birds"))

    def images(
        self, campaign: str, status: str, limit: int, after: str | None
    ) -> tuple[Sequence[data.Json], str | None]:
        return [data.image()], "next"

    def second_look(self, campaign: str, most: int) -> Suspects:
        return Suspects(40, tuple(data.suspects()[:most]))

    def deliveries(self, campaign: str, limit: int) -> Sequence[data.Json]:
        return data.deliveries()

    def estimate(self, form: Mapping[str, str]) -> data.Json:
        raise InvalidInput("give a number of images", field="objects")

    def presigned(self, uri: S3Uri) -> str:
        self.presigned_times += 1
        return f"https://inbox.s3.amazonaws.com/{uri.key}?X-Amz-Signature={self.presigned_times}"

    def token(self, bearer: str, now: datetime) -> Token | None:
        roles = {OPERATOR: "operator", VIEWER: "viewer"}
        return Token("digest", "ada", roles[bearer], now + timedelta(days=1)) if bearer in roles else None


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    stored = MemoryData()
    for module in (pages, sign_in, api, label_routes):
        monkeypatch.setattr(module, "page_data", lambda: stored)
    with Client(app) as found:
        yield found


def get(client: Client, path: str, *headers: Mapping[str, str]) -> Any:
    return client.http.get(path, headers={key: value for one in headers for key, value in one.items()})


def post(client: Client, path: str, *headers: Mapping[str, str], body: bytes = b"{}") -> Any:
    given = {key: value for one in headers for key, value in one.items()}
    return client.http.post(path, headers={"Content-Type": "application/json", **given}, body=body)


def every_route() -> list[tuple[str, str]]:
    return [(method, path) for path, methods in app.routes.items() for method in methods]


def is_public(method: str, path: str) -> bool:
    return not path.startswith(f"{access.SIGNED}/") and route_at(method, path).needs == "anybody"


@pytest.mark.parametrize(("method", "path"), [one for one in every_route() if not is_public(*one)])
def test_every_route_that_is_not_public_asks_who_you_are(client: Client, method: str, path: str) -> None:
    """A route added without a thought must be closed, not open."""
    address = path.replace("{name}", "birds")
    answer = client.http.request(method, address, headers={"Content-Type": "application/json"}, body=b"{}")
    assert answer.status_code == (403 if path.startswith(access.SIGNED) else 401)


def test_routes_for_requests_that_are_signed_are_the_others_again_and_ask_iam() -> None:
    """One that IAM is not asked about would be closed to machines; a page or a public route has no use for it."""
    signed = [one for one in every_route() if one[1].startswith(f"{access.SIGNED}/")]
    assert all(isinstance(app.routes[path][method].authorizer, IAMAuthorizer) for method, path in signed)
    others = {one for one in every_route() if one not in signed and not is_public(*one)}
    assert {(method, path.removeprefix(access.SIGNED)) for method, path in signed} == others


@pytest.mark.parametrize("headers", [{}, bearer(), {**HTML, **cookie()}])
def test_what_the_gateway_names_no_signer_of_is_refused(client: Client, headers: Mapping[str, str]) -> None:
    """A gateway that checks no signatures must open nothing, to people's tokens neither."""
    answer = get(client, "/iam/campaigns", headers)
    assert (answer.status_code, answer.json_body["code"]) == (403, "access_denied")
    assert "signed" in answer.json_body["message"]


def test_public_routes_show_nothing_of_anyone() -> None:
    assert {path for method, path in every_route() if is_public(method, path)} == {
        "/",
        "/health",
        "/ready",
        "/version",
        "/openapi.json",
        "/login",
        "/logout",
        "/static/{name}",
    }


def test_every_browsed_route_exists_and_none_is_guarded_at_the_gateway() -> None:
    """The gateway's authorizer knows no cookies: a page's button behind it would never work."""
    for route in ROUTES:
        is_guarded = app.routes[route.path][route.method].authorizer is not None
        assert is_guarded == (route.needs != "anybody" and not route.is_browsed), route


def test_every_route_is_described_and_every_description_is_a_route() -> None:
    """Who may use it is read there alone: one that is forgotten would be no route, or nobody's."""
    registered = {(method, path) for method, path in every_route() if not path.startswith(f"{access.SIGNED}/")}
    assert registered == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/birds", "/campaigns/birds/images", "/jobs/birds-0001"])
def test_browsers_get_pages_with_a_strict_policy(client: Client, path: str) -> None:
    answer = get(client, path, HTML, cookie())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert b"birds" in answer.body


def test_policy_names_where_the_images_are(client: Client) -> None:
    policy = get(client, "/jobs/birds-0001", HTML, cookie()).headers["Content-Security-Policy"]
    assert "img-src 'self' data: https://inbox.s3.amazonaws.com;" in policy


def test_the_campaigns_page_alone_may_send_files_and_to_the_inbox_alone(client: Client) -> None:
    policies = {
        (path, token): get(client, path, HTML, cookie(token)).headers["Content-Security-Policy"]
        for path in ("/campaigns/birds", "/campaigns", "/campaigns/birds/spec")
        for token in (OPERATOR, VIEWER)
    }
    may = {key for key, policy in policies.items() if "connect-src 'self' https://inbox.s3.amazonaws.com;" in policy}
    assert may == {("/campaigns/birds", OPERATOR)}
    assert all("connect-src 'self';" in policy for key, policy in policies.items() if key not in may)


def test_a_jobs_page_has_its_model_to_download(client: Client) -> None:
    body = get(client, "/jobs/birds-0001", HTML, cookie()).body.decode()
    (address,) = re.findall(r'href="([^"]+)" role="button" class="outline" download>Model \(ONNX\)</a>', body)
    assert "model/model.onnx?X-Amz-Signature=" in address


@pytest.mark.parametrize("path", ["/campaigns/birds", "/jobs/birds-0001"])
def test_a_page_that_has_not_changed_is_not_sent_again(client: Client, path: str) -> None:
    """Presigned addresses differ each time; they must not make each poll a new page."""
    tag = get(client, path, HTML, cookie()).headers["ETag"]
    again = get(client, path, HTML, cookie(), {"If-None-Match": tag})
    assert (again.status_code, again.body) == (304, b"")
    assert again.headers["ETag"] == tag
    other = get(client, path, HTML, cookie(VIEWER), {"If-None-Match": tag})
    assert other.status_code == 200


def test_viewers_see_no_buttons_and_may_press_none(client: Client) -> None:
    assert b"data-opens" in get(client, "/campaigns/birds", HTML, cookie()).body
    assert b"data-opens" not in get(client, "/campaigns/birds", HTML, cookie(VIEWER)).body
    assert post(client, "/campaigns/birds/pause", bearer(VIEWER)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a plain form of another site"),
        pytest.param({"Origin": "https://evil.example", "Gt-Service-Page": "1"}, id="another origin"),
        pytest.param({"Host": "us", "Origin": "https://us"}, id="no header of ours"),
    ],
)
def test_another_site_cannot_press_buttons_with_the_cookie(client: Client, headers: dict[str, str]) -> None:
    answer = post(client, "/campaigns/birds/stop", cookie(), headers)
    assert answer.status_code == 403
    assert answer.json_body["code"] == "access_denied"


def test_pages_of_unknown_things_say_so(client: Client) -> None:
    answer = get(client, "/campaigns/bees", HTML, cookie())
    assert answer.status_code == 404
    assert b"there is no campaign" in answer.body
    assert b"Drop its campaign.yaml." in answer.body


def test_a_failure_is_a_page_too_and_tells_no_secrets(client: Client) -> None:
    answer = get(client, "/jobs/broken", HTML, cookie())
    assert answer.status_code == 500
    assert b"the table is gone" not in answer.body


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/campaigns", "./login?next=campaigns"),
        ("/campaigns/birds", "../login?next=campaigns/birds"),
        ("/campaigns/birds/images", "../../login?next=campaigns/birds/images"),
    ],
)
def test_browsers_without_a_token_are_sent_to_sign_in(client: Client, path: str, place: str) -> None:
    answer = get(client, path, HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    assert get(client, path, HTML, cookie("gts_expired")).status_code == 303


def test_a_poll_whose_session_has_ended_is_told_so(client: Client) -> None:
    """htmx would follow a redirect and put the sign-in form into the middle of the page."""
    assert get(client, "/campaigns", HTML, {"HX-Request": "true"}).status_code == 401


def test_signing_in_keeps_the_token_and_leads_back(client: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "us", "Origin": "https://us"}
    answer = post(client, "/login", form, body=b"token=gts_operator&next=jobs%2Fbirds-0001")
    assert (answer.status_code, answer.headers["Location"]) == (303, "jobs/birds-0001")
    assert answer.headers["Set-Cookie"].startswith("gt-service-token=gts_operator;")
    https = post(client, "/login", form, {"X-Forwarded-Proto": "https"}, body=b"token=gts_operator")
    assert "Secure" in https.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("body", "origin", "status"),
    [
        (b"token=gts_wrong", "https://us", 401),
        (b"token=", "https://us", 401),
        (b"", "https://us", 401),
        (b"token=gts_operator", "https://evil.example", 403),
    ],
)
def test_signing_in_fails_without_a_cookie(client: Client, body: bytes, origin: str, status: int) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "us", "Origin": origin}
    answer = post(client, "/login", form, body=body)
    assert answer.status_code == status
    assert "Set-Cookie" not in answer.headers
    assert b'role="alert"' in answer.body


def test_signing_out_forgets_the_token(client: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = post(client, "/logout", form, body=b"")
    assert answer.headers["Location"] == "login"
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_static_files_are_kept_for_ever(client: Client) -> None:
    answer = get(client, "/static/pages.js")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert get(client, "/static/secrets.txt").status_code == 404


@pytest.mark.parametrize("path", ["/jobs/birds-0001/report", "/campaigns/birds/report"])
def test_reports_page_runs_nothing(client: Client, path: str) -> None:
    answer = get(client, path, HTML, cookie())
    assert answer.body.endswith(b"report")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_an_estimate_that_cannot_be_made_says_why_in_page_and_json(client: Client) -> None:
    page = get(client, "/estimates?objects=x", HTML, cookie())
    assert page.status_code == 422
    assert b"give a number of images" in page.body
    assert get(client, "/estimates", HTML, cookie()).status_code == 200
    answer = get(client, "/estimates?objects=x", bearer())
    assert (answer.status_code, answer.json_body["field"]) == (422, "objects")


def test_the_start_leads_to_the_campaigns_with_and_without_a_slash(client: Client) -> None:
    assert get(client, "/").headers["Location"] == "campaigns"


def test_what_the_gateway_said_counts() -> None:
    """Routes with an authorizer arrive with its answer; asking again would read the table twice."""
    from chalice.app import Request

    event = json.loads(
        '{"multiValueQueryStringParameters": null, "headers": {}, "pathParameters": null, "body": null,'
        ' "path": "/campaigns", "stageVariables": null, "requestContext": {"httpMethod": "GET",'
        ' "resourcePath": "/campaigns", "authorizer": {"principalId": "ada", "role": "viewer"}}}'
    )

    def never(token: str, now: datetime) -> Token:
        raise AssertionError(token, now, UTC)

    assert access.check(Request(event), never) == {"principalId": "ada", "role": "viewer"}


@pytest.mark.parametrize("where", ["/campaigns/birds/labeled-images", "/jobs/birds-0001/images"])
def test_labeled_images_are_a_grid_and_one_of_them_large(client: Client, where: str) -> None:
    """Whoever pays for labels wants to see them, not a table of counts."""
    grid = client.http.get(f"{where}?who=machine&first=24", headers={**HTML, **cookie()})
    assert grid.status_code == 200
    page = grid.body.decode()
    assert page.count("<figure>") == 24
    assert "25 to 48 of 60" in page
    assert 'href="?who=machine&amp;first=0"' in page
    assert 'href="?who=machine&amp;first=48"' in page
    assert 'href="?who=machine&amp;image=birds-0001.30"' in page
    large = client.http.get(f"{where}?who=machine&image=birds-0001.30", headers={**HTML, **cookie()}).body.decode()
    assert 'href="?who=machine&amp;first=24"' in large, "back to the page of the grid that it came from"
    assert 'href="?who=machine&amp;image=birds-0001.29"' in large
    assert 'href="?who=machine&amp;image=birds-0001.31"' in large


def test_a_viewer_looks_and_is_offered_no_change(client: Client) -> None:
    where = "/campaigns/birds/labeled-images?image=birds-0001.0"
    assert b"Correct it" in client.http.get(where, headers={**HTML, **cookie()}).body
    assert b"Correct it" not in client.http.get(where, headers={**HTML, **cookie(VIEWER)}).body


def test_labels_that_seem_wrong_are_shown_with_what_the_machine_says(client: Client) -> None:
    """Who is to believe that a label is wrong wants to see both on the image."""
    page = client.http.get("/campaigns/birds/second-look", headers={**HTML, **cookie()}).body.decode()
    assert page.count("<figure>") == 2
    assert "The 2 of 40 labels" in page
    assert 'class="box human"' in page
    assert 'class="box machine"' in page
    assert "a box seems to be in the wrong place" in page
    assert "people say Owl, the machine Wren" in page
    assert 'action="../../campaigns/birds/second-look?top=2"' in page
    assert "Send 2 to people" in page
    one = client.http.get("/campaigns/birds/second-look?top=1", headers={**HTML, **cookie()}).body.decode()
    assert one.count("<figure>") == 1
    assert 'href="?top=25"' in one


def test_a_viewer_sees_labels_that_seem_wrong_and_cannot_send_them(client: Client) -> None:
    page = client.http.get("/campaigns/birds/second-look", headers={**HTML, **cookie(VIEWER)}).body.decode()
    assert page.count("<figure>") == 2
    assert "to people" not in page
    assert post(client, "/campaigns/birds/second-look", cookie(VIEWER), {"Gt-Service-Page": "1"}).status_code == 403


@pytest.mark.parametrize("asked", ["first=-1", "first=x", "who=x", "only=x", "sure=9", "first=" + "9" * 30])
def test_a_place_that_is_none_is_a_clear_refusal(client: Client, asked: str) -> None:
    answer = client.http.get(f"/jobs/birds-0001/images?{asked}", headers={**HTML, **cookie()})
    assert answer.status_code == 422


def test_an_image_that_is_not_there_is_not_found(client: Client) -> None:
    answer = client.http.get("/campaigns/birds/labeled-images?image=birds-0001.99", headers={**HTML, **cookie()})
    assert answer.status_code == 404


def test_labels_are_offered_to_download(client: Client) -> None:
    """Whoever has a browser alone gets what was paid for."""
    page = client.http.get("/campaigns/birds/exports", headers={**HTML, **cookie(VIEWER)}).body.decode()
    assert "https://inbox.s3.amazonaws.com/birds/exports/coco.zip?X-Amz-Signature=" in page
    assert 'href="?format=yolo"' in page


@pytest.mark.parametrize("path", ["/campaigns/birds/spec", "/new-campaign"])
def test_a_spec_is_written_by_operators_alone(client: Client, path: str) -> None:
    page = get(client, path, HTML, cookie())
    assert page.status_code == 200
    assert b"private-crowd/birders" in page.body
    assert get(client, path, HTML, cookie(VIEWER)).status_code == 403


def test_the_form_shows_the_file_and_its_fields(client: Client) -> None:
    page = get(client, "/campaigns/birds/spec", HTML, cookie()).body.decode()
    assert ">Bird\n&lt;Cat&gt;</textarea>" in page
    assert 'name="budget" value="50"' in page
    assert "labels: [Bird, &lt;Cat&gt;]" in page
    file, _ = MemoryData().spec_file("birds")
    assert f'data-tag="{escape(etag_of(file))}"' in page


def test_campaigns_are_begun_and_changed_from_their_pages(client: Client) -> None:
    for path, link in (("/campaigns", "new-campaign"), ("/campaigns/birds", "campaigns/birds/spec")):
        assert link in get(client, path, HTML, cookie()).body.decode()
        assert link not in get(client, path, HTML, cookie(VIEWER)).body.decode()
