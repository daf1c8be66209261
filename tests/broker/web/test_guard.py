from __future__ import annotations

import asyncio
import hashlib
from collections.abc import MutableMapping
from typing import Any

import pytest

from broker.errors import NotNow, TooMany
from broker.web.exchange import CLIENT, App, Bounds, HttpRefusal, Receive, Scope, Send
from broker.web.guard import authenticated, bounded, caller, compose, preferred


def scope(*headers: tuple[bytes, bytes], client: str | None = None) -> Scope:
    """A request's scope."""
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers), CLIENT: client}


async def receive() -> MutableMapping[str, Any]:
    """An empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: MutableMapping[str, Any]) -> None:
    """Nobody listens."""


async def test_bounds_hold_while_requests_are_under_way_and_no_longer() -> None:
    """One caller has its share, all together have theirs, and both are given back."""
    gate = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()

    app = bounded(Bounds(in_flight=3, per_client=2))(waits)
    first = [asyncio.ensure_future(app(scope(client="a"), receive, send)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await app(scope(client="a"), receive, send)
    first.append(asyncio.ensure_future(app(scope(client="b"), receive, send)))
    await asyncio.sleep(0)
    with pytest.raises(NotNow):
        await app(scope(), receive, send)
    gate.set()
    await asyncio.gather(*first)
    await app(scope(client="a"), receive, send)


async def test_a_failed_request_gives_its_place_back() -> None:
    """An error does not use up the share."""

    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("x")

    app = bounded(Bounds(in_flight=1))(fails)
    for _ in range(3):
        with pytest.raises(KeyError):
            await app(scope(), receive, send)


@pytest.mark.parametrize(("key", "client"), [(b"one", "a"), (b"two", "b"), (b"three", None), (None, None)])
async def test_callers_are_known_by_their_key(key: bytes | None, client: str | None) -> None:
    """The key's hash says who it is; no key, or one that is not ours, is nobody, which some paths allow."""
    seen: list[Any] = []

    async def sees(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope[CLIENT])

    keys = {"a": hashlib.sha256(b"one").hexdigest(), "b": hashlib.sha256(b"two").hexdigest()}
    headers = [] if key is None else [(b"x-api-key", key)]
    await authenticated(keys, Bounds())(sees)(scope(*headers), receive, send)
    assert seen == [client]


def test_a_caller_is_demanded() -> None:
    """Where a client is needed, nobody is refused with 401."""
    assert caller(scope(client="a")) == "a"
    with pytest.raises(HttpRefusal) as caught:
        caller(scope())
    assert caught.value.status == 401


def test_preferred_never_fails() -> None:
    """An error has to be told in some form, whatever the caller accepts."""
    assert preferred(scope((b"accept", b"application/xml"))) == "xml"
    assert preferred(scope((b"accept", b"text/html"))) == "json"
    assert preferred(scope((b"content-type", b"text/xml; charset=utf-8"))) == "xml"


async def test_layers_are_composed_outermost_first() -> None:
    """The first layer sees a request first."""
    order: list[str] = []

    def named(name: str) -> Any:
        def layer(app: App) -> App:
            async def step(scope: Scope, receive: Receive, send: Send) -> None:
                order.append(name)
                await app(scope, receive, send)

            return step

        return layer

    async def last(scope: Scope, receive: Receive, send: Send) -> None:
        order.append("app")

    await compose([named("a"), named("b")], last)(scope(), receive, send)
    assert order == ["a", "b", "app"]
