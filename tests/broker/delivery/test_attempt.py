"""One exchange: what is on record, and when."""

from __future__ import annotations

from adapters.base import Wire
from adapters.errors import Ambiguous, Malformed, Rejected
from broker.store.rows import MessageFilter
from tests.broker.rig import Rig


async def test_logged_before_it_leaves(rig_on_both: Rig) -> None:
    """When a message reaches an agency, its exact bytes are in the log already."""
    rig = rig_on_both
    seen: list[bool] = []

    async def look(wire: Wire) -> None:
        wanted = MessageFilter(agency="hotich", direction="out")
        found = await rig.hub.store.aread(lambda tx: tx.messages.search(wanted).items)
        bodies = await rig.hub.store.aread(lambda tx: [tx.messages.body(row.id) for row in found])
        seen.append(wire.body in bodies)

    rig.agencies["hotich"].before = look
    await rig.opened()
    assert seen == [True]


async def test_answer_names_its_request(rig: Rig) -> None:
    """Question and answer are a pair in the log, under the dossier, its officer and its purpose."""
    code = await rig.opened()
    asked, answered = rig.messages(agency="hotich")
    assert (asked.direction, answered.direction, answered.related_id) == ("out", "in", asked.id)
    assert {asked.dossier, answered.dossier} == {code}
    assert (asked.officer, answered.officer) == ("cb-01", "cb-01")


async def test_what_came_instead(rig: Rig) -> None:
    """An attempt without a usable answer is an entry with what came and how it ended."""
    script = rig.agencies["hotich"].script
    script += [Ambiguous("no answer")]
    await rig.opened()
    script += [Malformed("no report", raw=b"<html/>")]
    await rig.opened("message-2")
    script += [Rejected("no", raw=b"<fault/>")]
    await rig.opened("message-3")
    found = [(m.kind, m.outcome, m.body) for m in rig.messages(agency="hotich") if m.direction == "in"]
    assert found == [
        ("failed", "ambiguous", b"no answer"),
        ("failed", "malformed", b"<html/>"),
        ("reply", "rejected", b"<fault/>"),
    ]


async def test_poll_of_one_dossier(rig: Rig) -> None:
    """Question and answer about one dossier are found under its code."""
    code = await rig.opened()
    rig.clock.advance(minutes=6)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert [message.dossier for message in rig.messages(operation="poll")] == [code, code]
