"""Checks a declaration against the population register, person by person and field by field.

The register's look-up wants number, name and birth date all exact and else says "not found", without saying
what differs. So a person who was not found is followed up with questions about two values at a time, until
the differing one can be named. What the register holds is compared and never repeated: a verdict carries no
value.

Pure: `Check` says what to ask next and takes the answer; the hub asks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, cast

from broker.canonical import build
from broker.canonical.document import find, tag, text_at
from broker.canonical.plan import Node
from broker.canonical.read import PersonRecord
from broker.communes import current, places_today
from broker.dates import PartialDate
from broker.names import other_spellings, same_name

Role = Literal["Applicant", "Mother", "Father", "Head", "Deceased", "Recipient", "Relative"]
"""Who a person is in the declaration.

Head is the head of the household, Recipient who receives the support for a funeral, Relative who may have the
survivor allowance.
"""

FieldName = Literal["PersonalNumber", "Name", "BirthDate", "Ethnicity", "Nationality", "Residence"]
"""What is compared."""

Verification: TypeAlias = Literal["match", "differs", "unknown"]
"""What the register says of a value (common.xsd, Verification)."""

Place: TypeAlias = tuple[str | None, str | None]
"""Codes of province and commune."""

_PATHS: Mapping[Role, str] = {
    "Applicant": "Applicant",
    "Deceased": "Deceased",
    "Mother": "Mother",
    "Father": "Father",
    "Recipient": "Funeral/Recipient",
    "Relative": "Survivors/Relative",
}
"""Where in a declaration each person stands, in the order in which the register is asked."""

_HEAD_PATHS = {"Name": "Household/HeadName", "PersonalNumber": "Household/HeadPersonalNumber"}


@dataclasses.dataclass(frozen=True, slots=True)
class Declared:
    """What a declaration says of one person; ``place`` is (province, commune) of the residence.

    ``role`` is a `Role`, with its number where the declaration names several: ``Relative[2]``.
    """

    role: str
    number: str | None = None
    name: str | None = None
    birth_date: PartialDate | None = None
    ethnicity: str | None = None
    nationality: str | None = None
    place: Place | None = None

    def path(self, field: FieldName) -> str:
        """Where in the declaration the field stands."""
        kind = kind_of(self.role)
        if kind == "Head":
            return _HEAD_PATHS[field]
        return f"{_PATHS[kind]}{self.role.removeprefix(kind)}/{field}"


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """One question to the register: its record (lookup), or whether values belong together (confirm)."""

    kind: Literal["lookup", "confirm"]
    number: str
    name: str | None = None
    birth_date: PartialDate | None = None

    def document(self, *, request_id: str, officer: str, unit: str, purpose: str) -> bytes:
        """The canonical PersonQuery, on behalf of an officer and for a purpose."""
        return build.person_query(
            self.kind,
            request_id=request_id,
            officer=officer,
            unit=unit,
            purpose=purpose,
            personal_number=self.number,
            full_name=self.name,
            birth_date=None if self.birth_date is None else str(self.birth_date),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What the register says of one field. ``asked`` is False for a person whom nobody could ask about."""

    role: str
    field: FieldName
    outcome: Verification
    path: str
    asked: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    """What the answers together say; None where they say nothing."""

    record: PersonRecord | None = None
    name: bool | None = None
    birth_date: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """The conversation about one person, who may have several roles. Rebuilt at any time from its answers."""

    people: tuple[Declared, ...]
    answers: tuple[PersonRecord, ...] = ()

    @property
    def key(self) -> str:
        """Name of the check within its dossier: the person's first role."""
        return self.people[0].role

    def next_query(self) -> Query | None:
        """What to ask now; None when there is nothing more to ask."""
        return self._replay()[0]

    def feed(self, record: PersonRecord) -> Check:
        """The conversation after the answer to `next_query`. Raises ValueError if nothing was asked."""
        if self.next_query() is None:
            raise ValueError("nothing was asked")
        return dataclasses.replace(self, answers=(*self.answers, record))

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the register said of every declared field. Raises ValueError while there is more to ask."""
        query, known = self._replay()
        if query is not None or known is None:
            raise ValueError("there is more to ask")
        asked = bool(self.answers)
        return tuple(
            Verdict(person.role, field, outcome, person.path(field), asked)
            for person in self.people
            for field, outcome in _judge(person, known)
        )

    def _replay(self) -> tuple[Query | None, _Known | None]:
        talk = _conversation(self.people[0])
        try:
            query = next(talk)
            for answer in self.answers:
                query = talk.send(answer)
        except StopIteration as end:
            return None, end.value
        return query, None


def kind_of(role: str) -> Role:
    """The role without its number."""
    return cast("Role", role.partition("[")[0])


def checks(declaration: Node) -> tuple[Check, ...]:
    """One conversation for each person of a declaration: a mother who applies is asked about once."""
    people: dict[tuple[object, ...], list[Declared]] = {}
    for person in declared(declaration):
        identity = (person.number, person.name, person.birth_date) if person.number else (person.role,)
        people.setdefault(identity, []).append(person)
    return tuple(Check(tuple(roles)) for roles in people.values())


def declared(declaration: Node) -> Iterator[Declared]:
    """The persons of a declaration whom the register may know."""
    for role, path in _PATHS.items():
        parent, _, element_name = path.rpartition("/")
        above = find(declaration, parent) if parent else declaration
        found = above.findall(tag(element_name)) if above is not None else []
        for position, element in enumerate(found, 1):
            yield _declared(f"{role}[{position}]" if role == "Relative" else role, element)
    number, name = (text_at(declaration, _HEAD_PATHS[field]) for field in ("PersonalNumber", "Name"))
    if number or name:
        yield Declared("Head", number or None, name or None)


def _declared(role: str, element: Node) -> Declared:
    parts = [text_at(element, f"Name/{part}") for part in ("Family", "Middle", "Given")]
    birth_date = text_at(element, "BirthDate")
    place = (text_at(element, "Residence/Province"), text_at(element, "Residence/Commune"))
    return Declared(
        role=role,
        number=text_at(element, "PersonalNumber") or None,
        # Relatives have their name in one line.
        name=" ".join(part for part in parts if part) or text_at(element, "Name") or None,
        birth_date=PartialDate.parse(birth_date) if birth_date else None,
        ethnicity=text_at(element, "Ethnicity"),
        nationality=text_at(element, "Nationality"),
        place=place if any(place) else None,
    )


def _conversation(person: Declared) -> Generator[Query, PersonRecord, _Known]:
    """Asks until the differing value is known; a register that compares literally, in every spelling."""
    number = person.number
    if number is None or person.name is None:
        return _Known()
    birth = None
    if person.birth_date is not None:
        record = yield Query("lookup", number, person.name, person.birth_date)
        if record.found:
            return _Known(record, name=True, birth_date=True)
        birth = (yield Query("confirm", number, birth_date=person.birth_date)).found
    for spelling in (person.name, *other_spellings(person.name)):
        if (yield Query("confirm", number, name=spelling)).found:
            return _Known(name=True, birth_date=birth)
    return _Known(name=False, birth_date=birth)


def _judge(person: Declared, known: _Known) -> Iterator[tuple[FieldName, Verification]]:
    """Field by field, for the fields that were declared."""
    if person.number is not None:
        yield "PersonalNumber", _number(known)
    if person.name is not None:
        yield "Name", _name(person, known)
    if person.birth_date is not None:
        yield "BirthDate", _birth_date(person, known)
    yield from _details(person, known)


def _nobody(known: _Known) -> bool:
    """True if neither name nor birth date belongs to the number: then it is the number that is wrong."""
    return known.name is False and known.birth_date is False


def _number(known: _Known) -> Verification:
    if known.name or known.birth_date:
        return "match"
    return "differs" if _nobody(known) else "unknown"


def _name(person: Declared, known: _Known) -> Verification:
    if known.record is not None and known.record.person is not None:
        return _same(same_name(person.name or "", known.record.person.full_name))
    return "unknown" if _nobody(known) or known.name is None else _same(known.name)


def _birth_date(person: Declared, known: _Known) -> Verification:
    held = (
        known.record.person.birth_date
        if known.record is not None and known.record.person is not None
        else None
    )
    if held is not None and person.birth_date is not None:
        return _same(person.birth_date.agrees(PartialDate.parse(held)))
    return "unknown" if _nobody(known) or known.birth_date is None else _same(known.birth_date)


def _details(person: Declared, known: _Known) -> Iterator[tuple[FieldName, Verification]]:
    """What only the record can say."""
    held = known.record.person if known.record is not None else None
    pairs: Sequence[tuple[FieldName, object, object]] = (
        ("Ethnicity", person.ethnicity, held.ethnicity if held is not None else None),
        ("Nationality", person.nationality, held.nationality if held is not None else None),
    )
    for field, said, known_value in pairs:
        if said is not None:
            yield field, "unknown" if known_value is None else _same(said == known_value)
    if person.place is not None:
        residence = held.residence if held is not None else None
        place = None if residence is None else (residence.province, residence.commune)
        yield "Residence", _place(person.place, place)


def _place(said: Place, held: Place | None) -> Verification:
    """Whether a place of today is the one that the register holds, perhaps by its code of before the reform.

    An old commune that went to several of today proves nothing, nor does a code that no list has.
    """
    if held == said:
        return "match"
    (province, commune), (old_province, old_commune) = said, held or (None, None)
    if not (province and commune and old_province and old_commune):
        return "unknown"
    here, there = current().get(commune), places_today(old_province, old_commune)
    if here is None or here.province != province or not there:
        return "unknown"
    if commune not in there:
        return "differs"
    return "match" if len(there) == 1 else "unknown"


def _same(equal: bool) -> Verification:
    return "match" if equal else "differs"
