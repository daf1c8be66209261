"""Whether the units that a declaration names exist on the day: what cannot be routed is kept, never dropped."""

from __future__ import annotations

from datetime import datetime, tzinfo

from broker.canonical import build
from broker.canonical.plan import Node
from broker.model import Problem
from broker.process.rules import RuleSet, plan
from broker.units import NotCovered, Units


class Router:
    """Checks the offices of a declaration's steps against the administrative units of the day."""

    def __init__(self, units: Units, zone: tzinfo) -> None:
        """Days begin at midnight in ``zone``."""
        self._units = units
        self._zone = zone

    def problems(self, rules: RuleSet, declaration: Node, received_at: datetime) -> tuple[Problem, ...]:
        """Why a step of the declaration has no unit that can act on it; empty if every one has."""
        on = received_at.astimezone(self._zone).date()
        found: dict[tuple[str, str], Problem] = {}
        for step in plan(rules, declaration):
            codes = build.office(declaration, step.office)
            try:
                problem = self._units.problem(step.office, *codes, on)
            except NotCovered:
                # Before the reform only provinces are known: the commune is the agency's to judge.
                problem = None
            if problem is not None:
                found.setdefault(codes, problem)
        return tuple(found.values())
