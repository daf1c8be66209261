from __future__ import annotations

from datetime import date

from broker.declaring.meanings import Meanings, leaf_at
from tests.broker.declaring.test_review import parts

DAY = date(2026, 11, 23)


def test_codes_in_words() -> None:
    """A list is found by the field's path, its type or its name; units by the day; anything else means nothing."""
    project, schemas, *_ = parts()
    lists = {"SexValue": {"1": "Nam"}, "BirthDeclaration/Applicant/Relation": {"mother": "Mẹ"}}
    meanings, plan = Meanings(lists, project.units), schemas.elements["BirthDeclaration"]
    assert meanings.of(plan, "Child/Sex", "1", DAY) == "Nam"
    assert meanings.of(plan, "Applicant/Relation", "mother", DAY) == "Mẹ"
    assert meanings.of(plan, "Choices/ResidenceOffice/Commune", "00004", DAY) == "Phường Ba Đình"
    assert meanings.of(plan, "Applicant/Phone", "0912345678", DAY) is None
    assert meanings.of(plan, "Nothing/There", "1", DAY) is None
    assert meanings.place("01", "00004", DAY).startswith("Phường Ba Đình, ")
    assert meanings.place("99", None, DAY) == "99"
    assert leaf_at(plan, "Household/Consent[2]/Name") is not None
