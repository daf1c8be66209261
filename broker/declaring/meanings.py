"""What a code in a declaration stands for, in the words that a citizen reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from broker.canonical.plan import Element
from broker.units import Units

_UNITS = frozenset({"ProvinceValue", "CommuneValue"})


class Meanings:
    """Lists of config/words.yaml, and the names of units on a day."""

    def __init__(self, lists: Mapping[str, Mapping[str, str]], units: Units) -> None:
        """``lists``: name of a simple type, or path or name of a field → code → words."""
        self._lists = lists
        self._units = units

    def of(self, plan: Element, path: str, text: str, on: date) -> str | None:
        """What ``text`` of the field at ``path`` below ``plan`` means on a day; None if it is no code we know."""
        leaf = leaf_at(plan, path)
        if leaf is None or leaf.value is None:
            return None
        kind = leaf.value.name or leaf.value.base
        if kind in _UNITS:
            return self.unit(text, on)
        names = (f"{plan.name}/{_bare(path)}", kind, leaf.name, leaf.value.base)
        return next((found for name in names if (found := self._lists.get(name, {}).get(text))), None)

    def word(self, name: str, code: str) -> str | None:
        """The words for a code of one list."""
        return self._lists.get(name, {}).get(code)

    def unit(self, code: str, on: date) -> str | None:
        """The name of a province or commune."""
        unit = self._units.unit(code, on)
        return None if unit is None else unit.name

    def place(self, province: str | None, commune: str | None, on: date) -> str:
        """ "Phường Ba Đình, Thành phố Hà Nội", as far as the codes mean something."""
        names = (self.unit(code, on) or code for code in (commune, province) if code)
        return ", ".join(names)


def leaf_at(plan: Element, path: str) -> Element | None:
    """The element at ``path`` below ``plan``; None if the schema has none there."""
    at = plan
    for name in _bare(path).split("/"):
        found = next((option for slot in at.slots for option in slot.options if option.name == name), None)
        if found is None:
            return None
        at = found
    return at


def _bare(path: str) -> str:
    """The path without the numbers of repeated elements."""
    return "/".join(step.partition("[")[0] for step in path.split("/"))
