"""Understanding what arrives."""

from __future__ import annotations

import unicodedata

import pytest

from broker.errors import Invalid
from broker.inbox import Answered, Request
from tests.broker.rig import PORTAL, Rig, submission


def understood(rig: Rig, document: bytes, **changes: object) -> Request:
    """The submission as the hub understands it."""
    client = rig.hub.project.hub.client(PORTAL)
    assert client is not None
    return rig.hub.inbox.understand(client.model_copy(update=changes), "SubmitRequest", document)


async def test_normal_form(rig: Rig) -> None:
    """Decomposed Vietnamese and spare blanks are put right, and make the same message."""
    typed = unicodedata.normalize("NFD", submission().decode()).replace("<Given>Mai", "<Given> Mai ").encode()
    request = understood(rig, typed)
    assert request.text("BirthDeclaration/Mother/Name/Family") == "Nguyễn"
    assert request.digest == understood(rig, submission()).digest
    assert request.document == typed, "the log keeps what was sent"


async def test_signature_required(rig: Rig) -> None:
    """From a client who must sign, an unsigned message is refused at the field of the signature."""
    with pytest.raises(Invalid) as refused:
        understood(rig, submission(), signature="required")
    assert [problem.field for problem in refused.value.problems] == ["Signature"]


@pytest.mark.parametrize("document", [b"", b"<x", b"<!DOCTYPE x><x/>", b"<x/>"])
async def test_not_the_document(rig: Rig, document: bytes) -> None:
    """What is not the expected document is refused with a problem in words."""
    with pytest.raises(Invalid) as refused:
        understood(rig, document)
    assert refused.value.problems[0].vi


async def test_kept_once(rig: Rig) -> None:
    """Request and answer are kept once per message id; the second time gives the first answer."""
    request = understood(rig, submission())
    store = rig.hub.store
    await store.write(lambda tx: rig.hub.inbox.keep(tx, request, "A", b"<first/>"))
    with pytest.raises(Answered) as answered:
        await store.write(lambda tx: rig.hub.inbox.keep(tx, request, "A", b"<second/>"))
    assert answered.value.answer == await rig.hub.inbox.first_answer(request) == b"<first/>"
    assert [message.officer for message in rig.messages(dossier="A")] == ["cb-01", None]
