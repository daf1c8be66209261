"""Faults on demand: which calls they hit, how often, and what goes wrong. No I/O here.

A rule is JSON::

    {"match": {"operation": "nhanHoSoDKHT", "contains": "Thủy", "header": {"X-Test": "1"}},
     "fault": {"kind": "http", "status": 503, "retry_after": 2},
     "times": 2, "probability": 0.5}

``match`` empty hits every call; ``times`` null never ends; ``probability`` null always hits.

| kind | what happens |
|---|---|
| ``delay`` | waits ``seconds``, then goes on with the next rule |
| ``down`` | closes the connection without reading further: nothing was taken in |
| ``http`` | answers ``status`` (``retry_after`` seconds, ``location`` for 3xx) |
| ``soap-fault`` | answers a fault of the agency's protocol: ``code`` (receiver, sender …), ``text`` |
| ``malformed`` | ``form``: broken, wrong-root, wrong-operation, truncated, huge, html |
| ``wrong-signature`` | the answer's (or callback's) signature value is spoilt |
| ``accept-then-hang`` | does the work, commits, never answers |
| ``accept-then-drop`` | does the work, commits, closes the connection |
| ``empty-202`` | does the work, answers 202 with no body |
| ``slow-body`` | does the work, then drips the body, ``seconds`` for all of it |
| ``duplicate-callback`` | a result is sent twice |
| ``out-of-order`` | a later state is reported before an earlier one |

``http`` and ``soap-fault`` take ``accept`` (true: the work is done first, and committed).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")

INSTANT = frozenset({"delay", "down", "http", "soap-fault"})
ANSWERED = frozenset(
    {"malformed", "wrong-signature", "accept-then-hang", "accept-then-drop", "empty-202", "slow-body"}
)
BUSINESS = frozenset({"duplicate-callback", "out-of-order"})
FORMS = frozenset({"broken", "wrong-root", "wrong-operation", "truncated", "huge", "html"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the rules see it: header names in lower case, ``content`` the readable business text."""

    method: str
    path: str
    operation: str
    content: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions on a call; all that are given must hold."""

    operation: str | None = None
    contains: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)

    def fits(self, call: Call) -> bool:
        """Whether the call is one of those meant."""
        return (
            self.operation in (None, call.operation)
            and (self.contains is None or self.contains in call.content)
            and all(call.headers.get(name.lower()) == value for name, value in self.header.items())
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; see the table in the module's docstring."""

    kind: str
    seconds: float = 0.0
    status: int = 500
    retry_after: int | None = None
    location: str | None = None
    code: str = "receiver"
    text: str = "Hệ thống đang bận / The system is busy"
    form: str = "broken"
    accept: bool = False

    def __post_init__(self) -> None:
        """Refuse kinds and forms that do not exist."""
        if self.kind not in INSTANT | ANSWERED | BUSINESS:
            raise ValueError(f"fault: no kind {self.kind!r}")
        if self.form not in FORMS:
            raise ValueError(f"fault: no form {self.form!r}")


@dataclass(slots=True)
class Rule:
    """A fault with its conditions and what is left of it."""

    number: int
    match: Match
    fault: Fault
    times: int | None = None
    probability: float | None = None
    hits: int = 0


class FaultRules:
    """The rules of one agency, tried in the order they were added."""

    def __init__(self, random: Callable[[], float]) -> None:
        """``random`` draws from [0, 1) for rules with a probability."""
        self._random = random
        self._rules: list[Rule] = []
        self._next = 1

    def add(self, rule: Mapping[str, Any]) -> Rule:
        """Add a rule given as JSON. Raises ValueError with the name that is unknown or wrong."""
        values = dict(rule)
        made = Rule(
            number=self._next,
            match=read(Match, values.pop("match", {})),
            fault=read(Fault, values.pop("fault", {})),
            times=values.pop("times", None),
            probability=values.pop("probability", None),
        )
        if values:
            raise ValueError(f"rule: unknown {', '.join(sorted(values))}")
        self._next += 1
        self._rules.append(made)
        return made

    def remove(self, number: int) -> None:
        """Forget one rule; unknown numbers are ignored."""
        self._rules = [rule for rule in self._rules if rule.number != number]

    def clear(self) -> None:
        """Forget all rules."""
        self._rules = []

    def all(self) -> list[Rule]:
        """The rules with their hits so far, used up ones included."""
        return list(self._rules)

    def take(self, call: Call, kinds: frozenset[str]) -> list[Fault]:
        """Faults of these kinds that hit the call now: any delays, at most one other. Hits are counted."""
        taken: list[Fault] = []
        for rule in self._rules:
            if rule.fault.kind not in kinds or not self._hits(rule, call):
                continue
            rule.hits += 1
            taken.append(rule.fault)
            if rule.fault.kind != "delay":
                break
        return taken

    def _hits(self, rule: Rule, call: Call) -> bool:
        if rule.times is not None and rule.hits >= rule.times:
            return False
        return rule.match.fits(call) and (rule.probability is None or self._random() < rule.probability)


def read(kind: type[T], values: Any) -> T:
    """Build a dataclass from JSON, refusing names it does not have. Raises ValueError."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{kind.__name__.lower()}: an object is expected")
    unknown = set(values) - {item.name for item in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise ValueError(f"{kind.__name__.lower()}: unknown {', '.join(sorted(unknown))}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"{kind.__name__.lower()}: {error}") from error
