"""What a declaration of the demo is: what is declared, what happens to it on the way, and how it should end."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from lienthong.demo.death import Death
from lienthong.demo.document import Birth

Door = Literal["soap 1.1", "soap 1.2", "rest xml", "rest json"]
DOORS: tuple[Door, ...] = ("soap 1.1", "rest xml", "soap 1.2", "rest json")

Order = Literal["decision", "fault"]
End = Literal["completed", "partially-completed", "rejected", "refused"]

PAPER = b"%PDF-1.4\n% synthetic paper, made for the demo\n%%EOF\n"
PAPER_HASH = hashlib.sha256(PAPER).hexdigest()


@dataclasses.dataclass(frozen=True)
class Rule:
    """What an agency is told to do with this case: a decision or a fault of the sandbox."""

    agency: str
    kind: Order
    rule: dict[str, Any]


def rule(agency: str, kind: Order, contains: str, what: dict[str, Any]) -> Rule:
    """Once, for the message that contains a text: a decision, or the fault ``what``."""
    said = what if kind == "decision" else {"fault": what}
    return Rule(agency, kind, {"match": {"contains": contains}, "times": 1} | said)


@dataclasses.dataclass(frozen=True)
class Case:
    """One declaration of the demo. ``ends``: the state in which it should end, ``refused`` if it is not even taken in.

    ``written``: a field and the text that stands there instead; ``twice``: sent again. When the citizen is asked,
    ``corrections`` (field, value) are the answer, or the consent of the relatives ``agreeing`` (personal numbers), or
    a scanned paper of the kind ``paper``. ``issued``: what a health facility has certified before, by its tags.
    ``rectified``: what civil status corrects in the act when all is done, by the paths of its record.
    """

    name: str
    event: Birth | Death
    door: Door = "rest xml"
    ends: End = "completed"
    rules: tuple[Rule, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    paper: str = "dwelling-proof"
    agreeing: tuple[str, ...] = ()
    twice: bool = False
    written: tuple[str, str] | None = None
    issued: Mapping[str, str] | None = None
    rectified: Mapping[str, str] | None = None

    @property
    def group(self) -> str:
        """Which linked procedure it starts: ``birth`` or ``death``."""
        return "birth" if isinstance(self.event, Birth) else "death"

    @property
    def person(self) -> str:
        """Whom it is about."""
        if isinstance(self.event, Death):
            return self.event.deceased.full_name
        return " ".join(part for part in self.event.name or () if part) or "(chưa đặt tên)"
