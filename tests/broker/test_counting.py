"""Who sees which statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from broker.config.hub import Client
from broker.counting import Counting
from broker.errors import Forbidden, Invalid
from tests.broker.rig import Rig

CLIENTS: Mapping[str, Client] = {
    client.id: client
    for client in (
        Client(id="ministry", key="k", may=frozenset({"statistics"})),
        Client(id="ward", key="k", commune="00004"),
        Client(id="province", key="k", province="79"),
        Client(id="portal", key="k"),
    )
}


async def asked(
    rig: Rig, client: str, by: str = "commune", first: str = "", last: str = ""
) -> dict[str, Any]:
    """An answer about today unless told otherwise."""
    return await Counting(rig.hub.store, CLIENTS, rig.clock).answer(client, by, first, last)


async def test_a_commune_sees_its_own(rig: Rig) -> None:
    """T9: without extra rights, and only its own; the right shows all."""
    await rig.opened()
    everything = await asked(rig, "ministry")
    units = {line["unit"] for line in everything["lines"]}
    assert units
    own = await asked(rig, "ward")
    assert {line["unit"] for line in own["lines"]} == units & {"00004"}
    assert (await asked(rig, "province"))["lines"] == []
    with pytest.raises(Forbidden):
        await asked(rig, "portal")
    with pytest.raises(Forbidden):
        await asked(rig, "stranger")


async def test_nothing_personal_is_answered(rig: Rig) -> None:
    """Counts and durations only: no code of a dossier, no name."""
    code = await rig.registered()
    answer = await asked(rig, "ministry", by="agency")
    assert code not in repr(answer)
    hotich = next(line for line in answer["lines"] if line["unit"] == "hotich")
    assert (hotich["dossiers"], hotich["on_time"], hotich["median_seconds"]) == (1, 1, 360)


@pytest.mark.parametrize(
    ("by", "first", "last", "field"),
    [
        ("citizen", "", "", "by"),
        ("agency", "yesterday", "", "from"),
        ("agency", "2026-09-15", "2026-09-14", "to"),
        ("agency", "2020-01-01", "2026-09-15", "to"),
    ],
)
async def test_what_cannot_be_counted(rig: Rig, by: str, first: str, last: str, field: str) -> None:
    """A wrong question is named at its parameter."""
    with pytest.raises(Invalid) as caught:
        await asked(rig, "ministry", by, first, last)
    assert [problem.field for problem in caught.value.problems] == [field]
