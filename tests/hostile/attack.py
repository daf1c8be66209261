"""What a hostile input is, and what a class of them must meet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from signing.errors import SigningError


@dataclasses.dataclass(frozen=True, slots=True)
class Hostile:
    """One input. ``make`` builds it; the reason of its refusal must match ``why`` (regular expression)."""

    name: str
    make: Callable[[], Any]
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Attack:
    """A class of inputs, the ``door`` that each is given to, and the errors that count as its refusal.

    ``honest`` makes an input that the same door accepts: a door that is shut keeps everybody out. ``close`` ends what
    the door keeps open.
    """

    inputs: Callable[[], Iterable[Hostile]]
    door: Callable[[Any], object]
    refusal: type[Exception] | tuple[type[Exception], ...] = SigningError
    honest: Callable[[], Any] | None = None
    close: Callable[[], object] = lambda: None


def fixed(name: str, data: Any, why: str) -> Hostile:
    """An input that is there already."""
    return Hostile(name, lambda: data, why)
