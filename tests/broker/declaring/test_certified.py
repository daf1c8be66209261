"""What a health facility certified fills a draft, for whoever may see it, and overwrites nothing silently."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.yte import Yte
from tests.broker.declaring.test_service import call
from tests.broker.declaring.test_signing_in import browser, callback
from tests.cases.test_health_certificates import facilities, issued, of_couple
from tests.worlds import Stage, birth, population, stage

ASKED = {"OfficerId": "CB1", "Unit": "H1"}


def notice_of_death(yte: Yte) -> str:
    """A paper about the wife of the first old couple that was not handed over yet; its code."""
    wife = population().old_couples()[0].wife
    tags = {"HO_TEN": wife.name.full, "NGAY_SINH": wife.birth.replace("-", ""), "GIOI_TINH": "2"}
    return yte.issue("death", SO_GIAYTO=wife.number, NGAY_TV="202611230430", **tags)


async def prefilled(world: Stage, declaration: dict[str, Any], **asked: Any) -> tuple[int, dict[str, Any]]:
    """A new draft of the portal after a prefill."""
    _, _, draft = await call(world, "POST", "/drafts", json.dumps(declaration))
    status, _, answer = await call(
        world, "POST", f"/drafts/{draft['Id']}/prefill", json.dumps({**ASKED, **asked})
    )
    return status, answer


async def test_a_portal_names_a_code(tmp_path: Path) -> None:
    """Birth and death: values with their source, typed ones stay unless asked, look-ups of kept papers are noted too,
    and a paper of the other event is refused.
    """
    couple, dead = population().couples()[0], population().old_couples()[0].wife
    async with stage(tmp_path) as world:
        code = await issued(world)
        typed = {"BirthDeclaration": {"Mother": {"Name": {"Given": "Khác"}}}}
        status, draft = await prefilled(world, typed, Certificate=code)
        assert status == 200
        filled = draft["BirthDeclaration"]
        assert filled["Child"]["Name"]["Middle"] == {"value": "Minh", "source": "birth-certificate"}
        assert filled["Child"]["BirthCertificate"]["Number"] == code
        assert filled["Mother"]["PersonalNumber"]["value"] == couple.wife.number
        assert filled["Mother"]["Name"] == {"Given": "Khác"}
        assert "giữ nguyên: họ, chữ đệm và tên của mẹ" in draft["Notice"][1]
        _, _, review = await call(world, "POST", f"/drafts/{draft['Id']}/review")
        warned = {one["Field"] for one in review["Problem"] if one["Warning"]}
        assert "Mother/Name" in warned, "what intake would ask about is told before"
        _, draft = await prefilled(world, typed, Certificate=code, Overwrite=True)
        assert draft["BirthDeclaration"]["Mother"]["Name"]["Given"]["value"] == couple.wife.name.given
        looked = world.hub.store.read(lambda tx: tx.lookups.of_person(couple.wife.number))
        assert [(one.officer, one.operation, one.purpose) for one in looked] == [
            ("CB1", "certificate", "3.000722")
        ] * 2

        notice = notice_of_death(facilities(world))
        status, draft = await prefilled(world, {"DeathDeclaration": {}}, Certificate=notice)
        died = draft["DeathDeclaration"]
        assert died["Deceased"]["PersonalNumber"] == {"value": dead.number, "source": "death-certificate"}
        assert (died["DeathPaper"]["Code"], died["DeathPaper"]["IssuedByRegistrar"]) == (notice, False)
        assert (await prefilled(world, {"DeathDeclaration": {}}, Certificate=code))[0] == 422
        _, draft = await prefilled(world, {"DeathDeclaration": {}}, Certificate="99999.GBT.01005.26")
        assert "Không tìm thấy" in draft["Notice"][0]
        status, _ = await prefilled(world, {"DeathDeclaration": {}}, Certificate=notice, OfficerId=" ")
        assert status == 422


async def test_a_citizen_sees_no_strangers_certificate(tmp_path: Path) -> None:
    """A guessed code tells a citizen nothing; a mother gets hers, and whoever names the dead person gets the notice."""
    mother, dead = birth().applicant, population().old_couples()[0].wife
    async with stage(tmp_path) as world, browser() as mine:
        opened = await (await mine.get(await callback(world, mine, mother.number))).json()
        own = {"Authorization": f"Bearer {opened['Token']}", "Content-Type": "application/json"}

        async def notices(declaration: dict[str, Any], code: str) -> str:
            api = f"{world.url}/api/v1/drafts"
            draft = await (await mine.post(api, data=json.dumps(declaration), headers=own)).json()
            body = json.dumps({"Certificate": code})
            answer = await mine.post(f"{api}/{draft['Id']}/prefill", data=body, headers=own)
            return " ".join((await answer.json())["Notice"])

        yte = facilities(world)
        hers = await issued(world)
        strangers = yte.issue(
            "birth", **of_couple(population().couples()[1], world.clock() - timedelta(hours=5))
        )
        notice = notice_of_death(yte)
        assert "Đã điền" in await notices({"BirthDeclaration": {}}, hers)
        assert "Không tìm thấy" in await notices({"BirthDeclaration": {}}, strangers)
        assert "Không tìm thấy" in await notices({"DeathDeclaration": {}}, notice)
        named = {"DeathDeclaration": {"Deceased": {"PersonalNumber": dead.number}}}
        assert "Đã điền" in await notices(named, notice)
