"""The statistics over HTTP, with the rights of the caller."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from tests.worlds import birth, stage


async def test_figures_of_a_day(tmp_path: Path) -> None:
    """T9: by agency as JSON for who may; 403 for others, 422 for a question that nobody can answer."""
    may = ["submit", "status", "statistics"]
    client = {"id": "dvcqg", "key": "portal-key", "signature": "optional", "may": may}
    async with stage(tmp_path, overrides={"hub.clients": [client]}) as world:
        code = await world.submit(birth())
        await world.finish(code)
        headers = {"X-Api-Key": world.portal_key}
        async with aiohttp.ClientSession(headers=headers) as session:
            answer = await session.get(f"{world.url}/api/v1/statistics?by=agency")
            wrong = await session.get(f"{world.url}/api/v1/statistics?by=citizen")
            found = {line["unit"]: line for line in (await answer.json())["lines"]}
        assert (answer.status, wrong.status) == (200, 422)
        assert found["bhxh"]["states"] == {"returned": 1} or found["bhxh"]["on_time"] == 1
