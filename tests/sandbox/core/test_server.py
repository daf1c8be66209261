"""A listening socket that goes away and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.core.server import HOST, Server


async def hello(request: Request) -> PlainTextResponse:
    """One page."""
    return PlainTextResponse("xin chào")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that listens."""
    made = Server(Starlette(routes=[Route("/", hello)]))
    await made.up()
    yield made
    await made.close()


async def get(server: Server) -> str:
    """The page, over a new connection."""
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{server.port}/") as answer:
        return await answer.text()


async def test_free_port_is_known_before_it_listens() -> None:
    """The address can be told to others; nobody is answered yet."""
    made = Server(Starlette())
    assert made.port > 0
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(made)
    await made.close()


async def test_down_refuses_and_up_serves_on_the_same_port(server: Server) -> None:
    """As often as wanted."""
    port = server.port
    for _ in range(2):
        assert await get(server) == "xin chào"
        await server.down()
        with pytest.raises(aiohttp.ClientConnectorError):
            await get(server)
        await server.up()
    assert (await get(server), server.port) == ("xin chào", port)


async def test_port_stays_ours_while_down(server: Server) -> None:
    """Nobody else can take the port in between."""
    await server.down()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((HOST, server.port))


async def test_open_connections_are_cut(server: Server) -> None:
    """A waiting client notices."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readline()
    await server.down()
    with contextlib.suppress(ConnectionResetError):
        await reader.read()
    assert reader.at_eof() or reader.exception() is not None
    writer.close()


async def test_both_switches_are_idempotent(server: Server) -> None:
    """Twice up, twice down."""
    await server.up()
    await server.down()
    await server.down()
    await server.close()
