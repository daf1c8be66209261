"""Whether the units that a declaration names exist on the day: what cannot be routed is kept, never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo

from broker.canonical import build
from broker.canonical.document import find, tag, text_at
from broker.canonical.plan import Node
from broker.model import Problem
from broker.process.rules import RuleSet, plan
from broker.units import Units

HOME = "VN"
"""The country whose units are known."""


class Router:
    """Checks the offices and addresses of a declaration against the administrative units of the day."""

    def __init__(self, units: Units, zone: tzinfo) -> None:
        """Days begin at midnight in ``zone``."""
        self._units = units
        self._zone = zone

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
        """Which addresses in the country name no unit of the day, each with the units that may be meant."""
        on = self._day(received_at)
        found = (
            self._units.problem(_path(place, declaration), *_codes(place), on)
            for place in _places(declaration)
            if find(place, "Country") is not None
        )
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


def _path(element: Node, root: Node) -> str:
    """Where the element stands below the root, such as ``Mother/Residence``."""
    names: list[str] = []
    at: Node | None = element
    while at is not None and at is not root:
        above = at.getparent()
        same = [] if above is None else above.findall(str(at.tag))
        index = f"[{same.index(at) + 1}]" if len(same) > 1 else ""
        names.append(str(at.tag).rpartition("}")[2] + index)
        at = above
    return "/".join(reversed(names))
