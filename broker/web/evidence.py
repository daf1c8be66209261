"""Evidence over REST: ``GET /api/v1/evidence/dossiers/{code}?bodies=true`` with X-Officer and X-Purpose."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from broker.errors import Invalid
from broker.evidence.issuing import Issuing
from broker.model import Problem
from broker.web import openapi_log
from broker.web.rest import PREFIX
from broker.web.search import asker_of
from signing.container.asic import MIMETYPE

_WISHES = {"": False, "false": False, "true": True}


class EvidenceRest:
    """The resources: files that verify without us."""

    def __init__(self, issuing: Issuing) -> None:
        """Files and rights come from ``issuing``."""
        self._issuing = issuing

    def router(self) -> APIRouter:
        """The routes, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        for path, endpoint in (
            ("/evidence/messages/{message}", self.evidence_message),
            ("/evidence/exchanges/{message}", self.evidence_exchange),
            ("/evidence/dossiers/{code}", self.evidence_dossier),
        ):
            described = openapi_log.evidence_route(endpoint.__name__)
            router.add_api_route(path, endpoint, methods=["GET"], **described)
        return router

    async def evidence_message(self, request: Request, message: str) -> Response:
        """Evidence about one message."""
        return await self._file(request, "message", message)

    async def evidence_exchange(self, request: Request, message: str) -> Response:
        """Evidence about a request with all attempts and answers, by any message of it."""
        return await self._file(request, "exchange", message)

    async def evidence_dossier(self, request: Request, code: str) -> Response:
        """Evidence about all messages of a dossier, by any of its codes."""
        return await self._file(request, "dossier", code)

    async def _file(self, request: Request, kind: str, name: str) -> Response:
        asker, wish = asker_of(request), request.query_params.get("bodies", "")
        if wish not in _WISHES:
            raise Invalid([Problem("bodies", "Viết true hoặc false.", "Write true or false.")])
        data = await self._issuing.issue(asker, kind, name, bodies=_WISHES[wish])
        headers = {"Content-Disposition": f'attachment; filename="{kind}.asice"'}
        return Response(data, 200, headers, media_type=MIMETYPE)
