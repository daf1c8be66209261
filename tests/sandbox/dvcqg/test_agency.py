"""The portal's intake of states over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.core.dsig import sign_enveloped
from sandbox.core.schema import schema
from sandbox.core.xml import child, serialize, text
from sandbox.dvcqg import DVCQG
from sandbox.dvcqg.agency import API_KEY

DOSSIER = "G22.99.08-261123-000123"


async def test_states_are_taken_in_order(hub: Any, dvcqg: DVCQG) -> None:
    """The whole way of one agency is accepted, and kept."""
    answers = [await hub.push(state) for state in (1, 3, 7, 4, 5)]
    assert {code for code, _ in answers} == {0}
    assert all("thành công" in words for _, words in answers)
    assert dvcqg.history(DOSSIER, 5) == [1, 3, 7, 4, 5]


async def test_agencies_of_a_dossier_have_their_own_order(hub: Any, dvcqg: DVCQG) -> None:
    """A state of one agency is not missing at another."""
    assert (await hub.push(1, agency=5))[0] == 0
    assert (await hub.push(3, agency=6))[0] == 2
    assert (await hub.push(1, agency=6))[0] == 0
    assert (dvcqg.history(DOSSIER, 5), dvcqg.history(DOSSIER, 6)) == ([1], [1])


async def test_parts_of_one_agency_have_their_own_order(hub: Any, dvcqg: DVCQG) -> None:
    """One part that is refused does not end the other."""
    for part, states in (("A/1", (1, 6)), ("A/2", (1, 3, 7, 4))):
        assert [(await hub.push(state, agency=7, maHoSo=part))[0] for state in states] == [0] * len(states)
    assert dvcqg.history(DOSSIER, 7, "A/1") == [1, 6]
    assert dvcqg.history(DOSSIER, 7, "A/2") == [1, 3, 7, 4]


async def test_missing_state_can_be_sent_later(hub: Any, dvcqg: DVCQG) -> None:
    """What was refused as too early is taken once the missing state is there."""
    await hub.push(1)
    assert (await hub.push(7, khoaGiaoDich="K-late"))[0] == 2
    await hub.push(3)
    assert (await hub.push(7, khoaGiaoDich="K-late"))[0] == 0


async def test_same_key_again_has_no_second_effect(hub: Any, dvcqg: DVCQG) -> None:
    """A repeated message is known already; the book counts arrivals and effects apart."""
    await hub.push(1, khoaGiaoDich="K-same")
    code, words = await hub.push(1, khoaGiaoDich="K-same")
    record = dvcqg.desk.get("K-same")
    assert (code, "đã tồn tại" in words) == (1, True)
    assert (record.times, len(dvcqg.desk.effects("K-same")), dvcqg.history(DOSSIER, 5)) == (2, 1, [1])


async def test_key_belongs_to_one_message(hub: Any, dvcqg: DVCQG) -> None:
    """The same key with another content is an error of the sender."""
    await hub.push(1, khoaGiaoDich="K-same")
    assert (await hub.push(3, khoaGiaoDich="K-same"))[0] == 4
    assert dvcqg.history(DOSSIER, 5) == [1]


@pytest.mark.parametrize(
    "fields",
    [
        {"maTTHC": "2002621"},
        {"soHoSoLT": "12345"},
        {"trangThai": "8"},
        {"coQuanXuLy": "4"},
        {"thoiGianThucHien": "2026-11-23T11:59:00"},
        {"thoiGianThucHien": "31/11/2026 11:59:00"},
        {"thoiGianThucHien": "24/11/2026 11:59:00"},
        {"maHoSo": ""},
    ],
)
async def test_wrong_data_is_refused(hub: Any, dvcqg: DVCQG, fields: dict[str, str]) -> None:
    """Formats, code lists, real dates, and nothing from tomorrow."""
    code, words = await hub.push(1, **fields)
    assert (code, next(iter(fields)) in words) == (4, True)
    assert dvcqg.desk.records() == []


@pytest.mark.parametrize(("state", "field"), [(2, "hanBoSungHoSo"), (4, "ketQuaXuLy")])
async def test_states_need_their_fields(hub: Any, state: int, field: str) -> None:
    """A supplement needs its deadline, a result its text."""
    code, words = await hub.push(state, **{field: ""})
    assert (code, field in words) == (4, True)


async def test_unsigned_and_tampered_states_are_refused(hub: Any, dvcqg: DVCQG) -> None:
    """No signature, or a changed value, or another's key: maLoi 5 and nothing is kept."""
    changed = sign_enveloped(hub.document(1), hub.key)
    place = child(changed, "trangThai")
    assert place is not None
    place.text = "3"
    foreign = sign_enveloped(hub.document(1), dvcqg.identity)
    for document in (hub.document(1), changed, foreign):
        assert text(await hub.send(serialize(document)), "maLoi") == "5"
    assert dvcqg.desk.records() == []


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/xml"}, b"<a/>", 401),
        ({"Content-Type": "application/xml", "X-Api-Key": "wrong"}, b"<a/>", 401),
        ({"Content-Type": "application/json", "X-Api-Key": API_KEY}, b"{}", 415),
        ({"Content-Type": "application/xml", "X-Api-Key": API_KEY}, b"<a>", 400),
        ({"Content-Type": "application/xml", "X-Api-Key": API_KEY}, b"<!DOCTYPE a><a/>", 400),
    ],
)
async def test_http_refusals(hub: Any, headers: dict[str, str], body: bytes, status: int) -> None:
    """Key, media type and well-formedness are matters of HTTP."""
    async with hub.session.post(hub.url, data=body, headers=headers) as answer:
        assert answer.status == status


async def test_answers_keep_the_contract(hub: Any, dvcqg: DVCQG) -> None:
    """Good and bad answers are valid PhanHoi documents."""
    contract = schema(dvcqg.contract_folder / "trangthai.xsd")
    for document in (hub.document(1), hub.document(4), hub.document(1, maTTHC="x")):
        assert contract.errors(await hub.send(serialize(sign_enveloped(document, hub.key)))) == []
    assert contract.errors(await hub.send(b"<a/>")) == []


async def test_states_can_be_read_back(hub: Any) -> None:
    """Tests and people see what the portal would show the citizen."""
    await hub.push(1)
    async with hub.session.get(hub.url.replace("/api/trangthai", "/_control/states")) as answer:
        (kept,) = await answer.json()
    assert (kept["so_ho_so"], kept["co_quan"], kept["trang_thai"]) == (DOSSIER, 5, 1)
