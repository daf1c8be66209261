"""The rules of one mapping, bound to the fields of both schemas.

A `Block` says when and how one target element or attribute is written; an `Expression` says what text it
gets. Everything downstream (checks, compiler, lineage) reads this tree and nothing of the YAML.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

from broker.mapping.codes import CodeTable
from broker.mapping.conditions import ALWAYS, Condition, Ref, Scope
from broker.mapping.schema import Field
from broker.mapping.values import Space


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """A value that the hub passes in with each message."""

    name: str
    space: Space
    optional: bool = False
    may_be_empty: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Const:
    """A fixed text."""

    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Param:
    """The text of a parameter."""

    parameter: Parameter


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """The text of a source field, its white space processed as its type says."""

    ref: Ref


@dataclasses.dataclass(frozen=True, slots=True)
class Join:
    """The parts that are not empty, with a separator between them."""

    parts: tuple[Expression, ...]
    separator: str


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """One part of a Vietnamese full name: family is the first word, given the last, middle the rest."""

    of: Expression
    part: Literal["family", "middle", "given"]


@dataclasses.dataclass(frozen=True, slots=True)
class Translate:
    """The translation of a code by a dated table; ``unknown`` says what becomes of a code that is not in it.

    ``unknown`` is None (refuse, and the check insists that it cannot happen), ``refuse``, ``keep``, or a
    fixed text.
    """

    of: Expression
    table: CodeTable
    reverse: bool = False
    unknown: Const | Literal["refuse", "keep"] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Date:
    """A date read in one of several formats and written in the first format all of whose fields are known."""

    of: Expression
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    zone: timedelta
    refuse_partial: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class DatePart:
    """Year, month or day of a date; nothing if it is not known."""

    of: Expression
    reads: tuple[str, ...]
    part: Literal["year", "month", "day"]


@dataclasses.dataclass(frozen=True, slots=True)
class FirstOf:
    """The first option that is not empty."""

    options: tuple[Expression, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Cases:
    """The value of the first branch whose condition holds."""

    branches: tuple[tuple[Condition, Expression], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Number:
    """An integer without sign, leading zeros or blanks."""

    of: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class Letters:
    """The text in upper or lower case, character by character."""

    of: Expression
    upper: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Normalize:
    """The text with blanks collapsed as ``xs:token`` does; put in where a target type asks for it."""

    of: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class Cut:
    """At most ``length`` characters: the author accepts that the rest is lost."""

    of: Expression
    length: int


@dataclasses.dataclass(frozen=True, slots=True)
class Pad:
    """The text filled up on the left to a length."""

    of: Expression
    length: int
    fill: str


@dataclasses.dataclass(frozen=True, slots=True)
class Take:
    """Characters from ``start`` (the first is 1); ``length`` None takes the rest."""

    of: Expression
    start: int
    length: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Before:
    """The text before the first occurrence of a mark; nothing if the mark is not in it."""

    of: Expression
    mark: str


@dataclasses.dataclass(frozen=True, slots=True)
class Blob:
    """The base64 of the stored file whose SHA-256 the expression gives."""

    of: Expression


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """The number of the current item, from 1."""

    scope: Scope


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """How many times a source element occurs."""

    ref: Ref
    most: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Embedded:
    """An XML document written as text inside an element; ``schema`` is the file of its own schema."""

    block: Block
    schema: Path


@dataclasses.dataclass(frozen=True, slots=True)
class Guarded:
    """The value, if a condition holds."""

    of: Expression
    when: Condition


@dataclasses.dataclass(frozen=True, slots=True)
class Default:
    """The value, or a fixed text where it is empty."""

    of: Expression
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Needed:
    """The value, refused at run time if it is empty although the target's type would accept that."""

    of: Expression


Expression = (
    Const
    | Param
    | Read
    | Join
    | Split
    | Translate
    | Date
    | DatePart
    | FirstOf
    | Cases
    | Number
    | Letters
    | Normalize
    | Cut
    | Pad
    | Take
    | Before
    | Blob
    | Position
    | Count
    | Embedded
    | Guarded
    | Default
    | Needed
)


@dataclasses.dataclass(eq=False)
class Block:
    """How one target element or attribute is written.

    ``each`` repeats the block for every occurrence of a source element and opens a scope; ``over`` writes it
    once if the source element is there and makes that element the start of the paths inside. ``explicit``
    blocks stand in the YAML, the others were made for a path with slashes. ``refuse`` waives the static proof
    of cardinality and value space: a document that does not fit is refused when it comes.
    """

    target: Field
    scope: Scope
    context: Field
    line: int
    when: Condition = ALWAYS
    each: Ref | None = None
    over: Ref | None = None
    value: Expression | None = None
    refuse: bool = False
    explicit: bool = False
    children: dict[Field, list[Block]] = dataclasses.field(default_factory=dict)

    def blocks(self) -> Iterator[Block]:
        """The block itself and every block below."""
        yield self
        for group in self.children.values():
            for child in group:
                yield from child.blocks()


def operands(expression: Expression) -> Iterator[Expression]:
    """The expressions directly inside."""
    match expression:
        case Join(parts, _) | FirstOf(parts):
            yield from parts
        case Cases(branches):
            yield from (value for _, value in branches)
        case Const() | Param() | Read() | Position() | Count() | Embedded():
            pass
        case _:
            yield expression.of


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and every expression inside."""
    yield expression
    for inner in operands(expression):
        yield from walk(inner)


def conditions_in(expression: Expression) -> Iterator[Condition]:
    """Every condition that the expression tests."""
    for part in walk(expression):
        if isinstance(part, Guarded):
            yield part.when
        elif isinstance(part, Cases):
            yield from (when for when, _ in part.branches)
