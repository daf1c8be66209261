"""Stands in for the result of a registration that has not happened yet, so that later forms can be shown now.

What the result will repeat of the declaration (the child's name, the office) is taken from it; what only the
registrar can give (number, book, personal number) is a placeholder that fits its field.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import date

from lxml import etree

from broker.agency import Agency
from broker.canonical import repeats
from broker.canonical.document import tag
from broker.canonical.plan import NSMAP, Element, Node

_WANTED = frozenset({"PersonalNumber", "Certificate"})
"""Optional parts without which later steps cannot be made: a number, the paper that they receive."""

STAND_IN = b"%PDF-1.4"
"""Stands for the content of a paper that has not been written yet."""
_BY_TYPE = {
    "PersonalNumberValue": "000000000000",
    "ProvinceValue": "00",
    "CommuneValue": "00000",
    "Sha256": hashlib.sha256(STAND_IN).hexdigest(),
}
NUMBER = "0"
"""Stands for a number, a book or a page."""


def stood_in(agency: Agency) -> Agency:
    """The agency, for whose forms the paper of a placeholder stands in the store."""

    def file(sha256: str) -> bytes:
        if sha256 == _BY_TYPE["Sha256"]:
            return STAND_IN
        if agency.blobs is None:
            raise LookupError(sha256)
        return agency.blobs(sha256)

    return dataclasses.replace(agency, blobs=file)


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
        return repeats.REPEATS.get(self.plan.name, {}).get(source.partition("/")[2], ())

    def placeholder(self, declaration: Node, on: date) -> Node | None:
        """A result as it may look, registered ``on`` that day."""
        if self.plan is None:
            return None
        root = etree.Element(self.plan.tag, nsmap=NSMAP)
        _fill(root, self.plan, "", repeats.declared(self.plan.name, declaration), on)
        return root


def _fill(node: Node, plan: Element, prefix: str, said: Mapping[str, str], on: date) -> None:
    for slot in plan.slots:
        below = slot.options[-1]  # the hub keeps a paper by its hash, the second of two ways to hand it over
        path = prefix + below.name
        if below.value is None:
            if path in _WANTED or any(leaf.startswith(f"{path}/") for leaf in said):
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
