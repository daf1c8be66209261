"""The control API of an agency, JSON under ``/_control``: faults, decisions, what was received.

| request | meaning |
|---|---|
| GET ``/_control`` | name, address, switches, rules |
| POST ``/_control/agency`` | any of ``down``, ``latency`` (s), ``hub_url``, ``hub_certificate`` (path) |
| POST, GET, DELETE ``/_control/faults`` | add a rule (`sandbox.core.rules`), list, forget (``?number=``) |
| POST, GET, DELETE ``/_control/decisions`` | the same for decisions (`sandbox.core.decisions`) |
| GET, DELETE ``/_control/received`` | messages accepted, counts, effects (``?dossier=``); forget |
| POST ``/_control/decide`` | a person's decision: ``key``, ``outcome``, ``reason``, ``until`` |
| POST ``/_control/correct`` | an officer corrects a result: ``key``, ``values`` (field → text) |
| GET ``/_control/callbacks`` | results promised to the hub, with attempts and last answer |
| POST ``/_control/tick`` | do now what the clock allows |

An agency that is down has no control API on its own port; the sandbox offers the same at
``/<agency>/_control``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from sandbox.core.decisions import DecisionRules, Verdict
from sandbox.core.desk import Record
from sandbox.core.rules import FaultRules, read

if TYPE_CHECKING:
    from sandbox.core.agency import Agency

BY_HAND = frozenset({"approve", "supplement", "reject"})


def control_routes(agency: Agency) -> list[BaseRoute]:
    """The routes of the control API of one agency."""
    control = _Control(agency)
    return [
        Route("/_control", control.state, methods=["GET"]),
        Route("/_control/agency", control.switch, methods=["POST"]),
        Route("/_control/faults", control.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_control/decisions", control.decisions, methods=["GET", "POST", "DELETE"]),
        Route("/_control/received", control.received, methods=["GET", "DELETE"]),
        Route("/_control/decide", control.decide, methods=["POST"]),
        Route("/_control/correct", control.correct, methods=["POST"]),
        Route("/_control/callbacks", control.callbacks, methods=["GET"]),
        Route("/_control/tick", control.tick, methods=["POST"]),
    ]


def describe(agency: Agency, record: Record) -> dict[str, Any]:
    """A record as the control API shows it: what came, how often, what it caused, what is decided."""
    return {
        "key": record.key,
        "dossier": record.dossier,
        "operation": record.operation,
        "title": record.title,
        "received": record.received.isoformat(),
        "times": record.times,
        "polls": record.polls,
        "effects": agency.desk.effects(record.key),
        "verdict": asdict(agency.desk.verdict(record.key)),
        "data": record.data,
    }


def by_hand(agency: Agency, values: Mapping[str, Any]) -> None:
    """Record a person's decision. Raises ValueError or KeyError."""
    given = dict(values)
    key = given.pop("key", "")
    verdict = read(Verdict, given)
    if verdict.outcome not in BY_HAND:
        raise ValueError(f"outcome is one of {', '.join(sorted(BY_HAND))}")
    agency.desk.decide(key, verdict)


class _Control:
    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    async def state(self, request: Request) -> JSONResponse:
        agency = self._agency
        switches = {"down": agency.is_down, "latency": agency.latency, "hub_url": agency.hub_url}
        return JSONResponse(
            {
                "name": agency.name,
                "title": agency.title,
                "url": agency.url,
                **switches,
                "faults": [asdict(rule) for rule in agency.faults.all()],
                "decisions": [asdict(rule) for rule in agency.decisions.all()],
            }
        )

    async def switch(self, request: Request) -> JSONResponse:
        values = await request.json()
        unknown = set(values) - {"down", "latency", "hub_url", "hub_certificate"}
        if unknown:
            return _wrong(ValueError(f"unknown {', '.join(sorted(unknown))}"))
        agency = self._agency
        agency.latency = float(values.get("latency", agency.latency))
        agency.hub_url = values.get("hub_url", agency.hub_url)
        if "hub_certificate" in values:
            agency.hub.path = Path(values["hub_certificate"])
        # After the answer: going down cuts the connection that carries it.
        later = BackgroundTask(agency.set_down, bool(values["down"])) if "down" in values else None
        return JSONResponse({"ok": True}, background=later)

    async def faults(self, request: Request) -> JSONResponse:
        return await _rules(request, self._agency.faults)

    async def decisions(self, request: Request) -> JSONResponse:
        return await _rules(request, self._agency.decisions)

    async def received(self, request: Request) -> JSONResponse:
        agency = self._agency
        if request.method == "DELETE":
            agency.desk.clear()
            return JSONResponse({"ok": True})
        records = agency.desk.records(dossier=request.query_params.get("dossier"))
        return JSONResponse([describe(agency, record) for record in records])

    async def decide(self, request: Request) -> JSONResponse:
        try:
            by_hand(self._agency, await request.json())
        except (ValueError, KeyError) as error:
            return _wrong(error)
        return JSONResponse({"ok": True})

    async def correct(self, request: Request) -> JSONResponse:
        given = await request.json()
        try:
            self._agency.correct(str(given.get("key", "")), dict(given.get("values", {})))
        except (ValueError, KeyError) as error:
            return _wrong(error)
        return JSONResponse({"ok": True})

    async def callbacks(self, request: Request) -> JSONResponse:
        shown = [asdict(item) for item in self._agency.callbacks.all()]
        return JSONResponse(
            [{**item, "payload": item["payload"].decode("utf-8", "replace")} for item in shown]
        )

    async def tick(self, request: Request) -> JSONResponse:
        await self._agency.tick()
        return JSONResponse({"ok": True})


async def _rules(request: Request, rules: FaultRules | DecisionRules) -> JSONResponse:
    if request.method == "DELETE":
        number = request.query_params.get("number")
        rules.clear() if number is None else rules.remove(int(number))
        return JSONResponse({"ok": True})
    if request.method == "GET":
        return JSONResponse([asdict(rule) for rule in rules.all()])
    try:
        return JSONResponse({"number": rules.add(await request.json()).number}, 201)
    except ValueError as error:
        return _wrong(error)


def _wrong(error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)
