"""From decisions to the agencies' documents."""

from __future__ import annotations

import dataclasses

from broker.canonical.document import as_tree, text_at
from broker.model import DeliveryKind, StepState, Transition
from broker.outbox import Case, News, Outbox, context, office, step_key
from broker.process.commands import Send
from tests.broker.rig import Rig


async def case(rig: Rig) -> tuple[Outbox, Case]:
    """A dossier that civil status has, and the hub's outbox."""
    dossier = rig.dossier(await rig.opened())
    codes = rig.hub.store.read(lambda tx: tx.dossiers.codes(dossier.id))
    return rig.hub.rounds._outbox, Case(dossier, rig.hub.book.engine(dossier), codes)


async def test_keys(rig: Rig) -> None:
    """The key of a message says what it is: the same for every attempt, another for every version."""
    outbox, known = await case(rig)
    kinds = (DeliveryKind.STEP, DeliveryKind.SUPPLEMENT, DeliveryKind.WITHDRAWAL)
    made = [outbox.step(known, Send("registration", kind, 2)) for kind in kinds]
    code = known.dossier.code
    assert [one.key for one in made] == [f"{code}:registration:{end}" for end in ("2", "s2", "w2")]
    assert len({one.lane for one in made}) == 1


async def test_what_travels_beside(rig: Rig) -> None:
    """Every message of a dossier carries its code, its officer, their unit and the purpose."""
    _, known = await case(rig)
    assert context(known) == {
        "dossier": known.dossier.code,
        "officer": "cb-01",
        "unit": "H26.1",
        "purpose": known.rules.procedure,
    }


async def test_states_in_one_lane(rig: Rig) -> None:
    """States of one step leave in one lane, in their order; each step has its own."""
    outbox, known = await case(rig)
    at = rig.clock()
    lines = [
        Transition(step, state, at, at, "hotich")
        for step in ("registration", "card")
        for state in (StepState.ACCEPTED, StepState.PROCESSING)
    ]
    made, unsaid = outbox.states(known, [News(line) for line in lines])
    assert unsaid == []
    assert [text_at(as_tree(one.payload), "State") for one in made] == ["accepted", "processing"] * 2
    assert len({one.lane for one in made}) == 2


async def test_nobody_to_tell(rig: Rig) -> None:
    """A dossier whose sender takes no states has none to be told."""
    outbox, known = await case(rig)
    quiet = dataclasses.replace(known, dossier=dataclasses.replace(known.dossier, sender="cancuoc"))
    line = Transition("registration", StepState.ACCEPTED, rig.clock(), rig.clock(), "hotich")
    assert outbox.states(quiet, [News(line)]) == ([], [])


async def test_question(rig: Rig) -> None:
    """The question about a message names its key and the office; agencies without a question get none."""
    outbox, known = await case(rig)
    submission = outbox.step(known, Send("registration", DeliveryKind.STEP, 1))
    question = outbox.question(known, submission)
    assert question is not None
    item = as_tree(question.payload)[0]
    assert text_at(item, "Key") == submission.key == step_key(known, known.dossier.step("registration"))
    assert text_at(item, "Office/Province") == office(known, known.dossier.step("registration"))[0] == "01"
    assert outbox.question(known, dataclasses.replace(submission, agency="bhxh", step="card")) is None
