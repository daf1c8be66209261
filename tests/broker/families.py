"""Birth declarations and a register of synthetic people, for tests of the population check."""

from __future__ import annotations

import dataclasses

from broker.canonical.plan import Node
from broker.canonical.read import Person, PersonRecord, Place
from broker.dates import PartialDate
from broker.population import Check, Query
from signing.xml import parse

MOTHER = Person("079192000111", "NGUYỄN THỊ HÒA", "2", "1992-05-02", "01", "VN", Place("VN", "79", "26734"))
FATHER = Person("052078000222", "TRẦN VĂN DŨNG", "1", "1978", "01", "VN", Place("VN", "79", "26734"))
HEAD = Person("079055000333", "TRẦN VĂN TÂM", "1", "1955-01-30", "01", "VN")


class Register:
    """Answers as the real one does: everything exact, capitals apart, and no word of what differs."""

    def __init__(self, *people: Person) -> None:
        """Holds ``people``."""
        self._people = {person.personal_number: person for person in people}
        self.asked: list[Query] = []

    def answer(self, query: Query) -> PersonRecord:
        """The register's answer to ``query``."""
        self.asked.append(query)
        person = self._people.get(query.number)
        if person is None or not _fits(person, query):
            return PersonRecord(False)
        return PersonRecord(True, person=person if query.kind == "lookup" else None)

    def ask(self, check: Check) -> Check:
        """The whole conversation."""
        while (query := check.next_query()) is not None:
            check = check.feed(self.answer(query))
        return check


def _fits(person: Person, query: Query) -> bool:
    name = query.name is None or query.name.upper() == person.full_name
    held = PartialDate.parse(person.birth_date or "1900")
    return name and (query.birth_date is None or query.birth_date.agrees(held))


def person_xml(role: str, person: Person, *, number: bool = True, **changes: str) -> str:
    """The element of a parent, with what the register holds or with ``changes``."""
    person = dataclasses.replace(person, **changes)  # type: ignore[arg-type]
    family, *middle, given = person.full_name.title().split()
    the_number = f"<PersonalNumber>{person.personal_number}</PersonalNumber>" if number else ""
    return (
        f"<{role}><Name><Family>{family}</Family><Middle>{' '.join(middle)}</Middle>"
        f"<Given>{given}</Given></Name>"
        f"<BirthDate>{person.birth_date}</BirthDate>{the_number}<Ethnicity>{person.ethnicity}</Ethnicity>"
        f"<Nationality>{person.nationality}</Nationality><Residence><Country>VN</Country>"
        f"<Province>79</Province><Commune>26734</Commune></Residence></{role}>"
    )


def head_xml(person: Person) -> str:
    """The household with this head."""
    return (
        f"<Household><HeadName>{person.full_name}</HeadName>"
        f"<HeadPersonalNumber>{person.personal_number}</HeadPersonalNumber></Household>"
    )


def declaration(*parts: str) -> Node:
    """A declaration of these parts."""
    return parse(f'<BirthDeclaration xmlns="urn:lienthong:1.0">{"".join(parts)}</BirthDeclaration>'.encode())
