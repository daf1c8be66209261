"""The rules in force: which process a declaration starts, which rules a dossier runs under, who is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from broker.calendar import WorkingCalendar
from broker.model import Dossier
from broker.process.engine import Abilities, Engine
from broker.process.rules import Process


@dataclasses.dataclass(frozen=True)
class Book:
    """All processes, with what the hub can do at each agency. ``owners``: agency → person or unit that is called."""

    processes: Mapping[str, Process]
    calendar: WorkingCalendar
    abilities: Mapping[str, Abilities]
    owners: Mapping[str, str]
    hub_owner: str

    def engine(self, dossier: Dossier) -> Engine:
        """The engine for the rules under which ``dossier`` was received."""
        process = self.processes[dossier.process]
        return Engine(process, process.rule_set(dossier.rule_set), self.calendar, self.abilities)

    def starts(self, declaration: etree._Element, received_at: datetime) -> Engine:
        """The engine for a new declaration, by the name of its root. Raises LookupError if no process takes it."""
        document = etree.QName(declaration).localname
        for process in self.processes.values():
            if process.document == document:
                day = received_at.astimezone(self.calendar.zone).date()
                return Engine(process, process.in_force(day), self.calendar, self.abilities)
        raise LookupError(f"no process is declared by {document}: see config/processes")

    def owner(self, agency: str | None) -> str:
        """Who is called when something about ``agency`` needs a person."""
        return self.owners.get(agency, self.hub_owner) if agency else self.hub_owner
