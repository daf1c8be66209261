"""Who is insured: synthetic people whose numbers tell everything, so that no list has to be kept.

An insurance number has 10 digits: province (2) and the last seven digits of the holder's personal number, then the
case of decision 1449/QĐ-BHXH (1 to 6). A number that ends otherwise belongs to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

CASES = {
    "1": "đang hưởng lương hưu, trợ cấp hằng tháng",
    "2": "bảo lưu thời gian đóng bắt buộc từ đủ 12 tháng",
    "3": "đóng tự nguyện từ đủ 60 tháng",
    "4": "đóng bắt buộc từ đủ 12 tháng hoặc tổng thời gian từ đủ 60 tháng",
    "5": "chờ đủ tuổi hưởng lương hưu",
    "6": "đang hưởng tử tuất hằng tháng, trên 80 tuổi",
}
PAID_MONTHLY = ("1", "6")
REFERENCE_LEVEL = 2_340_000
"""Đồng; stands for the reference level by which allowances are counted."""


@dataclass(frozen=True, slots=True)
class Insured:
    """One insured person."""

    number: str

    @property
    def case(self) -> str:
        """1 to 6, see `CASES`."""
        return self.number[-1]

    @property
    def pension_file(self) -> str | None:
        """Number of the file under which money is paid every month, None if there is none."""
        return f"LH{self.number}" if self.case in PAID_MONTHLY else None

    @property
    def months(self) -> int:
        """Months of the reference level that a lump sum comes to: 12 to 48."""
        return 12 + int(self.number[2:9]) % 37

    def is_of(self, personal_number: str) -> bool:
        """Whether the number belongs to that person."""
        return self.number[:9] == _stem(personal_number)


def insurance_number(personal_number: str, case: str) -> str:
    """The number of a person who is insured in a case of `CASES`."""
    return _stem(personal_number) + case


def insured(number: str) -> Insured | None:
    """The holder of a number, None if there is no such number."""
    return Insured(number) if number[-1:] in CASES else None


def _stem(personal_number: str) -> str:
    return personal_number[1:3] + personal_number[5:]
