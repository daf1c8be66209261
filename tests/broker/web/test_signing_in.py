"""Sign-in and session over real HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.broker.declaring.test_signing_in import browser, callback
from tests.worlds import birth, stage


async def test_signing_out(tmp_path: Path) -> None:
    """After signing out the token is nobody's."""
    async with stage(tmp_path) as world, browser() as mother:
        number = birth().applicant.number
        opened = await (await mother.get(await callback(world, mother, number))).json()
        own = {"Authorization": f"Bearer {opened['Token']}"}
        assert (await mother.get(f"{world.url}/api/v1/session", headers=own)).status == 200
        assert (await mother.delete(f"{world.url}/api/v1/session", headers=own)).status == 204
        assert (await mother.get(f"{world.url}/api/v1/session", headers=own)).status == 401
