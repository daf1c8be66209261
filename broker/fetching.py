"""Certificates by their code: what the hub has, else what the health facilities' service answers.

A question is attributed to an officer, a unit and a purpose, logged before it leaves, and not waited for longer than a
person waits. What comes back is verified like what a facility pushes, and kept.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator

import structlog

from adapters.errors import Malformed, Refused
from broker.agency import Agency
from broker.attribution import Attribution
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.document import text_at
from broker.canonical.plan import Node
from broker.certificates import OPERATION, Certificates, Certified
from broker.clock import Clock, NewId, local_day
from broker.delivery.attempt import Attempts, Broken, Exchanged
from broker.mapping import MappingError
from broker.mapping.textspaces import split_name
from broker.outbox import Outbox
from broker.store.certificates import Certificate
from signing.xml import parse, serialize

log = structlog.get_logger(__name__)

_DAY = len("2026-11-23")


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """One value for a declaration: where it goes, and which paper it comes from (common.xsd, Source)."""

    path: str
    text: str
    source: str


class Fetching:
    """Finds certificates."""

    def __init__(
        self,
        agency: Agency | None,
        certificates: Certificates,
        outbox: Outbox,
        attempts: Attempts,
        clock: Clock,
        new_id: NewId,
        seconds: float = 10.0,
    ) -> None:
        """``agency`` answers questions by code, None if nobody does; ``seconds``: the longest that a person waits."""
        self._agency = agency
        self._certificates = certificates
        self._outbox = outbox
        self._attempts = attempts
        self._clock = clock
        self._new_id = new_id
        self._seconds = seconds

    async def find(self, code: str, *, officer: str, unit: str, purpose: str) -> Certificate | None:
        """The certificate; None if nobody has it, or nobody answers now. Raises `Unattributed`."""
        asked = Attribution(code, officer, unit, purpose)
        known = await self._certificates.newest(code)
        if known is not None:
            await self._certificates.shown(known, asked)
        if known is not None or self._agency is None:
            return known
        result = await self._ask(self._agency, asked)
        if result is None:
            return None
        try:
            certified = self._read(self._agency, result)
        except (Refused, Malformed, LookupError) as error:
            log.warning("certificate not understood", agency=self._agency.id, error=type(error).__name__)
            return None
        if certified is None or certified.first.code != code:
            return None
        about = dataclasses.replace(asked, number=certified.number or code)
        await self._certificates.keep(certified, lambda tx: about.note(tx, result.message))
        return await self._certificates.newest(code)

    async def _ask(self, agency: Agency, asked: Attribution) -> Exchanged | None:
        request_id = self._new_id()
        query = build.certificate_query(
            request_id=request_id,
            officer=asked.officer,
            unit=asked.unit,
            purpose=asked.purpose,
            code=asked.number,
        )
        key = f"certificate:{request_id}"
        values = {
            "number": asked.number,
            "officer": asked.officer,
            "unit": asked.unit,
            "purpose": asked.purpose,
        }
        try:
            delivery = self._outbox.lookup(agency, OPERATION, query, key=key, lane=key, values=values)
            async with asyncio.timeout(self._seconds):
                result = await self._attempts.ask(agency, delivery)
        except (MappingError, TimeoutError):
            return None
        return None if isinstance(result, Broken) else result

    def _read(self, agency: Agency, result: Exchanged) -> Certified | None:
        """The signed document inside the answer; None if the answer has none."""
        inside = [child for child in parse(result.document) if len(child)]
        if not inside:
            return None
        canonical = agency.opened(serialize(inside[0]), local_day(self._clock()))
        return self._certificates.read(canonical, result.message)


def prefill(certificate: Certificate) -> tuple[Value, ...]:
    """What a certificate fills into a declaration, with its source."""
    facts = documents.read(certificate.document)
    source = "birth-certificate" if certificate.kind == "birth" else "death-certificate"
    pairs = _birth(facts) if certificate.kind == "birth" else _death(facts)
    return tuple(Value(path, text, source) for path, text in pairs if text)


def _birth(facts: Node) -> Iterator[tuple[str, str | None]]:
    yield from _parts("Child/Name", text_at(facts, "ChildName"))
    yield "Child/Sex", text_at(facts, "Sex")
    yield "Child/BirthDate", (text_at(facts, "BornAt") or "")[:_DAY]
    yield "Child/BirthCertificate/Number", text_at(facts, "Code")
    yield "Child/BirthCertificate/IssuedOn", text_at(facts, "IssuedOn")
    for role in ("Mother", "Father"):
        yield from _parts(f"{role}/Name", text_at(facts, f"{role}/Name"))
        for name in ("BirthDate", "PersonalNumber", "Ethnicity", "Nationality"):
            yield f"{role}/{name}", text_at(facts, f"{role}/{name}")


def _death(facts: Node) -> Iterator[tuple[str, str | None]]:
    yield from _parts("Deceased/Name", text_at(facts, "Deceased/Name"))
    for name in ("Sex", "BirthDate", "PersonalNumber", "Ethnicity", "Nationality"):
        yield f"Deceased/{name}", text_at(facts, f"Deceased/{name}")
    died = text_at(facts, "DiedAt") or ""
    yield "Deceased/DeathDate", died[:_DAY]
    yield "Deceased/DeathTime", died[_DAY + 1 : _DAY + 6]
    yield "Deceased/Cause", text_at(facts, "Cause")
    yield "DeathPaper/Kind", "1"
    yield "DeathPaper/IssuedByRegistrar", "false"
    yield "DeathPaper/Code", text_at(facts, "Code")
    yield "DeathPaper/Number", text_at(facts, "Number")
    yield "DeathPaper/IssuedOn", text_at(facts, "IssuedOn")
    yield "DeathPaper/IssuedBy", text_at(facts, "IssuedBy")


def _parts(path: str, name: str | None) -> Iterator[tuple[str, str]]:
    for part in ("family", "middle", "given"):
        yield f"{path}/{part.capitalize()}", split_name(name or "", part)
