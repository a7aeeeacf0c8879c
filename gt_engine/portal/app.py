"""The portal's routes. They stand in one ASGI app with the API, whose only path is `POST /`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gt_engine.portal import assets, frames, grid, provider, sign_in, team, working
from gt_engine.portal.calls import Answer, Endpoint, Portal, endpoint, problem
from gt_engine.workforce.tasks import MAX_DRAFT_BYTES
from gt_service.errors import NotFound

_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_FRAMES = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The crowd elements are loaded by frames of an opaque origin, which may read them by CORS alone."""


def portal_routes(portal: Portal) -> list[BaseRoute]:
    """Every address of the portal, and what answers it."""

    def get(path: str, answer: Answer) -> Route:
        return Route(path, endpoint(portal, answer), methods=["GET"])

    def post(path: str, answer: Answer, *, most: int = 64 * 1024) -> Route:
        return Route(path, endpoint(portal, answer, max_body=most), methods=["POST"])

    return [
        get("/", sign_in.front),
        get("/sign-in", sign_in.ask),
        get("/sign-in/with-provider", provider.leave_for),
        get(provider.REDIRECT_PATH, provider.come_back),
        get("/sign-in/{token}", sign_in.look),
        post("/sign-in/{token}", sign_in.enter),
        post("/sign-out", sign_in.leave),
        get("/session", sign_in.present),
        get("/jobs", working.jobs),
        get("/jobs/{job}", working.job),
        post("/jobs/{job}/next", working.next_task),
        get("/jobs/{job}/grid", grid.grid),
        post("/jobs/{job}/grid", grid.take),
        post("/jobs/{job}/grid/submit", grid.submit),
        get("/tasks/{task}/image", grid.image),
        get("/me", working.me),
        get("/tasks/{task}", working.task),
        post("/tasks/{task}/accept", working.accept),
        post("/tasks/{task}/submit", working.submit, most=working.MAX_ANSWER_BYTES),
        post("/tasks/{task}/decline", working.decline),
        post("/tasks/{task}/release", working.release),
        post("/tasks/{task}/later", working.later),
        post("/tasks/{task}/undo", working.undo),
        get("/tasks/{task}/draft", working.draft),
        Route("/tasks/{task}/draft", endpoint(portal, working.save_draft, max_body=MAX_DRAFT_BYTES), methods=["PUT"]),
        get("/tasks/{task}/page", frames.frame),
        get("/tasks/{task}/files/{number}", frames.file),
        get("/team", team.people),
        post("/team/invite", team.invite),
        post("/team/{worker}/link", team.link),
        post("/team/{worker}/disable", team.disable),
        post("/team/{worker}/enable", team.enable),
        post("/team/{worker}/resume", team.resume),
        get("/team/jobs/{job}.csv", team.job_csv),
        get("/team/jobs/{job}/agreement", team.agreement),
        get("/team/jobs/{job}/answers", team.answers),
        get("/team/jobs/{job}/answers/{place}/image", team.answer_image),
        post("/team/jobs/{job}/answers/{place}/{worker}", team.give_back),
        get("/team/jobs/{job}/discard/{worker}", team.ask_to_discard),
        post("/team/jobs/{job}/discard/{worker}", team.discard),
        get("/team/jobs/{job}", team.job),
        Route("/static/{version}/{path:path}", _files(assets.own_file, assets.STATIC), methods=["GET"]),
        Route(
            "/elements/{version}/{path:path}",
            _files(assets.element_file, assets.ELEMENTS, _FOR_FRAMES),
            methods=["GET"],
        ),
    ]


def _files(find: Callable[[str], tuple[bytes, str]], folder: Path, more: Mapping[str, str] | None = None) -> Endpoint:
    """The files of a folder. An address of another version, as of a page that was open during an update, is answered
    and not kept."""

    async def serve(request: Request) -> Response:
        try:
            body, media_type = find(request.path_params["path"])
        except NotFound as error:
            return problem(request, error)
        is_current = request.path_params["version"] == assets.version(folder)
        headers = {
            "Cache-Control": _FOR_EVER if is_current else "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Vary": "Accept-Encoding",
            **(more or {}),
        }
        if media_type.startswith("text/") and "gzip" in request.headers.get("accept-encoding", ""):
            body = assets.compressed(body)
            headers["Content-Encoding"] = "gzip"
        return Response(body, media_type=media_type, headers=headers)

    return serve
