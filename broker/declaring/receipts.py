"""The receipt: that a dossier was handed in, under which code, who settles what, and when the results are due.

It can be had again at any time from the code, on the screen, as XML or JSON, and on paper.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

import segno
from lxml import etree

from broker.agency import Agency
from broker.book import Book
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.build import fit, put, start
from broker.canonical.document import tag, text_at
from broker.clock import local_day
from broker.declaring.meanings import Meanings
from broker.model import Dossier
from broker.process.rules import StepRule, plan
from signing.xml import serialize

DONE = "Nộp hồ sơ thành công"


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One step on a receipt, in words."""

    id: str
    name: str
    agency: str
    office: str
    due: datetime
    delivery: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What a citizen takes home. ``link`` is what the QR code says."""

    code: str
    codes: Mapping[str, str]
    procedure: str
    name: str
    received_at: datetime
    due: datetime
    link: str
    parts: tuple[Part, ...]

    def document(self, *, duplicate: bool = False) -> bytes:
        """A ReceiptResponse."""
        root = start("ReceiptResponse")
        put(root, "Message", DONE)
        put(root, "DossierCode", self.code)
        build.put_codes(root, self.codes)
        put(root, "Procedure", self.procedure)
        put(root, "Name", fit(self.name, 250))
        put(root, "ReceivedAt", self.received_at)
        put(root, "Due", self.due)
        put(root, "Link", self.link)
        put(root, "Qr", segno.make(self.link, error="m").svg_inline(scale=4))
        put(root, "Duplicate", duplicate)
        for part in self.parts:
            node = etree.SubElement(root, tag("Step"))
            put(node, "Id", part.id)
            put(node, "Name", part.name)
            put(node, "AgencyName", part.agency)
            put(node, "OfficeName", fit(part.office, 250))
            put(node, "Due", part.due)
            put(node, "Delivery", part.delivery)
        return serialize(root)


class Receipts:
    """Makes receipts."""

    def __init__(self, book: Book, agencies: Mapping[str, Agency], meanings: Meanings, follow: str) -> None:
        """``follow``: the address at which a dossier is followed, with ``{code}`` in it."""
        self._book = book
        self._agencies = agencies
        self._meanings = meanings
        self._follow = follow

    def of(self, dossier: Dossier, codes: Mapping[str, str]) -> Receipt:
        """The receipt of a dossier: what was promised on the day of receipt."""
        engine = self._book.engine(dossier)
        declaration = documents.as_tree(dossier.declaration)
        on = local_day(dossier.received_at)

        def due(rule: StepRule) -> datetime:
            before = [due(engine.rules.step(name)) for name in rule.after]
            return engine.calendar.due(max(before, default=dossier.received_at), rule.deadline)

        parts = tuple(
            Part(
                id=rule.id,
                name=rule.name.vi,
                agency=self._agencies[rule.agency].config.name.vi,
                office=self._meanings.place(*build.office(declaration, rule.office), on),
                due=due(rule),
                delivery=self._delivery(text_at(declaration, f"{rule.office}/ResultDelivery")),
            )
            for rule in plan(engine.rules, declaration)
        )
        return Receipt(
            code=dossier.code,
            codes=codes,
            procedure=engine.rules.procedure,
            name=engine.process.name.vi,
            received_at=dossier.received_at,
            due=engine.due_of(declaration, dossier.received_at),
            link=self._follow.replace("{code}", dossier.code),
            parts=parts,
        )

    def _delivery(self, code: str | None) -> str | None:
        return self._meanings.word("ResultDeliveryValue", code or "electronic")
