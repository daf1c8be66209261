"""A witness at an address: ``POST /add-checkpoint``, and nothing else.

Standard: C2SP tlog-witness v1 (https://c2sp.org/tlog-witness).
"""

from __future__ import annotations

import asyncio

import structlog

from adapters.base import Answer
from broker.web.exchange import (
    App,
    Bounds,
    ClientGone,
    HttpRefusal,
    Receive,
    Scope,
    Send,
    headers_of,
    read_body,
    send_answer,
)
from signing.errors import KeyProblem
from signing.log.witness import REQUEST_LIMIT, SIZE_TYPE, Witness, WitnessRefusal

log = structlog.get_logger(__name__)

_PLAIN = "text/plain; charset=utf-8"
BOUNDS = Bounds(header_bytes=4 * 1024, body_seconds=10.0, in_flight=32)
"""What a caller may take of a witness."""


def witness_app(witness: Witness) -> App:
    """The application of one witness."""
    under_way = asyncio.Semaphore(BOUNDS.in_flight)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            async with under_way:
                await _answered(witness, scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    return serve


async def _answered(witness: Witness, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        answer = await _answer(witness, scope, receive)
    except ClientGone:
        return
    except HttpRefusal as error:
        answer = Answer(error.status, f"{error.en}\n".encode(), _PLAIN, error.headers)
    await send_answer(send, answer, head=scope["method"] == "HEAD")


async def _answer(witness: Witness, scope: Scope, receive: Receive) -> Answer:
    if scope["path"] != "/add-checkpoint":
        return Answer(404, b"a witness has /add-checkpoint and nothing else\n", _PLAIN)
    if scope["method"] != "POST":
        return Answer(405, b"only POST is allowed\n", _PLAIN, {"Allow": "POST"})
    body = await read_body(receive, headers_of(scope, BOUNDS), REQUEST_LIMIT, BOUNDS.body_seconds)
    try:
        line = await asyncio.to_thread(witness.add_checkpoint, body)
    except WitnessRefusal as refusal:
        log.warning("checkpoint refused", status=refusal.status, reason=str(refusal))
        return _refusal(refusal)
    except KeyProblem as error:
        log.error("the memory failed", reason=error.reason)
        return Answer(500, b"the witness cannot remember: it signs nothing\n", _PLAIN)
    return Answer(200, line.encode(), _PLAIN)


def _refusal(refusal: WitnessRefusal) -> Answer:
    if refusal.known is not None:
        return Answer(refusal.status, f"{refusal.known}\n".encode(), SIZE_TYPE)
    return Answer(refusal.status, f"{refusal}\n".encode(), _PLAIN)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
