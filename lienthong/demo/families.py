"""Families of the synthetic register for the demo's declarations, each handed out once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from lienthong.demo.parts import Parent, Place
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import Couple, Population


class Families:
    """Hands out families of the register, each once, and names for their children."""

    def __init__(self, population: Population, today: date) -> None:
        """``today`` is the day on which everybody declares."""
        homes = {couple.wife.household: couple for couple in population.couples()}
        sizes = Counter(person.household for person in population.people)
        self._couples = iter(homes.values())
        self._mothers = iter(population.single_mothers())
        self._old = (pair for pair in population.old_couples() if sizes[pair.wife.household] == 2)
        self._alone = iter(population.one_person_households())
        self._names = _names()
        self.today = today
        self.born = today - timedelta(days=12)
        self.died = today - timedelta(days=3)

    def couple(self) -> Couple:
        """A couple of child-bearing age."""
        return next(self._couples)

    def mother(self) -> Citizen:
        """A woman who brings up children alone."""
        return next(self._mothers)

    def old_couple(self) -> Couple:
        """An old couple that lives alone; the husband is the head of the household."""
        return next(self._old)

    def alone(self) -> Citizen:
        """Somebody in whose household nobody else lives."""
        return next(self._alone)

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


def typed(citizen: Citizen) -> Parent:
    """A citizen as a declarant types them."""
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


def mail_address(person: Parent) -> str:
    """Where a declarant of the demo reads mail."""
    return f"cong-dan-{person.number[-4:]}@vidu.vn"


def other_tone(given: str) -> str:
    """The same letters with another tone mark, as a tired finger writes it."""
    letters = unicodedata.normalize("NFD", given)
    for number, letter in enumerate(letters):
        if letter in _TONES:
            other = _TONES[(_TONES.index(letter) + 1) % len(_TONES)]
            return unicodedata.normalize("NFC", letters[:number] + other + letters[number + 1 :])
    vowel = next(number for number, letter in enumerate(letters) if letter.lower() in "aeiouy")
    return unicodedata.normalize("NFC", letters[: vowel + 1] + _TONES[0] + letters[vowel + 1 :])


_TONES = "\u0300\u0301\u0309\u0303\u0323"  # grave, acute, hook, tilde, dot below
