"""A client of the portal without a socket, as browsers are: it keeps cookies and says which page it comes from."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette


class Client:
    """Requests to an ASGI app, one after the other. Redirects are answers."""

    def __init__(self, app: Starlette, origin: str, *, address: str = "127.0.0.1") -> None:
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=(address, 50_000)), base_url=origin, headers={"Origin": origin}
        )
        self.cookies = self._client.cookies

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._client.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> httpx.Response:
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)
