"""The tree of bound rules."""

from __future__ import annotations

from pathlib import Path

from broker.mapping.conditions import ALWAYS, Filled, Ref, Scope
from broker.mapping.rules import (
    Block,
    Cases,
    Const,
    Default,
    Guarded,
    Join,
    Read,
    conditions_in,
    operands,
    walk,
)
from broker.mapping.schema import root

FOLDER = Path(__file__).parent / "schemas"
PERSON = root(FOLDER / "source.xsd", FOLDER, "Person")
CODE = Ref(Scope(PERSON), PERSON.children["Code"])


def test_walk_visits_every_expression() -> None:
    """Operands are found whatever the operator."""
    inner = Guarded(Read(CODE), Filled(CODE))
    whole = Default(Join((Const("a"), Cases(((ALWAYS, inner),))), "-"), "x")
    assert [type(part).__name__ for part in walk(whole)] == [
        "Default",
        "Join",
        "Const",
        "Cases",
        "Guarded",
        "Read",
    ]
    assert list(operands(Read(CODE))) == []
    assert list(conditions_in(whole)) == [ALWAYS, Filled(CODE)]


def test_blocks_are_walked_from_the_top() -> None:
    """A block gives itself first, then what is below."""
    scope = Scope(PERSON)
    top = Block(PERSON, scope, PERSON, 1)
    below = Block(PERSON.children["Code"], scope, PERSON, 2)
    top.children[below.target] = [below]
    assert list(top.blocks()) == [top, below]
