"""Does every word of one regular language belong to another, and if not, which word does not?

Languages are intersections of regular expressions. The search walks pairs of states breadth first, so a
counter-example is a shortest one, and gives up (`Undecided`) after a bounded number of pairs: the caller then
falls back on a check at run time. Nothing is ever assumed to fit.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence

from broker.mapping.regex import (
    Chars,
    Either,
    Ranges,
    Regex,
    Repeat,
    Then,
    contains,
    derive,
    nullable,
    sets_of,
)

LIMIT = 20_000
"""Pairs of states looked at before giving up."""

_HUGE = 10**9

State = tuple[Regex, ...]
_NICE = tuple(map(ord, "aA1 0ễ-."))  # readable representatives for counter-examples, in order of preference


@dataclasses.dataclass(frozen=True, slots=True)
class Included:
    """Proved: every word belongs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outside:
    """Refuted: ``example`` belongs to the first language and not to the second."""

    example: str


@dataclasses.dataclass(frozen=True, slots=True)
class Undecided:
    """Neither proved nor refuted."""

    why: str


Verdict = Included | Outside | Undecided


@functools.lru_cache(maxsize=4_096)
def included(words: tuple[Regex, ...], target: Regex, limit: int = LIMIT) -> Verdict:
    """Whether each non-empty word that all of ``words`` match is matched by ``target``."""
    alphabet = representatives((*words, target))
    start: tuple[State, frozenset[Regex]] = (tuple(words), frozenset((target,)))
    seen = {start}
    queue = deque([(start, "")])
    while queue:
        (state, goal), text = queue.popleft()
        if text and all(map(nullable, state)) and not any(map(nullable, goal)):
            return Outside(text)
        for point in alphabet:
            after = frozenset().union(*(derive(regex, point) for regex in goal))
            for step in _steps(state, point):
                if (step, after) not in seen:
                    seen.add((step, after))
                    queue.append(((step, after), text + chr(point)))
        if len(seen) > limit:
            return Undecided("the value patterns are too complex to compare")
    return Included()


def samples(words: Sequence[Regex], count: int, limit: int = LIMIT) -> Iterator[str]:
    """Up to ``count`` short non-empty words that all of ``words`` match."""
    alphabet = representatives(words)
    queue: deque[tuple[State, str]] = deque([(tuple(words), "")])
    seen = {tuple(words)}
    while queue and count and len(seen) < limit:
        state, text = queue.popleft()
        if text and all(map(nullable, state)):
            yield text
            count -= 1
        for point in alphabet:
            for step in _steps(state, point):
                if step not in seen:
                    seen.add(step)
                    queue.append((step, text + chr(point)))


@functools.lru_cache(maxsize=4_096)
def enumerated(words: tuple[Regex, ...], limit: int = 200) -> frozenset[str] | None:
    """Every non-empty word that all of ``words`` match, None if there are more than ``limit`` or none is
    given.
    """
    if not words or min(map(_size, words)) > limit * 4:
        return None
    smallest = min(words, key=_size)
    points = sorted({p for ranges in sets_of(smallest) for low, high in ranges for p in range(low, high + 1)})
    found: set[str] = set()
    queue: deque[tuple[State, str]] = deque([(tuple(words), "")])
    while queue:
        state, text = queue.popleft()
        if text and all(map(nullable, state)):
            found.add(text)
        queue.extend((step, text + chr(point)) for point in points for step in _steps(state, point))
    return frozenset(found) if len(found) <= limit else None


def _size(regex: Regex) -> int:
    """At most how many words the expression matches; a large number for infinitely many."""
    match regex:
        case Chars(ranges):
            return sum(high - low + 1 for low, high in ranges)
        case Either(parts):
            return min(sum(map(_size, parts)), _HUGE)
        case Then(parts):
            return min(math.prod(map(_size, parts)), _HUGE)
        case Repeat(part, least, most):
            size = _size(part)
            if most is None or (size > 1 and most > 20):
                return _HUGE
            return int(min(sum(size**times for times in range(least, most + 1)), _HUGE))


def _sets(regexes: Sequence[Regex]) -> list[Ranges]:
    return sorted(set().union(*(sets_of(regex) for regex in regexes)))


def matches(regex: Regex, text: str) -> bool:
    """True if the whole of ``text`` matches."""
    states = frozenset((regex,))
    for char in text:
        states = frozenset().union(*(derive(state, ord(char)) for state in states))
    return any(map(nullable, states))


def representatives(regexes: Sequence[Regex]) -> list[int]:
    """One character for each class of characters that the expressions cannot tell apart."""
    sets = _sets(regexes)
    found: dict[tuple[bool, ...], int] = {}
    for point in (*_NICE, *sorted(_edges(sets))):
        signature = tuple(contains(ranges, point) for ranges in sets)
        if any(signature):
            found.setdefault(signature, point)
    return list(found.values())


def _edges(sets: Sequence[Ranges]) -> set[int]:
    return {point for ranges in sets for low, high in ranges for point in (low, high + 1)}


def _steps(state: State, point: int) -> Iterator[State]:
    return itertools.product(*(derive(regex, point) for regex in state))
