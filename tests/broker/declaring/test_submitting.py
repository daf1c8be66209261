"""Handing a draft in."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from lxml import etree

from broker.canonical.document import as_tree, declaration_of
from broker.canonical.plan import Node
from broker.declaring.declarant import Declarant
from broker.declaring.drafts import DraftBook
from broker.declaring.submitting import Submitting
from broker.errors import Conflict, Invalid
from tests.broker.rig import PORTAL, Rig, submission

WHO = Declarant.portal(PORTAL)
OFFICER = as_tree(
    b'<Submission xmlns="urn:lienthong:1.0"><OfficerId>CB1</OfficerId><Unit>H1</Unit></Submission>'
)


class Desk(NamedTuple):
    """Drafts and what hands them in, over one hub."""

    drafts: DraftBook
    submitting: Submitting


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """Both over the rig's hub."""
    hub = rig.hub
    drafts = DraftBook(
        hub.store,
        hub.project.processes,
        hub.schemas.elements,
        timedelta(days=30),
        rig.clock,
        hub.resources.new_id,
    )
    return Desk(drafts, Submitting(hub.store, drafts, hub.intake))


def whole() -> Node:
    """A declaration that intake takes."""
    found = declaration_of(as_tree(submission()))
    assert found is not None
    return found


async def test_a_draft_becomes_one_dossier(rig: Rig, desk: Desk) -> None:
    """Its content goes into the dossier and out of the draft; two hands at once get the same dossier."""
    draft = await desk.drafts.create(WHO, etree.tostring(whole()))
    first = await desk.submitting.submit(WHO, draft, OFFICER)
    kept = await desk.drafts.get(WHO, draft.id)
    assert (kept.dossier_id, kept.content) == (first, None)
    assert await desk.submitting.submit(WHO, draft, OFFICER) == first


async def test_whoever_looks_people_up_has_a_name(rig: Rig, desk: Desk) -> None:
    """Without an officer and a unit nothing is handed in, and the field is named."""
    draft = await desk.drafts.create(WHO, etree.tostring(whole()))
    with pytest.raises(Invalid) as caught:
        await desk.submitting.submit(WHO, draft, as_tree(b'<Submission xmlns="urn:lienthong:1.0"/>'))
    assert [problem.field for problem in caught.value.problems] == ["OfficerId"]
    assert (await desk.drafts.get(WHO, draft.id)).dossier_id is None


async def test_a_change_in_between_is_told(rig: Rig, desk: Desk) -> None:
    """Who changed the draft while it was handed in learns it: their change is in no dossier."""
    draft = await desk.drafts.create(WHO, etree.tostring(whole()))
    await desk.drafts.save(WHO, draft.id, etree.tostring(whole()), 1)
    with pytest.raises(Conflict):
        await desk.submitting.submit(WHO, draft, OFFICER)
