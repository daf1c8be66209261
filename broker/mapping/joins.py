"""The value space of joined texts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from broker.mapping.regex import Chars, Regex, Repeat, between, either, merge, then, word
from broker.mapping.values import COLLAPSED, Space, Values, finite

_SMALL = 64


def joined(parts: Sequence[tuple[Space, bool]], separator: str) -> Space:
    """The texts of a join; each part has its space, and whether it is always there."""
    shapes = _shapes([always for _, always in parts])
    lengths = [_sum_lengths([parts[i][0] for i in shape], separator) for shape in shapes]
    longest = None if any(most is None for _, most in lengths) else max(most or 0 for _, most in lengths)
    shortest = max(1, min(least for least, _ in lengths))
    patterns = (_pattern(parts, shapes, separator),) if len(shapes) <= _SMALL else ()
    return (Values("string", None, patterns, shortest, longest),)


def _pattern(parts: Sequence[tuple[Space, bool]], shapes: list[tuple[int, ...]], separator: str) -> Regex:
    """Every way of leaving out the parts that can be empty, as one expression."""
    regexes = [_one_regex(source) for source, _ in parts]
    return either(*(_glued([regexes[i] for i in shape], separator) for shape in shapes))


def _glued(regexes: list[Regex], separator: str) -> Regex:
    glue = word(separator)
    return then(
        *itertools.chain.from_iterable((glue, regex) if n else (regex,) for n, regex in enumerate(regexes))
    )


def _shapes(always: list[bool]) -> list[tuple[int, ...]]:
    """Which parts may be there together."""
    choices = [(True,) if must else (True, False) for must in always]
    picked = [tuple(i for i, used in enumerate(pick) if used) for pick in itertools.product(*choices)]
    return [shape for shape in picked if shape] or [()]


def _sum_lengths(spaces: list[Space], separator: str) -> tuple[int, int | None]:
    glue = len(separator) * (len(spaces) - 1)
    least = sum(min(values.shortest for values in source) for source in spaces) + glue
    most = [values.longest for source in spaces for values in source]
    if None in most:
        return least, None
    return least, sum(max(values.longest or 0 for values in source) for source in spaces) + glue


def _one_regex(source: Space) -> Regex:
    """One expression that all texts of a space match."""
    listed = finite(source)
    if listed is not None and len(listed) <= _SMALL:
        return either(*(word(text) for text in sorted(listed)))
    if listed is not None:
        return _shape_of(listed)
    return either(*(_tightest(values) for values in source))


def _shape_of(listed: frozenset[str]) -> Regex:
    """An expression for many words: their letters, and that they have no blanks to collapse."""
    if all(text == " ".join(text.split()) for text in listed):
        return COLLAPSED
    letters = merge([(ord(char), ord(char)) for text in listed for char in text])
    return Repeat(Chars(letters), min(map(len, listed)), max(map(len, listed)))


def _tightest(values: Values) -> Regex:
    """The most telling of several expressions that all hold."""
    telling = [p for p in values.patterns if p != COLLAPSED] or list(values.patterns)
    return telling[0] if telling else Repeat(between(1, 1), values.shortest, values.longest)
