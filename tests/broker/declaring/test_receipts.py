"""What a citizen takes home."""

from __future__ import annotations

from broker.canonical.document import as_tree, tag
from broker.declaring.meanings import Meanings
from broker.declaring.receipts import DONE, Receipt, Receipts
from tests.broker.declaring.test_review import parts
from tests.broker.rig import Rig


def receipt(rig: Rig, code: str) -> Receipt:
    """The receipt of a dossier that the rig took in."""
    project, *_ = parts()
    meanings = Meanings(project.words.lists, project.units)
    receipts = Receipts(rig.hub.book, rig.hub.agencies, meanings, "https://hub.example/{code}")
    return receipts.of(rig.dossier(code), {"lienthong": code})


async def test_what_was_promised_stays(rig: Rig) -> None:
    """The receipt had later says the same as the first: steps in their order, each with its office and its own date."""
    code = await rig.submit()
    first = receipt(rig, code)
    assert [part.id for part in first.parts] == ["registration", "residence", "card"]
    assert all(part.name and part.agency and part.office for part in first.parts)
    assert first.received_at < first.parts[0].due <= min(part.due for part in first.parts[1:])
    assert max(part.due for part in first.parts) <= first.due
    rig.clock.advance(days=2)
    await rig.settle()
    assert receipt(rig, code) == first


async def test_the_document(rig: Rig) -> None:
    """Code, link and its picture stand on it; a repeated request is told that it is one."""
    code = await rig.submit()
    root = as_tree(receipt(rig, code).document(duplicate=True))
    assert root.findtext(tag("Message")) == DONE
    assert root.findtext(tag("DossierCode")) == code
    assert root.findtext(tag("Link")) == f"https://hub.example/{code}"
    assert (root.findtext(tag("Qr")) or "").startswith("<svg")
    assert root.findtext(tag("Duplicate")) == "true"
    assert len(root.findall(tag("Step"))) == 3
