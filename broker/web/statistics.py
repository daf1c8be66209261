"""Statistics over REST: ``GET /api/v1/statistics?by=commune&from=2026-11-01&to=2026-11-30``."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from broker.counting import Counting
from broker.store.statistics import KEYS
from broker.web import openapi
from broker.web.guard import caller
from broker.web.rest import PREFIX


class StatisticsRest:
    """The one resource."""

    def __init__(self, counting: Counting) -> None:
        """Figures come from ``counting``."""
        self._counting = counting

    def router(self) -> APIRouter:
        """The route, described for OpenAPI."""
        router = APIRouter(prefix=PREFIX, default_response_class=Response)
        described = openapi.statistics_route(KEYS)
        router.add_api_route("/statistics", self.statistics, methods=["GET"], **described)
        return router

    async def statistics(self, request: Request) -> Response:
        """Counts, on time and late, median and p90 by commune, province, agency or step."""
        asked = request.query_params
        found = await self._counting.answer(
            caller(request.scope), asked.get("by", "agency"), asked.get("from", ""), asked.get("to", "")
        )
        return Response(json.dumps(found, ensure_ascii=False).encode(), 200, media_type="application/json")
