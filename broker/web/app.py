"""The hub as one ASGI application: REST and its description, SOAP, call-backs, and whatever pages are
mounted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.exceptions import HTTPException

from adapters.base import Answer, Receiver
from broker.canonical.jsonform import JsonForm
from broker.canonical.schemas import Schemas
from broker.counting import Counting
from broker.declaring.service import Declaring
from broker.declaring.signing_in import SigningIn
from broker.errors import HubError, NotFound
from broker.evidence.issuing import Issuing
from broker.log.refusals import Refusals
from broker.log.searching import Searching
from broker.web import docs, openapi
from broker.web.declaring import DeclaringRest
from broker.web.evidence import EvidenceRest
from broker.web.exchange import App, Bounds, HttpRefusal, Receive, Scope, Send, not_allowed, send_answer
from broker.web.guard import authenticated, bounded, compose, explained, identified, preferred, recorded
from broker.web.log import LogRest
from broker.web.rendering import Renderer
from broker.web.rest import Rest
from broker.web.search import SearchRest
from broker.web.services import Services
from broker.web.signing_in import SigningInRest, sessions
from broker.web.soap import INTAKE_PATH, Callbacks, Door, Intake
from broker.web.statistics import StatisticsRest

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
"""Entered when the server starts and left when it stops."""

_DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@dataclasses.dataclass(frozen=True, slots=True)
class CallbackDoor:
    """Where an agency calls the hub: a path under ``/agency/``, and the receiver that reads what comes
    there.
    """

    path: str
    agency: str
    receiver: Receiver


def create_app(
    services: Services,
    *,
    schemas: Schemas,
    keys: Mapping[str, str],
    new_id: Callable[[], str],
    public_url: str,
    intake: Receiver | None = None,
    declaring: Declaring | None = None,
    signing_in: SigningIn | None = None,
    counting: Counting | None = None,
    searching: Searching | None = None,
    issuing: Issuing | None = None,
    tree: LogRest | None = None,
    refusals: Refusals | None = None,
    callbacks: Sequence[CallbackDoor] = (),
    mounts: Mapping[str, App] | None = None,
    bounds: Bounds | None = None,
    lifespan: Lifespan | None = None,
) -> App:
    """The application.

    ``keys``: client id → SHA-256 of its API key in hexadecimal; ``public_url`` is how others reach the hub,
    without a slash at the end; ``intake``: a `soap-service` of intake.wsdl; ``declaring``: what serves
    declarants; ``counting``: what counts; ``searching``: what finds messages in the log; ``signing_in``:
    sessions of citizens; ``tree``: heads, tiles and proofs of the log; ``refusals``: logs what is turned away;
    ``mounts``: path prefix → application with a sign-in of its own.
    """
    bounds = bounds or Bounds()
    form = JsonForm(schemas.elements)
    renderer = Renderer(form)
    doors = {door.path: _callback(door, services, public_url, bounds) for door in callbacks}
    if intake is not None:
        handler = Intake(intake, services, schemas, new_id, declaring)
        doors[INTAKE_PATH] = Door(handler, intake.documents(public_url + INTAKE_PATH), bounds)
    routers = [Rest(services, form, renderer, bounds, declaring.own if declaring else _nobodys).router()]
    if declaring is not None:
        routers.append(DeclaringRest(declaring, form, renderer, bounds).router())
    if counting is not None:
        routers.append(StatisticsRest(counting).router())
    if searching is not None:
        routers.append(SearchRest(searching).router())
    if issuing is not None:
        routers.append(EvidenceRest(issuing).router())
    if tree is not None:
        routers.append(tree.router())
    if signing_in is not None:
        routers.append(SigningInRest(signing_in, secure=public_url.startswith("https:")).router())
    rest = _rest(routers, schemas, renderer, public_url)
    layers = [identified(new_id)]
    if refusals is not None:
        layers.append(recorded(refusals))
    layers += [explained(renderer), authenticated(keys, bounds), bounded(bounds)]
    if signing_in is not None:
        layers.append(sessions(signing_in, bounds))
    return _with_lifespan(compose(layers, _Paths(doors, dict(mounts or {}), rest)), lifespan)


def _callback(door: CallbackDoor, services: Services, public_url: str, bounds: Bounds) -> Door:
    handler = Callbacks(door.agency, door.receiver, services)
    return Door(handler, door.receiver.documents(public_url + door.path), bounds)


async def _nobodys(*_: object) -> None:
    raise NotFound


class _Paths:
    """Sends a request to what serves its path; the few paths of machines are looked up before anything
    else.
    """

    def __init__(self, doors: Mapping[str, Door], mounts: Mapping[str, App], rest: App) -> None:
        self._doors = doors
        self._mounts = mounts
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/health":
            await _health(scope, send)
            return
        app: App | None = self._doors.get(path)
        if app is None:
            app = next(
                (mounted for prefix, mounted in self._mounts.items() if _under(path, prefix)), self._rest
            )
        await app(scope, receive, send)


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


async def _health(scope: Scope, send: Send) -> None:
    """Liveness: the process answers. It says nothing about the agencies or the database."""
    if scope["method"] not in ("GET", "HEAD"):
        raise not_allowed("GET, HEAD")
    await send_answer(
        send, Answer(200, b'{"status":"ok"}', "application/json"), head=scope["method"] == "HEAD"
    )


def _rest(routers: Sequence[APIRouter], schemas: Schemas, renderer: Renderer, public_url: str) -> App:
    """The REST resources with their description, every error as Problems."""
    api = FastAPI(title="Liên Thông", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for router in routers:
        api.include_router(router)
    described = openapi.describe(api, schemas.elements, public_url)
    page = docs.page(described)

    async def description() -> dict[str, Any]:
        return described

    async def documentation() -> Response:
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _DOCS_POLICY})

    async def explain(request: Request, error: Exception) -> Response:
        answer = renderer.error(_own(error), preferred(request.scope))
        return Response(answer.body, answer.status, {**answer.headers, "content-type": answer.content_type})

    api.add_api_route("/api/openapi.json", description, include_in_schema=False)
    api.add_api_route("/api/docs", documentation, include_in_schema=False)
    for kind in (HttpRefusal, HubError, HTTPException, Exception):
        api.add_exception_handler(kind, explain)
    return api


def _own(error: Exception) -> Exception:
    """Starlette's errors about paths and methods in the hub's words."""
    if not isinstance(error, HTTPException):
        return error
    if error.status_code == 405:
        return not_allowed((error.headers or {}).get("Allow", "GET"))
    if error.status_code == 404:
        return NotFound("Không có địa chỉ này.", "There is no such address.")
    vi, en = "Yêu cầu HTTP không hợp lệ.", "The HTTP request is not valid."
    return HttpRefusal(error.status_code, "bad-request", vi, en)


def _with_lifespan(app: App, lifespan: Lifespan | None) -> App:
    """The application with the server's start and stop; other kinds of connection are closed."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(lifespan, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    return serve


async def _live(lifespan: Lifespan | None, receive: Receive, send: Send) -> None:
    await receive()
    if lifespan is None:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    else:
        async with lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
    await send({"type": "lifespan.shutdown.complete"})
