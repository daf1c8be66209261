"""Numbers that tell who is insured."""

from __future__ import annotations

import pytest

from sandbox.bhxh.insured import CASES, Insured, insurance_number, insured

PERSON = "001148000123"


@pytest.mark.parametrize("case", CASES)
def test_a_number_tells_holder_and_case(case: str) -> None:
    """Province and last digits of the personal number, then the case."""
    number = insurance_number(PERSON, case)
    assert len(number) == 10
    assert insured(number) == Insured(number)
    assert Insured(number).case == case
    assert Insured(number).is_of(PERSON)
    assert not Insured(number).is_of("001148000124")


@pytest.mark.parametrize("number", ["0180001230", "0180001237", "0180001239", ""])
def test_numbers_of_nobody(number: str) -> None:
    """What does not end with a case is not known."""
    assert insured(number) is None


def test_who_is_paid_monthly() -> None:
    """Pensioners, and survivors over 80, have a file under which they are paid."""
    files = {case: Insured(insurance_number(PERSON, case)).pension_file for case in CASES}
    assert [case for case, file in files.items() if file] == ["1", "6"]
    assert files["1"] == "LH0180001231"


def test_a_lump_sum_is_between_one_and_four_years() -> None:
    """Each number has a length of its own, always the same."""
    months = {Insured(f"01{count:07d}2").months for count in range(100)}
    assert (min(months), max(months)) == (12, 48)
