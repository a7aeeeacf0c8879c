"""A local address for a function URL: `python -m gt_cli.function_door --port 8080 --to http://…/_aws/lambda-url/ID`.

On AWS a function URL is a name of its own with TLS. MiniStack tells its functions apart by name or by path; browsers
and signatures want one plain address, so this hands requests on from such an address, as CloudFront does.
"""

from __future__ import annotations

import click
import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATIENCE_SECONDS = 60
NOT_HANDED_ON = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Of the connection, not of what goes over it."""
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]


def app(to: str) -> Starlette:
    """Hands every request on to `to`."""
    client = httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False)

    async def hand_on(request: Request) -> Response:
        path = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        # What comes back is handed on as it is, so nobody on this side asks for another encoding.
        headers = [(n, v) for n, v in request.headers.raw if n.decode() not in {*NOT_HANDED_ON, "host"}]
        answer = await client.send(
            client.build_request(
                request.method,
                f"{to}{path}" + (f"?{query}" if query else ""),
                headers=headers,
                content=await request.body(),
            ),
            stream=True,
        )
        try:
            body = b"".join([part async for part in answer.aiter_raw()])
        finally:
            await answer.aclose()
        handed = Response(body, answer.status_code)
        handed.raw_headers = [
            *((n.lower(), v) for n, v in answer.headers.raw if n.lower().decode() not in NOT_HANDED_ON),
            (b"content-length", str(len(body)).encode()),
        ]
        return handed

    return Starlette(routes=[Route("/{path:path}", hand_on, methods=METHODS)])


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", required=True, type=click.IntRange(1, 65535))
@click.option("--to", required=True, help="URL that a request's path is added to.")
def main(host: str, port: int, to: str) -> None:
    """Hands requests on until it is ended."""
    uvicorn.run(app(to), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main()
