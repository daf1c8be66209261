"""Units that no list has, or not on that day: kept with an owner, corrected, and then as good as any other."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from broker.canonical.document import read, text_at
from broker.config.project import Project
from broker.model import Phase
from lienthong.demo.document import Birth, submission
from lienthong.demo.parts import Place
from tests.births import changed, supplement
from tests.worlds import ROOT, Stage, birth, stage, text

PLEIKU = Place("64", "23560")
"""Province 64 was Gia Lai until the reform; the commune is one of that time."""
REFORM = date(2025, 7, 1)


def _registered_at(place: Place, **changes: Any) -> Birth:
    return dataclasses.replace(birth(**changes), registration=place)


async def test_unknown_unit_code(tmp_path: Path) -> None:
    """A commune that no list has: the dossier is unroutable, with an owner, until it is corrected (T18)."""
    plain = birth()
    async with stage(tmp_path) as world:
        code = await world.submit(_registered_at(dataclasses.replace(plain.registration, commune="99999")))
        await world.settle()
        (item,) = world.work("unroutable")
        assert item.owner == "truc-he-thong"
        assert item.dossier_id == world.dossier(code).id
        assert (
            item.reason
            == "Choices/RegistrationOffice/Commune: Commune code 99999 means nothing on 2026-11-23"
        )
        status = await world.status(code)
        assert text(status, "State") == "supplement"
        assert "99999" in text(status, "What")
        assert world.sandbox.agency("dancu").desk.records() == []
        right = {"Choices/RegistrationOffice/Commune": plain.registration.commune}
        answer = await world.send(
            "POST", f"/api/v1/dossiers/{code}/supplements", supplement(code, "right-unit", right)
        )
        assert answer.status == 202, await answer.text()
        assert world.work() == []
        assert set((await world.finish(code)).values()) == {"completed"}


async def test_commune_of_another_province(tmp_path: Path) -> None:
    """A commune that exists, but not in that province, is named with both; a wrong correction is refused at once."""
    plain = birth()
    async with stage(tmp_path) as world:
        code = await world.submit(_registered_at(Place("01", plain.registration.commune)))
        await world.settle()
        assert "không thuộc Hà Nội (mã 01)" in text(await world.status(code), "What")
        wrong = supplement(code, "wrong-unit", {"Choices/RegistrationOffice/Province": "02"})
        answer = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", wrong)
        body = await answer.read()
        assert answer.status == 422
        assert text(body, "Field") == "Choices/RegistrationOffice/Province"
        assert world.dossier(code).phase is Phase.ASKING


def test_province_code_64_through_the_reform() -> None:
    """64 was Gia Lai until 2025-06-30; since then 52, once Bình Định, means Gia Lai, and 64 means nothing."""
    units = Project.load(ROOT).units
    before, after = date(2025, 6, 30), REFORM
    gia_lai = units.province("64", before)
    assert gia_lai is not None
    assert gia_lai.name == "Gia Lai"
    assert units.province("64", after) is None
    assert (units.today(gia_lai).code, units.today(gia_lai).name) == ("52", "Gia Lai")
    binh_dinh = units.province("52", before)
    assert binh_dinh is not None
    assert binh_dinh.name == "Bình Định"


async def test_province_code_64_at_the_intake(tmp_path: Path) -> None:
    """T19: taken in as 64 in the last minute of 30 June 2025; a minute later its ward of today, in 52, is meant."""
    declared = _registered_at(PLEIKU, born=date(2025, 6, 20), identity_card=None)
    async with stage(tmp_path, datetime(2025, 6, 30, 16, 59, tzinfo=UTC)) as world:
        before = await world.submit(declared)
        assert _office(world, before) == ("64", "23560")
        world.clock.advance(minutes=1)
        after = await world.submit(declared)
        assert _office(world, after) == ("52", "23563")
        assert world.dossier(after).phase is Phase.CHECKING
        assert all("RegistrationOffice" not in item.reason for item in world.work("unroutable"))


async def test_old_ward_that_went_to_two(tmp_path: Path) -> None:
    """T38: the old ward Ngọc Hà lies in two wards of today; the citizen is asked which, and then it completes."""
    async with stage(tmp_path) as world:
        code = await world.submit(_registered_at(Place("01", "00016")))
        await world.settle()
        status = await world.status(code)
        assert text(status, "State") == "supplement"
        assert "Phường Ba Đình (00004), Phường Ngọc Hà (00008)" in text(status, "What")
        chosen = supplement(code, "chosen-ward", {"Choices/RegistrationOffice/Commune": "00008"})
        answer = await world.send("POST", f"/api/v1/dossiers/{code}/supplements", chosen)
        assert answer.status == 202, await answer.text()
        assert set((await world.finish(code)).values()) == {"completed"}


async def test_address_by_old_codes(tmp_path: Path) -> None:
    """T38: a native place by the codes of a ward that was merged goes to the agencies by those of today."""
    document = submission(
        birth(), message_id="old-codes", portal_code=None, officer="CB000001", unit="H01.001"
    )
    native = "BirthDeclaration/Child/NativePlace"
    for name, code in (("Province", "64"), ("Commune", "23560")):
        document = changed(document, f"{native}/{name}", code)
    async with stage(tmp_path) as world:
        answer = await world.send("POST", "/api/v1/dossiers", document)
        code = text(await answer.read(), "DossierCode")
        assert set((await world.finish(code)).values()) == {"completed"}
        kept = read(world.dossier(code).declaration)
        assert [text_at(kept, f"Child/NativePlace/{name}") for name in ("Province", "Commune")] == [
            "52",
            "23563",
        ]


async def test_local_name_of_an_ethnic_group(tmp_path: Path) -> None:
    """T25: Cil may be Cơ-ho or Mnông; the hub asks at the field, and the answer is taken."""
    document = submission(
        birth(), message_id="local-name", portal_code=None, officer="CB000001", unit="H01.001"
    )
    named = document.replace(b"<Ethnicity>", b'<Ethnicity stated="Cil">', 1)
    async with stage(tmp_path) as world:
        answer = await world.send("POST", "/api/v1/dossiers", named)
        code = text(await answer.read(), "DossierCode")
        await world.settle()
        status = await world.status(code)
        (missing,) = status.iterfind("{*}Missing")
        assert text(missing, "Field") == "Child/Ethnicity"
        assert "Cơ-ho (16), Mnông (20)" in text(missing, "What")
        group = supplement(code, "the-group", {"Child/Ethnicity": "16"})
        assert (await world.send("POST", f"/api/v1/dossiers/{code}/supplements", group)).status == 202
        assert set((await world.finish(code)).values()) == {"completed"}


def _office(world: Stage, code: str) -> tuple[str | None, ...]:
    """Codes of the registration office in the dossier as the hub has it."""
    declaration = read(world.dossier(code).declaration)
    return tuple(
        text_at(declaration, f"Choices/RegistrationOffice/{name}") for name in ("Province", "Commune")
    )
