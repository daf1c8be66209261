"""A citizen who signed in acts on their own dossier, in their own name and in nobody else's."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from broker.canonical.document import as_tree, text_at
from broker.declaring.acting import in_own_name
from broker.declaring.declarant import UNIT, Citizen, Declarant
from broker.errors import Forbidden
from broker.model import StepState
from tests.broker.declaring.test_service import declaration
from tests.broker.declaring.test_signing_in import browser, callback
from tests.worlds import birth, stage

NUMBER = "079192000111"
CITIZEN = Declarant("vneid", ("citizen:" + "ab" * 32,), Citizen(NUMBER, "NGUYỄN THỊ HÒA", "1992-05-02"))


def request(name: str, *parts: str) -> bytes:
    """A request that claims to come from an officer."""
    actor = "<Actor><OfficerId>CB000001</OfficerId><Unit>H01.001</Unit></Actor>"
    inner = f"<MessageId>message-1</MessageId><Code>C</Code>{actor}{''.join(parts)}"
    return f'<{name} xmlns="urn:lienthong:1.0">{inner}</{name}>'.encode()


def said(number: str, consent: str) -> bytes:
    """A relative's word."""
    return request("ConsentRequest", f"<PersonalNumber>{number}</PersonalNumber><Consent>{consent}</Consent>")


def test_the_name_is_the_citizens_own() -> None:
    """Officer, unit and message id are replaced; the same message keeps its id, another citizen's has another."""
    root = as_tree(in_own_name(request("WithdrawRequest", "<Reason>Nhầm</Reason>"), CITIZEN))
    assert (text_at(root, "Actor/OfficerId"), text_at(root, "Actor/Unit")) == (CITIZEN.officer, UNIT)
    assert [etree.QName(child).localname for child in root] == ["MessageId", "Code", "Actor", "Reason"]
    again = as_tree(in_own_name(request("WithdrawRequest"), CITIZEN))
    assert text_at(again, "MessageId") == text_at(root, "MessageId")
    other = Declarant("vneid", ("citizen:" + "cd" * 32,), CITIZEN.citizen)
    assert text_at(as_tree(in_own_name(request("WithdrawRequest"), other)), "MessageId") != text_at(
        root, "MessageId"
    )


def test_nobody_speaks_for_a_relative() -> None:
    """By electronic identity each relative says so themself; a signed paper may be handed in by the applicant."""
    assert in_own_name(said(NUMBER, "given-vneid"), CITIZEN)
    assert in_own_name(said("079055000333", "given-paper"), CITIZEN)
    for consent in ("given-vneid", "refused"):
        with pytest.raises(Forbidden):
            in_own_name(said("079055000333", consent), CITIZEN)


async def test_a_citizen_takes_a_dossier_back(tmp_path: Path) -> None:
    """The owner withdraws without an officer; for anybody else who signed in, the dossier is not there."""
    plain = birth()
    assert plain.mother is not None
    assert plain.father is not None
    async with stage(tmp_path) as world, browser() as mother, browser() as father:
        tokens = []
        for person, who in ((plain.mother, mother), (plain.father, father)):
            opened = await (await who.get(await callback(world, who, person.number))).json()
            tokens.append({"Authorization": f"Bearer {opened['Token']}", "Content-Type": "application/xml"})
        own, other = tokens
        api = world.url + "/api/v1"
        async with aiohttp.ClientSession(headers={"Accept": "application/json"}) as anyone:
            body = etree.tostring(declaration())
            draft = await (await anyone.post(f"{api}/drafts", data=body, headers=own)).json()
            receipt = await (await anyone.post(f"{api}/drafts/{draft['Id']}/submission", headers=own)).json()
            code = receipt["DossierCode"]
            asked = request("WithdrawRequest", "<Reason>Kê khai nhầm</Reason>").replace(
                b"<Code>C<", f"<Code>{code}<".encode()
            )
            for path in ("withdrawal", "supplements", "resumption", "consents"):
                refused = await anyone.post(f"{api}/dossiers/{code}/{path}", data=asked, headers=other)
                assert refused.status == 404, path
            assert (
                await anyone.post(f"{api}/dossiers/{code}/handover", data=asked, headers=own)
            ).status == 401
            answer = await anyone.post(f"{api}/dossiers/{code}/withdrawal", data=asked, headers=own)
            assert answer.status in (200, 202), await answer.text()
        await world.settle()
        assert all(state is StepState.WITHDRAWN for state in world.states(code).values())
        rows = world.hub.store.read(lambda tx: tx.messages.of_dossier(code))
        assert "CB000001" not in {row.officer for row in rows}
