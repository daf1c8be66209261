"""What expressions yield, inferred and then compared with what they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from broker.mapping import infer
from broker.mapping.conditions import ALWAYS, NEVER, Known, Yields, atoms
from broker.mapping.mapping import Prepared
from broker.mapping.rules import Block, Const, Default, Expression, FirstOf, Normalize
from broker.mapping.values import allows

Check = Callable[..., Prepared]


def value(check: Check, rule: str) -> tuple[Expression, Block]:
    """The bound expression of a rule for the field ngan."""
    prepared = check({"ngan": rule}, {"Mother/Name/Family": None, "Mother/Name/Middle": None})
    assert prepared.block is not None
    (block,) = (block for block in prepared.block.blocks() if block.target.path == "ngan")
    assert block.value is not None
    return block.value, block


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        ("{join: [Name/Family, Name/Given], with: ' '}", "Lê An", "Lê  An"),
        ("{code: Sex, table: sex}", "Nữ", "2"),
        ("{code: Code, table: sex, unknown: keep}", "A1234", "x y"),
        ("{from: Sex, default: '9'}", "9", "8"),
        ("{number: Score}", "20", "21"),
        ("{date: Since, write: MM/yyyy}", "08/2025", "13/2025"),
        ("{count: File}", "3", "4"),
        ("{first: [Number, Passport]}", "B1234567", "12"),
        ("{from: Number, take: {from: 1, length: 3}}", "001", "1234"),
        ("{split: Name/Given, part: given}", "An", "A n"),
        ("{from: Code, lower: true, pad: {to: 6, with: x}}", "xa1234", "a1"),
    ],
)
def test_space(check: Check, rule: str, yes: str, no: str) -> None:
    """The space holds what can come and leaves out what cannot."""
    expression, _ = value(check, rule)
    assert allows(infer.space(expression), yes)
    assert not allows(infer.space(expression), no)


def test_joins_know_what_is_sure(check: Check) -> None:
    """Where the mother is known to be there, her given name cannot be missing from a join."""
    expression, _ = value(check, "{join: [Mother/Name/Given, {const: '!'}]}")
    assert allows(infer.space(expression), "!")
    assert not allows(infer.space(expression, lambda condition: True), "!")


def test_filled() -> None:
    """Constants and defaults are always there; nothing is nothing."""
    assert infer.filled(Const("x")) == ALWAYS
    assert infer.filled(Const("")) == NEVER
    assert infer.filled(Default(Const(""), "x")) == ALWAYS
    assert infer.filled(FirstOf((Const(""), Const("")))) == NEVER


def test_filled_by_precision(check: Check) -> None:
    """The day of a partial date is there if the date knows its day; of a whole date, always."""
    expression, _ = value(check, "{date: Born, part: day}")
    assert any(isinstance(atom, Known) and atom.level == "day" for atom in atoms(infer.filled(expression)))
    whole, _ = value(check, "{date: Since, part: day}")
    assert not any(isinstance(atom, Known | Yields) for atom in atoms(infer.filled(whole)))


def test_normalized_only_where_needed(check: Check) -> None:
    """Blanks are collapsed for a target that would do so itself, unless the source has none."""
    free, block = value(check, "{from: Note, cut: 10}")
    assert isinstance(free, Normalize)
    assert infer.normalized(Const("a b"), block.target) == Const("a b")
