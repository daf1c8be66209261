"""Who looks up a citizen, for which unit and purpose: without that no look-up is made and none leaves.

The population database wants the officer and the procedure with every question; the hub keeps both with the message,
and finds a citizen's look-ups again by a keyed hash of the personal number.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from broker.canonical.document import is_personal_number
from broker.errors import Invalid
from broker.model import Message, Problem
from broker.store.engine import Tx
from broker.store.rows import Lookup

_ASKED = {
    "officer": ("Actor/OfficerId", "cán bộ tra cứu", "officer who looks up"),
    "unit": ("Actor/Unit", "đơn vị tra cứu", "unit that looks up"),
    "purpose": (None, "mục đích tra cứu", "purpose of the look-up"),
    "number": (None, "số định danh của người được tra cứu", "personal number that is looked up"),
}


class Unattributed(Invalid):
    """A look-up of a citizen that nobody, or nothing, stands behind: it is not made."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attribution:
    """Whose look-up of whom it is. Raises `Unattributed` if officer, unit, purpose or number is blank."""

    number: str
    officer: str
    unit: str
    purpose: str
    dossier_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be answered for."""
        missing = [name for name in _ASKED if not getattr(self, name).strip()]
        if missing:
            raise Unattributed([_problem(name) for name in missing])

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Attribution:
        """From what travels with a delivery. Raises `Unattributed`."""
        found = {name: values.get(name, "") for name in _ASKED}
        return cls(**found, dossier_id=values.get("dossier_id"))

    def note(self, tx: Tx, question: Message) -> None:
        """Keep that ``question`` asks about the citizen, in the transaction that logs it."""
        lookup = Lookup(
            at=question.at,
            agency=question.agency,
            operation=question.operation,
            officer=self.officer,
            unit=self.unit,
            purpose=self.purpose,
            dossier_id=self.dossier_id,
            message_id=question.id,
        )
        tx.lookups.add(self.number, lookup)
        if question.dossier is None and is_personal_number(
            self.number
        ):  # else it is found through the dossier
            tx.people.note(question.id, [self.number])


def _problem(name: str) -> Problem:
    field, vi, en = _ASKED[name]
    return Problem(
        field, f"Thiếu {vi}; không được tra cứu công dân.", f"There is no {en}: no look-up is made."
    )
