"""Value spaces: what text a field may hold, and whether one space fits into another.

A `Values` describes the *non-empty* texts of one simple type (or of one expression) by facts that all hold: a
finite set of words, regular expressions, a length, a numeric range. A `Space` is a union of them. `fits`
proves, refutes with an example, or leaves undecided; an undecided or waived fit becomes a check at run time.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from decimal import Decimal

from broker.mapping.inclusion import (
    Included,
    Outside,
    Undecided,
    Verdict,
    enumerated,
    included,
    matches,
    samples,
)
from broker.mapping.regex import EVERYTHING, Chars, Regex, Repeat, between, then, without
from broker.mapping.regexparser import SPACE

_INK = Repeat(Chars(without(EVERYTHING, SPACE)), 1, None)
COLLAPSED = then(_INK, Repeat(then(Chars(((0x20, 0x20),)), _INK), 0, None))
REPLACED = Repeat(Chars(without(EVERYTHING, ((0x9, 0xA), (0xD, 0xD)))), 1, None)
_DIGIT = Chars(((0x30, 0x39),))
DIGITS = Repeat(_DIGIT, 1, None)

TEXT_KINDS = frozenset({"string", "anyURI"})
_COUNTABLE = 400  # a longer length bound is compared as a number, not as an automaton


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """Non-empty texts of one kind. ``kind`` is the local name of the XSD primitive, or ``integer``.

    ``further`` tells that the type has facets that are not modelled here, so nothing can be proved to fit it.
    ``accepts`` is the schema's own validator where there is one: the last word on any single text.
    """

    kind: str = "string"
    words: frozenset[str] | None = None
    patterns: tuple[Regex, ...] = ()
    shortest: int = 1
    longest: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    blanks: str = "preserve"
    further: bool = False
    accepts: Callable[[str], bool] | None = dataclasses.field(default=None, compare=False)

    @property
    def languages(self) -> tuple[Regex, ...]:
        """Every regular expression that each of the texts matches, the length bound among them."""
        bound = (between(self.shortest, self.longest),) if (self.longest or 0) <= _COUNTABLE else ()
        return (*self.patterns, *bound) or (between(1, None),)


Space = tuple[Values, ...]
ANYTHING: Space = (Values(),)


def words(*texts: str, kind: str = "string") -> Space:
    """The space of exactly these texts; the empty text is left out, as everywhere."""
    found = frozenset(text for text in texts if text)
    lengths = [len(text) for text in found] or [1]
    return (Values(kind, found, shortest=min(lengths), longest=max(lengths)),)


def finite(space: Space) -> frozenset[str] | None:
    """Every text of the space, None if they are not listed."""
    listed = [values.words for values in space]
    return frozenset().union(*(one for one in listed if one is not None)) if None not in listed else None


def longest(space: Space) -> int | None:
    """The length of the longest text, None if without bound."""
    lengths = [values.longest for values in space]
    return None if None in lengths else max((length for length in lengths if length is not None), default=0)


def fits(source: Space, target: Space) -> Verdict:
    """Whether every text of ``source`` is a text of ``target``."""
    for values in source:
        verdict = _one_fits(values, target)
        if not isinstance(verdict, Included):
            return verdict
    return Included()


def allows(target: Space, text: str) -> bool:
    """True if ``target`` holds this one text."""
    return any(_allows(values, text) for values in target)


def _allows(values: Values, text: str) -> bool:
    if values.accepts is not None:
        return _accepted(values.accepts, text)
    if values.words is not None:
        return text in values.words
    length = values.shortest <= len(text) and (values.longest is None or len(text) <= values.longest)
    return length and all(matches(regex, text) for regex in values.patterns)


@functools.lru_cache(maxsize=1 << 16)
def _accepted(accepts: Callable[[str], bool], text: str) -> bool:
    """Whether a type accepts a text: tables of codes are held against the same few types again and again."""
    return accepts(text)


def _one_fits(values: Values, target: Space) -> Verdict:
    listed = values.words if values.words is not None else enumerated(values.languages)
    if listed is not None:
        misfit = next((text for text in sorted(listed) if not allows(target, text)), None)
        return Included() if misfit is None else Outside(misfit)
    if values.accepts is not None and any(values.accepts == goal.accepts for goal in target):
        return Included()
    verdicts = [_pair_fits(values, goal) for goal in target]
    if any(isinstance(verdict, Included) for verdict in verdicts):
        return Included()
    for example in _examples(values, verdicts):
        if not allows(target, example):
            return Outside(example)
    return Undecided("the value spaces cannot be compared")


def _examples(values: Values, verdicts: list[Verdict]) -> Iterator[str]:
    """Texts of ``values`` worth trying against the target: what the comparison found, then short ones."""
    yield from (verdict.example for verdict in verdicts if isinstance(verdict, Outside))
    for text in samples(values.languages, 12, limit=2_000):
        if values.accepts is None or _accepted(values.accepts, text):
            yield text


def _pair_fits(values: Values, goal: Values) -> Verdict:
    for test in (_kind_fits, _length_fits, _range_fits):
        verdict = test(values, goal)
        if not isinstance(verdict, Included):
            return verdict
    if goal.words is not None:
        return Undecided("an open value space against a list of codes")
    for regex in goal.patterns:
        verdict = included(values.languages, regex)
        if not isinstance(verdict, Included):
            return verdict
    return Included()


def _kind_fits(values: Values, goal: Values) -> Verdict:
    if goal.kind in TEXT_KINDS or values.kind == goal.kind:
        return Included()
    if goal.kind in ("integer", "decimal") and (
        values.kind == "integer" or isinstance(included(values.languages, DIGITS), Included)
    ):
        return Included()
    return Undecided(f"{values.kind} is not {goal.kind}")


def _length_fits(values: Values, goal: Values) -> Verdict:
    if goal.kind not in TEXT_KINDS:
        return Included()
    if goal.longest is not None and (values.longest is None or values.longest > goal.longest):
        return _length_by_language(values, goal.shortest, goal.longest)
    if values.shortest < goal.shortest:
        return _length_by_language(values, goal.shortest, None)
    return Included()


def _length_by_language(values: Values, least: int, most: int | None) -> Verdict:
    """Lengths may be implied by a pattern: ``[0-9]{12}`` has twelve characters though no facet says so."""
    if (most or least) > _COUNTABLE:
        return Undecided("the length is without bound")
    return included(values.languages, between(least, most))


def _range_fits(values: Values, goal: Values) -> Verdict:
    if goal.further:
        return Undecided("the type has facets that are not compared")
    if goal.low is None and goal.high is None:
        return Included()
    low, high = bounds(values)
    inside_low = goal.low is None or (low is not None and low >= goal.low)
    inside_high = goal.high is None or (high is not None and high <= goal.high)
    return Included() if inside_low and inside_high else Undecided("the numeric range is wider")


def bounds(values: Values) -> tuple[Decimal | None, Decimal | None]:
    """Smallest and largest number, read off the range or the number of digits."""
    if values.kind in ("integer", "decimal"):
        return values.low, values.high
    for digits in range(1, 19):
        if isinstance(included(values.languages, Repeat(_DIGIT, 1, digits)), Included):
            return Decimal(0), Decimal(10) ** digits - 1
    return None, None
