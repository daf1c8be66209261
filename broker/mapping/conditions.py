"""Conditions on a source document, as written by authors and as reasoned about by the checks.

A `Scope` is the document, or one item of a repeated group. A `Ref` names a field as seen from a scope: where
a repeated element lies on the way it means the first one. Conditions are compared by structure, compiled to
XPath by `broker.mapping.xpath` and decided by `broker.mapping.prover`: one meaning, used for running and for
proving.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Literal

from broker.mapping.schema import Field


class Scope:
    """Where paths start: the document element, or an item of ``each``. Compared by identity."""

    def __init__(self, root: Field, outer: Scope | None = None) -> None:
        """``root`` is the document element or the repeated element; ``outer`` the scope around."""
        self.root = root
        self.outer = outer

    @property
    def depth(self) -> int:
        """0 for the document, 1 for an item of it, and so on."""
        return 0 if self.outer is None else self.outer.depth + 1


@dataclasses.dataclass(frozen=True, slots=True)
class Ref:
    """A source field as seen from a scope."""

    scope: Scope
    field: Field

    @property
    def path(self) -> str:
        """The path from the document element, for messages."""
        return self.field.path or "."


Precision = Literal["month", "day"]


@dataclasses.dataclass(frozen=True, slots=True)
class Present:
    """The element or attribute is there."""

    ref: Ref


@dataclasses.dataclass(frozen=True, slots=True)
class Filled:
    """The field is there and has text: an empty field counts as absent everywhere in the language."""

    ref: Ref


@dataclasses.dataclass(frozen=True, slots=True)
class Is:
    """The text of the field is one of ``words``."""

    ref: Ref
    words: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """The partial date in the field is at least as precise as ``level``."""

    ref: Ref
    level: Precision


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """The optional parameter was passed."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class Yields:
    """A computed value is not empty; nothing is known about it statically. ``key`` tells one from another.

    ``blanks`` tells that only a text of nothing but blanks could make it empty.
    """

    what: str
    key: int
    blanks: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class All:
    """Every part holds; no parts at all is always true."""

    parts: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds; no parts at all is never true."""

    parts: tuple[Condition, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Atom = Present | Filled | Is | Known | Given | Yields
Condition = Atom | All | Some | Not
ALWAYS = All(())
NEVER = Some(())


def both(*parts: Condition) -> Condition:
    """Conjunction, flattened."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, All) else (part,))
    unique = tuple(dict.fromkeys(flat))
    if NEVER in unique:
        return NEVER
    return unique[0] if len(unique) == 1 else All(unique)


def any_of(*parts: Condition) -> Condition:
    """Disjunction, flattened."""
    flat: list[Condition] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Some) else (part,))
    unique = tuple(dict.fromkeys(flat))
    if ALWAYS in unique:
        return ALWAYS
    return unique[0] if len(unique) == 1 else Some(unique)


def negation(part: Condition) -> Condition:
    """The opposite."""
    if isinstance(part, Not):
        return part.part
    return NEVER if part == ALWAYS else ALWAYS if part == NEVER else Not(part)


def atoms(condition: Condition) -> Iterator[Atom]:
    """Every atomic condition inside, with repetitions."""
    match condition:
        case All(parts) | Some(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case _:
            yield condition


def refs(condition: Condition) -> Iterator[Ref]:
    """Every field that the condition looks at."""
    for atom in atoms(condition):
        if not isinstance(atom, Given | Yields):
            yield atom.ref
