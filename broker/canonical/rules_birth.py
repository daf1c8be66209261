"""What must hold across the fields of a birth declaration.

Sources: Decree 63/2024/NĐ-CP amended by 301/2026/NĐ-CP, forms 01, CT01 and TK1-TS.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from broker.canonical import rules_common as common
from broker.canonical import rules_family as family
from broker.canonical.case import PARENTS, Case
from broker.canonical.rules_common import Rule
from broker.model import Problem

IN_TIME = timedelta(days=60)
"""A birth is registered in time within 60 days (Law on Civil Status, Art 15)."""

_IDENTITY_CARDS_FROM = date(2026, 9, 1)  # Decree 301/2026/NĐ-CP
_CARD_AGE = 6


def domestic_only(case: Case) -> Iterator[Problem]:
    """A birth with a foreign element is outside the linked procedure (guide of 2023; Law on Civil Status, Art
    35).
    """
    vi = (
        "Trường hợp có yếu tố nước ngoài không thuộc thủ tục liên thông; "
        "vui lòng đăng ký khai sinh trực tiếp tại Ủy ban nhân dân cấp xã."
    )
    en = (
        "A birth with a foreign element is outside the linked procedure; "
        "please register it directly at the commune."
    )
    if case["Choices/ForeignElement"] in ("true", "1"):
        yield Problem("Choices/ForeignElement", vi, en)
        return
    for parent, (name_vi, name_en) in PARENTS.items():
        if (case[f"{parent}/Nationality"] or "VN") != "VN":
            yield Problem(
                f"{parent}/Nationality",
                f"Quốc tịch của {name_vi} là nước ngoài. {vi}",
                f"The {name_en} is a foreign national. {en}",
            )


def linked_with_something(case: Case) -> Iterator[Problem]:
    """The citizen chooses at least one procedure beside the registration; a registration alone is not
    linked.
    """
    if not any(f"Choices/{office}Office" in case for office in ("Residence", "Insurance", "IdentityCard")):
        yield Problem(
            "Choices",
            "Phải chọn ít nhất một thủ tục liên thông cùng với đăng ký khai sinh (thường trú, thẻ bảo hiểm "
            "y tế hoặc thẻ căn cước).",
            "At least one linked procedure must be chosen beside the registration (residence, health "
            "insurance card or identity card).",
        )


def household_with_residence(case: Case) -> Iterator[Problem]:
    """The household is declared if, and only if, residence is wanted."""
    yield from common.block_with_choice(
        case,
        "Household",
        "Choices/ResidenceOffice" in case,
        (
            "Đã chọn đăng ký thường trú nên phải khai hộ mà trẻ về ở.",
            "Residence is wanted, so the household must be declared.",
        ),
        (
            "Chưa chọn cơ quan đăng ký thường trú; hãy chọn cơ quan hoặc bỏ phần hộ đăng ký thường trú.",
            "No residence office is chosen; choose one or remove the household.",
        ),
    )
    if case["Household/Case"] == "with-parents" and "Mother" not in case and "Father" not in case:
        yield Problem(
            "Household/Case",
            "Không thể đăng ký về ở với cha mẹ khi không xác định được cha và mẹ.",
            "The child cannot live with the parents when neither is known.",
        )


def insurance_with_office(case: Case) -> Iterator[Problem]:
    """The card's data are given if, and only if, the card is wanted, and the guardian on it is declared."""
    yield from common.block_with_choice(
        case,
        "HealthInsurance",
        "Choices/InsuranceOffice" in case,
        (
            "Đã chọn cấp thẻ bảo hiểm y tế nên phải khai nơi khám bệnh, chữa bệnh ban đầu và người giám hộ.",
            "The insurance card is wanted, so its facility and guardian must be given.",
        ),
        (
            "Chưa chọn cơ quan bảo hiểm xã hội; hãy chọn cơ quan hoặc bỏ phần thẻ bảo hiểm y tế.",
            "No insurance office is chosen; choose one or remove the card's data.",
        ),
    )
    guardian = case["HealthInsurance/GuardianOnCard"]
    for parent, (vi, en) in PARENTS.items():
        if guardian == parent.lower() and parent not in case:
            yield Problem(
                "HealthInsurance/GuardianOnCard",
                f"Người giám hộ trên thẻ là {vi} nhưng tờ khai không có thông tin của {vi}.",
                f"The guardian on the card is the {en}, but no {en} is declared.",
            )


def identity_card_from(case: Case) -> Iterator[Problem]:
    """The identity card joined the group on 1 September 2026 (Decree 301/2026/NĐ-CP)."""
    if "Choices/IdentityCardOffice" in case and case.received < _IDENTITY_CARDS_FROM:
        yield Problem(
            "Choices/IdentityCardOffice",
            "Thẻ căn cước cho trẻ dưới 6 tuổi chỉ được nộp liên thông từ ngày 01/09/2026.",
            "The identity card is part of the linked procedure only from 2026-09-01.",
        )


def cards_under_six(case: Case) -> Iterator[Problem]:
    """Both cards of the linked procedure are for children under six years of age."""
    sixth = (case.born.year + _CARD_AGE, case.born.month, case.born.day)
    if (case.received.year, case.received.month, case.received.day) < sixth:
        return
    for office, vi, en in (
        ("Insurance", "Thẻ bảo hiểm y tế", "health insurance card"),
        ("IdentityCard", "Thẻ căn cước", "identity card"),
    ):
        if f"Choices/{office}Office" in case:
            yield Problem(
                f"Choices/{office}Office",
                f"{vi} trong thủ tục liên thông chỉ cấp cho trẻ dưới 6 tuổi.",
                f"The {en} of the linked procedure is for children under 6.",
            )


def registered_in_time(case: Case) -> Iterator[Problem]:
    """In time means within 60 days of birth; late means after that; days off may move the end of the
    period.
    """
    return common.registered_in_time(case, case.born, case.born, IN_TIME, ("sinh", "birth"))


def nothing_in_the_future(case: Case) -> Iterator[Problem]:
    """Nobody is born, married or given a paper after the day on which the declaration is received."""
    return common.nothing_in_the_future(case, _PAST_DATES)


_PAST_DATES = (
    ("Child/BirthDate", "Ngày sinh của trẻ", "The child's date of birth"),
    ("Child/BirthCertificate/IssuedOn", "Ngày cấp giấy chứng sinh", "The birth certificate's date of issue"),
    ("Marriage/IssuedOn", "Ngày cấp giấy chứng nhận kết hôn", "The marriage certificate's date of issue"),
    ("Applicant/BirthDate", "Ngày sinh của người yêu cầu", "The applicant's date of birth"),
    (
        "Applicant/Paper/IssuedOn",
        "Ngày cấp giấy tờ của người yêu cầu",
        "The applicant's paper's date of issue",
    ),
    ("Mother/Paper/IssuedOn", "Ngày cấp giấy tờ của mẹ", "The mother's paper's date of issue"),
    ("Father/Paper/IssuedOn", "Ngày cấp giấy tờ của cha", "The father's paper's date of issue"),
    (
        "HealthInsurance/PoorHousehold/IssuedOn",
        "Ngày cấp giấy hộ nghèo",
        "The poor household certificate's date of issue",
    ),
)


def certificate_after_birth(case: Case) -> Iterator[Problem]:
    """A health facility certifies a birth that has happened."""
    issued = case["Child/BirthCertificate/IssuedOn"]
    if issued and issued < case.born.isoformat():
        yield Problem(
            "Child/BirthCertificate/IssuedOn",
            "Ngày cấp giấy chứng sinh không được trước ngày sinh của trẻ.",
            "The birth certificate cannot be issued before the birth.",
        )


def places_in_vietnam(case: Case) -> Iterator[Problem]:
    """A place in Vietnam has province and commune; one abroad has neither. Of the native place the province
    is enough.
    """
    return common.places_in_vietnam(case, _PLACES)


_PLACES = {
    "Child/BirthPlace": True,
    "Child/NativePlace": False,
    "Applicant/Residence": True,
    "Mother/Residence": True,
    "Father/Residence": True,
    "Household/Address": True,
    "HealthInsurance/ReceiptAddress": True,
}
"""Path of a place → whether its commune must be given (form 01)."""


RULES: tuple[Rule, ...] = (
    domestic_only,
    family.parents_fit_kind,
    family.parents_are_two,
    family.parents_are_older,
    family.marriage_needs_both,
    family.applicant_is_who_they_say,
    linked_with_something,
    household_with_residence,
    insurance_with_office,
    identity_card_from,
    cards_under_six,
    registered_in_time,
    nothing_in_the_future,
    certificate_after_birth,
    places_in_vietnam,
    family.residence_is_stated,
    family.numbers_of_papers,
)
"""What is checked, in the order in which problems are told."""
