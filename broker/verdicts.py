"""What follows from the register's verdicts: go on, ask the citizen, refuse; and marks on the values."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, TypeAlias

from broker.canonical.document import find
from broker.canonical.plan import Node
from broker.model import Problem
from broker.population import Declared, FieldName, Role, Verdict, kind_of

Action = Literal["refuse", "ask", "flag", "ignore"]
"""What a verdict leads to, the gravest first."""

Policy: TypeAlias = Mapping[tuple[Role, FieldName, str], Action]
"""(person, field, verdict) → what follows; nothing follows from what is not named."""

_WHO: Mapping[Role, tuple[str, str]] = {
    "Applicant": ("người yêu cầu", "the applicant"),
    "Mother": ("mẹ", "the mother"),
    "Father": ("cha", "the father"),
    "Head": ("chủ hộ", "the head of the household"),
    "Deceased": ("người chết", "the deceased"),
    "Recipient": ("người nhận hỗ trợ mai táng", "the recipient of the funeral support"),
    "Relative": ("thân nhân", "the relative"),
}
_WHAT: Mapping[FieldName, tuple[str, str]] = {
    "PersonalNumber": ("Số định danh cá nhân", "The personal number"),
    "Name": ("Họ, chữ đệm và tên", "The name"),
    "BirthDate": ("Ngày sinh", "The date of birth"),
    "Ethnicity": ("Dân tộc", "The ethnic group"),
    "Nationality": ("Quốc tịch", "The nationality"),
    "Residence": ("Nơi cư trú", "The residence"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Proceed:
    """The dossier can be opened; ``flags`` are for officers."""

    flags: tuple[Problem, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """The citizen has to correct or confirm something first."""

    problems: tuple[Problem, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Refuse:
    """The declaration is not taken."""

    problems: tuple[Problem, ...]


Decision: TypeAlias = Proceed | Ask | Refuse


def decide(verdicts: Iterable[Verdict], policy: Policy) -> Decision:
    """What follows from all verdicts of a declaration: the gravest action wins and carries its problems.

    Nothing follows for a person about whom nobody could be asked: who has no number is never stopped.
    """
    found: dict[Action, list[Problem]] = {"refuse": [], "ask": [], "flag": [], "ignore": []}
    for verdict in verdicts:
        if verdict.asked and verdict.outcome != "match":
            action = policy.get((kind_of(verdict.role), verdict.field, verdict.outcome), "ignore")
            found[action].append(problem(verdict))
    if found["refuse"]:
        return Refuse(tuple(found["refuse"]))
    if found["ask"]:
        return Ask(tuple(found["ask"]))
    return Proceed(tuple(found["flag"]))


def problem(verdict: Verdict) -> Problem:
    """A verdict in words, at the field where it can be mended; no value is named."""
    who, what = _who(verdict.role), _WHAT[verdict.field]
    if verdict.outcome == "unknown":
        vi = f"Cơ sở dữ liệu quốc gia về dân cư không xác nhận được: {what[0].lower()} của {who[0]}"
        en = f"{what[1]} of {who[1]} could not be confirmed by the population database"
    else:
        vi = (
            f"{what[0]} của {who[0]} không khớp với Cơ sở dữ liệu quốc gia về dân cư, "
            "đề nghị kiểm tra lại theo giấy tờ tùy thân"
        )
        en = (
            f"{what[1]} of {who[1]} differs from the population database, check it against the identity paper"
        )
    return Problem(verdict.path, vi, en)


def _who(role: str) -> tuple[str, str]:
    """What the person is called; one of several with the number."""
    (vi, en), number = _WHO[kind_of(role)], role.partition("[")[2].rstrip("]")
    return (f"{vi} thứ {number}", f"{en} no. {number}") if number else (vi, en)


def apply(declaration: Node, verdicts: Iterable[Verdict]) -> Node:
    """A copy of the declaration in which every checked value says what the register thinks of it."""
    marked = copy.deepcopy(declaration)
    for verdict in verdicts:
        marked_at = find(marked, verdict.path)
        # A residence has no place for a mark.
        if marked_at is not None and verdict.field != "Residence":
            for leaf in marked_at if len(marked_at) else (marked_at,):
                leaf.set("verified", verdict.outcome)
    return marked


def number_warnings(person: Declared, provinces: Collection[str]) -> tuple[Problem, ...]:
    """What in a personal number does not fit the person: only warnings, the register decides.

    Digits 1 to 3 are the province of registration, digit 4 century and sex (even: male), digits 5 and 6 the
    year. People whose sex or birth date was corrected keep their number. ``provinces``: codes ever in use.
    """
    number = person.number
    if number is None or len(number) != 12 or not number.isdecimal():
        return ()
    doubts: list[tuple[str, str]] = []
    if number[0] != "0" or number[1:3] not in provinces:
        doubts.append(("mã tỉnh, thành phố", "province code"))
    if person.birth_date is not None and _birth_year(number) != person.birth_date.year:
        doubts.append(("năm sinh", "year of birth"))
    male = {"Mother": False, "Father": True}.get(person.role)
    if male is not None and (int(number[3]) % 2 == 0) != male:
        doubts.append(("giới tính", "sex"))
    who = _who(person.role)
    return tuple(
        Problem(
            person.path("PersonalNumber"),
            f"Số định danh cá nhân của {who[0]} không phù hợp với {vi}",
            f"The personal number of {who[1]} does not fit the {en}",
        )
        for vi, en in doubts
    )


def _birth_year(number: str) -> int:
    return 1900 + 100 * (int(number[3]) // 2) + int(number[4:6])
