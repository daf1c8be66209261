"""Rules about the people of a birth declaration: parents, applicant, their papers and residences."""

from __future__ import annotations

from collections.abc import Iterator

from broker.canonical import rules_common as common
from broker.canonical.case import PARENTS, Case
from broker.model import Problem

_PEOPLE = (
    ("Applicant", "người yêu cầu", "applicant"),
    *((path, *names) for path, names in PARENTS.items()),
)

# BirthKind → whether (mother, father) are declared: both known, no mother, no father, neither, abandoned
_PARENTS_BY_KIND = {
    "1": (True, True),
    "2": (False, True),
    "3": (True, False),
    "4": (False, False),
    "5": (False, False),
}


def parents_fit_kind(case: Case) -> Iterator[Problem]:
    """Which parents are declared follows from the kind of birth (nksLoaiKhaiSinh)."""
    wanted = _PARENTS_BY_KIND[case["Choices/BirthKind"] or "1"]
    for (parent, (vi, en)), present in zip(PARENTS.items(), wanted, strict=True):
        if present and parent not in case:
            yield Problem(
                parent,
                f"Trường hợp khai sinh đã chọn phải khai thông tin của {vi}.",
                f"The kind of birth chosen requires the {en}.",
            )
        elif not present and parent in case:
            yield Problem(
                parent,
                f"Trường hợp khai sinh đã chọn không có thông tin của {vi}; hãy bỏ phần này hoặc chọn lại "
                "trường hợp.",
                f"The kind of birth chosen has no {en}; remove this part or choose another kind.",
            )


def parents_are_two(case: Case) -> Iterator[Problem]:
    """Mother and father are different persons."""
    number = case["Mother/PersonalNumber"]
    if number and number == case["Father/PersonalNumber"]:
        yield Problem(
            "Father/PersonalNumber",
            "Số định danh của cha trùng với số định danh của mẹ; hãy kiểm tra lại.",
            "The father's personal number is the mother's; please check.",
        )


def parents_are_older(case: Case) -> Iterator[Problem]:
    """A parent was born before the child, as far as the dates are known."""
    for parent, (vi, en) in PARENTS.items():
        born = case[f"{parent}/BirthDate"]
        if born and born >= case.born.isoformat()[: len(born)]:
            yield Problem(
                f"{parent}/BirthDate",
                f"Ngày sinh của {vi} phải trước ngày sinh của trẻ.",
                f"The {en} must be born before the child.",
            )


def marriage_needs_both(case: Case) -> Iterator[Problem]:
    """A marriage certificate is that of the two parents declared."""
    if "Marriage" in case and not ("Mother" in case and "Father" in case):
        yield Problem(
            "Marriage",
            "Giấy chứng nhận kết hôn chỉ khai khi có thông tin của cả cha và mẹ.",
            "A marriage certificate is given only with both parents.",
        )


def applicant_is_who_they_say(case: Case) -> Iterator[Problem]:
    """An applicant who is a parent is the parent declared, and one who is not has another number."""
    relation, number = case["Applicant/Relation"], case["Applicant/PersonalNumber"]
    for parent, (vi, en) in PARENTS.items():
        same = number is not None and number == case[f"{parent}/PersonalNumber"]
        if relation == parent.lower() and parent not in case:
            yield Problem(
                "Applicant/Relation",
                f"Người yêu cầu khai là {vi} của trẻ nhưng tờ khai không có thông tin của {vi}.",
                f"The applicant is said to be the {en}, but no {en} is declared.",
            )
        elif relation == parent.lower() and f"{parent}/PersonalNumber" in case and not same:
            yield Problem(
                "Applicant/PersonalNumber",
                f"Người yêu cầu khai là {vi} của trẻ nhưng số định danh khác với số định danh của {vi}.",
                f"The applicant is said to be the {en}, but has another personal number.",
            )
        elif same and relation != parent.lower():
            yield Problem(
                "Applicant/Relation",
                f"Số định danh của người yêu cầu là của {vi}; hãy chọn lại quan hệ với trẻ.",
                f"The applicant has the {en}'s personal number; correct the relation to the child.",
            )


def residence_is_stated(case: Case) -> Iterator[Problem]:
    """Whoever has a permanent or temporary residence says where; unknown is said, never invented."""
    return common.residence_is_stated(case, _PEOPLE)


def numbers_of_papers(case: Case) -> Iterator[Problem]:
    """Whoever has no identity paper gives no number of one."""
    return common.numbers_of_papers(case, _PEOPLE)
