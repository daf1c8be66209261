"""What agencies send of their own accord: verified by the adapter, logged, applied once, answered in their own form."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from datetime import date

import structlog

from adapters.base import Answer, Inbound, Received
from adapters.errors import Malformed, Refused
from broker.agency import Agency
from broker.canonical import build
from broker.canonical import document as documents
from broker.certificates import Certificates
from broker.clock import Clock, NewId, local_day
from broker.inbox import Answered
from broker.log.refusals import REFUSED, Refusals, recorded
from broker.mapping import MappingError
from broker.model import Message
from broker.reports import Reports
from broker.store.engine import Store, Tx
from broker.store.errors import Conflict, StoreUnavailable

log = structlog.get_logger(__name__)


class Callbacks:
    """Takes agencies' callbacks in."""

    def __init__(
        self,
        store: Store,
        agencies: Mapping[str, Agency],
        reports: Reports,
        certificates: Certificates,
        refusals: Refusals,
        clock: Clock,
        new_id: NewId,
        wake: Callable[[], None],
    ) -> None:
        """``wake`` tells the worker that something may be due."""
        self._store = store
        self._agencies = agencies
        self._reports = reports
        self._certificates = certificates
        self._refusals = refusals
        self._clock = clock
        self._new_id = new_id
        self._wake = wake

    async def take(self, agency_id: str, inbound: Inbound) -> Answer:
        """Apply one callback and answer it. Never raises: whatever is wrong is an answer, and a message in the log."""
        agency = self._agencies[agency_id]
        granted = agency.grant(inbound)
        if granted is not None:
            return await self._granted(agency, inbound, granted)
        try:
            received = agency.receive(inbound)
        except Refused as error:
            return await self._refused(agency, inbound, error, error.operation or "callback")
        try:
            return await self._apply(agency, inbound, received)
        except Answered as answered:
            return agency.acknowledge(received, build.mark_duplicate(answered.answer), self._today())
        except (Malformed, MappingError, Conflict, LookupError) as error:
            log.warning("callback not understood", agency=agency_id, error=type(error).__name__)
            refusal = Refused("invalid", str(error), operation=received.operation)
            return await self._refused(agency, inbound, refusal, received.operation)
        except StoreUnavailable as error:
            return agency.refuse(inbound, error)

    async def _apply(self, agency: Agency, inbound: Inbound, received: Received) -> Answer:
        report = agency.report(received, self._today())
        incoming = dataclasses.replace(
            self._message(agency, received.operation, agency.kept(inbound), "in", "request"),
            signer=received.signer,
        )
        certificate = self._certificates.read(report, incoming)
        response = (
            build.acknowledgement("ReportResponse", None, self._clock(), duplicate=False)
            if certificate is None
            else build.certificate_receipt(incoming.id, self._clock())
        )
        answer = agency.acknowledge(received, response, self._today())
        outgoing = dataclasses.replace(
            self._message(agency, received.operation, answer.body, "out", "answer"), related_id=incoming.id
        )
        digest = hashlib.sha256(received.payload).hexdigest()
        key = received.key or digest

        def settle(tx: Tx, dossier: str | None) -> None:
            previous = tx.intake.claim(agency.id, key, digest)
            if previous is not None:
                raise Answered(previous)
            tx.messages.add(dataclasses.replace(incoming, dossier=dossier))
            tx.messages.add(dataclasses.replace(outgoing, dossier=dossier))
            if dossier is None:
                tx.people.note(incoming.id, documents.personal_numbers(report))
            tx.intake.answer(agency.id, key, response)

        if certificate is None:
            await self._reports.take(agency.id, report, settle, message_id=incoming.id)
        else:
            await self._certificates.keep(certificate, lambda tx: settle(tx, None))
        self._wake()
        return answer

    async def _granted(self, agency: Agency, inbound: Inbound, granted: Answer) -> Answer:
        """Log that a token was asked for and how that ended; neither password nor token is in the log."""
        kind, outcome = ("request", "ok") if granted.status < 400 else (REFUSED, "unauthorized")
        message = dataclasses.replace(self._message(agency, "token", b"", "in", kind), outcome=outcome)
        return await self._kept(agency, inbound, message) or granted

    async def _refused(self, agency: Agency, inbound: Inbound, error: Refused, operation: str) -> Answer:
        """Log what was refused and why; it changed nothing."""
        message = dataclasses.replace(
            self._message(agency, operation, agency.kept(inbound), "in", REFUSED), outcome=error.reason
        )
        return await self._kept(agency, inbound, message) or agency.refuse(inbound, error)

    async def _kept(self, agency: Agency, inbound: Inbound, message: Message) -> Answer | None:
        """Log within bounds, as anybody can knock here; if the store is away, gives the answer that says so."""
        try:
            await self._refusals.keep(agency.id, message)
        except StoreUnavailable as away:
            return agency.refuse(inbound, away)
        recorded()
        return None

    def _message(self, agency: Agency, operation: str, body: bytes, direction: str, kind: str) -> Message:
        return Message(
            id=self._new_id(),
            at=self._clock(),
            direction=direction,
            kind=kind,
            agency=agency.id,
            operation=operation,
            body=body,
        )

    def _today(self) -> date:
        return local_day(self._clock())
