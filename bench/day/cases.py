"""Who comes on a Monday, when, and how it should end: drawn from one seed, before anything is sent."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from broker.model import DossierState
from lienthong.demo.death import Death, Funeral, Insurance, LeftHousehold, Notice
from lienthong.demo.document import Birth, Head
from lienthong.demo.parts import Parent, Place
from sandbox.dancu.citizen import Citizen
from sandbox.dancu.population import Couple, Population


class Fate(StrEnum):
    """What happens to a dossier on its way."""

    PLAIN = "plain"
    TWICE = "sent twice"
    MISSPELT = "name misspelt, corrected by the citizen"
    SUPPLEMENT = "paper asked for and handed in"
    SILENT = "paper asked for and never handed in"
    REFUSED = "registration refused"
    NO_RESIDENCE = "residence refused"
    LATE_NUMBER = "personal number three days late"
    LATE_CARD = "card past its deadline"
    WITHDRAWN = "withdrawn before it was settled"


_DEATHS = 0.23
"""Share of deaths: about 600,000 a year beside 2 million births (domain: volumes and load)."""

_OF_DEATHS = frozenset(Fate) - {Fate.LATE_NUMBER, Fate.LATE_CARD}
"""What a death cannot meet: it brings no personal number and no card."""

_SHARES = {
    Fate.PLAIN: 78.0,
    Fate.TWICE: 3.0,
    Fate.MISSPELT: 4.0,
    Fate.SUPPLEMENT: 5.0,
    Fate.SILENT: 0.5,
    Fate.REFUSED: 1.5,
    Fate.NO_RESIDENCE: 3.0,
    Fate.LATE_NUMBER: 2.0,
    Fate.LATE_CARD: 2.0,
    Fate.WITHDRAWN: 1.0,
}
"""Percent of all dossiers; ours, nobody publishes such figures."""

ENDS = {
    Fate.SILENT: DossierState.REJECTED,
    Fate.REFUSED: DossierState.REJECTED,
    Fate.NO_RESIDENCE: DossierState.PARTIAL,
    Fate.WITHDRAWN: DossierState.WITHDRAWN,
}
"""How a dossier must end, where that is not completed."""

# Share of a Monday's declarations by the hour of the day: offices open at eight, the peak hour takes a fifth
# (domain: volumes and load), people who work declare in the evening.
_HOURS = {
    6: 1, 7: 5, 8: 17, 9: 20, 10: 13, 11: 6, 12: 3, 13: 7, 14: 9, 15: 6, 16: 4, 17: 2, 18: 1, 19: 2, 20: 2, 21: 2,
}  # fmt: skip

_MIDDLES = ("Minh", "Gia", "Bảo", "Khánh", "Thảo", "Ngọc", "Đức", "Quỳnh", "Hải", "Tuệ", "Thủy", "Phương")
_GIVENS = ("An", "Bình", "Châu", "Dũng", "Giang", "Hân", "Khang", "Linh", "My", "Phúc", "Quân", "Vy", "Yến")


@dataclasses.dataclass(frozen=True)
class Arrival:
    """One declaration of the day. ``corrections``: the values that a misspelt one should have had."""

    number: int
    at: datetime
    fate: Fate
    event: Birth | Death
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def message_id(self) -> str:
        """The portal's id of the submission."""
        return f"day-{self.number:08d}"

    @property
    def end(self) -> DossierState:
        """How it must end."""
        return ENDS.get(self.fate, DossierState.COMPLETED)


def draw(count: int, midnight: datetime, population: Population, rng: random.Random) -> list[Arrival]:
    """``count`` declarations of the day that begins at ``midnight``, in the order of their arrival."""
    young, old = population.couples(), population.old_couples()
    moments = sorted(_moment(midnight, rng) for _ in range(count))
    return [
        _died(number, at, rng.choice(old), rng)
        if rng.random() < _DEATHS
        else _born(number, at, rng.choice(young), rng)
        for number, at in enumerate(moments)
    ]


def _moment(midnight: datetime, rng: random.Random) -> datetime:
    (hour,) = rng.choices(list(_HOURS), list(_HOURS.values()))
    return midnight + timedelta(hours=hour, seconds=rng.uniform(0, 3600))


def _born(number: int, at: datetime, couple: Couple, rng: random.Random) -> Arrival:
    (fate,) = rng.choices(list(_SHARES), list(_SHARES.values()))
    birth = _birth(couple, at.date() - timedelta(days=rng.randint(3, 50)), fate, rng)
    if fate is not Fate.MISSPELT:
        return Arrival(number, at, fate, birth)
    assert birth.father is not None, "a couple has a father"
    right = birth.father.given
    wrong = dataclasses.replace(birth.father, given=right + "h")
    return Arrival(
        number, at, fate, dataclasses.replace(birth, father=wrong), (("Father/Name/Given", right),)
    )


def _died(number: int, at: datetime, couple: Couple, rng: random.Random) -> Arrival:
    """The wife of an old couple has died, the husband declares it."""
    shares = {fate: share for fate, share in _SHARES.items() if fate in _OF_DEATHS}
    (fate,) = rng.choices(list(shares), list(shares.values()))
    deceased, husband = _person(couple.wife), _person(couple.husband)
    home, died = deceased.residence, at.date() - timedelta(days=rng.randint(1, 12))
    insured, supported = rng.random() < 0.4, rng.random() < 0.4
    event = Death(
        deceased=deceased,
        sex=couple.wife.sex,
        died=died.isoformat(),
        death_place=home,
        registration=home,
        applicant=husband,
        relation="spouse",
        notice=Notice(f"{number % 90 + 1:02d}/GBT-TYT", died, "Trạm Y tế"),
        residence=home,
        household=LeftHousehold(husband.full_name, husband.number, "spouse", home),
        insurance_funeral=home if insured else None,
        protection_funeral=home if supported else None,
        funeral=Funeral(died + timedelta(days=1), home, husband, "spouse") if insured or supported else None,
        insurance=Insurance(deceased.number[-10:], "pensioner", (f"LH{number:08d}", home))
        if insured
        else None,
    )
    if fate is not Fate.MISSPELT:
        return Arrival(number, at, fate, event)
    wrong = dataclasses.replace(event, deceased=dataclasses.replace(deceased, given=deceased.given + "h"))
    return Arrival(number, at, fate, wrong, (("Deceased/Name/Given", deceased.given),))


def _birth(couple: Couple, born: date, fate: Fate, rng: random.Random) -> Birth:
    mother, father = _person(couple.wife), _person(couple.husband)
    home = mother.residence
    wants_all = fate in (Fate.NO_RESIDENCE, Fate.LATE_CARD, Fate.LATE_NUMBER)
    residence = home if wants_all or rng.random() < 0.9 else None
    return Birth(
        sex=rng.choice(("1", "2")),
        born=born,
        birth_place=dataclasses.replace(home, detail="Bệnh viện đa khoa"),
        registration=home,
        applicant=mother,
        relation="mother",
        name=(father.family, rng.choice(_MIDDLES), rng.choice(_GIVENS)),
        mother=mother,
        father=father,
        residence=residence,
        head=Head(father.full_name, father.number) if residence is not None else None,
        insurance=home if wants_all or residence is None or rng.random() < 0.95 else None,
        identity_card=home if rng.random() < 0.6 else None,
        ethnicity=father.ethnicity,
        facility=f"{home.province}001",
    )


def _person(citizen: Citizen) -> Parent:
    name, home = citizen.name, citizen.residence
    return Parent(
        name.family or None,
        name.middle or None,
        name.given,
        citizen.birth,
        citizen.number,
        citizen.ethnicity,
        Place(home.province, home.commune, home.detail or None),
    )


def by_fate(arrivals: Sequence[Arrival]) -> Iterator[tuple[Fate, int]]:
    """How many dossiers have each fate."""
    for fate in Fate:
        yield fate, sum(arrival.fate is fate for arrival in arrivals)
