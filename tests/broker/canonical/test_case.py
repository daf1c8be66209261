from __future__ import annotations

from datetime import date

from broker.canonical.case import PARENTS, Case
from tests.broker.canonical.samples import declaration


def test_a_case_is_read_by_path() -> None:
    """Groups are there, leaves have their text, what is absent is None; the day of birth is a date."""
    case = Case(declaration(), date(2026, 9, 15))
    assert "Household" in case
    assert "Father/Residence" not in case
    assert case["Mother/Name/Given"] == "Mai"
    assert case["Father/Residence/Country"] is None
    assert case.born == date(2026, 9, 1)
    assert all(parent in case for parent in PARENTS)


def test_repeated_elements_are_read_one_by_one() -> None:
    """Each of several elements has a path of its own; of none there is nothing."""
    case = Case(declaration(), date(2026, 9, 15))
    papers = case.each("Attachments/Attachment")
    assert [case[f"{path}/Kind"] for path in papers] == ["birth-certificate-paper", "other"]
    assert case.each("Survivors/Relative") == ()


def test_a_name_is_read_in_one_line() -> None:
    """Family, middle and given name, of those that are there."""
    assert Case(declaration(), date(2026, 9, 15)).name("Mother").endswith("Mai")
