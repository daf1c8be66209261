"""What stands around every request: its id, security headers, errors as Problems, bounds, and who is calling.

Each is a function around the next application, pure ASGI; `compose` puts the first outermost.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import structlog

from broker.declaring.declarant import Declarant
from broker.errors import NotNow, TooMany
from broker.log.refusals import Refusals, Seen, begin
from broker.web.exchange import (
    CITIZEN,
    CLIENT,
    REQUEST_ID,
    App,
    Bounds,
    ClientGone,
    HttpRefusal,
    Receive,
    Scope,
    Send,
    headers_of,
    send_answer,
)
from broker.web.rendering import Form, Renderer, form_of_body, wanted

Layer: TypeAlias = Callable[[App], App]
"""A step around the next one."""

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}


def compose(layers: Sequence[Layer], app: App) -> App:
    """``app`` inside all ``layers``, the first of them outermost."""
    return functools.reduce(lambda inner, layer: layer(inner), reversed(layers), app)


def identified(new_id: Callable[[], str]) -> Layer:
    """Give every request an id, the caller's own if it is a decent one, and say it in the answer."""

    def layer(app: App) -> App:
        async def identify(scope: Scope, receive: Receive, send: Send) -> None:
            given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
            scope[REQUEST_ID] = given if _REQUEST_ID.fullmatch(given) else new_id()
            added = {**_SECURITY, b"x-request-id": scope[REQUEST_ID].encode()}

            async def send_with_headers(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    present = {name for name, _ in message["headers"]}
                    missing = [(name, value) for name, value in added.items() if name not in present]
                    message = {**message, "headers": [*message["headers"], *missing]}
                await send(message)

            await app(scope, receive, send_with_headers)

        return identify

    return layer


def explained(renderer: Renderer) -> Layer:
    """Answer every error as Problems; an unexpected one is logged with the request's id and told to
    nobody.
    """

    def layer(app: App) -> App:
        async def explain(scope: Scope, receive: Receive, send: Send) -> None:
            started = False

            async def sending(message: MutableMapping[str, Any]) -> None:
                nonlocal started
                started = True
                await send(message)

            try:
                await app(scope, receive, sending)
            except ClientGone:
                log.info("caller hung up", path=scope["path"], request=scope.get(REQUEST_ID))
            except Exception as error:  # noqa: BLE001 -- the last line of defence: the caller gets an answer
                answer = renderer.error(error, preferred(scope))
                if answer.status == 500:
                    log.error(
                        "request failed", path=scope["path"], request=scope.get(REQUEST_ID), at=trail(error)
                    )
                if not started:
                    await send_answer(send, answer)

        return explain

    return layer


def recorded(refusals: Refusals) -> Layer:
    """Make an entry of the message log of every request that is turned away and has none yet.

    Not of one that is only to come later (429, 503): the log must not grow because we have too much to do.
    """

    def layer(app: App) -> App:
        async def record(scope: Scope, receive: Receive, send: Send) -> None:
            seen, mark, status = Seen(), begin(), 0

            async def receiving() -> MutableMapping[str, Any]:
                message = await receive()
                seen.add(message.get("body", b""))
                return message

            async def sending(message: MutableMapping[str, Any]) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    if status >= 400 and status not in _LATER and not mark:
                        await refusals.note(*_turned_away(scope, status), _described(scope, status), seen)
                await send(message)

            await app(scope, receiving, sending)

        return record

    return layer


def _turned_away(scope: Scope, status: int) -> tuple[str, str | None, str]:
    """Source, client and outcome of a request that was refused."""
    client = scope.get(CLIENT)
    address = (scope.get("client") or ("unknown",))[0]
    return client or address, client, _OUTCOMES.get(status, f"http-{status}")


def _described(scope: Scope, status: int) -> dict[str, Any]:
    """What the entry says; no query and no header but the media type, because those hold keys and codes."""
    fields = dict(scope["headers"])
    return {
        "method": scope["method"],
        "path": scope["path"][:500],
        "status": status,
        "media_type": fields.get(b"content-type", b"")[:100].decode("latin-1"),
        "request": scope.get(REQUEST_ID),
    }


_LATER = (429, 503)
_OUTCOMES = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    431: "headers-too-large",
    500: "failed",
}


def trail(error: BaseException) -> str:
    """Where an error came from: its class and the frames, innermost last; no message and no values, which may
    be a citizen's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    return " > ".join([*places, type(error).__name__])


def preferred(scope: Scope) -> Form:
    """The form for an error, which has to be told whatever the caller accepts; without a wish, that of the
    request.
    """
    fields = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    own = form_of_body(fields.get(b"content-type", "").partition(";")[0].strip().lower()) or "json"
    try:
        return wanted(fields.get(b"accept"), own)
    except HttpRefusal:
        return own


def bounded(bounds: Bounds) -> Layer:
    """Refuse what is more than this process, or one caller, may have under way at a time."""
    under_way: Counter[str | None] = Counter()

    def layer(app: App) -> App:
        async def bound(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get(CLIENT)
            if under_way.total() >= bounds.in_flight:
                raise NotNow(1.0)
            if client is not None and under_way[client] >= bounds.per_client:
                raise TooMany
            under_way[client] += 1
            try:
                await app(scope, receive, send)
            finally:
                under_way[client] -= 1
                if not under_way[client]:
                    del under_way[client]

        return bound

    return layer


def authenticated(keys: Mapping[str, str], bounds: Bounds) -> Layer:
    """Find out who calls, by the X-Api-Key field. ``keys``: client id → SHA-256 of its key, in hexadecimal.

    Nobody is refused here: `caller` demands a client where one is needed, and the key of an agency's
    call-back is its receiver's business.
    """
    known = {client: bytes.fromhex(digest) for client, digest in keys.items()}

    def layer(app: App) -> App:
        async def authenticate(scope: Scope, receive: Receive, send: Send) -> None:
            given = headers_of(scope, bounds).get("x-api-key")
            scope[CLIENT] = None if given is None else _client(known, given)
            await app(scope, receive, send)

        return authenticate

    return layer


def _client(known: Mapping[str, bytes], given: str) -> str | None:
    """The client whose key was given. All are compared, in constant time: how long it takes tells nothing."""
    digest = hashlib.sha256(given.encode("latin-1")).digest()
    found = [client for client, wanted_digest in known.items() if hmac.compare_digest(digest, wanted_digest)]
    return found[0] if found else None


def caller(scope: Scope) -> str:
    """The authenticated client. Raises `HttpRefusal` 401 if there is none."""
    client = scope.get(CLIENT)
    if not isinstance(client, str):
        raise unknown_caller()
    return client


def declarant(scope: Scope) -> Declarant:
    """Who declares: the portal whose key it is, or the citizen whose session it is. Raises `HttpRefusal` 401."""
    client, citizen = scope.get(CLIENT), scope.get(CITIZEN)
    if isinstance(client, str):
        return Declarant.portal(client)
    if isinstance(citizen, Declarant):
        return citizen
    raise unknown_caller()


def unknown_caller() -> HttpRefusal:
    """401 (RFC 9110 §15.5.2)."""
    vi, en = "Thiếu khóa truy cập X-Api-Key hoặc khóa không đúng.", "The X-Api-Key field is missing or wrong."
    return HttpRefusal(
        401,
        "unauthorized",
        vi,
        en,
        headers={"WWW-Authenticate": 'ApiKey realm="lienthong", header="X-Api-Key"'},
    )
