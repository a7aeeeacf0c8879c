"""A small client of gt-service's own HTTP API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

import httpx

from gt_service.errors import GtServiceError, NotFound

JsonObject = dict[str, Any]
SLOWEST_ANSWER_SECONDS = 30  # API Gateway itself gives up after 29
TRIES = 4
LATE = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}


class ApiError(GtServiceError):
    """The API answered with an error; message, remedy and field are its own."""

    code = "api_error"


class Api:
    """`base_url` is that of the deployed stage; `headers` carry the caller's token."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        try:
            self._client = httpx.Client(base_url=base_url, headers=dict(headers), timeout=SLOWEST_ANSWER_SECONDS)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ApiError(f"no request can be made: {error}", remedy="Check the URL and the token.") from None

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def campaigns(self) -> list[JsonObject]:
        return list(self._items("/campaigns"))

    def campaign(self, name: str) -> JsonObject | None:
        """None where the service does not know the campaign (yet)."""
        response = self._look(f"/campaigns/{name}")
        return None if response.status_code == httpx.codes.NOT_FOUND else self._answer(response)

    def batches(self, campaign: str) -> list[JsonObject]:
        return list(self._items(f"/campaigns/{campaign}/batches"))

    def jobs(self, campaign: str) -> list[JsonObject]:
        return list(self._items(f"/campaigns/{campaign}/jobs"))

    def images(self, campaign: str, status: str) -> list[JsonObject]:
        return list(self._items(f"/campaigns/{campaign}/images", status=status))

    def job(self, name: str) -> JsonObject:
        return self._get(f"/jobs/{name}")

    def report(self, job: str) -> JsonObject:
        return self._get(f"/jobs/{job}/report")

    def model(self, job: str) -> JsonObject:
        return self._get(f"/jobs/{job}/model")

    def close_batch(self, campaign: str) -> JsonObject:
        return self._answer(self._ask("POST", f"/campaigns/{campaign}/batches"))

    def close_batch_if_any(self, campaign: str) -> None:
        """Closing is done in the background: whoever asks again meanwhile finds nothing to close, which is no error."""
        response = self._ask("POST", f"/campaigns/{campaign}/batches")
        if response.status_code != httpx.codes.CONFLICT:
            self._answer(response)

    def put_spec(self, campaign: str, text: str) -> JsonObject:
        headers = {"Content-Type": "application/json"}
        return self._answer(self._ask("PUT", f"/campaigns/{campaign}", content=text.encode(), headers=headers))

    def decide(self, campaign: str, what: Literal["pause", "resume", "leave-out", "stop"]) -> JsonObject:
        return self._answer(self._ask("POST", f"/campaigns/{campaign}/{what}"))

    def labels(self, campaign: str) -> JsonObject:
        return self._get(f"/campaigns/{campaign}/labels")

    def second_look(self, campaign: str, top: int) -> JsonObject:
        return self._get(f"/campaigns/{campaign}/second-look", top=str(top))

    def send_second_look(self, campaign: str, top: int) -> JsonObject:
        return self._answer(self._ask("POST", f"/campaigns/{campaign}/second-look", params={"top": top}))

    def estimate(self, spec: JsonObject, objects: int, imported: int = 0) -> JsonObject:
        asked = {"spec": spec, "objects": objects, "imported": imported}
        return self._answer(self._ask("POST", "/estimates", json=asked))

    def _get(self, path: str, **query: str) -> JsonObject:
        return self._answer(self._look(path, **query))

    def _look(self, path: str, **query: str) -> httpx.Response:
        """A read, which may be tried again where the answer is lost, or late for the gateway before the service."""
        for _ in range(TRIES - 1):
            with suppress(ApiError):
                response = self._ask("GET", path, params=query)
                if response.status_code not in LATE:
                    return response
        return self._ask("GET", path, params=query)

    def _ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **sent)
        except httpx.TransportError as error:
            raise ApiError(
                f"{self._client.base_url} does not answer: {error}", remedy="Check the URL, and that the service runs."
            ) from None

    def _items(self, path: str, **query: str) -> Iterator[JsonObject]:
        """All items of a list, page by page; a list answer holds its items under the path's last word."""
        key = path.rsplit("/", 1)[-1]
        while True:
            page = self._get(path, **query)
            yield from page[key]
            if not page.get("NextToken"):
                return
            query["NextToken"] = page["NextToken"]

    def _answer(self, response: httpx.Response) -> JsonObject:
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            body = {}
        elif response.is_success:
            return body
        message = body.get("message") or body.get("Message") or response.text[:300]
        where = f"{response.request.method} {response.request.url.path}: {response.status_code}"
        raise ApiError(f"{where}: {message}", remedy=body.get("remedy", ""), field=body.get("field"))


def known_campaign(api: Api, name: str) -> JsonObject:
    """Errors: `NotFound` where the service does not know it."""
    campaign = api.campaign(name)
    if campaign is None:
        raise NotFound(f"there is no campaign {name}", remedy="`gt-service status` lists them.", field="campaign")
    return campaign
