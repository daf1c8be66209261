"""The log as a transparency log: ``GET /log/checkpoint``, ``/log/tile/…``, ``/log/proof/…``.

Heads, tiles and proofs are public: they are hashes of salted leaves. Entries say which agency spoke about which
dossier when, so they want a client that may see the log.

Standards: C2SP tlog-tiles v1 (paths, widths, entry bundles), tlog-checkpoint, tlog-proof.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from fastapi import APIRouter, Request, Response

from broker.config.hub import Client
from broker.errors import Forbidden, Invalid, NotFound, NotNow
from broker.log import treeproofs
from broker.model import Problem
from broker.store.engine import Store, Tx
from broker.store.errors import Missing, StoreUnavailable
from broker.web import openapi_log
from broker.web.guard import caller
from signing.log.tiles import WIDTH

T = TypeVar("T")

PREFIX = "/log"
_FOR_EVER = "public, max-age=31536000, immutable"
_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
# 1234067 is x001/x234/067; a tile that is not full has .p/ and its width behind it.
_TILE = re.compile(r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


class LogRest:
    """The resources."""

    def __init__(self, store: Store, clients: Mapping[str, Client]) -> None:
        """``clients``: who may see entries is among their rights."""
        self._store = store
        self._clients = clients

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for path, endpoint in (
            ("/checkpoint", self.log_checkpoint),
            ("/tile/entries/{tile:path}", self.log_tile_entries),
            ("/tile/{level}/{tile:path}", self.log_tile),
            ("/proof/inclusion", self.log_inclusion),
            ("/proof/consistency", self.log_consistency),
        ):
            router.add_api_route(path, endpoint, methods=["GET"], **openapi_log.tree_route(endpoint.__name__))
        return router

    async def log_checkpoint(self) -> Response:
        """The newest head that a witness has signed, else the newest head."""
        return Response(await self._ask(treeproofs.checkpoint), media_type=_TEXT)

    async def log_tile(self, level: str, tile: str) -> Response:
        """Hashes of a tile."""
        if re.fullmatch(r"[0-7]", level) is None:
            raise _nothing()
        index, width = _place(tile)
        return _tile(await self._ask(lambda tx: treeproofs.tile(tx, int(level), index, width)), width)

    async def log_tile_entries(self, request: Request, tile: str) -> Response:
        """Leaves of a tile of level 0."""
        client = self._clients.get(caller(request.scope))
        if client is None or "log" not in client.may:
            raise Forbidden
        index, width = _place(tile)
        found = await self._ask(lambda tx: treeproofs.entries(tx, index, width))
        return Response(found, media_type=_BYTES)

    async def log_inclusion(self, request: Request) -> Response:
        """That an entry is in the log, as JSON or as tlog-proof."""
        index, size = _number(request, "index"), _optional(request, "size")
        found = await self._ask(lambda tx: treeproofs.inclusion(tx, index, size))
        if "text/plain" not in request.headers.get("accept", ""):
            return _json(found.as_json())
        text = found.as_text()
        if text is None:
            raise NotFound(
                "Chưa có điểm kiểm tra được ký cho kích thước này.", "No head of that size was signed."
            )
        return Response(text, media_type=_TEXT)

    async def log_consistency(self, request: Request) -> Response:
        """That the log of one size begins with that of another."""
        old, new = _number(request, "old"), _optional(request, "new")
        return _json((await self._ask(lambda tx: treeproofs.consistency(tx, old, new))).as_json())

    async def _ask(self, query: Callable[[Tx], T]) -> T:
        try:
            return await self._store.aread(query)
        except Missing as error:
            raise _nothing() from error
        except StoreUnavailable as error:
            raise NotNow from error


def _nothing() -> NotFound:
    return NotFound("Nhật ký không có phần này.", "The log does not have this.")


def _place(tile: str) -> tuple[int, int]:
    """Index and width in a tile's path."""
    found = _TILE.fullmatch(tile)
    if found is None:
        raise _nothing()
    width = int(found[2] or WIDTH)
    if width > WIDTH or found[2] == str(WIDTH):
        raise _nothing()
    return int(found[1].replace("x", "").replace("/", "")), width


def _tile(hashes: bytes, width: int) -> Response:
    """A full tile never changes."""
    headers = {"Cache-Control": _FOR_EVER} if width == WIDTH else {}
    return Response(hashes, 200, headers, media_type=_BYTES)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if _NUMBER.fullmatch(text) is None:
        vi = f"Tham số {name} phải là một số nguyên không âm."
        raise Invalid([Problem(name, vi, f"The parameter {name} must be a whole number.")])
    return int(text)


def _optional(request: Request, name: str) -> int | None:
    return _number(request, name) if name in request.query_params else None


def _json(value: Mapping[str, object]) -> Response:
    return Response(json.dumps(value).encode(), media_type="application/json")
