"""The ASGI layer in front of an agency: lets each request through, or makes it go wrong as the rules say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

from sandbox.core.damage import Answer, malform, spoil_signature
from sandbox.core.rules import ANSWERED, INSTANT, Call, Fault, FaultRules

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT = 64 * 1024 * 1024
TRANSPORT = "sandbox.transport"


class Behaviour(Protocol):
    """What the gate asks an agency."""

    faults: FaultRules
    latency: float
    closing: asyncio.Event

    def call(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call:
        """The request as the rules see it."""

    def fault_answer(self, call: Call, fault: Fault) -> Answer:
        """A fault in the agency's protocol."""

    def reply_names(self) -> list[str]:
        """Local names of the replies in the contract."""


class Gate:
    """Reads the whole request, applies the faults that match, and forwards to the application otherwise."""

    def __init__(self, app: App, agency: Behaviour, *, open_paths: tuple[str, ...] = ("/_control",)) -> None:
        """Requests below ``open_paths``, and the human page at ``/``, are never disturbed."""
        self._app, self._agency, self._open = app, agency, open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] == "/" or scope["path"].startswith(self._open):
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        call = self._call(scope, body)
        await self._pause(self._agency.latency)
        instant = await self._delays(self._agency.faults.take(call, INSTANT))
        if instant is not None and instant.kind == "down":
            await _disconnect(scope)
            return
        if instant is not None and not instant.accept:
            await _send(send, self._instead(call, instant))
            return
        answer = await self._work(scope, body)
        if instant is not None:
            await _send(send, self._instead(call, instant))
            return
        await self._answer(scope, receive, send, call, answer)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, call: Call, answer: Answer) -> None:
        fault = await self._delays(self._agency.faults.take(call, ANSWERED))
        if fault is None:
            await _send(send, answer)
        elif fault.kind == "wrong-signature":
            await _send(send, answer.with_body(spoil_signature(answer.body)))
        elif fault.kind == "empty-202":
            await _send(send, Answer(202, b"", ((b"content-length", b"0"),)))
        elif fault.kind == "accept-then-drop":
            await _disconnect(scope)
        elif fault.kind == "accept-then-hang":
            await self._hang(receive)
            await _disconnect(scope)
        elif fault.kind == "slow-body":
            await self._drip(send, answer, fault.seconds)
        elif fault.form == "truncated":
            await _send(send, answer, only=len(answer.body) // 2)
            await asyncio.sleep(0)
            await _disconnect(scope)
        else:
            await _send(send, malform(answer, fault, self._agency.reply_names()))

    def _call(self, scope: Scope, body: bytes) -> Call:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        return self._agency.call(
            scope["method"], scope["path"], scope["query_string"].decode(), headers, body
        )

    async def _delays(self, faults: list[Fault]) -> Fault | None:
        for fault in faults:
            if fault.kind != "delay":
                return fault
            await self._pause(fault.seconds)
        return None

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the agency."""
        if seconds > 0:
            await _first(self._agency.closing.wait(), asyncio.sleep(seconds))

    def _instead(self, call: Call, fault: Fault) -> Answer:
        if fault.kind == "soap-fault":
            return self._agency.fault_answer(call, fault)
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        if fault.retry_after is not None:
            headers.append((b"retry-after", str(fault.retry_after).encode()))
        if fault.location is not None:
            headers.append((b"location", fault.location.encode()))
        return Answer(fault.status, b"", tuple(headers)).with_body(fault.text.encode())

    async def _work(self, scope: Scope, body: bytes) -> Answer:
        status, headers, parts = 500, (), []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], tuple(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Answer(status, b"".join(parts), headers)

    async def _hang(self, receive: Receive) -> None:
        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        await _first(self._agency.closing.wait(), gone())

    async def _drip(self, send: Send, answer: Answer, seconds: float) -> None:
        await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
        size = max(1, len(answer.body) // 20)
        pieces = [answer.body[at : at + size] for at in range(0, len(answer.body), size)]
        for piece in pieces:
            await self._pause(seconds / len(pieces))
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _whole_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False) and sum(map(len, parts)) <= BODY_LIMIT
    return b"".join(parts)


async def _send(send: Send, answer: Answer, only: int | None = None) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body[:only], "more_body": only is not None})


async def _disconnect(scope: Scope) -> None:
    """Close the connection under the server, so that the client sees an end without an answer."""
    transport = scope.get("extensions", {}).get(TRANSPORT)
    if transport is not None:
        transport["transport"].close()
    for _ in range(3):  # let the server notice before the application returns
        await asyncio.sleep(0)


async def _first(*waits: Awaitable[Any]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
