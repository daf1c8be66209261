"""Whether what a declaration names exists on the day: what cannot be routed is kept, what is not clear is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo

from broker.canonical import build
from broker.canonical.document import find, path_of, tag, text_at
from broker.canonical.plan import Node
from broker.mapping.codes import CodeTable
from broker.model import Problem
from broker.peoples import unclear_groups
from broker.process.rules import RuleSet, plan
from broker.units import Units

HOME = "VN"
"""The country whose units are known."""


class Router:
    """Checks the offices, addresses and ethnic groups of a declaration against the lists of the day."""

    def __init__(self, units: Units, zone: tzinfo, peoples: CodeTable) -> None:
        """Days begin at midnight in ``zone``. ``peoples``: name of an ethnic group → the groups that it may mean."""
        self._units = units
        self._zone = zone
        self._peoples = peoples

    def renew(self, declaration: Node, received_at: datetime) -> None:
        """Put codes of the list before the reform into those of today, in place, where exactly one unit corresponds.

        What stays as it was said is told by `problems` and `unclear`.
        """
        on = self._day(received_at)
        for place in _places(declaration):
            province, commune = _codes(place)
            renewed = self._units.renewed(province, commune, on)
            for name, code in zip(("Province", "Commune"), renewed, strict=True):
                element = find(place, name)
                if element is not None and code is not None:
                    element.text = code

    def problems(self, rules: RuleSet, declaration: Node, received_at: datetime) -> tuple[Problem, ...]:
        """Why a step of the declaration has no unit that can act on it; empty if every one has."""
        on = self._day(received_at)
        found: dict[tuple[str, str], Problem] = {}
        for step in plan(rules, declaration):
            codes = build.office(declaration, step.office)
            problem = self._units.problem(step.office, *codes, on)
            if problem is not None:
                found.setdefault(codes, problem)
        return tuple(found.values())

    def unclear(self, declaration: Node, received_at: datetime) -> tuple[Problem, ...]:
        """What the declaration says in a code that is none today or in a name with several meanings.

        Addresses in the country, each with the units that may be meant; names of ethnic groups with their groups.
        """
        on = self._day(received_at)
        found = [
            self._units.problem(path_of(place, declaration), *_codes(place), on)
            for place in _places(declaration)
            if find(place, "Country") is not None
        ]
        found += unclear_groups(declaration, self._peoples, on)
        return tuple(problem for problem in found if problem is not None)

    def _day(self, received_at: datetime) -> date:
        return received_at.astimezone(self._zone).date()


def _places(declaration: Node) -> Iterator[Node]:
    """The offices, and the addresses in the country whose province is said."""
    for province in declaration.iter(tag("Province")):
        place = province.getparent()
        if place is not None and text_at(place, "Country") in (None, HOME):
            yield place


def _codes(place: Node) -> tuple[str, str | None]:
    return text_at(place, "Province") or "", text_at(place, "Commune")
