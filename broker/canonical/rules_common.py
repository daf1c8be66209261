"""Rules that declarations of every kind share; each procedure says which of its fields they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import TypeAlias

from broker.canonical.case import Case
from broker.model import Problem

Rule: TypeAlias = Callable[[Case], Iterator[Problem]]
"""Yields what is wrong; nothing if the rule is kept."""

People: TypeAlias = Iterable[tuple[str, str, str]]
"""(path of a person, what the person is called in Vietnamese, in English)."""

# A period that ends on a day off ends on the next working day; Tết is the longest.
_MOVED_BY_HOLIDAYS = timedelta(days=12)


def registered_in_time(
    case: Case,
    earliest: date,
    latest: date,
    period: timedelta,
    event: tuple[str, str],
) -> Iterator[Problem]:
    """RegistrationKind 1 within ``period`` of the event, 4 after it.

    The event, which ``event`` names in two languages, was between ``earliest`` and ``latest``; days off may
    move the end of the period.
    """
    kind = case["Choices/RegistrationKind"]
    if kind == "1" and case.received - latest > period + _MOVED_BY_HOLIDAYS:
        yield Problem(
            "Choices/RegistrationKind",
            f"Đã quá {period.days} ngày kể từ ngày {event[0]}; hãy chọn loại đăng ký quá hạn.",
            f"More than {period.days} days have passed since the {event[1]}; choose late registration.",
        )
    elif kind == "4" and case.received - earliest <= period:
        yield Problem(
            "Choices/RegistrationKind",
            f"Chưa quá {period.days} ngày kể từ ngày {event[0]}; hãy chọn loại đăng ký đúng hạn.",
            f"Not more than {period.days} days have passed since the {event[1]}; choose registration in time.",
        )


def nothing_in_the_future(case: Case, dates: People) -> Iterator[Problem]:
    """None of the ``dates`` (path and names) is after the day on which the declaration is received."""
    for path, vi, en in dates:
        if (case[path] or "") > case.received.isoformat():
            yield Problem(
                path, f"{vi} không được sau ngày nộp hồ sơ.", f"{en} must not be after the day of receipt."
            )


def places_in_vietnam(case: Case, places: Mapping[str, bool]) -> Iterator[Problem]:
    """A place in Vietnam has province and commune; one abroad has neither.

    ``places``: path of a place → whether its commune must be given too.
    """
    for path, commune_needed in places.items():
        country = case[f"{path}/Country"]
        if country is None:
            continue
        for part, vi, en in (
            ("Province", "tỉnh/thành phố", "province"),
            ("Commune", "phường/xã/đặc khu", "commune"),
        ):
            given = f"{path}/{part}" in case
            if country == "VN" and not given and (part == "Province" or commune_needed):
                yield Problem(
                    f"{path}/{part}",
                    f"Địa chỉ ở Việt Nam phải có {vi}.",
                    f"A place in Vietnam needs its {en}.",
                )
            elif country != "VN" and given:
                yield Problem(
                    f"{path}/{part}", f"Địa chỉ ở nước ngoài không có {vi}.", f"A place abroad has no {en}."
                )


def residence_is_stated(case: Case, people: People) -> Iterator[Problem]:
    """Whoever has a permanent or temporary residence says where; unknown is said, never invented."""
    for path, vi, en in people:
        if case[f"{path}/ResidenceKind"] in ("permanent", "temporary") and f"{path}/Residence" not in case:
            yield Problem(
                f"{path}/Residence",
                f"Phải khai nơi cư trú của {vi}, hoặc chọn loại cư trú là không rõ.",
                f"State the {en}'s place of residence, or say that it is unknown.",
            )


def numbers_of_papers(case: Case, people: People) -> Iterator[Problem]:
    """Whoever has no identity paper gives no number of one."""
    for path, vi, en in people:
        if case[f"{path}/Paper/Kind"] == "0" and f"{path}/Paper/Number" in case:
            yield Problem(
                f"{path}/Paper/Number",
                f"Giấy tờ của {vi} khai là không có nhưng lại có số; hãy chọn loại giấy tờ.",
                f"The {en} is said to have no paper, yet a number is given; choose its kind.",
            )


def block_with_choice(
    case: Case, block: str, wanted: bool, needed: tuple[str, str], superfluous: tuple[str, str]
) -> Iterator[Problem]:
    """A block of the form is filled in if, and only if, the procedure that reads it is wanted.

    ``needed`` and ``superfluous``: what is said, in Vietnamese and English.
    """
    if wanted and block not in case:
        yield Problem(block, *needed)
    elif not wanted and block in case:
        yield Problem(block, *superfluous)
