"""Decides whether one condition follows from another in every valid source document.

The schema says which combinations of present, absent, empty and particular values exist; those of the fields
that the two conditions mention are enumerated, with pruning, until one is found in which the premise holds
and the goal does not. No such combination: proved. The enumeration is bounded; beyond the bound nothing is
claimed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from broker.mapping.conditions import (
    All,
    Atom,
    Condition,
    Filled,
    Given,
    Is,
    Known,
    Not,
    Present,
    Scope,
    Some,
    Yields,
    atoms,
    refs,
)
from broker.mapping.inclusion import samples
from broker.mapping.regex import between
from broker.mapping.schema import Field, Group, fields_of, unconditional
from broker.mapping.values import allows, finite

LIMIT = 60_000
"""Partial documents looked at before giving up."""

ABSENT, EMPTY, FILLED = "absent", "empty", "filled"
_LENGTHS = {"year": 4, "month": 7, "day": 10}

Place = tuple[Scope, Field]
State = dict[object, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Holds:
    """Proved."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fails:
    """Refuted: ``example`` describes a document for which the goal does not hold."""

    example: str


@dataclasses.dataclass(frozen=True, slots=True)
class TooHard:
    """Not decided within the bound."""


Proof = Holds | Fails | TooHard


class _GaveUp(Exception):
    """The bound was reached."""


def entails(
    premise: Condition, goal: Condition, *, filled: bool = False, optional: Sequence[str] = ()
) -> Proof:
    """Whether ``goal`` holds in every valid document in which ``premise`` holds.

    With ``filled``, documents with empty elements, or texts of blanks alone, are left out of account. ``optional``
    names the parameters that may be missing.
    """
    search = _Search(premise, goal, filled, frozenset(optional))
    try:
        example = next(search.counterexamples(), None)
    except _GaveUp:
        return TooHard()
    return Holds() if example is None else Fails(_describe(example))


def evaluate(condition: Condition, state: State) -> bool | None:
    """The truth of a condition in a partly known document, None while it is open."""
    match condition:
        case All(parts):
            return _fold((evaluate(part, state) for part in parts), stop=False)
        case Some(parts):
            return _fold((evaluate(part, state) for part in parts), stop=True)
        case Not(part):
            inner = evaluate(part, state)
            return None if inner is None else not inner
        case Given(_) | Yields():
            known = state.get(condition)
            return None if known is None else known == FILLED
        case _:
            return _evaluate_field(condition, state)


def _fold(parts: Iterator[bool | None], stop: bool) -> bool | None:
    """``any`` (stop on True) or ``all`` (stop on False) over three truth values."""
    result: bool | None = not stop
    for part in parts:
        if part is stop:
            return stop
        if part is None:
            result = None
    return result


def _evaluate_field(atom: Present | Filled | Is | Known, state: State) -> bool | None:
    known = state.get((atom.ref.scope, atom.ref.field))
    if known is None:
        return None
    match atom:
        case Present():
            return known != ABSENT
        case Filled():
            return known not in (ABSENT, EMPTY)
        case Is(_, words):
            return known.startswith("=") and known[1:] in words
        case Known(_, level):
            return known in ("day",) if level == "day" else known in ("month", "day")


class _Search:
    """Depth-first enumeration of the relevant parts of all valid documents."""

    def __init__(self, premise: Condition, goal: Condition, filled: bool, optional: frozenset[str]) -> None:
        self.premise = premise
        self.goal = goal
        self.filled = filled
        self.optional = optional
        self.steps = 0
        self.mentioned: list[Atom] = list(dict.fromkeys((*atoms(goal), *atoms(premise))))
        self.below: dict[Place, list[Field]] = {}
        self.scopes: list[Scope] = []
        for ref in (*refs(goal), *refs(premise)):
            self._register(ref.scope, ref.field)

    def _register(self, scope: Scope, field: Field) -> None:
        if scope not in self.scopes:
            self.scopes.append(scope)
        while field is not scope.root:
            parent = field.parent
            assert parent is not None, f"{field.path} is outside its scope"
            below = self.below.setdefault((scope, parent), [])
            if field in below:
                return
            below.append(field)
            field = parent

    def counterexamples(self) -> Iterator[State]:
        """Every relevant document with the premise and without the goal."""
        todo: list[Place | Atom] = [(scope, scope.root) for scope in self.scopes]
        todo += [atom for atom in self.mentioned if isinstance(atom, Given | Yields)]
        yield from self._assign(todo, {})

    def _assign(self, todo: list[Place | Atom], state: State) -> Iterator[State]:
        self.steps += 1
        if self.steps > LIMIT:
            raise _GaveUp
        if evaluate(self.premise, state) is False or evaluate(self.goal, state) is True:
            return
        if not todo:
            yield state
            return
        head, rest = todo[0], todo[1:]
        for value in self._domain(head, state):
            after = {**state, head: value, **self._implied(head, value)}
            if not isinstance(head, tuple) or self._siblings_possible(head, after):
                yield from self._assign([*self._opened(head, value), *rest], after)

    def _opened(self, head: Place | Atom, value: str) -> list[Place | Atom]:
        """What has to be decided next: the children of a present element."""
        if not isinstance(head, tuple) or value == ABSENT:
            return []
        return [(head[0], child) for child in self.below.get(head, [])]

    def _implied(self, head: Place | Atom, value: str) -> State:
        """Everything below an absent element is absent."""
        if not isinstance(head, tuple) or value != ABSENT:
            return {}
        implied: State = {}
        for child in self.below.get(head, []):
            place = (head[0], child)
            implied |= {place: ABSENT, **self._implied(place, ABSENT)}
        return implied

    def _domain(self, head: Place | Atom, state: State) -> list[str]:
        if isinstance(head, Given):
            return [FILLED, ABSENT] if head.name in self.optional else [FILLED]
        if isinstance(head, Yields):
            return [FILLED] if self.filled and head.blanks else [FILLED, ABSENT]
        assert isinstance(head, tuple)
        scope, field = head
        absent = [] if field is scope.root or unconditional(field) else [ABSENT]
        return [*self._texts(scope, field), *absent]

    def _texts(self, scope: Scope, field: Field) -> list[str]:
        if field.space is None:
            return [FILLED]
        about = [
            a
            for a in self.mentioned
            if not isinstance(a, Given | Yields) and (a.ref.scope, a.ref.field) == (scope, field)
        ]
        empty = [EMPTY] if field.may_be_empty and not self.filled else []
        if any(isinstance(atom, Known) for atom in about):
            return [*_precisions(field), *empty]
        words = sorted(set().union(*(atom.words for atom in about if isinstance(atom, Is))))
        named = [f"={word}" for word in words if allows(field.space, word)]
        listed = finite(field.space)
        others = listed is None or bool(listed - set(words))
        return [*named, *([FILLED] if others else []), *empty]

    def _siblings_possible(self, head: Place, state: State) -> bool:
        """Whether the content model of the parent allows what is decided so far."""
        scope, field = head
        if field is scope.root or field.attribute or field.parent is None or field.parent.content is None:
            return True
        decided = {
            child: state[(scope, child)] != ABSENT
            for child in self.below.get((scope, field.parent), [])
            if (scope, child) in state
        }
        return _possible(field.parent.content, decided)


def _possible(group: Group, decided: dict[Field, bool]) -> bool:
    """Whether some content of the group has the decided elements present or absent; others are free."""
    mentioned = [field for field in fields_of(group) if field in decided]
    if group.minimum == 0 and not any(decided[field] for field in mentioned):
        return True
    if group.kind != "choice":
        return all(_member_possible(member, decided) for member in group.members)
    if group.maximum != 1:
        return any(decided.get(field, True) for field in fields_of(group))
    return any(_branch_possible(branch, group, decided) for branch in group.members)


def _branch_possible(branch: Field | Group, group: Group, decided: dict[Field, bool]) -> bool:
    inside = set(fields_of(branch)) if isinstance(branch, Group) else {branch}
    others_absent = not any(decided.get(field) for field in fields_of(group) if field not in inside)
    return others_absent and _member_possible(branch, decided)


def _member_possible(member: Field | Group, decided: dict[Field, bool]) -> bool:
    if isinstance(member, Group):
        return _possible(member, decided)
    return decided.get(member, True) or member.minimum == 0


def _precisions(field: Field) -> list[str]:
    """Which precisions a partial date may have, found by asking its pattern for words of each length."""
    found = [
        level
        for level, length in _LENGTHS.items()
        if any(
            True
            for values in field.space or ()
            for _ in samples((*values.languages, between(length, length)), 1)
        )
    ]
    return found or list(_LENGTHS)


def _describe(state: State) -> str:
    """A counter-example in words: the fields that are absent, empty or hold a particular value."""
    told: list[str] = []
    for key, value in state.items():
        name = key[1].path if isinstance(key, tuple) else getattr(key, "name", "") or getattr(key, "what", "")
        if name and (not isinstance(key, tuple) or value != FILLED or not told):
            told.append(f"{name} is {value[1:]!r}" if value.startswith("=") else f"{name} is {value}")
    return "a document in which " + ", ".join(told[:6]) if told else "any document"
