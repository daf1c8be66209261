"""Certificates of health facilities: handed over signed, kept with their versions, compared with declarations."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker.attribution import Unattributed
from broker.canonical import document as documents
from broker.canonical.document import text_at
from broker.fetching import prefill
from broker.model import Phase
from broker.store.certificates import Certificate
from lienthong.demo.document import Birth
from sandbox.core.readable import local
from sandbox.core.xml import parse, serialize, text
from sandbox.dancu.population import Couple
from sandbox.yte import Yte
from tests.births import supplement
from tests.worlds import Stage, birth, population, stage, texts

FRIDAY = datetime(2026, 4, 24, 7, 59, tzinfo=UTC)
"""14:59 in Hà Nội on the Friday before the long Hùng Kings' holiday of 2026 (Sunday, made good on Monday)."""


def facilities(world: Stage) -> Yte:
    """The facilities."""
    found = world.sandbox.agency("yte")
    assert isinstance(found, Yte)
    return found


def of_couple(couple: Couple, born: datetime, name: str = "An") -> dict[str, str]:
    """What a facility writes of the couple's child."""
    mother, father = couple.wife, couple.husband
    return {
        "HOTEN_NND": mother.name.full,
        "NGAYSINH_NND": mother.birth.replace("-", ""),
        "SO_CCCD_NND": mother.number,
        "NOI_CU_TRU_NND": mother.residence.detail or "-",
        "MATINH_CU_TRU": mother.residence.province,
        "MAXA_CU_TRU": mother.residence.commune,
        "HO_TEN_CHA": father.name.full,
        "TEN_CON": f"{father.name.family} Minh {name}",
        "GIOI_TINH_CON": "1",
        "NGAY_SINH_CON": local(born, "%Y%m%d%H%M%S"),
    }


async def issued(world: Stage, **tags: str) -> str:
    """A birth certificate of the first couple, handed over."""
    yte = facilities(world)
    code = yte.issue(
        "birth", **{**of_couple(population().couples()[0], world.clock() - timedelta(hours=5)), **tags}
    )
    yte.push(code)
    await yte.tick()
    return code


async def known(world: Stage, code: str) -> Certificate | None:
    """What the hub has under a code."""
    return await world.hub.certificates.newest(code)


def answers(world: Stage) -> list[str]:
    """The hub's last answers to the facilities."""
    return [item.last for item in facilities(world).callbacks.all()]


async def test_valid(tmp_path: Path) -> None:
    """A signed birth certificate is taken in, answered with a transaction, logged without secrets, found by code."""
    async with stage(tmp_path) as world:
        code = await issued(world)
        certificate = await known(world, code)
        assert certificate is not None
        facts = documents.read(certificate.document)
        assert (certificate.version, certificate.kind, certificate.facility) == (1, "birth", "01005")
        assert text_at(facts, "Mother/PersonalNumber") == population().couples()[0].wife.number
        assert "<MaKetQua>200</MaKetQua>" in answers(world)[0]
        assert f"<MaGD>{certificate.message_id}</MaGD>" in answers(world)[0]
        message = world.hub.store.read(lambda tx: tx.messages.get(certificate.message_id))
        assert message.body.startswith(b"<?xml")
        assert b"CHUKYDONVI" in message.body


async def test_duplicate(tmp_path: Path) -> None:
    """The same paper again is answered as the first time, and is one version."""
    async with stage(tmp_path) as world:
        code = await issued(world)
        facilities(world).push(code)
        await facilities(world).tick()
        certificate = await known(world, code)
        assert certificate is not None
        assert certificate.version == 1
        assert ["<MaKetQua>210</MaKetQua>" in answer for answer in answers(world)] == [False, True]


async def test_issued_again(tmp_path: Path) -> None:
    """A correction keeps its code and replaces the data as a new version; without saying so it is refused."""
    async with stage(tmp_path) as world:
        code = await issued(world)
        yte = facilities(world)
        yte.reissue(code, TEN_CON="Nguyễn Minh Ân")
        yte.push(code)
        yte.reissue(code, TEN_CON="Nguyễn Minh Anh", CAP_LAN_DAU="1")
        yte.push(code)
        await yte.tick()
        certificate = await known(world, code)
        assert certificate is not None
        assert certificate.version == 2
        assert text_at(documents.read(certificate.document), "ChildName") == "Nguyễn Minh Ân"
        assert "<MaKetQua>1003</MaKetQua>" in answers(world)[2]


async def test_out_of_order(tmp_path: Path) -> None:
    """A new issue that arrives before the first paper counts; the late first paper does not undo it."""
    async with stage(tmp_path) as world:
        yte = facilities(world)
        tags = of_couple(population().couples()[0], world.clock() - timedelta(hours=5))
        code = yte.issue("birth", **tags)
        first = bytes(yte.database.rows("SELECT document FROM paper")[0]["document"])
        yte.reissue(code, TEN_CON="Nguyễn Minh Ân")
        yte.push(code)
        yte.callbacks.add(code, "HSDLGCS", yte.path, first)
        await yte.tick()
        certificate = await known(world, code)
        assert certificate is not None
        assert text_at(documents.read(certificate.document), "ChildName") == "Nguyễn Minh Ân"


async def test_twins(tmp_path: Path) -> None:
    """One certificate each."""
    async with stage(tmp_path) as world:
        codes = {await issued(world, TEN_CON=f"Trịnh Minh {name}", SO_CON="2") for name in ("An", "Bình")}
        assert len(codes) == 2
        number = population().couples()[0].wife.number
        found = world.hub.store.read(lambda tx: tx.certificates.about(number))
        assert {one.code for one in found} == codes


async def test_born_alive_then_dead(tmp_path: Path) -> None:
    """A birth certificate first, then a notice of death: two papers, two codes."""
    async with stage(tmp_path) as world:
        yte = facilities(world)
        birth = await issued(world)
        tags = {"HO_TEN": "Trịnh Minh An", "NGAY_SINH": local(world.clock(), "%Y%m%d"), "GIOI_TINH": "1"}
        moment = local(world.clock() - timedelta(hours=1), "%Y%m%d%H%M")
        death = yte.issue("death", LOAI_GIAYTO="0", NGAY_TV=moment, **tags)
        yte.push(death)
        await yte.tick()
        kinds = [(await known(world, code)) for code in (birth, death)]
        assert [one.kind for one in kinds if one is not None] == ["birth", "death"]


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"NGAY_SINH_CON": "20260230043000"}, "1003"),
        ({"NGAY_SINH_CON": "20271120043000"}, "1003"),
        ({"GIOI_TINH_CON": "4"}, "1003"),
        ({"MACSKCB": "01010"}, "1003"),
        ({"MA_GCS": "00001.GCS.01010.26"}, "1003"),
        ({"MA_GCS": "00001.GCS.01005.25"}, "1003"),
        ({"MA_BHXH_NND": ""}, "1003"),
        ({"SO_CCCD_NND": "0011950042170"}, "1003"),
        ({"SINHCON_PHAUTHUAT": "7"}, "200"),
        ({"TEN_CON": ""}, "200"),
    ],
)
async def test_rejection(tmp_path: Path, tags: Mapping[str, str], code: str) -> None:
    """T32: no insurance is said with ten zeros, never left out. Wrong data is refused in the words of the rule."""
    async with stage(tmp_path) as world:
        await issued(world, **tags)
        assert f"<MaKetQua>{code}</MaKetQua>" in answers(world)[0], answers(world)[0]


async def post(world: Stage, facility: str = "01005", kind: str = "birth", **changes: str) -> str:
    """Post a certificate with wrong fields beside it; the result code."""
    yte = facilities(world)
    await yte._take_token(facility)
    code = yte.issue(
        kind, facility, **of_couple(population().couples()[0], world.clock() - timedelta(hours=5))
    )
    document = bytes(yte._paper(code)["document"])
    form = {**yte.form(facility, kind, document), **changes}
    async with aiohttp.ClientSession() as session:
        answer = await session.post(f"{world.url}/agency/yte", data=form)
        body = await answer.read()
    said = parse(body)
    assert not yte.documents.errors(said)
    return text(said, "MaKetQua")


async def test_what_the_form_says_must_be_true(tmp_path: Path) -> None:
    """T35: a kind that does not go with the root is refused, never filed as unknown. T36: token, account and facility
    belong together. Not base64 is 205.
    """
    async with stage(tmp_path) as world:
        yte = facilities(world)
        await yte._take_token("01010")
        other, other_identity = yte.tokens["01010"]
        assert await post(world) == "200"
        assert await post(world, loaiHs="60") == "1002"
        assert await post(world, loaiHs="99") == "1002"
        assert await post(world, fileBase64Str="*") == "205"
        assert await post(world, fileBase64Str=base64.b64encode(b"<x").decode()) == "1003"
        assert await post(world, token=other, id_token=other_identity) == "401"
        assert await post(world, maCskcb="01010") == "401"
        assert await post(world, username="01010") == "401"
        assert await post(world, password="0" * 32) == "401"
        assert await post(world, token="a.b.c") == "401"


async def test_too_long(tmp_path: Path) -> None:
    """T34: too long is 1001, and the answer says what the limit is."""
    limit = {"agencies.yte.adapters.receive.settings.size_limit": 2000}
    async with stage(tmp_path, overrides=limit) as world:
        await issued(world)
        assert "<MaKetQua>1001</MaKetQua>" in answers(world)[0]
        assert "2000" in answers(world)[0]


async def test_tampered(tmp_path: Path) -> None:
    """What was changed after signing, or signed by another facility, is refused and kept nowhere but in the log."""
    async with stage(tmp_path) as world:
        yte = facilities(world)
        tags = of_couple(population().couples()[0], world.clock() - timedelta(hours=5))
        code = yte.issue("birth", **tags)
        document = bytes(yte._paper(code)["document"])
        yte.callbacks.add(code, "HSDLGCS", yte.path, document.replace(b"3200", b"3300"))
        root = parse(document)
        holder = root[1]
        for child in list(holder):
            holder.remove(child)
        yte.callbacks.add(code, "HSDLGCS", yte.path, serialize(yte.signed(root, "01010")))
        for _ in range(2):
            await yte.tick()
        assert await known(world, code) is None
        assert ["<MaKetQua>401</MaKetQua>" in answer for answer in answers(world)] == [True, True]


@pytest.mark.parametrize(("hours", "late"), [(4, False), (4.01, True)])
async def test_late(tmp_path: Path, hours: float, late: bool) -> None:
    """Four working hours after a paper of the Friday before a holiday are those of Tuesday morning; then it is late."""
    async with stage(tmp_path, at=FRIDAY) as world:
        yte = facilities(world)
        code = yte.issue("birth", **of_couple(population().couples()[0], world.clock() - timedelta(hours=5)))
        tuesday = datetime(2026, 4, 28, 1, 0, tzinfo=UTC) + timedelta(hours=hours)
        world.clock.advance(seconds=(tuesday - FRIDAY).total_seconds())
        yte.push(code)
        await yte.tick()
        certificate = await known(world, code)
        assert certificate is not None
        assert certificate.late is late
        counted = world.hub.store.read(lambda tx: tx.certificates.late())
        assert counted == {"01005": (int(late), 1)}


def matching(code: str, **changes: Any) -> Birth:
    """A declaration of the certified child."""
    couple = population().couples()[0]
    plain = {"born": date(2026, 11, 23), "sex": "1", "certificate": code}
    return birth(name=(couple.husband.name.family, "Minh", "An"), **{**plain, **changes})


async def test_a_declaration_that_agrees_goes_on(tmp_path: Path) -> None:
    """The certificate that it names was handed over and says the same; one that never came is no reason to refuse."""
    async with stage(tmp_path) as world:
        for code in (await issued(world), "99999.GCS.01005.26"):
            declared = await world.submit(matching(code))
            assert world.dossier(declared).phase is not Phase.ASKING
            assert "asking" not in (world.dossier(declared).reason or "")


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"sex": "2"}, "Child/Sex", "2"),
        ({"born": date(2026, 11, 22)}, "Child/BirthDate", "2026-11-22"),
    ],
)
async def test_a_difference_is_asked_about(
    tmp_path: Path, changes: dict[str, Any], field: str, value: str
) -> None:
    """What the facility certified otherwise is asked about at its field; declared again, it is confirmed."""
    async with stage(tmp_path) as world:
        code = await world.submit(matching(await issued(world), **changes))
        assert world.dossier(code).phase is Phase.ASKING
        assert field in list(texts(await world.status(code), "Field"))
        request = supplement(code, "confirmed", {field: value})
        response = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", request)
        assert response.status in (200, 202), (await response.read()).decode()
        assert world.dossier(code).phase is Phase.CHECKING


async def test_mothers_name_taken_for_the_childs(tmp_path: Path) -> None:
    """T26: text recognition takes the mother's name on the scan for the child's; the certificate tells."""
    async with stage(tmp_path) as world:
        mother = population().couples()[0].wife.name
        wrong = (mother.family, mother.middle, mother.given)
        declared = matching(await issued(world))
        code = await world.submit(dataclasses.replace(declared, name=wrong))
        status = await world.status(code)
        assert "Child/Name" in list(texts(status, "Field"))
        assert mother.full not in (world.dossier(code).reason or "")


async def fetched(world: Stage, code: str) -> Certificate | None:
    """Asked for on behalf of an officer."""
    return await world.hub.fetching.find(
        code, officer="CB000001", unit="H01.001", purpose="Đăng ký khai sinh liên thông"
    )


async def test_fetched_by_its_code(tmp_path: Path) -> None:
    """A certificate that was not handed over yet is asked for, verified, kept; the look-up has its officer. It fills a
    declaration that civil status then takes. The data that are handed over afterwards are the same version.
    """
    async with stage(tmp_path) as world:
        yte = facilities(world)
        couple = population().couples()[0]
        code = yte.issue("birth", **of_couple(couple, world.clock() - timedelta(hours=5)))
        certificate = await fetched(world, code)
        assert certificate is not None
        looked = world.hub.store.read(lambda tx: tx.lookups.of_person(couple.wife.number))
        assert [(one.agency, one.officer, one.unit) for one in looked] == [("yte", "CB000001", "H01.001")]
        values = {value.path: value.text for value in prefill(certificate)}
        assert {value.source for value in prefill(certificate)} == {"birth-certificate"}
        assert values["Mother/PersonalNumber"] == couple.wife.number
        parts = (values["Child/Name/Family"], values["Child/Name/Middle"], values["Child/Name/Given"])
        born = date.fromisoformat(values["Child/BirthDate"])
        plain = birth(name=parts, sex=values["Child/Sex"], born=born, certificate=code)
        states = await world.finish(await world.submit(plain))
        assert states["registration"].value in ("completed", "returned")
        yte.push(code)
        await yte.tick()
        newest = await known(world, code)
        assert newest is not None
        assert newest.version == 1
        assert "<MaKetQua>200</MaKetQua>" in answers(world)[0]


async def test_nobody_has_it_or_nobody_answers(tmp_path: Path) -> None:
    """An unknown code, a certificate that was withdrawn, a service that is down: nothing is invented."""
    async with stage(tmp_path) as world:
        yte = facilities(world)
        code = yte.issue("birth", **of_couple(population().couples()[0], world.clock() - timedelta(hours=5)))
        yte.withdraw(code)
        assert await fetched(world, "99999.GCS.01005.26") is None
        assert await fetched(world, code) is None
        await yte.set_down(True)
        assert await fetched(world, "99998.GCS.01005.26") is None
        with pytest.raises(Unattributed):
            await world.hub.fetching.find(code, officer="", unit="H01.001", purpose="-")


async def test_a_notice_of_death_fills_a_declaration(tmp_path: Path) -> None:
    """The moment of death becomes its day and its hour; the paper becomes the proof of death."""
    async with stage(tmp_path) as world:
        wife = population().old_couples()[0].wife
        tags = {"HO_TEN": wife.name.full, "NGAY_SINH": wife.birth.replace("-", ""), "GIOI_TINH": "2"}
        code = facilities(world).issue("death", SO_GIAYTO=wife.number, NGAY_TV="202611230430", **tags)
        certificate = await fetched(world, code)
        assert certificate is not None
        values = {value.path: value.text for value in prefill(certificate)}
        assert (values["Deceased/DeathDate"], values["Deceased/DeathTime"]) == ("2026-11-23", "04:30")
        assert (values["DeathPaper/Code"], values["DeathPaper/Kind"]) == (code, "1")
