"""One synthetic citizen and what the population database holds about him or her."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.dancu.names import MALE, Name

# Province codes before 2025-07-01 by code after it: personal numbers keep the old ones.
OLD_PROVINCES = {
    "01": "01",
    "04": "04",
    "08": "02 08",
    "11": "11",
    "12": "12",
    "14": "14",
    "15": "10 15",
    "19": "19 06",
    "20": "20",
    "22": "22",
    "24": "24 27",
    "25": "25 26 17",
    "31": "31 30",
    "33": "33 34",
    "37": "37 35 36",
    "38": "38",
    "40": "40",
    "42": "42",
    "44": "44 45",
    "46": "46",
    "48": "48 49",
    "51": "51 62",
    "52": "52 64",
    "56": "56 58",
    "66": "66 54",
    "68": "68 67 60",
    "75": "75 70",
    "79": "79 74 77",
    "80": "80 72",
    "82": "82 87",
    "86": "86 83 84",
    "91": "91 89",
    "92": "92 93 94",
    "96": "96 95",
}


@dataclass(frozen=True, slots=True)
class Place:
    """An address; codes of the two-level list in force since 2025-07-01."""

    province: str
    commune: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Citizen:
    """One person. ``birth`` is ``1978`` or ``1990-05-02``; relatives are personal numbers.

    ``lumped`` people have the whole name in the field for the given name: old registers were typed in that
    way.
    """

    number: str
    name: Name
    sex: str
    birth: str
    ethnicity: str
    religion: str
    marital: str
    residence: Place
    native: Place
    household: str
    relation: str
    head: str
    old_number: str | None = None
    blood: str | None = None
    father: str | None = None
    mother: str | None = None
    spouse: str | None = None
    lumped: bool = False

    @property
    def full_name(self) -> str:
        """The name as people write it."""
        return self.name.full

    @property
    def registered_name(self) -> Name:
        """The name in the fields of the register."""
        return Name("", "", self.full_name) if self.lumped else self.name

    @property
    def birth_year(self) -> int:
        """The year, which is always known."""
        return int(self.birth[:4])


def draw_number(random: Random, province: str, sex: str, birth: str, used: set[str]) -> str:
    """A number nobody has: old province code, century and sex, two digits of the year, six at random.

    Decree 62/2021 describes it; there is no check digit. The number is added to ``used``.
    """
    prefix = "0" + random.choice(OLD_PROVINCES[province].split())
    century = (int(birth[:2]) - 19) * 2 + (0 if sex == MALE else 1)
    while True:
        number = f"{prefix}{century}{birth[2:4]}{random.randrange(10**6):06d}"
        if number not in used:
            used.add(number)
            return number
