"""A draft becomes a dossier: by the same way that a portal's own submission takes, and once."""

from __future__ import annotations

import copy

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.build import put, start
from broker.canonical.document import tag, text_at
from broker.canonical.plan import Node
from broker.declaring.declarant import UNIT, Declarant
from broker.declaring.drafts import DraftBook
from broker.errors import Conflict, Invalid
from broker.intake import Intake
from broker.model import Problem
from broker.store.drafts import Draft
from broker.store.engine import Store
from signing.xml import serialize


class Submitting:
    """Hands drafts in."""

    def __init__(self, store: Store, drafts: DraftBook, intake: Intake) -> None:
        """``intake`` checks, stores and answers as it does for everybody."""
        self._store = store
        self._drafts = drafts
        self._intake = intake

    async def submit(self, who: Declarant, draft: Draft, submission: Node) -> str:
        """The id of the dossier. The draft's id is the message's: however often it is sent, it is one dossier.

        Raises `Invalid` with what is wrong with the declaration, and whatever intake raises.
        """
        answer = await self._intake.submit(who.client, _request(who, draft, submission))
        code = text_at(documents.read(answer), "DossierCode") or ""
        dossier = await self._store.aread(lambda tx: tx.dossiers.by_code(code, "lienthong"))
        assert dossier is not None, "intake has just answered with its code"
        try:
            await self._drafts.put(draft, None, draft.version, dossier_id=dossier.id)
        except Conflict:
            # Two hands at once: the other one has noted the same dossier.
            again = await self._drafts.get(who, draft.id)
            if again.dossier_id != dossier.id:
                raise
        return dossier.id


def _request(who: Declarant, draft: Draft, submission: Node) -> bytes:
    """The SubmitRequest."""
    officer, unit = text_at(submission, "OfficerId"), text_at(submission, "Unit")
    if who.citizen is not None:
        officer, unit = who.officer, UNIT
    if not officer or not unit:
        vi = "Thiếu cán bộ tiếp nhận (OfficerId, Unit)."
        raise Invalid(
            [Problem("OfficerId", vi, "Who answers for the look-ups is missing (OfficerId, Unit).")]
        )
    root = start("SubmitRequest")
    put(root, "MessageId", f"draft-{draft.id}")
    put(root, "PortalCode", text_at(submission, "PortalCode"))
    actor = etree.SubElement(root, tag("Actor"))
    put(actor, "OfficerId", officer)
    put(actor, "Unit", unit)
    root.append(copy.deepcopy(documents.read(draft.content or b"")))
    return serialize(root)
