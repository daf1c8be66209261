"""From an output that is not valid to the field that is to blame."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from broker.mapping import explain
from broker.mapping.checks import RuntimeCheck
from broker.mapping.conditions import Scope
from broker.mapping.errors import Problem
from broker.mapping.rules import Block
from broker.mapping.schema import root

FOLDER = Path(__file__).parent / "schemas"
TARGET = root(FOLDER / "target.xsd", FOLDER, "hoSo")
BLOCK = Block(TARGET, Scope(TARGET), TARGET, 1)
CHECKS = {
    f"{path}#{kind}": RuntimeCheck(path, kind, ("Source",), 1, "")
    for path, kind in (("ngan", "value"), ("hoTen", "empty"), ("tep/nhan", "count"), ("tep/@loai", "empty"))
}


def told(inner: str, noted: tuple[Problem, ...] = (), log: tuple[str, ...] = ()) -> list[str]:
    """The checks blamed for an output."""
    output = etree.fromstring(f'<t:hoSo xmlns:t="urn:target">{inner}</t:hoSo>')  # noqa: TID251 (test data)
    return [one.check or one.message_en for one in explain.problems(BLOCK, output, CHECKS, noted, log)]


def test_each_kind_is_found() -> None:
    """Values, empty texts, missing attributes and too many items are each blamed on their check."""
    assert told("<hoTen>x</hoTen><ngan>12345678901</ngan>") == ["ngan#value"]
    assert told("<hoTen/>") == ["hoTen#empty"]
    assert told("<hoTen>x</hoTen><tep><ten>x</ten>" + "<nhan>x</nhan>" * 6 + "</tep>") == [
        "tep/@loai#empty",
        "tep/nhan#count",
    ]


def test_what_functions_noted_comes_first_and_once() -> None:
    """A field already blamed by a function is not blamed again for being empty."""
    noted = (Problem("hoTen", "Source", "vi", "en", "hoTen#date"),)
    assert told("<hoTen/>", noted) == ["hoTen#date"]


def test_the_unforeseen_is_told_as_such() -> None:
    """An error that no field explains carries the validator's words and no check: a bug to report."""
    output = told("<hoTen>x</hoTen>", (), ("Element 'hoTen': This element is not expected.",))
    assert output == ["The output is not valid (Element 'hoTen': This element is not expected.)."]
