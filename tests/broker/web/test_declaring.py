"""The resources of declaring, over real HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.broker.declaring.test_service import call
from tests.worlds import stage


async def test_what_is_no_draft(tmp_path: Path) -> None:
    """Broken text, fields that no form has, too much of it, and other people's drafts are refused."""
    async with stage(tmp_path) as world:
        for body in ("{", "[]", '{"BirthDeclaration": {"Chil": {}}}', '{"Draft": {}}', b"<Birth/>", b"<a"):
            status, _, problems = await call(world, "POST", "/drafts", body)
            assert status == 422, (body, problems)
        strange = b'<BirthDeclaration xmlns="urn:lienthong:1.0"><Mothr/></BirthDeclaration>'
        status, _, problems = await call(world, "POST", "/drafts", strange)
        assert (status, problems["Problem"][0]["Field"]) == (422, "Mothr")
        assert (await call(world, "POST", "/drafts", b"x" * (1024 * 1024 + 1)))[0] == 413
        assert (await call(world, "GET", "/drafts/none"))[0] == 404
        assert (await call(world, "GET", "/drafts", X_Api_Key="wrong"))[0] == 401
        assert (await call(world, "GET", "/dossiers/none/receipt"))[0] == 404

        status, _, draft = await call(
            world, "POST", "/drafts", '{"BirthDeclaration": {"Child": {"Sex": "x"}}}'
        )
        assert draft["BirthDeclaration"] == {"Child": {"Sex": "x"}}
        assert (await call(world, "DELETE", f"/drafts/{draft['Id']}"))[0] == 204
        assert (await call(world, "GET", f"/drafts/{draft['Id']}"))[0] == 404

        _, _, found = await call(world, "GET", "/procedures?on=2026-08-31")
        (procedure,) = [one for one in found["Procedure"] if one["Process"] == "birth"]
        assert [step["Id"] for step in procedure["Step"]] == ["registration", "residence", "card"]
        _, _, found = await call(world, "GET", "/units")
        assert len(found["Unit"]) == 34
        assert (await call(world, "GET", "/units?provinz=01"))[0] == 422
