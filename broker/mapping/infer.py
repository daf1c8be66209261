"""What an expression can yield: its value space, and the condition under which it is not empty."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from broker.mapping import dates, regexparser, textspaces
from broker.mapping.conditions import (
    ALWAYS,
    NEVER,
    Condition,
    Filled,
    Given,
    Known,
    Yields,
    any_of,
    atoms,
    both,
    negation,
)
from broker.mapping.datespaces import dated, least_known
from broker.mapping.joins import joined
from broker.mapping.prover import Holds, entails
from broker.mapping.rules import (
    Before,
    Blob,
    Cases,
    Const,
    Count,
    Cut,
    Date,
    DatePart,
    Default,
    Embedded,
    Expression,
    FirstOf,
    Guarded,
    Join,
    Letters,
    Needed,
    Normalize,
    Number,
    Pad,
    Param,
    Position,
    Read,
    Split,
    Take,
    Translate,
)
from broker.mapping.schema import Field, occurrences
from broker.mapping.textspaces import collapsed
from broker.mapping.values import ANYTHING, Space, Values, words

Sure = Callable[[Condition], bool]

_PARTS = {"year": 1, "month": 2, "day": 3}
_BASE64 = regexparser.parse("[A-Za-z0-9+/]+={0,2}")


# ---------------------------------------------------------------------------------------------- not empty


def filled(expression: Expression) -> Condition:
    """The condition under which the expression yields text."""
    match expression:
        case Const(text):
            return ALWAYS if text else NEVER
        case Param(parameter):
            return Given(parameter.name) if parameter.optional or parameter.may_be_empty else ALWAYS
        case Read(ref):
            return Filled(ref)
        case Position() | Count() | Embedded():
            return ALWAYS
        case Join(parts, _) | FirstOf(parts):
            return any_of(*map(filled, parts))
        case Cases(branches):
            return _any_branch(branches)
        case Guarded(inner, when):
            return both(when, filled(inner))
        case Default(inner, text):
            return ALWAYS if text else filled(inner)
        case _:
            return both(filled(expression.of), _survives(expression))


def _any_branch(branches: tuple[tuple[Condition, Expression], ...]) -> Condition:
    earlier: list[Condition] = []
    found: list[Condition] = []
    for when, value in branches:
        found.append(both(*(negation(one) for one in earlier), when, filled(value)))
        earlier.append(when)
    return any_of(*found)


def _survives(expression: Expression) -> Condition:
    """Whether something is left after a computation on a value that is not empty."""
    match expression:
        case Split(_, part) if part != "given":
            return Yields(f"the {part} name", id(expression))
        case DatePart(inner, reads, part) if least_known(space(inner), reads) >= _PARTS[part]:
            return ALWAYS
        case DatePart(Read(ref), reads, part) if reads == (dates.ISO,) and part != "year":
            return Known(ref, part)
        case DatePart(_, _, part):
            return Yields(f"the {part}", id(expression))
        case Take(inner, start, _) if any(values.shortest < start for values in space(inner)):
            return Yields(f"the text from character {start}", id(expression))
        case Before(_, mark):
            return Yields(f"the text before {mark!r}", id(expression))
        case Normalize(inner) if not collapsed(space(inner)):
            return Yields("the text without blanks", id(expression), blanks=True)
    return ALWAYS


# ---------------------------------------------------------------------------------------------- value space


def _by_schema(condition: Condition) -> bool:
    """True if a condition holds in every valid document, whatever parameters are missing."""
    optional = [atom.name for atom in atoms(condition) if isinstance(atom, Given)]
    return isinstance(entails(ALWAYS, condition, optional=optional), Holds)


def space(expression: Expression, sure: Sure = _by_schema) -> Space:
    """The non-empty texts that the expression can yield; more than it really can, never fewer.

    ``sure`` tells whether a condition is known to hold where the expression stands.
    """
    match expression:
        case Const(text):
            return words(text)
        case Param(parameter):
            return parameter.space
        case Read(ref):
            return ref.field.space or ANYTHING
        case Join(parts, separator):
            return joined([(space(part, sure), sure(filled(part))) for part in parts], separator)
        case FirstOf(parts):
            return tuple(itertools.chain.from_iterable(space(part, sure) for part in parts))
        case Cases(branches):
            return tuple(itertools.chain.from_iterable(space(value, sure) for _, value in branches))
        case Guarded(inner, _) | Needed(inner):
            return space(inner, sure)
        case Default(inner, text):
            return (*space(inner, sure), *(words(text) if text else ()))
        case Date() | DatePart():
            return dated(expression, space(expression.of, sure))
        case Translate():
            return _translated(expression, sure)
        case _:
            return _computed(expression, sure)


def _computed(expression: Expression, sure: Sure) -> Space:
    match expression:
        case Position(scope):
            source = scope.root
            outer = scope.outer.root if scope.outer else source
            return textspaces.counted(occurrences(source, outer)[1], 1)
        case Count(_, most):
            return textspaces.counted(most, 0)
        case Embedded():
            return ANYTHING
        case Blob():
            return (Values("base64Binary", patterns=(_BASE64,)),)
        case Number(inner):
            return tuple(textspaces.numeric(values) for values in space(inner, sure))
        case Letters(inner, upper):
            return tuple(textspaces.lettered(values, upper) for values in space(inner, sure))
        case Normalize(inner):
            return tuple(textspaces.normalized(values) for values in space(inner, sure))
        case Cut(inner, length):
            return tuple(textspaces.cut(values, length) for values in space(inner, sure))
        case Pad(inner, length, fill):
            return tuple(textspaces.padded(values, length, fill) for values in space(inner, sure))
        case Take(inner, start, length):
            return tuple(textspaces.taken(values, start, length) for values in space(inner, sure))
        case Before(inner, mark):
            return tuple(textspaces.before(values, mark) for values in space(inner, sure))
        case Split(inner, part):
            return tuple(textspaces.split(values, part) for values in space(inner, sure))
    raise AssertionError(expression)


def normalized(value: Expression, target: Field) -> Expression:
    """The value as it is written: blanks are collapsed where the target type would do so itself."""
    if target.blanks != "collapse" or isinstance(value, Embedded) or collapsed(space(value)):
        return value
    return Normalize(value)


def _translated(expression: Translate, sure: Sure) -> Space:
    result = words(*expression.table.translations(expression.reverse))
    if expression.unknown == "keep":
        return (*result, *space(expression.of, sure))
    if isinstance(expression.unknown, Const):
        return (*result, *words(expression.unknown.text))
    return result
