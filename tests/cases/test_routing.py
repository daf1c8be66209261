"""Units that no list has, or not on that day: kept with an owner, corrected, and then as good as any other."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from broker.config.project import Project
from broker.model import Phase
from lienthong.demo.document import Birth
from lienthong.demo.parts import Place
from tests.births import supplement
from tests.worlds import ROOT, birth, stage, text

PLEIKU = Place("64", "23563")
"""Province 64 was Gia Lai until the reform; the commune is one of that time."""
REFORM = date(2025, 7, 1)


def _registered_at(place: Place, **changes: Any) -> Birth:
    return dataclasses.replace(birth(**changes), registration=place)


async def test_unknown_unit_code(tmp_path: Path) -> None:
    """A commune that no list has: the dossier waits in the unroutable list with an owner; corrected, it completes."""
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
    """The last minute of 30 June 2025 takes code 64 in; a minute later it is asked about, for it means nothing."""
    declared = _registered_at(PLEIKU, born=date(2025, 6, 20), identity_card=None)
    async with stage(tmp_path, datetime(2025, 6, 30, 16, 59, tzinfo=UTC)) as world:
        before = await world.submit(declared)
        assert world.dossier(before).phase is Phase.CHECKING
        assert world.work("unroutable") == []
        world.clock.advance(minutes=1)
        after = await world.submit(declared)
        status = await world.status(after)
        assert text(status, "State") == "supplement"
        assert text(status, "What") == "Mã tỉnh 64 không có hiệu lực vào ngày 01/07/2025"
        (item,) = world.work("unroutable")
        assert item.dossier_id == world.dossier(after).id
