"""What somebody looks for in the message log, from the words in which they ask: an address, a header, a command."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from broker.clock import VIETNAM
from broker.counting import midnight
from broker.errors import Invalid
from broker.model import Problem
from broker.store.rows import MessageFilter

WORDS: Mapping[str, tuple[str, str]] = {
    "id": ("Mã thông điệp", "Id of one message"),
    "dossier": (
        "Mã hồ sơ của bất kỳ hệ thống nào",
        "Any code of a dossier: the hub's, the portal's, an agency's",
    ),
    "agency": ("Cơ quan hoặc đơn vị gọi", "Agency or client"),
    "operation": ("Dịch vụ, thao tác", "Service: the operation of the message"),
    "direction": ("Chiều: in hoặc out", "Direction: in or out"),
    "kind": (
        "Loại: request, reply, answer, refused, failed, erasure…",
        "Kind: request, reply, answer, refused, failed, erasure…",
    ),
    "outcome": ("Kết quả", "Outcome"),
    "officer": ("Cán bộ", "Officer"),
    "from": (
        "Từ ngày hoặc thời điểm (giờ Việt Nam)",
        "From this day or moment on; Vietnam's time unless it says otherwise",
    ),
    "to": ("Đến hết ngày, hoặc trước thời điểm", "To the end of this day, or before this moment"),
}
"""Name of a question → what it means, in Vietnamese and English."""

CITIZEN = "citizen"
"""The question for a citizen: never part of an address or a command, which are kept in logs and histories."""

_NUMBER = re.compile(r"[0-9]{9}|[0-9]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST = 200
_DIRECTIONS = ("in", "out")


def wanted(asked: Mapping[str, str], *, citizen: str | None = None) -> MessageFilter:
    """The filter for what is asked by name; ``citizen`` is a personal number. Raises `Invalid` with every problem."""
    problems: list[Problem] = []
    found: dict[str, str | datetime | None] = {}
    for name, text in asked.items():
        value = unicodedata.normalize("NFC", text).strip()
        if name not in WORDS:
            problems.append(_unknown(name))
        elif name in ("from", "to"):
            found[name] = _moment(name, value, problems)
        elif not value or len(value) > _LONGEST or (name == "direction" and value not in _DIRECTIONS):
            vi, en = WORDS[name]
            problems.append(Problem(name, f"Giá trị không hợp lệ ({vi}).", f"Not a possible value ({en})."))
        else:
            found[name] = value
    person = None if citizen is None else "".join(citizen.split())
    if person is not None and _NUMBER.fullmatch(person) is None:
        vi, en = "Số định danh cá nhân gồm 12 chữ số.", "A personal number has twelve digits."
        problems.append(Problem(CITIZEN, vi, en))
    if problems:
        raise Invalid(problems)
    names = {"dossier": "code", "from": "since", "to": "until"}
    values = {names.get(name, name): value for name, value in found.items()}
    return dataclasses.replace(MessageFilter(person=person), **values)  # type: ignore[arg-type]


def _moment(name: str, text: str, problems: list[Problem]) -> datetime | None:
    """A day's begin, for ``to`` its end; or a moment."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return midnight(day if name == "from" else day + timedelta(days=1))
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).astimezone(VIETNAM)
    except (ValueError, OverflowError):
        vi = "Thời điểm viết theo dạng YYYY-MM-DD hoặc YYYY-MM-DDTHH:MM."
        problems.append(Problem(name, vi, "Write YYYY-MM-DD or YYYY-MM-DDTHH:MM."))
        return None


def _unknown(name: str) -> Problem:
    if name == CITIZEN:
        vi = "Số định danh không được ghi trên địa chỉ; hãy gửi trong trường X-Citizen."
        return Problem(
            CITIZEN, vi, "A personal number must not stand in an address: send it in the field X-Citizen."
        )
    return Problem(
        name[:50], f"Chọn trong: {', '.join(WORDS)}.", f"There is no such question: {', '.join(WORDS)}."
    )
