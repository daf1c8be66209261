"""The message log over REST: ``GET /api/v1/log/messages?agency=bhxh&from=2026-11-22``.

The citizen who is looked for stands in the field X-Citizen, who looks in X-Officer, what for in X-Purpose: addresses
are kept by every proxy on the way. Fields hold UTF-8, percent-encoded or not.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response

from broker.errors import Invalid
from broker.log.asked import WORDS, wanted
from broker.log.searching import Searching
from broker.model import Problem
from broker.rights import Asker
from broker.web import openapi_log
from broker.web.guard import caller
from broker.web.rest import PREFIX

_MOST = 200
_PAGING = ("limit", "after")
_GIVEN_AS = frozenset({"application/xml", "text/xml", "application/json", "application/pdf"})
_LONGEST = 500


class SearchRest:
    """The resources of the log that say something of people."""

    def __init__(self, searching: Searching) -> None:
        """Answers and rights come from ``searching``."""
        self._searching = searching

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for path, endpoint in (
            ("/log/messages", self.log_messages),
            ("/log/messages/{message}", self.log_message),
            ("/log/messages/{message}/verification", self.log_verification),
            ("/log/messages/{message}/body", self.log_body),
            ("/log/verifications", self.log_verifications),
        ):
            described = openapi_log.log_route(endpoint.__name__, WORDS)
            router.add_api_route(path, endpoint, methods=["GET"], **described)
        return router

    async def log_messages(self, request: Request) -> Response:
        """Messages of the log, newest first, each with its state."""
        asker = asker_of(request)
        asked = {name: text for name, text in request.query_params.items() if name not in _PAGING}
        filters = wanted(asked, citizen=_field(request, "x-citizen"))
        return _json(await self._searching.search(asker, filters, **_paging(request)))

    async def log_message(self, request: Request, message: str) -> Response:
        """One message, without its body."""
        return _json(await self._searching.message(asker_of(request), message))

    async def log_verification(self, request: Request, message: str) -> Response:
        """One message, verified now."""
        return _json(await self._searching.message(asker_of(request), message, inspected=True))

    async def log_body(self, request: Request, message: str) -> Response:
        """What a message said, for an officer with a purpose, after both were kept."""
        body = await self._searching.body(asker_of(request), message)
        kind = body.media_type if body.media_type in _GIVEN_AS else "application/octet-stream"
        headers = {"Content-Disposition": "attachment", "X-Log-State": body.state.value}
        return Response(body.content, 200, headers, media_type=kind)

    async def log_verifications(self, request: Request) -> Response:
        """Verifications of the whole log, newest first."""
        return _json(await self._searching.verifications(asker_of(request), **_paging(request)))


def asker_of(request: Request) -> Asker:
    """Who asks, by key and header fields. Raises `HttpRefusal` 401, `Invalid`."""
    return Asker(caller(request.scope), _field(request, "x-officer"), _field(request, "x-purpose"))


def _field(request: Request, name: str) -> str | None:
    """A header field as text; None if it is absent. Raises `Invalid` for what is no text, or too long."""
    raw = dict(request.scope["headers"]).get(name.encode())
    if raw is None:
        return None
    try:
        text = unquote(raw.decode("utf-8"), errors="strict").strip()
    except UnicodeDecodeError as error:
        raise Invalid([_no_text(name)]) from error
    if len(text) > _LONGEST or not text.isprintable():
        raise Invalid([_no_text(name)])
    return text


def _no_text(name: str) -> Problem:
    return Problem(name.title(), "Viết bằng UTF-8, tối đa 500 ký tự.", "Write UTF-8, 500 signs at most.")


def _paging(request: Request) -> dict[str, Any]:
    asked = request.query_params
    limit = asked.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= _MOST):
        raise Invalid([Problem("limit", f"Từ 1 đến {_MOST}.", f"From 1 to {_MOST}.")])
    return {"limit": int(limit), "after": asked.get("after")}


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value, ensure_ascii=False).encode(), 200, media_type="application/json")
