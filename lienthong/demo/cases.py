"""The declarations of the demo: what happens in life, each with a name."""

from __future__ import annotations

import dataclasses
import hashlib
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

from lienthong.demo.document import Birth, Head
from lienthong.demo.parts import Parent, Place
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import Couple, Population

Door = Literal["soap 1.1", "soap 1.2", "rest xml", "rest json"]
DOORS: tuple[Door, ...] = ("soap 1.1", "rest xml", "soap 1.2", "rest json")

Order = Literal["decision", "fault"]

PAPER = b"%PDF-1.4\n% synthetic certificate of birth, made for the demo\n%%EOF\n"
PAPER_HASH = hashlib.sha256(PAPER).hexdigest()


@dataclasses.dataclass(frozen=True)
class Rule:
    """What an agency is told to do with this case: a decision or a fault of the sandbox."""

    agency: str
    kind: Order
    rule: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Case:
    """One declaration of the demo. ``corrections`` is what the citizen answers when asked; ``twice``: sent again."""

    name: str
    birth: Birth
    door: Door
    rules: tuple[Rule, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    twice: bool = False
    broken: tuple[str, str] | None = None


def cases(population: Population, today: date) -> list[Case]:
    """All declarations of the demo, in the order in which they are sent."""
    families = _Families(population, today)
    found = [*_declarations(families), *_troubles(families)]
    found += [_plain(families, "both parents") for _ in range(40 - len(found))]
    return [
        dataclasses.replace(case, door=DOORS[number % len(DOORS)]) if case.broken is None else case
        for number, case in enumerate(found)
    ]


class _Families:
    """Hands out families of the register, each once, and names for their children."""

    def __init__(self, population: Population, today: date) -> None:
        homes = {couple.wife.household: couple for couple in population.couples()}
        self._couples = iter(homes.values())
        self._mothers = iter(population.single_mothers())
        self._names = _names()
        self.born = today - timedelta(days=12)

    def couple(self) -> Couple:
        """A couple of child-bearing age."""
        return next(self._couples)

    def mother(self) -> Citizen:
        """A woman who brings up children alone."""
        return next(self._mothers)

    def name(self, family: str) -> tuple[str, str, str]:
        """A name for a child: by it the agencies know which case is meant."""
        middle, given = next(self._names)
        return family, middle, given


def _names() -> Iterator[tuple[str, str]]:
    middles = ("Minh", "Gia", "Bảo", "Khánh", "Thảo", "Ngọc", "Đức", "Quỳnh", "Hải", "Tuệ")
    givens = ("An", "Bình", "Châu", "Dũng", "Giang", "Hân", "Khang", "Linh", "My", "Phúc", "Quân", "Vy")
    for given in givens:
        for middle in middles:
            yield middle, given


def _person(citizen: Citizen) -> Parent:
    home = citizen.residence
    return Parent(
        citizen.name.family or None,
        citizen.name.middle or None,
        citizen.name.given,
        citizen.birth,
        citizen.number,
        citizen.ethnicity,
        Place(home.province, home.commune, home.detail or None),
    )


def _birth(families: _Families, couple: Couple | None = None, **changes: Any) -> Birth:
    couple = couple or families.couple()
    mother, father = _person(couple.wife), _person(couple.husband)
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
        email=f"phu-huynh-{mother.number[-4:]}@vidu.vn",
    )
    return dataclasses.replace(plain, **changes)


def _plain(families: _Families, title: str, **changes: Any) -> Case:
    return Case(title, _birth(families, **changes), "rest xml")


def _declarations(families: _Families) -> Iterator[Case]:
    """What people declare."""
    yield _plain(families, "both parents")
    yield Case("mother only", _mother_only(families), "rest xml")
    yield Case("foundling", _foundling(families), "rest xml")
    couple = families.couple()
    for order in (1, 2):
        yield Case(f"twins, child {order}", _birth(families, couple, sibling=order), "rest xml")
    yield Case("child without a name yet", *_nameless(families))
    yield Case("parents in two provinces", _two_provinces(families), "rest xml")
    yield _plain(families, "residence not wanted", residence=None, head=None)
    yield _plain(families, "health card not wanted", insurance=None)
    yield _plain(families, "identity card not wanted", identity_card=None)
    yield _plain(families, "a girl", sex="2")
    file = ("birth-certificate-paper", "giay-chung-sinh.pdf", "application/pdf", len(PAPER), PAPER_HASH)
    yield _plain(families, "with a scanned paper", attachments=(file,))
    yield Case("name differs by a diacritic", *_misspelt(families))
    yield Case("unit code that does not exist", *_unroutable(families))
    yield Case("the same submission twice", _birth(families), "rest xml", twice=True)
    yield Case(
        "thirteen digits in a number", _birth(families), "rest xml", broken=("Mother/PersonalNumber", "1")
    )
    yield Case("applicant unknown to the register", _unknown(families), "rest xml")


def _mother_only(families: _Families) -> Birth:
    mother = _person(families.mother())
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


def _foundling(families: _Families) -> Birth:
    keeper = _person(families.couple().wife)
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


def _two_provinces(families: _Families) -> Birth:
    plain = _birth(families)
    assert plain.mother is not None
    elsewhere = families.couple()
    while elsewhere.husband.residence.province == plain.registration.province:
        elsewhere = families.couple()
    father = _person(elsewhere.husband)
    return dataclasses.replace(
        plain,
        father=father,
        residence=father.residence,
        head=Head(father.full_name, father.number),
        insurance=father.residence,
        identity_card=father.residence,
        facility=f"{father.residence.province}001",
    )


def _nameless(families: _Families) -> tuple[Birth, Door, tuple[Rule, ...], tuple[tuple[str, str], ...]]:
    """The parents have not agreed yet: the citizen is asked, and says the name."""
    plain = _birth(families)
    assert plain.name is not None
    parts = zip(("Family", "Middle", "Given"), plain.name, strict=True)
    corrections = tuple((f"Child/Name/{part}", value) for part, value in parts if value)
    return dataclasses.replace(plain, name=None), "rest xml", (), corrections


def _misspelt(families: _Families) -> tuple[Birth, Door, tuple[Rule, ...], tuple[tuple[str, str], ...]]:
    """The mother's given name with another tone: the citizen is asked, and corrects it."""
    plain = _birth(families)
    assert plain.mother is not None
    assert plain.father is not None
    wrong = dataclasses.replace(plain.mother, given=_other_tone(plain.mother.given))
    birth = dataclasses.replace(plain, mother=wrong, applicant=plain.father, relation="father")
    return birth, "rest xml", (), (("Mother/Name/Given", plain.mother.given),)


def _other_tone(given: str) -> str:
    """The same letters with another tone mark, as a tired finger writes it."""
    letters = unicodedata.normalize("NFD", given)
    for number, letter in enumerate(letters):
        if letter in _TONES:
            other = _TONES[(_TONES.index(letter) + 1) % len(_TONES)]
            return unicodedata.normalize("NFC", letters[:number] + other + letters[number + 1 :])
    vowel = next(number for number, letter in enumerate(letters) if letter.lower() in "aeiouy")
    return unicodedata.normalize("NFC", letters[: vowel + 1] + _TONES[0] + letters[vowel + 1 :])


_TONES = "\u0300\u0301\u0309\u0303\u0323"  # grave, acute, hook, tilde, dot below


def _unroutable(families: _Families) -> tuple[Birth, Door, tuple[Rule, ...], tuple[tuple[str, str], ...]]:
    """An office that no list has: the dossier waits with an owner until somebody puts the right code in."""
    plain = _birth(families)
    wrong = dataclasses.replace(plain.registration, commune="99999")
    correction = ("Choices/RegistrationOffice/Commune", plain.registration.commune)
    return dataclasses.replace(plain, registration=wrong), "rest xml", (), (correction,)


def _unknown(families: _Families) -> Birth:
    plain = _birth(families)
    stranger = dataclasses.replace(
        plain.applicant, number="001199" + plain.applicant.number[-6:], birth_date="1970-01-31"
    )
    return dataclasses.replace(plain, applicant=stranger, relation="relative")


def _troubles(families: _Families) -> Iterator[Case]:
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
        match = {"match": {"contains": _mark(agency, birth)}}
        rule = match | {"times": 1} | (what if kind == "decision" else {"fault": what})
        yield Case(name, birth, "rest xml", (Rule(agency, kind, rule),))


def _mark(agency: str, birth: Birth) -> str:
    """Text by which an agency recognises the case: the child's name as that agency's form writes it."""
    name = " ".join(part for part in birth.name or () if part)
    return name.upper() if agency in ("cutru",) else name
