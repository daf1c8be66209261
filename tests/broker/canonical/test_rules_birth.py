from __future__ import annotations

from datetime import date

import pytest

from broker.canonical.rules import check
from broker.canonical.rules_birth import IN_TIME
from tests.broker.canonical.samples import Change, add, declaration, drop, put

DAY = date(2026, 9, 15)
IDENTITY_OFFICE = "<IdentityCardOffice><Province>01</Province><Commune>00004</Commune></IdentityCardOffice>"


def fields(*changes: Change, on: date = DAY) -> list[str | None]:
    """Where the rules point to in the changed sample."""
    return [problem.field for problem in check(declaration(*changes), on)]


def test_the_sample_keeps_all_rules() -> None:
    """A complete declaration of two parents has no problem."""
    assert fields() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([put("Choices/ForeignElement", "true")], ["Choices/ForeignElement"]),
        ([put("Choices/ForeignElement", "1")], ["Choices/ForeignElement"]),
        ([put("Father/Nationality", "FR")], ["Father/Nationality"]),
        ([drop("Mother")], ["Mother", "Marriage", "HealthInsurance/GuardianOnCard"]),
        ([put("Choices/BirthKind", "3")], ["Father"]),
        ([put("Choices/BirthKind", "5")], ["Mother", "Father"]),
        ([put("Mother/PersonalNumber", "001090000018")], ["Father/PersonalNumber", "Applicant/Relation"]),
        ([put("Mother/BirthDate", "2026-09")], ["Mother/BirthDate"]),
        ([put("Mother/BirthDate", "2025")], []),
        ([put("Applicant/Relation", "mother")], ["Applicant/PersonalNumber", "Applicant/Relation"]),
        ([put("Applicant/PersonalNumber", "001090000019")], ["Applicant/PersonalNumber"]),
        ([put("Applicant/PersonalNumber", "001050000001"), put("Applicant/Relation", "grandparent")], []),
        ([drop("Father/PersonalNumber")], []),
        ([drop("Household")], ["Household"]),
        ([drop("Choices/ResidenceOffice")], ["Household"]),
        ([drop("HealthInsurance")], ["HealthInsurance"]),
        ([drop("Choices/InsuranceOffice")], ["HealthInsurance"]),
        ([drop("Choices/ResidenceOffice"), drop("Household")], []),
        ([put("Choices/RegistrationKind", "4")], ["Choices/RegistrationKind"]),
        ([put("Child/BirthDate", "2026-09-16")], ["Child/BirthDate", "Child/BirthCertificate/IssuedOn"]),
        ([put("Child/BirthCertificate/IssuedOn", "2026-08-31")], ["Child/BirthCertificate/IssuedOn"]),
        ([put("Marriage/IssuedOn", "2026-10-01")], ["Marriage/IssuedOn"]),
        ([drop("Child/BirthPlace/Commune")], ["Child/BirthPlace/Commune"]),
        ([drop("Child/NativePlace/Province")], ["Child/NativePlace/Province"]),
        ([put("Child/NativePlace/Country", "LA")], ["Child/NativePlace/Province"]),
        ([drop("Mother/Residence")], ["Mother/Residence"]),
        (
            [add("Father", "PersonalNumber", "<Paper><Kind>0</Kind><Number>A1234567</Number></Paper>")],
            ["Father/Paper/Number"],
        ),
    ],
)
def test_rules(changes: list[Change], expected: list[str]) -> None:
    """Each rule points to the field that the citizen has to mend."""
    assert fields(*changes) == expected


def test_registration_alone_is_not_linked() -> None:
    """Without any linked procedure there is nothing for the hub to link."""
    offices = [drop("Choices/ResidenceOffice"), drop("Choices/InsuranceOffice")]
    assert fields(*offices, drop("Household"), drop("HealthInsurance")) == ["Choices"]


def test_abandoned_child() -> None:
    """A child without known parents may be declared by a guardian, but cannot live with its parents."""
    nobody = [drop("Mother"), drop("Father"), drop("Marriage"), put("Choices/BirthKind", "5")]
    guardian = [
        put("Applicant/Relation", "guardian"),
        put("HealthInsurance/GuardianOnCard", "applicant"),
        put("Household/Case", "with-guardian"),
    ]
    assert fields(*nobody, *guardian) == []
    assert fields(*nobody, *guardian, put("Household/Case", "with-parents")) == ["Household/Case"]


@pytest.mark.parametrize(("on", "expected"), [(date(2026, 8, 31), ["Choices/IdentityCardOffice"]), (DAY, [])])
def test_identity_card_from_september_2026(on: date, expected: list[str]) -> None:
    """The identity card joined the group on the first of September 2026."""
    card = add("Choices", "InsuranceOffice", IDENTITY_OFFICE)
    born = [put("Child/BirthDate", "2026-08-20"), put("Child/BirthCertificate/IssuedOn", "2026-08-20")]
    assert fields(card, *born, on=on) == expected


def test_sixty_days_and_the_holidays_after_them() -> None:
    """In time is up to 60 days; a period that ends in a holiday ends later; long after that only late is
    right.
    """
    late = put("Choices/RegistrationKind", "4")
    last = date(2026, 9, 1) + IN_TIME
    assert fields(on=last) == []
    assert fields(late, on=last) == ["Choices/RegistrationKind"]
    day_after = date.fromordinal(last.toordinal() + 1)
    assert fields(on=day_after) == fields(late, on=day_after) == []
    assert fields(on=date(2026, 12, 1)) == ["Choices/RegistrationKind"]


def test_cards_are_for_children_under_six() -> None:
    """On the sixth birthday the insurance card is no longer part of the linked procedure."""
    late = put("Choices/RegistrationKind", "4")
    assert fields(late, on=date(2032, 8, 31)) == []
    assert fields(late, on=date(2032, 9, 1)) == ["Choices/InsuranceOffice"]


def test_problems_are_for_people() -> None:
    """Every sentence ends as one, in Vietnamese with diacritics and in English."""
    hopeless = [put("Choices/BirthKind", "4"), put("Choices/RegistrationKind", "4"), drop("Household")]
    for problem in check(declaration(*hopeless), DAY):
        assert problem.vi.endswith(".")
        assert problem.en.endswith(".")
        assert not problem.vi.isascii()
