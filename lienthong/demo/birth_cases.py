"""The births of the demo: what parents declare, and what agencies do with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from lienthong.demo.case import PAPER, PAPER_HASH, Case, End, Order, rule
from lienthong.demo.document import Birth, Head
from lienthong.demo.families import Families, mail_address, other_tone, typed
from sandbox.dancu.population import Couple


def births(families: Families, count: int) -> list[Case]:
    """``count`` births: everything special there is, then plain ones."""
    found = [*_declarations(families), *_troubles(families)]
    return found + [_plain(families, "both parents") for _ in range(count - len(found))]


def _birth(families: Families, couple: Couple | None = None, **changes: Any) -> Birth:
    couple = couple or families.couple()
    mother, father = typed(couple.wife), typed(couple.husband)
    home = mother.residence
    plain = Birth(
        sex="1",
        born=families.born,
        birth_place=dataclasses.replace(home, detail="Bệnh viện đa khoa"),
        registration=home,
        applicant=mother,
        relation="mother",
        name=families.name(father.family or mother.family or "Nguyễn"),
        mother=mother,
        father=father,
        residence=home,
        head=Head(father.full_name, father.number),
        insurance=home,
        identity_card=home,
        ethnicity=father.ethnicity,
        facility=f"{home.province}001",
        email=mail_address(mother),
    )
    return dataclasses.replace(plain, **changes)


def _plain(families: Families, title: str, **changes: Any) -> Case:
    return Case(title, _birth(families, **changes))


def _declarations(families: Families) -> Iterator[Case]:
    """What people declare."""
    yield _plain(families, "both parents")
    yield Case("mother only", _mother_only(families))
    yield Case("foundling", _foundling(families))
    couple = families.couple()
    for order in (1, 2):
        yield Case(f"twins, child {order}", _birth(families, couple, sibling=order))
    yield _nameless(families)
    yield Case("parents in two provinces", _two_provinces(families))
    yield _plain(families, "residence not wanted", residence=None, head=None)
    yield _plain(families, "health card not wanted", insurance=None)
    yield _plain(families, "identity card not wanted", identity_card=None)
    yield _plain(families, "a girl", sex="2")
    file = ("birth-certificate-paper", "giay-chung-sinh.pdf", "application/pdf", len(PAPER), PAPER_HASH)
    yield _plain(families, "with a scanned paper", attachments=(file,))
    yield _misspelt(families)
    yield _unroutable(families)
    yield Case("the same submission twice", _birth(families), twice=True)
    yield _thirteen_digits(families)
    yield Case("applicant unknown to the register", _unknown(families), ends="rejected")


def _mother_only(families: Families) -> Birth:
    mother = typed(families.mother())
    home = mother.residence
    return _birth(
        families,
        applicant=mother,
        mother=mother,
        father=None,
        kind="3",
        name=families.name(mother.family or "Nguyễn"),
        registration=home,
        birth_place=home,
        residence=home,
        head=Head(mother.full_name, mother.number),
        insurance=home,
        identity_card=home,
        ethnicity=mother.ethnicity,
        facility=f"{home.province}001",
    )


def _foundling(families: Families) -> Birth:
    keeper = typed(families.couple().wife)
    return _birth(
        families,
        applicant=keeper,
        relation="guardian",
        mother=None,
        father=None,
        kind="5",
        registration=keeper.residence,
        birth_place=keeper.residence,
        residence=keeper.residence,
        head=Head(keeper.full_name, keeper.number, "ward", "with-guardian"),
        insurance=keeper.residence,
        identity_card=keeper.residence,
        facility=f"{keeper.residence.province}001",
    )


def _two_provinces(families: Families) -> Birth:
    plain = _birth(families)
    assert plain.mother is not None
    elsewhere = families.couple()
    while elsewhere.husband.residence.province == plain.registration.province:
        elsewhere = families.couple()
    father = typed(elsewhere.husband)
    return dataclasses.replace(
        plain,
        father=father,
        residence=father.residence,
        head=Head(father.full_name, father.number),
        insurance=father.residence,
        identity_card=father.residence,
        facility=f"{father.residence.province}001",
    )


def _nameless(families: Families) -> Case:
    """The parents have not agreed yet: the citizen is asked, and says the name."""
    plain = _birth(families)
    assert plain.name is not None
    parts = zip(("Family", "Middle", "Given"), plain.name, strict=True)
    corrections = tuple((f"Child/Name/{part}", value) for part, value in parts if value)
    return Case("child without a name yet", dataclasses.replace(plain, name=None), corrections=corrections)


def _misspelt(families: Families) -> Case:
    """The mother's given name with another tone: the citizen is asked, and corrects it."""
    plain = _birth(families)
    assert plain.mother is not None
    assert plain.father is not None
    wrong = dataclasses.replace(plain.mother, given=other_tone(plain.mother.given))
    birth = dataclasses.replace(plain, mother=wrong, applicant=plain.father, relation="father")
    correction = ("Mother/Name/Given", plain.mother.given)
    return Case("name differs by a diacritic", birth, corrections=(correction,))


def _unroutable(families: Families) -> Case:
    """An office that no list has: the dossier waits with an owner until somebody puts the right code in."""
    plain = _birth(families)
    wrong = dataclasses.replace(plain.registration, commune="99999")
    correction = ("Choices/RegistrationOffice/Commune", plain.registration.commune)
    birth = dataclasses.replace(plain, registration=wrong)
    return Case("unit code that does not exist", birth, corrections=(correction,))


def _thirteen_digits(families: Families) -> Case:
    plain = _birth(families)
    assert plain.mother is not None
    written = ("Mother/PersonalNumber", plain.mother.number + "1")
    return Case("thirteen digits in a number", plain, ends="refused", written=written)


def _unknown(families: Families) -> Birth:
    plain = _birth(families)
    stranger = dataclasses.replace(
        plain.applicant, number="001199" + plain.applicant.number[-6:], birth_date="1970-01-31"
    )
    return dataclasses.replace(plain, applicant=stranger, relation="relative")


def _troubles(families: Families) -> Iterator[Case]:
    """What agencies do."""
    told: list[tuple[str, str, Order, dict[str, Any]]] = [
        ("personal number late", "hotich", "decision", {"outcome": "late-number", "polls": 4}),
        ("state 4 before state 3", "hotich", "fault", {"kind": "out-of-order"}),
        ("register answers 500", "hotich", "fault", {"kind": "http", "status": 500}),
        ("register busy, Retry-After", "hotich", "fault", {"kind": "http", "status": 503, "retry_after": 1}),
        ("register answers a SOAP fault", "hotich", "fault", {"kind": "soap-fault"}),
        (
            "residence refused",
            "cutru",
            "decision",
            {"outcome": "reject", "reason": "Chỗ ở không đủ điều kiện"},
        ),
        (
            "residence asks for a paper",
            "cutru",
            "decision",
            {"outcome": "supplement", "reason": "Bổ sung giấy tờ nhà"},
        ),
        ("time-out after acceptance", "cutru", "fault", {"kind": "accept-then-hang"}),
        ("connection lost after acceptance", "cutru", "fault", {"kind": "accept-then-drop"}),
        ("called back twice", "cutru", "fault", {"kind": "duplicate-callback"}),
        ("insurance broken answer", "bhxh", "fault", {"kind": "http", "status": 502}),
        ("insurance slow", "bhxh", "fault", {"kind": "delay", "seconds": 0.7}),
        (
            "registration refused",
            "hotich",
            "decision",
            {"outcome": "reject", "reason": "Không đủ căn cứ đăng ký"},
        ),
    ]
    for name, agency, kind, what in told:
        birth = _birth(families)
        yield Case(
            name,
            birth,
            ends=_END.get(name, "completed"),
            rules=(rule(agency, kind, _mark(agency, birth), what),),
        )


_END: dict[str, End] = {"residence refused": "partially-completed", "registration refused": "rejected"}


def _mark(agency: str, birth: Birth) -> str:
    """Text by which an agency recognises the case: the child's name as that agency's form writes it."""
    name = " ".join(part for part in birth.name or () if part)
    return name.upper() if agency in ("cutru",) else name
