"""Rules about who receives money after a death: relatives, recipients, payments."""

from __future__ import annotations

from collections.abc import Iterator

from broker.canonical import rules_common as common
from broker.canonical.case import Case
from broker.model import Problem


def survivors_with_office(case: Case) -> Iterator[Problem]:
    """The relatives are declared if, and only if, the survivor allowance is wanted."""
    return common.block_with_choice(
        case,
        "Survivors",
        "Choices/SurvivorOffice" in case,
        (
            "Đã chọn chế độ tử tuất nên phải khai loại trợ cấp, người nhận và các thân nhân.",
            "The survivor allowance is wanted, so its kind, recipient and the relatives must be declared.",
        ),
        (
            "Chưa chọn cơ quan giải quyết chế độ tử tuất; hãy chọn cơ quan hoặc bỏ phần tử tuất.",
            "No office for the survivor allowance is chosen; choose one or remove this part.",
        ),
    )


def relatives_are_several(case: Case) -> Iterator[Problem]:
    """Every relative is listed once: each has to say yes or no to a lump sum."""
    seen: set[str | None] = set()
    for path in case.each("Survivors/Relative"):
        number = case[f"{path}/PersonalNumber"]
        if number in seen:
            yield Problem(
                f"{path}/PersonalNumber",
                "Thân nhân này đã được khai ở trên; mỗi người chỉ khai một lần.",
                "This relative is listed above already; list everyone once.",
            )
        seen.add(number)


def lump_sum_to_a_relative(case: Case) -> Iterator[Problem]:
    """The lump sum goes to one of the relatives who are listed, on behalf of all (form 09-HSB)."""
    if case["Survivors/Kind"] != "lump-sum":
        return
    listed = {case[f"{path}/PersonalNumber"] for path in case.each("Survivors/Relative")}
    if case["Survivors/Recipient/PersonalNumber"] not in listed:
        yield Problem(
            "Survivors/Recipient/PersonalNumber",
            "Người nhận trợ cấp một lần phải là một trong các thân nhân đã khai.",
            "The recipient of the lump sum must be one of the relatives listed.",
        )


def account_for_transfer(case: Case) -> Iterator[Problem]:
    """A transfer needs holder, number and bank of the account; cash needs none of them."""
    for payment in ("Funeral/Payment", "Survivors/Recipient/Payment"):
        method = case[f"{payment}/Method"]
        for field, vi, en in (
            ("AccountHolder", "chủ tài khoản", "account holder"),
            ("AccountNumber", "số tài khoản", "account number"),
            ("Bank", "ngân hàng", "bank"),
        ):
            path = f"{payment}/{field}"
            if method == "transfer" and path not in case:
                yield Problem(
                    path, f"Nhận tiền qua tài khoản thì phải khai {vi}.", f"A transfer needs the {en}."
                )
            elif method == "cash" and path in case:
                yield Problem(path, f"Nhận tiền mặt thì không khai {vi}.", f"Cash needs no {en}.")
