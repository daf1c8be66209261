"""What a registration's result repeats of the declaration: expected before it is there, compared when it comes.

Civil status decides what is registered; that it differs from what was declared is worth a person's look, because
wrong or missing fields are how dossiers went wrong between systems.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from broker.canonical.document import text_at
from broker.canonical.plan import Node
from broker.dates import PartialDate
from broker.names import same_name

_OFFICE = {part: (f"Choices/RegistrationOffice/{part}",) for part in ("Province", "Commune")}
REPEATS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
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


def declared(name: str, declaration: Node) -> dict[str, str]:
    """Leaf of the result element ``name`` → what the declaration says of it."""
    found = {}
    for leaf, paths in REPEATS.get(name, {}).items():
        text = " ".join(part for path in paths if (part := text_at(declaration, path)))
        if text:
            found[leaf] = text
    return found


def differing(declaration: Node, result: Node) -> tuple[str, ...]:
    """Leaves of the result that say something else than the declaration; what either leaves out is no difference."""
    expected = declared(etree.QName(result).localname, declaration)
    return tuple(
        leaf
        for leaf, text in expected.items()
        if (told := text_at(result, leaf)) and not _same(leaf, text, told)
    )


def _same(leaf: str, one: str, other: str) -> bool:
    if leaf.endswith("Name"):
        return same_name(one, other)
    if leaf.endswith("Date"):
        return PartialDate.parse(one).agrees(PartialDate.parse(other))
    return one == other
