"""The doors of the hub: SOAP 1.1, SOAP 1.2, REST in XML and JSON take the same declaration; and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from broker.canonical.jsonform import JsonForm
from broker.config.hub import digest
from broker.model import Phase
from broker.store.rows import MessageFilter
from lienthong.demo.document import submission
from sandbox.core.dsig import sign_enveloped
from sandbox.core.keys import Identity
from sandbox.core.keys import identity as create_identity
from sandbox.core.xml import parse, serialize
from sandbox.dvcqg.portal import Answer, Portal
from signing.xml import canonicalize
from signing.xml import parse as read
from tests.births import report
from tests.worlds import MONDAY, Stage, birth, stage, text

KEY = "portal-of-the-test"


def _document(message_id: str) -> bytes:
    """A plain declaration; its portal code is its message id."""
    return submission(
        birth(), message_id=message_id, portal_code=message_id, officer="CB000001", unit="H01.001"
    )


def _client(**changes: Any) -> Mapping[str, Any]:
    """A hub with one more client, ``congtinh``, that brings its own key."""
    client = {"id": "congtinh", "key_sha256": digest(KEY), "may": ["submit", "status"], **changes}
    return {
        "overrides": {"hub.clients": [{"id": "dvcqg", "key": "portal-key", "signature": "optional"}, client]}
    }


def _trusted(folder: Path, name: str = "congtinh") -> Identity:
    """A key of a client, its certificate in the hub's trust folder."""
    (folder / "client").mkdir(exist_ok=True)
    key = create_identity(folder / "client", name, MONDAY)
    trust = folder / "trust" / name
    trust.mkdir(parents=True)
    (trust / "key.pem").write_text(key.pem, encoding="utf-8")
    return key


def _code(answer: Answer) -> str:
    assert answer.ok, answer.body.decode()
    assert answer.payload is not None
    return text(answer.payload, "DossierCode")


def _declared(world: Stage, code: str) -> bytes:
    """The declaration as the hub has it."""
    return canonicalize(read(world.dossier(code).declaration))


async def test_every_door_takes_the_same_declaration(tmp_path: Path) -> None:
    """SOAP 1.1, SOAP 1.2, REST XML and REST JSON: four dossiers with one and the same content."""
    async with stage(tmp_path) as world, Portal(world.url, world.portal_key) as portal:
        form = JsonForm(world.hub.schemas.elements)
        codes = [
            _code(await portal.soap(_document("door-soap-11"), version="1.1")),
            _code(await portal.soap(_document("door-soap-12"), version="1.2")),
            _code(await portal.submit(_document("door-rest-xml"))),
        ]
        answer = await portal.submit(form.to_json(_document("door-rest-json")))
        assert answer.status == 202, answer.body.decode()
        assert answer.content_type == "application/json"
        codes.append(text(form.from_json(answer.body, "SubmitResponse"), "DossierCode"))
        assert len(set(codes)) == 4
        assert len({_declared(world, code) for code in codes}) == 1


async def test_one_message_through_two_doors(tmp_path: Path) -> None:
    """The same message over SOAP and again over REST, as JSON, is one dossier: the door does not matter."""
    async with stage(tmp_path) as world, Portal(world.url, world.portal_key) as portal:
        form = JsonForm(world.hub.schemas.elements)
        first = _code(await portal.soap(_document("door-twice")))
        again = await portal.submit(form.to_json(_document("door-twice")))
        assert again.status == 200
        answered = form.from_json(again.body, "SubmitResponse")
        assert (text(answered, "DossierCode"), text(answered, "Duplicate")) == (first, "true")


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_what_is_wrong_is_said_in_the_fault(tmp_path: Path, version: str) -> None:
    """Over SOAP a wrong declaration is a fault of the sender whose detail has the field and both languages."""
    document = _document("door-fault").replace(b"<Sex>1</Sex>", b"<Sex>7</Sex>")
    async with stage(tmp_path) as world, Portal(world.url, world.portal_key) as portal:
        answer = await portal.soap(document, version=version)
        assert answer.fault is not None
        assert answer.fault.code in ("Client", "Sender")
        assert answer.fault.detail is not None
        assert text(answer.fault.detail, "Field") == "Child/Sex"
        assert text(answer.fault.detail, "Vi")
        assert text(answer.fault.detail, "En")


async def test_status_over_soap(tmp_path: Path) -> None:
    """A portal that speaks SOAP reads over SOAP how its dossier stands."""
    async with stage(tmp_path) as world, Portal(world.url, world.portal_key) as portal:
        code = _code(await portal.soap(_document("door-status")))
        await world.finish(code)
        question = f'<StatusRequest xmlns="urn:lienthong:1.0"><Code>{code}</Code></StatusRequest>'
        answer = await portal.soap(question.encode(), version="1.2")
        assert answer.payload is not None
        assert text(answer.payload, "State") == "completed"


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_signed_message(tmp_path: Path, version: str) -> None:
    """From a client who must sign, a signed message is taken in and the signer is written down with it."""
    key = _trusted(tmp_path)
    plan = _client(signature="required")
    async with stage(tmp_path, **plan) as world, Portal(world.url, KEY, identity=key) as portal:
        code = _code(await portal.soap(_document("signed-message"), version=version))
        page = world.hub.store.read(
            lambda tx: tx.messages.search(MessageFilter(dossier=code, kind="request"))
        )
        (message,) = [one for one in page.items if one.direction == "in"]
        assert "CN=congtinh.sandbox.invalid" in (message.signer or "")
        assert b"Signature" not in world.dossier(code).declaration


async def test_signature_that_is_not_right(tmp_path: Path) -> None:
    """Unsigned, by a strange key, by another partner's key, altered after signing: all refused, all kept."""
    key = _trusted(tmp_path)
    stranger = create_identity(tmp_path / "client", "stranger", MONDAY)
    signed = serialize(sign_enveloped(parse(_document("altered-message")), key))
    altered = signed.replace(b"<Copies>2</Copies>", b"<Copies>9</Copies>")
    assert altered != signed
    async with stage(tmp_path, **_client(signature="required")) as world:
        other = world.sandbox.agency("cutru").identity
        async with Portal(world.url, KEY) as portal:
            for document, words in (
                (_document("unsigned-message"), "phải được ký số"),
                (_signed("strange-key", stranger), "Chữ ký số không hợp lệ"),
                (_signed("key-of-another", other), "không phải của đơn vị gửi"),
                (altered, "Chữ ký số không hợp lệ"),
            ):
                for answer in (await portal.submit(document), await portal.soap(document)):
                    assert not answer.ok
                    assert words in answer.body.decode(), answer.body.decode()
        refused = world.hub.store.read(lambda tx: tx.messages.search(MessageFilter(kind="refused"))).items
        assert len(refused) == 8
        assert {message.agency for message in refused} == {"congtinh"}
        assert world.hub.store.read(lambda tx: tx.dossiers.in_phase(Phase.CHECKING, 9)) == ()


def _signed(message_id: str, key: Identity) -> bytes:
    return serialize(sign_enveloped(parse(_document(message_id)), key))


async def test_dossier_of_another_client(tmp_path: Path) -> None:
    """What one client has handed in, another cannot see, and does not learn that it is there."""
    async with stage(tmp_path, **_client(signature="optional")) as world:
        async with Portal(world.url, world.portal_key) as portal:
            code = _code(await portal.submit(_document("of-the-portal")))
        async with Portal(world.url, KEY) as other:
            seen = await other.status(code)
            nothing = await other.status("G22.99.08-000000-000000")
            assert (seen.status, seen.body) == (404, nothing.body)


async def test_report_of_an_agency_in_canonical_form(tmp_path: Path) -> None:
    """An agency that speaks the canonical form reports over REST: the step moves in legal order, and once."""
    agency = _client(id="hotich", may=["report"], signature="optional")
    async with stage(tmp_path, **agency) as world:
        world.sandbox.agency("hotich").decisions.add({"outcome": "hold"})
        code = await world.submit(birth())
        await world.settle()
        assert world.states(code)["registration"] == "received"
        said = {"DossierCode": code, "Outcome": "ok", "State": "processing"}
        async with Portal(world.url, KEY) as reporter:
            first = await _report(reporter, "report-0001", **said)
            assert first.status == 202, first.body.decode()
            again = await _report(reporter, "report-0001", **said)
            assert again.status == 200
            lines = world.hub.store.read(lambda tx: tx.dossiers.transitions(world.dossier(code).id))
            moved = [(line.state.value, line.inferred) for line in lines if line.step == "registration"]
            assert moved[1:] == [("received", False), ("accepted", True), ("processing", False)]
            end = {"State": "rejected", "Reason": "Không đủ căn cứ đăng ký khai sinh"}
            await _report(reporter, "report-0002", DossierCode=code, Outcome="ok", **end)
        step = world.dossier(code).step("registration")
        assert (step.state, step.reason) == ("rejected", end["Reason"])
        assert world.states(code)["residence"] == "cancelled"


async def test_report_about_something_unknown(tmp_path: Path) -> None:
    """A report on a dossier that is not at this agency is taken in and kept for its owner; a portal may not report."""
    agency = _client(id="cutru", may=["report"], signature="optional")
    async with stage(tmp_path, **agency) as world:
        said = {"DossierCode": "G22.99.08-260101-999999", "Outcome": "ok", "State": "rejected"}
        async with Portal(world.url, KEY) as reporter:
            assert (await _report(reporter, "report-0003", **said)).status == 202
        (item,) = world.work("unroutable")
        assert (item.owner, item.agency) == ("cu-tru-truc", "cutru")
        async with Portal(world.url, world.portal_key) as portal:
            assert (await _report(portal, "report-0004", **said)).status == 403


async def _report(portal: Portal, message_id: str, **values: str) -> Answer:
    """A ReportRequest over REST."""
    return await portal._post("/api/v1/reports", report(message_id, **values))
