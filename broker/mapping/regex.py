"""Regular expressions of XML Schema (XSD 1.0 part 2, appendix F) as terms that can be reasoned about.

An expression is parsed to a small tree of character sets, sequences, choices and repeats. `derive` takes one
step of Antimirov's partial derivatives, which is all that inclusion (`broker.mapping.language`) and drawing
of sample values need. XSD expressions are always anchored and have no back references: they are truly
regular.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import unicodedata

Ranges = tuple[tuple[int, int], ...]

EVERYTHING: Ranges = ((0x9, 0xA), (0xD, 0xD), (0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
"""The characters that XML 1.0 §2.2 allows."""


class RegexRefused(ValueError):
    """The expression is not one that XML Schema defines."""


class _Term:
    """Remembers its hash: terms are deep, and live in sets."""

    def __hash__(self) -> int:
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = hash((type(self).__name__, *self.__dict__.values()))
            self.__dict__["_hash"] = known
        return known


@dataclasses.dataclass(frozen=True, eq=True)
class Chars(_Term):
    """One character out of a set of code-point ranges, sorted and disjoint."""

    ranges: Ranges

    __hash__ = _Term.__hash__


@dataclasses.dataclass(frozen=True, eq=True)
class Then(_Term):
    """One expression after another; the empty sequence is the empty word."""

    parts: tuple[Regex, ...]

    __hash__ = _Term.__hash__


@dataclasses.dataclass(frozen=True, eq=True)
class Either(_Term):
    """Any one of several expressions; none at all matches nothing."""

    parts: tuple[Regex, ...]

    __hash__ = _Term.__hash__


@dataclasses.dataclass(frozen=True, eq=True)
class Repeat(_Term):
    """An expression ``least`` to ``most`` times; ``most`` None is without end."""

    part: Regex
    least: int
    most: int | None

    __hash__ = _Term.__hash__


Regex = Chars | Then | Either | Repeat
EMPTY = Then(())
ANY = Chars(EVERYTHING)


def word(text: str) -> Regex:
    """The expression that matches exactly ``text``."""
    return then(*(Chars(((ord(c), ord(c)),)) for c in text))


def then(*parts: Regex) -> Regex:
    """Sequence of expressions, flattened so that equal languages more often are equal terms."""
    flat: list[Regex] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Then) else (part,))
    return flat[0] if len(flat) == 1 else Then(tuple(flat))


def either(*parts: Regex) -> Regex:
    """Choice of expressions."""
    return parts[0] if len(parts) == 1 else Either(tuple(dict.fromkeys(parts)))


def optional(part: Regex) -> Regex:
    """The expression or nothing."""
    return Repeat(part, 0, 1)


def between(least: int, most: int | None) -> Regex:
    """Any text of ``least`` to ``most`` characters."""
    return Repeat(ANY, least, most)


@functools.cache
def nullable(regex: Regex) -> bool:
    """True if the empty word matches."""
    match regex:
        case Chars():
            return False
        case Then(parts):
            return all(nullable(part) for part in parts)
        case Either(parts):
            return any(nullable(part) for part in parts)
        case Repeat(part, least, _):
            return least == 0 or nullable(part)


@functools.lru_cache(maxsize=200_000)
def derive(regex: Regex, point: int) -> frozenset[Regex]:
    """What may remain to be matched after the character ``point``: Antimirov's partial derivatives."""
    match regex:
        case Chars(ranges):
            return frozenset((EMPTY,)) if contains(ranges, point) else frozenset()
        case Either(parts):
            return frozenset().union(*(derive(part, point) for part in parts))
        case Repeat(part, least, most):
            rest = Repeat(part, max(least - 1, 0), None if most is None else most - 1)
            tail = EMPTY if rest.most == 0 else rest
            return frozenset(then(step, tail) for step in derive(part, point)) if most != 0 else frozenset()
        case Then(parts):
            return _derive_sequence(parts, point)


def _derive_sequence(parts: tuple[Regex, ...], point: int) -> frozenset[Regex]:
    found: set[Regex] = set()
    for index, part in enumerate(parts):
        tail = parts[index + 1 :]
        found.update(then(step, *tail) for step in derive(part, point))
        if not nullable(part):
            break
    return frozenset(found)


def lengths(regex: Regex) -> tuple[int, int | None]:
    """The lengths of the shortest and the longest match, None for no bound."""
    match regex:
        case Chars():
            return 1, 1
        case Then(parts):
            return _summed([lengths(part) for part in parts])
        case Either(parts):
            found = [lengths(part) for part in parts] or [(0, 0)]
            most = [high for _, high in found]
            return min(low for low, _ in found), None if None in most else max(high or 0 for high in most)
        case Repeat(part, least, most_times):
            low, high = lengths(part)
            return low * least, None if high is None or most_times is None else high * most_times


def _summed(found: list[tuple[int, int | None]]) -> tuple[int, int | None]:
    highs = [high for _, high in found]
    return sum(low for low, _ in found), None if None in highs else sum(high or 0 for high in highs)


def sets_of(regex: Regex) -> set[Ranges]:
    """Every character set that the expression mentions."""
    match regex:
        case Chars(ranges):
            return {ranges}
        case Then(parts) | Either(parts):
            return set().union(*(sets_of(part) for part in parts)) if parts else set()
        case Repeat(part, _, _):
            return sets_of(part)


def contains(ranges: Ranges, point: int) -> bool:
    """True if the code point is in the set."""
    return any(low <= point <= high for low, high in ranges)


def merge(ranges: list[tuple[int, int]]) -> Ranges:
    """Ranges sorted, joined and made disjoint."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def without(ranges: Ranges, removed: Ranges) -> Ranges:
    """The first set less the second."""
    left: list[tuple[int, int]] = []
    for low, high in ranges:
        start = low
        for gone_low, gone_high in removed:
            if gone_high < start or gone_low > high:
                continue
            if gone_low > start:
                left.append((start, gone_low - 1))
            start = gone_high + 1
        if start <= high:
            left.append((start, high))
    return tuple(left)


@functools.cache
def category(name: str) -> Ranges:
    """The characters of a Unicode general category such as ``L`` or ``Lu``."""
    if not any(key.startswith(name) for key in _categories()):
        raise RegexRefused(f"unknown character category {name}")
    return merge([one for key, ranges in _categories().items() if key.startswith(name) for one in ranges])


@functools.cache
def _categories() -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    start, current = 0, unicodedata.category("\0")
    for point in range(1, sys.maxunicode + 2):
        kind = unicodedata.category(chr(point)) if point <= sys.maxunicode else ""
        if kind != current:
            found.setdefault(current, []).append((start, point - 1))
            start, current = point, kind
    return found
