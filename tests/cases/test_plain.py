"""The plain case, from declaration to all results."""

from __future__ import annotations

from pathlib import Path

from tests.worlds import birth, stage


async def test_both_parents(tmp_path: Path) -> None:
    """A declaration with both parents ends with four results, and nothing is left to do."""
    async with stage(tmp_path) as world:
        code = await world.submit(birth())
        states = await world.finish(code)
        assert set(states.values()) == {"completed"}
        assert world.unfinished() == []
        assert world.work() == []
