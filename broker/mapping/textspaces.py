"""Value spaces of computed texts: cut, padded, split, in another case, counted."""

from __future__ import annotations

import functools
from decimal import Decimal

from broker.mapping import regexparser
from broker.mapping.inclusion import Included, included
from broker.mapping.regex import Chars, Either, Regex, Repeat, Then, either, sets_of, then
from broker.mapping.values import COLLAPSED, DIGITS, Space, Values, bounds, words

_INK = regexparser.parse(r"\S+")
_COUNTING = regexparser.parse("[1-9][0-9]*")
_NATURAL = regexparser.parse("0|[1-9][0-9]*")
_WHOLE = regexparser.parse("0|-?[1-9][0-9]*")
_MANY = 60
_SMALL = 1_000


def collapsed(source: Space) -> bool:
    """True if no text of the space has blanks that ``xs:token`` would remove."""
    return all(_is_collapsed(values) for values in source)


def _is_collapsed(values: Values) -> bool:
    if values.words is not None:
        return all(text == " ".join(text.split()) for text in values.words)
    return COLLAPSED in values.patterns or isinstance(included(values.languages, COLLAPSED), Included)


def normalized(values: Values) -> Values:
    """The texts with blanks collapsed."""
    return values if _is_collapsed(values) else loose(values.longest, COLLAPSED)


def loose(longest: int | None, *patterns: Regex, shortest: int = 1) -> Values:
    """A space of which only a length and some patterns are known."""
    return Values("string", None, patterns, shortest, longest)


def counted(most: int | None, least: int) -> Space:
    """Numbers from ``least`` to ``most``."""
    if most is not None and most <= _MANY:
        return words(*map(str, range(least, most + 1)), kind="integer")
    pattern = _COUNTING if least else _NATURAL
    high = None if most is None else Decimal(most)
    return (Values("integer", patterns=(pattern,), low=Decimal(least), high=high),)


def numeric(values: Values) -> Values:
    """Integers in their shortest form."""
    low, high = bounds(values)
    if low is not None and high is not None and high - low <= _SMALL:
        return words(*(str(n) for n in range(int(low), int(high) + 1)), kind="integer")[0]
    pattern = _NATURAL if low is not None and low >= 0 else _WHOLE
    longest = len(str(int(high))) if low is not None and low >= 0 and high is not None else None
    return Values("integer", None, (pattern,), 1, longest, low, high)


def lettered(values: Values, upper: bool) -> Values:
    """The texts in upper or lower case."""
    if values.words is not None:
        return words(*(change_case(text, upper) for text in values.words))[0]
    kept = (COLLAPSED,) if _is_collapsed(values) else ()
    caseless = (p for p in values.patterns if _caseless(p, upper))
    return loose(values.longest, *kept, *caseless, shortest=values.shortest)


def change_case(text: str, upper: bool) -> str:
    """Upper or lower case, leaving alone the few letters that would become two."""
    changed = ((char.upper() if upper else char.lower(), char) for char in text)
    return "".join(new if len(new) == 1 else old for new, old in changed)


@functools.cache
def _caseless(regex: Regex, upper: bool) -> bool:
    """True if changing the case of a match leaves a match, seen from its character sets alone."""
    spans = [pair for ranges in sets_of(regex) for pair in ranges]
    if sum(high - low for low, high in spans) > 2_000:
        return False
    return all(change_case(chr(p), upper) == chr(p) for low, high in spans for p in range(low, high + 1))


def cut(values: Values, length: int) -> Values:
    """The texts, at most ``length`` characters of each."""
    if values.longest is not None and values.longest <= length:
        return values
    if values.words is not None:
        return words(*(text[:length].rstrip() for text in values.words))[0]
    kept = (COLLAPSED,) if _is_collapsed(values) else ()
    return loose(length, *kept, shortest=min(values.shortest, length))


def padded(values: Values, length: int, fill: str) -> Values:
    """The texts filled up on the left."""
    if values.words is not None:
        return words(*(text.rjust(length, fill) for text in values.words))[0]
    longest = None if values.longest is None else max(values.longest, length)
    digits = fill.isdigit() and isinstance(included(values.languages, DIGITS), Included)
    known = [DIGITS] if digits else [COLLAPSED] if fill.strip() and _is_collapsed(values) else []
    return loose(longest, *known, shortest=max(values.shortest, length))


def taken(values: Values, start: int, length: int | None) -> Values:
    """Characters of the texts from a position."""
    stop = None if length is None else start - 1 + length
    if values.words is not None:
        return words(*(text[start - 1 : stop] for text in values.words))[0]
    slices = (sliced(regex, start - 1, stop) for regex in values.patterns)
    left = None if values.longest is None else max(values.longest - start + 1, 1)
    longest = left if length is None else length if left is None else min(left, length)
    shortest = max(1, min(values.shortest - start + 1, length or values.shortest))
    return loose(longest, *(regex for regex in slices if regex is not None), shortest=shortest)


def before(values: Values, mark: str) -> Values:
    """What stands before a mark."""
    if values.words is not None:
        return words(*(text.partition(mark)[0] for text in values.words if mark in text))[0]
    longest = None if values.longest is None else max(values.longest - len(mark), 1)
    ink = (_INK,) if isinstance(included(values.languages, _INK), Included) else ()
    return loose(longest, *ink)


def sliced(regex: Regex, start: int, stop: int | None) -> Regex | None:
    """The characters ``start`` to ``stop`` of what an expression matches, if all matches are of one length."""
    parts = _positions(regex)
    return None if parts is None else then(*parts[start:stop])


def _positions(regex: Regex) -> list[Regex] | None:
    """One expression for each character of the matches (more than can be, where characters depend on each other)."""
    match regex:
        case Chars():
            return [regex]
        case Then(parts):
            found = [_positions(part) for part in parts]
            return None if None in found else [one for many in found for one in many or ()]
        case Either(parts):
            choices = [_positions(part) for part in parts]
            if None in choices or len({len(choice or ()) for choice in choices}) != 1:
                return None
            return [either(*column) for column in zip(*(choice or () for choice in choices), strict=True)]
        case Repeat(part, least, most):
            inner = _positions(part)
            return None if inner is None or least != most or least > _MANY else inner * least


def split(values: Values, part: str) -> Values:
    """One part of the full names."""
    if values.words is not None:
        return words(*(split_name(text, part) for text in values.words))[0]
    return loose(values.longest, COLLAPSED if part == "middle" else _INK)


def split_name(text: str, part: str) -> str:
    """One part of a full name; a name of one word is a given name."""
    names = text.split()
    if part == "given":
        return names[-1] if names else ""
    if part == "family":
        return names[0] if len(names) > 1 else ""
    return " ".join(names[1:-1])
