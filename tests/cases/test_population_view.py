"""A hub that is given a view of the population database instead of a service."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from tests.worlds import Stage, birth, stage, text


def view(folder: Path) -> dict[str, Any]:
    """Configuration of look-ups straight in the register's view."""
    secret = folder / "view-url"
    secret.write_text(f"sqlite:///{folder / 'sandbox' / 'dancu' / 'dancu.db'}", encoding="utf-8")
    question = {"operation": "PersonQuery"}
    return {
        "hub.secrets.view-url": f"file:{secret}",
        "agencies.dancu.adapters.send.adapter": "population-db",
        "agencies.dancu.adapters.send.settings": {"url": "view-url", "view": "cong_dan_view"},
        "agencies.dancu.operations": {"lookup": question, "confirm": question},
    }


async def test_a_view_serves_as_register(tmp_path: Path) -> None:
    """With nothing but a view of the register, a declaration is checked field by field and completes."""
    async with stage(tmp_path, overrides=view(tmp_path)) as world:
        code = await world.submit(birth())
        assert set((await world.finish(code)).values()) == {"completed"}
        verdicts = {(check.person, check.field): check.verdict for check in checks(world, code)}
        assert verdicts["Mother", "Name"] == "match"
        assert verdicts["Father", "BirthDate"] == "match"


async def test_a_view_names_the_field_that_differs(tmp_path: Path) -> None:
    """A name that the view does not hold is asked about, and only the name."""
    async with stage(tmp_path, overrides=view(tmp_path)) as world:
        plain = birth(1)
        assert plain.father is not None
        father = dataclasses.replace(plain.father, given="Không Phải Tên Này")
        code = await world.submit(dataclasses.replace(plain, father=father))
        await world.settle()
        assert text(await world.status(code), "State") == "supplement"
        differing = {
            (check.person, check.field) for check in checks(world, code) if check.verdict == "differs"
        }
        assert ("Father", "Name") in differing
        assert ("Father", "BirthDate") not in differing


def checks(world: Stage, code: str) -> Any:
    """What the register said."""
    return world.hub.store.read(lambda tx: tx.dossiers.checks(world.dossier(code).id))
