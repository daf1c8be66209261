"""What an agency decides about a dossier, and when; pure.

A rule is JSON::

    {"match": {"contains": "Nguyễn Văn Thử"}, "outcome": "supplement", "reason": "Thiếu giấy chứng sinh",
     "until": "2026-12-01T17:00:00+07:00", "after": {"polls": 2, "seconds": 30}, "times": 1}

Outcomes: ``approve`` (also without any rule), ``supplement``, ``reject``, ``late-number`` (approved, the
personal number comes at the ``polls``-th question; ``after.polls`` counts before the approval itself),
``hold`` (a person decides).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.core.rules import Call, Match, read

OUTCOMES = frozenset({"approve", "supplement", "reject", "late-number", "hold"})


@dataclass(frozen=True, slots=True)
class After:
    """How long a dossier stays undecided: so many questions about it, and so many seconds."""

    polls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision that waits for a dossier. ``until`` is an ISO date-time (supplement only)."""

    outcome: str = "approve"
    reason: str = ""
    until: str | None = None
    polls: int = 0
    after: After = After()

    def __post_init__(self) -> None:
        """Refuse outcomes that do not exist."""
        if self.outcome not in OUTCOMES:
            raise ValueError(f"decision: no outcome {self.outcome!r}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the agency says now: ``pending``, ``approve``, ``supplement`` or ``reject``.

    ``number_ready`` is False while an approved dossier still waits for its personal number.
    """

    outcome: str
    reason: str = ""
    until: str | None = None
    number_ready: bool = True


@dataclass(slots=True)
class DecisionRule:
    """A decision with its conditions and what is left of it."""

    number: int
    match: Match
    decision: Decision
    times: int | None = None
    hits: int = 0


class DecisionRules:
    """The decision rules of one agency: a dossier takes the first that matches when it comes in."""

    def __init__(self) -> None:
        """Start without rules: everything is approved at once."""
        self._rules: list[DecisionRule] = []
        self._next = 1

    def add(self, rule: Mapping[str, Any]) -> DecisionRule:
        """Add a rule given as JSON. Raises ValueError naming what is wrong."""
        values = dict(rule)
        match = read(Match, values.pop("match", {}))
        times = values.pop("times", None)
        values["after"] = read(After, values.get("after", {}))
        made = DecisionRule(self._next, match, read(Decision, values), times)
        self._next += 1
        self._rules.append(made)
        return made

    def remove(self, number: int) -> None:
        """Forget one rule; unknown numbers are ignored."""
        self._rules = [rule for rule in self._rules if rule.number != number]

    def clear(self) -> None:
        """Forget all rules."""
        self._rules = []

    def all(self) -> list[DecisionRule]:
        """The rules with their hits so far."""
        return list(self._rules)

    def take(self, operation: str, content: str, headers: Mapping[str, str] | None = None) -> Decision:
        """The decision for a dossier that comes in now; the hit is counted."""
        call = Call("", "", operation, content, headers or {})
        for rule in self._rules:
            if (rule.times is None or rule.hits < rule.times) and rule.match.fits(call):
                rule.hits += 1
                return rule.decision
        return Decision()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one dossier is: when it came, how often it was asked about, what a person decided."""

    decision: Decision
    received: datetime
    polls: int = 0
    by_hand: Verdict | None = field(default=None)


def judge(progress: Progress, now: datetime) -> Verdict:
    """The verdict at ``now``; a person's decision goes before any rule."""
    if progress.by_hand is not None:
        return progress.by_hand
    decision = progress.decision
    waited = now - progress.received >= timedelta(seconds=decision.after.seconds)
    if decision.outcome == "hold" or not waited or progress.polls <= decision.after.polls - 1:
        return Verdict("pending")
    verdict = Verdict(decision.outcome, decision.reason, decision.until)
    if decision.outcome == "late-number":
        return replace(verdict, outcome="approve", number_ready=progress.polls >= decision.polls)
    return verdict
