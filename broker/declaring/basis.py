"""Stands in for the result of a registration that has not happened yet, so that later forms can be shown now.

What the result will repeat of the declaration (the child's name, the office) is taken from it; what only the
registrar can give (number, book, personal number) is a placeholder that fits its field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date

from lxml import etree

from broker.canonical.document import tag, text_at
from broker.canonical.plan import NSMAP, Element, Node

_OFFICE = {part: (f"Choices/RegistrationOffice/{part}",) for part in ("Province", "Commune")}
_REPEATS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Registration": {
        "ChildName": ("Child/Name/Family", "Child/Name/Middle", "Child/Name/Given"),
        "ChildSex": ("Child/Sex",),
        "ChildBirthDate": ("Child/BirthDate",),
        **{f"Office/{part}": paths for part, paths in _OFFICE.items()},
    },
    "DeathRegistration": {
        "DeceasedName": ("Deceased/Name/Family", "Deceased/Name/Middle", "Deceased/Name/Given"),
        "DeceasedPersonalNumber": ("Deceased/PersonalNumber",),
        "DeathDate": ("Deceased/DeathDate",),
        **{f"Office/{part}": paths for part, paths in _OFFICE.items()},
    },
}
"""Result element → its leaf → where the declaration says the same."""

_WANTED = frozenset({"PersonalNumber"})
"""Optional leaves without which later steps cannot be made."""

_BY_TYPE = {"PersonalNumberValue": "000000000000", "ProvinceValue": "00", "CommuneValue": "00000"}
NUMBER = "0"
"""Stands for a number, a book or a page."""


@dataclasses.dataclass(frozen=True, slots=True)
class Basis:
    """The result element that a step document of a process may carry, by its plan; None if it carries none."""

    plan: Element | None

    @classmethod
    def of(cls, step_document: Element) -> Basis:
        """The basis in ``step_document``: what comes after head and declaration."""
        later = [option for slot in step_document.slots[2:] for option in slot.options]
        return cls(later[0] if later else None)

    def repeated(self, source: str) -> tuple[str, ...] | None:
        """Paths in the declaration that the leaf at ``source`` (``Registration/ChildName``) repeats.

        None if the source is not in the basis; empty if only the registrar can give it.
        """
        if self.plan is None or not source.startswith(f"{self.plan.name}/"):
            return None
        return _REPEATS.get(self.plan.name, {}).get(source.partition("/")[2], ())

    def placeholder(self, declaration: Node, on: date) -> Node | None:
        """A result as it may look, registered ``on`` that day."""
        if self.plan is None:
            return None
        root = etree.Element(self.plan.tag, nsmap=NSMAP)
        _fill(root, self.plan, "", _said(self.plan.name, declaration), on)
        return root


def _said(name: str, declaration: Node) -> dict[str, str]:
    """Leaf → what the declaration says of it."""
    found = {}
    for leaf, paths in _REPEATS.get(name, {}).items():
        text = " ".join(part for path in paths if (part := text_at(declaration, path)))
        if text:
            found[leaf] = text
    return found


def _fill(node: Node, plan: Element, prefix: str, said: Mapping[str, str], on: date) -> None:
    for slot in plan.slots:
        below, path = slot.options[0], prefix + slot.options[0].name
        if below.value is None:
            if any(leaf.startswith(f"{path}/") for leaf in said):
                _fill(etree.SubElement(node, below.tag), below, f"{path}/", said, on)
        elif slot.minimum or path in said or path in _WANTED:
            etree.SubElement(node, tag(below.name)).text = said.get(path) or _stand_in(below, on)


def _stand_in(leaf: Element, on: date) -> str:
    assert leaf.value is not None, "only leaves are filled"
    if leaf.value.enumeration:
        return leaf.value.enumeration[0]
    if leaf.value.base == "date":
        return on.isoformat()
    return _BY_TYPE.get(leaf.value.name or "", NUMBER)
