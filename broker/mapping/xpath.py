"""XPath 1.0 for paths and conditions, as seen from the current node of the generated stylesheet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from broker.mapping.conditions import (
    ALWAYS,
    NEVER,
    All,
    Condition,
    Filled,
    Given,
    Is,
    Known,
    Not,
    Present,
    Ref,
    Scope,
    Some,
    Yields,
)
from broker.mapping.schema import Field, occurrences

_KNOWN_LENGTH = {"month": 7, "day": 10}


@dataclasses.dataclass(frozen=True, slots=True)
class Here:
    """Where the stylesheet stands: the current node is ``field`` in ``scope``; ``names`` gives prefixed
    names.
    """

    scope: Scope
    field: Field
    names: Callable[[Field], str]


def literal(text: str) -> str:
    """An XPath string. XPath 1.0 has no escapes, so text with both quotes is put together."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    return "concat(" + ', "\'", '.join(f"'{part}'" for part in text.split("'")) + ")"


def select(here: Here, ref: Ref, *, every: bool = False) -> str:
    """The node at ``ref``; of repeated elements the first, or with ``every`` all of the last step."""
    start, prefix = _start(here, ref)
    steps = []
    for field in reversed(list(ref.field.ancestors())):
        if field.depth > start.depth:
            name = f"@{here.names(field)}" if field.attribute else here.names(field)
            several = _repeats(field) and not (every and field is ref.field)
            steps.append(f"{name}[1]" if several else name)
    path = "/".join(steps)
    return f"{prefix}/{path}" if prefix and path else prefix or path or "."


def _start(here: Here, ref: Ref) -> tuple[Field, str]:
    if ref.scope is here.scope and here.field in ref.field.ancestors():
        return here.field, ""
    if ref.scope.outer is None:
        return ref.scope.root, f"/{here.names(ref.scope.root)}"
    return ref.scope.root, f"$item{ref.scope.depth}"


def _repeats(field: Field) -> bool:

    return field.parent is not None and occurrences(field, field.parent)[1] != 1


def text(here: Here, ref: Ref) -> str:
    """The text at ``ref``, its white space processed as the schema says (XSD part 2 §4.3.6)."""
    path = select(here, ref)
    match ref.field.blanks:
        case "collapse":
            return f"normalize-space({path})"
        case "replace":
            return f"translate({path}, '&#9;&#10;&#13;', '   ')".replace("&#9;&#10;&#13;", "\t\n\r")
    return f"string({path})"


def test(here: Here, condition: Condition, computed: Callable[[Yields], str]) -> str:
    """A boolean expression for a condition; ``computed`` gives the expression of an opaque value."""
    match condition:
        case All(()):
            return "true()"
        case Some(()):
            return "false()"
        case All(parts):
            return " and ".join(_nested(here, part, computed) for part in parts)
        case Some(parts):
            return " or ".join(_nested(here, part, computed) for part in parts)
        case Not(part):
            return f"not({test(here, part, computed)})"
        case Yields():
            return f"{computed(condition)} != ''"
        case Given(name):
            return f"${name} != ''"
    return _field_test(here, condition)


def _nested(here: Here, part: Condition, computed: Callable[[Yields], str]) -> str:
    inner = test(here, part, computed)
    return f"({inner})" if isinstance(part, All | Some) and part not in (ALWAYS, NEVER) else inner


def _field_test(here: Here, atom: Present | Filled | Is | Known) -> str:
    match atom:
        case Present(ref):
            return select(here, ref)
        case Filled(ref):
            return f"{text(here, ref)} != ''" if ref.field.may_be_empty else select(here, ref)
        case Is(ref, words):
            return _is(text(here, ref), sorted(words))
        case Known(ref, level):
            return f"string-length({text(here, ref)}) >= {_KNOWN_LENGTH[level]}"


def _is(value: str, words: list[str]) -> str:
    tests = [f"{value} = {literal(word)}" for word in words]
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"
