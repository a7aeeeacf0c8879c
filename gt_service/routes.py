"""The routes of the HTTP API, each described once: who may use it, and where it is guarded.

The decorator that registers a route, the check of who asks and the OpenAPI document all read it here. What a route
takes and answers is `gt_service.openapi`'s to say, which is too much to import for a route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["anybody", "viewer", "operator"]


@dataclass(frozen=True)
class Route:
    """One method on one path.

    needs: the least role that may use it; operators may do all that viewers may. is_browsed: whether pages show it or
    send to it. A browser has its token in a cookie, which the gateway's authorizer does not read, and that authorizer
    grants viewers nothing but GET: such a route is open at the gateway and guarded by `chalicelib.access`.
    """

    method: str
    path: str
    needs: Role = "viewer"
    is_browsed: bool = False


ROUTES = (
    Route("GET", "/", "anybody"),
    Route("GET", "/health", "anybody"),
    Route("GET", "/ready", "anybody"),
    Route("GET", "/version", "anybody"),
    Route("GET", "/openapi.json", "anybody"),
    Route("GET", "/login", "anybody"),
    Route("POST", "/login", "anybody"),
    Route("POST", "/logout", "anybody"),
    Route("GET", "/static/{name}", "anybody"),
    Route("GET", "/campaigns", is_browsed=True),
    Route("GET", "/campaigns/{name}", is_browsed=True),
    Route("PUT", "/campaigns/{name}", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/spec", is_browsed=True),
    Route("POST", "/campaigns/{name}/spec", "operator", is_browsed=True),  # it changes nothing
    Route("GET", "/new-campaign", is_browsed=True),
    Route("GET", "/campaigns/{name}/plan"),
    Route("POST", "/campaigns/{name}/pause", "operator", is_browsed=True),
    Route("POST", "/campaigns/{name}/resume", "operator", is_browsed=True),
    Route("POST", "/campaigns/{name}/leave-out", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/second-look", is_browsed=True),
    Route("POST", "/campaigns/{name}/second-look", "operator", is_browsed=True),
    Route("POST", "/campaigns/{name}/stop", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/batches"),
    Route("POST", "/campaigns/{name}/batches", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/images", is_browsed=True),
    Route("POST", "/campaigns/{name}/uploads", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/labeled-images", is_browsed=True),
    Route("GET", "/campaigns/{name}/exports", is_browsed=True),
    Route("POST", "/campaigns/{name}/corrections", "operator", is_browsed=True),
    Route("GET", "/campaigns/{name}/labels"),
    Route("GET", "/campaigns/{name}/jobs"),
    Route("GET", "/campaigns/{name}/report", is_browsed=True),
    Route("GET", "/jobs/{name}", is_browsed=True),
    Route("GET", "/jobs/{name}/report", is_browsed=True),
    Route("GET", "/jobs/{name}/model"),
    Route("GET", "/jobs/{name}/images", is_browsed=True),
    Route("POST", "/jobs/{name}/stop", "operator", is_browsed=True),
    Route("GET", "/estimates", is_browsed=True),
    Route("POST", "/estimates", is_browsed=True),  # it changes nothing
)

_KNOWN = {(route.method, route.path): route for route in ROUTES}


def route_at(method: str, path: str) -> Route:
    """The route of a method on a path, HEAD as GET. Errors: `KeyError` where none is described."""
    return _KNOWN["GET" if method == "HEAD" else method, path]
