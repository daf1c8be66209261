"""The declarant's own data come from the population database, and nothing that was typed is lost silently."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.dancu.agency import DanCu
from tests.broker.declaring.test_service import call
from tests.broker.declaring.test_signing_in import browser, callback
from tests.worlds import birth, stage

ASKED = '{"OfficerId": "CB1", "Unit": "H1"}'


async def test_a_citizen_finds_their_own_data(tmp_path: Path) -> None:
    """One look-up for a hashed person and a procedure; the register's values are marked, typed ones stay (T28)."""
    mother = birth().applicant
    async with stage(tmp_path) as world, browser() as mine:
        opened = await (await mine.get(await callback(world, mine, mother.number))).json()
        own = {"Authorization": f"Bearer {opened['Token']}", "Content-Type": "application/json"}
        api = f"{world.url}/api/v1/drafts"
        typed = {"BirthDeclaration": {"Applicant": {"BirthDate": "1970-01-01", "Phone": "0912345678"}}}
        draft = await (await mine.post(api, data=json.dumps(typed), headers=own)).json()
        where = f"{api}/{draft['Id']}"
        answer = await mine.post(f"{where}/prefill", headers=own)
        filled = await answer.json()
        assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
        applicant = filled["BirthDeclaration"]["Applicant"]
        expected = {"value": mother.number, "source": "population", "verified": "match"}
        assert applicant["PersonalNumber"] == expected
        assert applicant["Residence"]["Commune"] == mother.residence.commune
        assert applicant["BirthDate"] == {"value": "1970-01-01", "verified": "differs"}
        assert applicant["Phone"] == "0912345678"
        assert "giữ nguyên: ngày, tháng, năm sinh" in " ".join(filled["Notice"])
        answer = await mine.post(f"{where}/prefill", data='{"Overwrite": true}', headers=own)
        filled = await answer.json()
        assert filled["BirthDeclaration"]["Applicant"]["BirthDate"]["value"] == mother.birth_date
        assert "Đã thay" in " ".join(filled["Notice"])

        register = world.sandbox.agency("dancu")
        assert isinstance(register, DanCu)
        found = world.hub.store.read(lambda tx: tx.lookups.of_person(mother.number))
        assert [one.unit for one in found] == ["cong-dan", "cong-dan"]
        assert {one.purpose for one in found} == {"3.000722"}
        assert all(one.officer.startswith("cd-") and mother.number not in one.officer for one in found)
        await register.set_down(True)
        filled = await (await mine.post(f"{where}/prefill", headers=own)).json()
        assert "tạm thời không trả lời" in filled["Notice"][0]
        await register.set_down(False)


async def test_a_portal_asks_for_its_applicant(tmp_path: Path) -> None:
    """Number, name and birth date must be entered first, and an officer must stand behind the look-up."""
    applicant = birth().applicant
    async with stage(tmp_path) as world:
        _, _, draft = await call(world, "POST", "/drafts", '{"BirthDeclaration": {}}')
        where = f"/drafts/{draft['Id']}"
        status, _, problems = await call(world, "POST", f"{where}/prefill", ASKED)
        assert status == 422
        assert {one["Field"] for one in problems["Problem"]} == {
            "Applicant/PersonalNumber",
            "Applicant/Name",
            "Applicant/BirthDate",
        }
        parts = {"Family": applicant.family, "Middle": applicant.middle, "Given": applicant.given}
        typed = {
            "Name": {name: part for name, part in parts.items() if part},
            "BirthDate": applicant.birth_date,
            "PersonalNumber": applicant.number,
        }
        body = json.dumps({"BirthDeclaration": {"Applicant": typed}})
        await call(world, "PUT", where, body, If_Match='"1"')
        assert (await call(world, "POST", f"{where}/prefill", "{}"))[0] == 422
        status, _, filled = await call(world, "POST", f"{where}/prefill", ASKED)
        assert status == 200
        assert filled["BirthDeclaration"]["Applicant"]["ResidenceKind"] == "permanent"

        marked = filled["BirthDeclaration"]
        marked["Applicant"]["Name"]["Given"] = {"value": "Khác", "source": "population", "verified": "match"}
        _, _, saved = await call(
            world, "PUT", where, json.dumps({"BirthDeclaration": marked}), If_Match='"3"'
        )
        assert "verified" not in saved["BirthDeclaration"]["Applicant"]["Name"]["Given"], (
            "only the hub says so"
        )
