"""A synthetic population in households: the same seed gives the same people.

Declarations for demo and tests are built from it, so that they match the register::

    people = generate(seed=1)
    couple = people.couples()[0]
    couple.husband.full_name, couple.wife.number, couple.wife.residence.commune
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from random import Random

from sandbox.core.places import communes
from sandbox.dancu.citizen import Citizen, Place, draw_number
from sandbox.dancu.names import FEMALE, MALE, draw_name

HEAD, WIFE, HUSBAND, CHILD = "Chủ hộ", "Vợ", "Chồng", "Con đẻ"
FATHER, MOTHER, GRANDCHILD, IN_LAW = "Cha đẻ", "Mẹ đẻ", "Cháu nội", "Con dâu"
SINGLE, MARRIED, DIVORCED, WIDOWED = "1", "2", "3", "4"
# Families live in few communes, so that officers of one commune have several dossiers.
COMMUNES_IN_USE = 60
YEAR_ONLY_SHARE, LUMPED_SHARE, OLD_NUMBER_SHARE = 0.06, 0.05, 0.35
STREETS = (
    *("Lê Lợi", "Trần Phú", "Nguyễn Huệ", "Hai Bà Trưng", "Quang Trung"),
    *("Lý Thường Kiệt", "Hùng Vương", "Ngô Quyền", "Phan Bội Châu"),
)


@dataclass(frozen=True, slots=True)
class Couple:
    """A married couple in one household."""

    husband: Citizen
    wife: Citizen


@dataclass(frozen=True)
class Population:
    """All citizens, and the groups that declarations are made from. Lists keep the order of generation."""

    people: tuple[Citizen, ...]
    today: date

    @cached_property
    def by_number(self) -> dict[str, Citizen]:
        """Citizens by personal number."""
        return {person.number: person for person in self.people}

    def citizens(self) -> list[Citizen]:
        """Everybody."""
        return list(self.people)

    def household(self, person: Citizen) -> list[Citizen]:
        """Those who live in the household of ``person``, head first."""
        members = [other for other in self.people if other.household == person.household]
        return sorted(members, key=lambda member: member.number != member.head)

    def couples(self) -> list[Couple]:
        """Married couples whose wife is 18 to 42 years old."""
        return [
            Couple(self.by_number[wife.spouse], wife)
            for wife in self.people
            if wife.spouse is not None and wife.sex == FEMALE and 18 <= self._age(wife) <= 42
        ]

    def old_couples(self) -> list[Couple]:
        """Married couples whose wife is 58 or older; the husband is the head of the household."""
        return [
            Couple(self.by_number[wife.spouse], wife)
            for wife in self.people
            if wife.spouse is not None
            and wife.sex == FEMALE
            and self._age(wife) >= 58
            and wife.head == wife.spouse
        ]

    def single_mothers(self) -> list[Citizen]:
        """Unmarried women of 18 to 42."""
        return [
            person
            for person in self.people
            if person.sex == FEMALE and person.marital == SINGLE and 18 <= self._age(person) <= 42
        ]

    def one_person_households(self) -> list[Citizen]:
        """People who live alone."""
        sizes: dict[str, int] = {}
        for person in self.people:
            sizes[person.household] = sizes.get(person.household, 0) + 1
        return [person for person in self.people if sizes[person.household] == 1]

    def year_only(self) -> list[Citizen]:
        """People of whom only the year of birth is known."""
        return [person for person in self.people if len(person.birth) == 4]

    def lumped(self) -> list[Citizen]:
        """People with the whole name in the field for the given name."""
        return [person for person in self.people if person.lumped or not person.name.family]

    def _age(self, person: Citizen) -> int:
        return self.today.year - person.birth_year


@cache
def generate(seed: int = 1, households: int = 900, today: date = date(2026, 1, 1)) -> Population:
    """Some three people per household; ``today`` is what ages are counted from."""
    return Population(tuple(_Builder(Random(seed), today).build(households)), today)


class _Builder:
    """Draws households one by one; all randomness comes from one generator."""

    def __init__(self, random: Random, today: date) -> None:
        self._random, self._today = random, today
        self._used: set[str] = set()
        self._places = random.sample(communes(), COMMUNES_IN_USE)
        self._serial = 0

    def build(self, households: int) -> list[Citizen]:
        # Every ethnic group appears once, then they are drawn by their share.
        groups = [f"{code:02d}" for code in range(1, 55)]
        kinds: list[Callable[[str], list[Citizen]]] = [
            self._family,
            self._family,
            self._three_generations,
            self._single_mother,
            self._alone,
            self._old_couple,
        ]
        people: list[Citizen] = []
        for position in range(households):
            group = groups[position] if position < len(groups) else self._group()
            kind = kinds[position % len(kinds)] if position >= len(groups) else self._family
            people += kind(group)
        return people

    def _group(self) -> str:
        if self._random.random() < 0.85:
            return "01"
        return self._random.choice(["02", "03", "04", "05", "06", "07", "08", "09", "10", "12", "17"])

    def _family(self, group: str) -> list[Citizen]:
        place, house = self._home()
        wife_age = self._random.randint(20, 39)
        husband = self._person(group, MALE, wife_age + self._random.randint(0, 6), place, house)
        wife = self._person(group, FEMALE, wife_age, place, house)
        head, other = (wife, husband) if self._random.random() < 0.2 else (husband, wife)
        couple = _married(_heads(head, HEAD, head), _heads(other, HUSBAND if head is wife else WIFE, head))
        return [*couple, *self._children(couple, group, CHILD, head.number)]

    def _three_generations(self, group: str) -> list[Citizen]:
        place, house = self._home()
        wife_age = self._random.randint(20, 33)
        grandfather = self._person(group, MALE, wife_age + self._random.randint(26, 34), place, house)
        grandmother = self._person(group, FEMALE, wife_age + self._random.randint(23, 30), place, house)
        family = grandfather.name.family
        son = self._person(group, MALE, wife_age + self._random.randint(0, 4), place, house, family)
        old = _married(_heads(grandfather, HEAD, grandfather), _heads(grandmother, WIFE, grandfather))
        son = replace(son, father=grandfather.number, mother=grandmother.number)
        wife = self._person(group, FEMALE, wife_age, place, house)
        young = _married(_heads(son, CHILD, grandfather), _heads(wife, IN_LAW, grandfather))
        return [*old, *young, *self._children(young, group, GRANDCHILD, grandfather.number)]

    def _single_mother(self, group: str) -> list[Citizen]:
        place, house = self._home()
        age = self._random.randint(19, 37)
        daughter = self._person(group, FEMALE, age, place, house)
        if self._random.random() < 0.5:
            return [_heads(daughter, HEAD, daughter)]
        mother = self._person(group, FEMALE, age + self._random.randint(20, 30), place, house)
        mother = _heads(replace(mother, marital=WIDOWED), HEAD, mother)
        return [mother, _heads(replace(daughter, mother=mother.number), CHILD, mother)]

    def _alone(self, group: str) -> list[Citizen]:
        place, house = self._home()
        sex = self._random.choice([MALE, FEMALE])
        person = self._person(group, sex, self._random.randint(45, 88), place, house)
        return [_heads(replace(person, marital=self._random.choice([DIVORCED, WIDOWED])), HEAD, person)]

    def _old_couple(self, group: str) -> list[Citizen]:
        place, house = self._home()
        husband = self._person(group, MALE, self._random.randint(60, 85), place, house)
        wife = self._person(group, FEMALE, self._random.randint(58, 83), place, house)
        return list(_married(_heads(husband, HEAD, husband), _heads(wife, WIFE, husband)))

    def _children(
        self, parents: tuple[Citizen, Citizen], group: str, relation: str, head: str
    ) -> list[Citizen]:
        father = next(person for person in parents if person.sex == MALE)
        mother = next(person for person in parents if person.sex == FEMALE)
        oldest = self._today.year - mother.birth_year - 18
        ages = sorted(
            self._random.randint(0, min(oldest, 16)) for _ in range(self._random.choice([0, 1, 1, 2]))
        )
        made = [
            self._person(
                group,
                self._random.choice([MALE, FEMALE]),
                age,
                father.residence,
                father.household,
                father.name.family or None,
            )
            for age in ages
        ]
        return [
            replace(
                child, father=father.number, mother=mother.number, relation=relation, head=head, lumped=False
            )
            for child in made
        ]

    def _home(self) -> tuple[Place, str]:
        commune = self._random.choice(self._places)
        self._serial += 1
        if commune.name.startswith("Phường"):
            detail = f"Số {self._random.randint(1, 300)} đường {self._random.choice(STREETS)}"
        else:
            detail = f"Thôn {self._random.randint(1, 15)}"
        return Place(commune.province, commune.code, detail), f"{self._serial + 100_000_000}"

    def _person(
        self, group: str, sex: str, age: int, place: Place, household: str, family: str | None = None
    ) -> Citizen:
        birth = self._birth(age)
        name = draw_name(self._random, group, sex, family)
        number = draw_number(self._random, place.province, sex, birth, self._used)
        adult = age >= 30
        return Citizen(
            number=number,
            name=name,
            sex=sex,
            birth=birth,
            ethnicity=group,
            religion=self._random.choice(["00"] * 8 + ["01", "02", "03", "04", "06"]),
            marital=SINGLE,
            residence=place,
            native=Place(place.province, place.commune),
            household=household,
            relation=HEAD,
            head=number,
            old_number=self._old_number() if adult and self._random.random() < OLD_NUMBER_SHARE else None,
            blood=self._random.choice([None, None, "A", "B", "AB", "O"]),
            lumped=adult and self._random.random() < LUMPED_SHARE,
        )

    def _birth(self, age: int) -> str:
        year = self._today.year - age
        # Who was born before 1975 may have no exact date; younger people do.
        if age > 50 and self._random.random() < YEAR_ONLY_SHARE * 4:
            return str(year)
        last = min(date(year, 12, 31), self._today - timedelta(days=1)) if age == 0 else date(year, 12, 31)
        span = max((last - date(year, 1, 1)).days, 0)
        return (date(year, 1, 1) + timedelta(days=self._random.randint(0, span))).isoformat()

    def _old_number(self) -> str:
        while True:
            number = f"{self._random.randrange(10**8, 4 * 10**8)}"
            if number not in self._used:
                self._used.add(number)
                return number


def _heads(person: Citizen, relation: str, head: Citizen) -> Citizen:
    return replace(person, relation=relation, head=head.number)


def _married(first: Citizen, second: Citizen) -> tuple[Citizen, Citizen]:
    return replace(first, marital=MARRIED, spouse=second.number), replace(
        second, marital=MARRIED, spouse=first.number
    )
