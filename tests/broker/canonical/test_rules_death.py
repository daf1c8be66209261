from __future__ import annotations

from datetime import date, timedelta

import pytest

from broker.canonical.rules import check
from broker.canonical.rules_death import IN_TIME
from broker.canonical.schemas import Schemas
from tests.broker.canonical.deaths import death
from tests.broker.canonical.samples import Change, add, drop, put

DAY = date(2026, 11, 23)
DIED = date(2026, 11, 20)
OFFICE = "<EmergencyFuneralOffice><Province>01</Province><Commune>00004</Commune></EmergencyFuneralOffice>"
OFFICES = ("Residence", "InsuranceFuneral", "MeritFuneral", "ProtectionFuneral", "Survivor")
BLOCKS = ("Household", "Funeral", "Merit", "Insurance", "Survivors")


def text(path: str) -> str:
    """What the sample says at ``path``."""
    value = death().findtext("/".join(f"{{urn:lienthong:1.0}}{name}" for name in path.split("/")))
    assert value is not None, path
    return value


NUMBER = text("Deceased/PersonalNumber")
HUSBAND = text("Applicant/PersonalNumber")


def fields(*changes: Change, on: date = DAY) -> list[str | None]:
    """Where the rules point to in the changed sample."""
    return [problem.field for problem in check(death(*changes), on)]


def test_the_sample_is_right(schemas: Schemas) -> None:
    """A declaration with every procedure has no problem, neither for the schema nor for the rules."""
    assert schemas.validate(death(), "DeathDeclaration") == []
    assert fields() == []


def no_paper(kind: str = "0") -> list[Change]:
    """The registering commune certifies the death itself."""
    parts = [drop(f"DeathPaper/{name}") for name in ("Number", "IssuedOn", "IssuedBy")]
    return [put("DeathPaper/Kind", kind), put("DeathPaper/IssuedByRegistrar", "true"), *parts]


def head_is_deceased(only: str = "true") -> list[Change]:
    """The deceased was the head of the household."""
    name = " ".join(text(f"Deceased/Name/{part}") for part in ("Family", "Middle", "Given"))
    return [
        put("Household/HeadPersonalNumber", NUMBER),
        put("Household/HeadName", name),
        put("Household/RelationToHead", "head"),
        put("Household/OnlyMember", only),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([put("Choices/ForeignElement", "true")], ["Choices/ForeignElement"]),
        ([put("Deceased/Nationality", "LA")], ["Deceased/Nationality"]),
        (
            [drop(f"Choices/{office}Office") for office in OFFICES] + [drop(block) for block in BLOCKS],
            ["Choices"],
        ),
        ([add("Choices", "ProtectionFuneralOffice", OFFICE)], ["Choices/EmergencyFuneralOffice"]),
        ([drop("Household")], ["Household"]),
        ([drop("Choices/ResidenceOffice")], ["Household"]),
        ([drop("Funeral")], ["Funeral"]),
        ([drop(f"Choices/{office}Office") for office in OFFICES[1:4]] + [drop("Merit")], ["Funeral"]),
        ([drop("Merit")], ["Merit"]),
        ([drop("Choices/MeritFuneralOffice")], ["Merit"]),
        ([drop("Insurance")], ["Insurance"]),
        ([drop("Insurance/Pension")], ["Insurance/Pension"]),
        ([put("Insurance/Case", "voluntary")], ["Insurance/Case"]),
        ([put("Insurance/Case", "monthly-survivor")], []),
        (
            [
                drop("Choices/InsuranceFuneralOffice"),
                drop("Choices/SurvivorOffice"),
                drop("Survivors"),
            ],
            [],
        ),
        (
            [
                drop("Choices/InsuranceFuneralOffice"),
                drop("Choices/SurvivorOffice"),
                drop("Survivors"),
                drop("Insurance/Pension"),
            ],
            ["Insurance", "Insurance/Pension"],
        ),
        ([put("Choices/RegistrationKind", "4")], ["Choices/RegistrationKind"]),
        (
            [put("Deceased/DeathDate", "2026-11-24")],
            ["Deceased/DeathDate", "DeathPaper/IssuedOn", "Funeral/HeldOn"],
        ),
        ([put("Deceased/DeathDate", "2026-11")], []),
        (
            [put("Deceased/DeathDate", "2027")],
            ["Deceased/DeathDate", "DeathPaper/IssuedOn", "Funeral/HeldOn"],
        ),
        ([put("Deceased/BirthDate", "2026-11-21")], ["Deceased/DeathDate"]),
        ([put("Deceased/BirthDate", "2026")], []),
        ([put("Funeral/HeldOn", "2026-11-24")], ["Funeral/HeldOn"]),
        ([put("Merit/DecisionOn", "2027-01-01")], ["Merit/DecisionOn"]),
        (no_paper(), []),
        (no_paper("1"), ["DeathPaper/Kind"]),
        (no_paper()[:2], ["DeathPaper/Number", "DeathPaper/IssuedOn", "DeathPaper/IssuedBy"]),
        (no_paper()[2:], ["DeathPaper/Number", "DeathPaper/IssuedOn", "DeathPaper/IssuedBy"]),
        (
            [*no_paper(), add("DeathPaper", "Kind", "<Code>00045.GBT.79012.26</Code>")],
            ["DeathPaper/Code"],
        ),
        (head_is_deceased(), []),
        (head_is_deceased("false"), []),
        ([put("Household/OnlyMember", "true")], ["Household/RelationToHead"]),
        ([put("Household/RelationToHead", "head")], ["Household/HeadPersonalNumber"]),
        (head_is_deceased()[:2], ["Household/RelationToHead"]),
        ([*head_is_deceased(), put("Household/HeadName", "Trần Thị Khác")], ["Household/HeadName"]),
        ([put("Applicant/PersonalNumber", NUMBER)], ["Applicant/PersonalNumber"]),
        ([put("Funeral/Recipient/PersonalNumber", NUMBER)], ["Funeral/Recipient/PersonalNumber"]),
        (
            [put("Survivors/Relative[2]/PersonalNumber", NUMBER)],
            ["Survivors/Relative[2]/PersonalNumber"],
        ),
        ([drop("Deceased/DeathPlace/Commune")], ["Deceased/DeathPlace/Commune"]),
        ([drop("Survivors/Relative[2]/Address/Province")], ["Survivors/Relative[2]/Address/Province"]),
        ([drop("Deceased/Residence")], ["Deceased/Residence"]),
        ([drop("Deceased/Residence"), put("Deceased/ResidenceKind", "unknown")], []),
        (
            [add("Deceased", "PersonalNumber", "<Paper><Kind>0</Kind><Number>A1234567</Number></Paper>")],
            ["Deceased/Paper/Number"],
        ),
    ],
)
def test_rules_point_to_the_field_to_be_mended(changes: list[Change], expected: list[str]) -> None:
    """A broken rule is reported at the field where the citizen can mend it, and nowhere else."""
    assert fields(*changes) == expected


def test_fifteen_days_and_the_holidays_after_them() -> None:
    """In time is up to 15 days; a period that ends in a holiday ends later; long after that only late is
    right.
    """
    late = put("Choices/RegistrationKind", "4")
    last = DIED + IN_TIME
    assert fields(on=last) == []
    assert fields(late, on=last) == ["Choices/RegistrationKind"]
    assert fields(on=last + timedelta(days=1)) == fields(late, on=last + timedelta(days=1)) == []
    assert fields(on=date(2027, 1, 4)) == ["Choices/RegistrationKind"]
    assert fields(late, on=date(2027, 1, 4)) == []


def test_a_month_of_death_may_be_in_time_or_late() -> None:
    """Of a death whose day is not known both kinds of registration are believed while both can be true."""
    month, late = put("Deceased/DeathDate", "2026-11"), put("Choices/RegistrationKind", "4")
    assert fields(month) == fields(month, late) == []
    assert fields(month, on=date(2027, 1, 4)) == ["Choices/RegistrationKind"]


def test_problems_are_for_people() -> None:
    """Every sentence ends as one, in Vietnamese with diacritics and in English."""
    hopeless = [*no_paper()[:2], drop("Household"), put("Choices/RegistrationKind", "4"), drop("Funeral")]
    problems = check(death(*hopeless), DAY)
    assert len(problems) > 5
    for problem in problems:
        assert problem.vi.endswith(".")
        assert problem.en.endswith(".")
        assert not problem.vi.isascii()
