"""The legal order of states that the portal enforces, and its words; pure.

Codes (domain page, 2.5): 1 taken in, 2 supplement asked, 3 accepted, 7 with the deciding officer, 4 result, 5
result handed out, 6 refused. The order 1-3-7-4-5 is enforced for each part that an agency has in a dossier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TAKEN, SUPPLEMENT, ACCEPTED, RESULT, HANDED_OUT, REFUSED, DECIDING = range(1, 8)
PATH = (TAKEN, ACCEPTED, DECIDING, RESULT, HANDED_OUT)
NEXT = {
    TAKEN: {SUPPLEMENT, ACCEPTED, REFUSED},
    SUPPLEMENT: {TAKEN, ACCEPTED, REFUSED},
    ACCEPTED: {DECIDING, SUPPLEMENT, REFUSED},
    DECIDING: {RESULT, SUPPLEMENT, REFUSED},
    RESULT: {HANDED_OUT},
    HANDED_OUT: set[int](),
    REFUSED: set[int](),
}
OK, KNOWN, TOO_EARLY, ILLEGAL, WRONG_DATA, WRONG_SIGNATURE = range(6)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the portal answers to a state: ``code`` is maLoi of the contract."""

    code: int
    text: str


def rule(history: Sequence[int], state: int) -> Ruling:
    """Judge a new ``state`` after the accepted ``history`` of the same part of a dossier, oldest first."""
    if not history:
        return Ruling(OK, "Cập nhật trạng thái thành công") if state == TAKEN else _too_early(TAKEN)
    last = history[-1]
    if state in NEXT[last]:
        return Ruling(OK, "Cập nhật trạng thái thành công")
    if state in _current_round(history):
        return Ruling(KNOWN, f"Trạng thái {state} đã tồn tại trong một cửa")
    missing = _missing(last, state)
    if missing is not None:
        return _too_early(missing)
    return Ruling(ILLEGAL, f"Logic xử lý không hợp lệ: không thể chuyển từ trạng thái {last} sang {state}")


def _current_round(history: Sequence[int]) -> Sequence[int]:
    """States since the last supplement, which starts the path anew; the supplement is part of its round."""
    starts = [position for position, state in enumerate(history) if state == SUPPLEMENT]
    return history[starts[-1] :] if starts else history


def _missing(last: int, state: int) -> int | None:
    """The state that should have come before ``state``; None if ``state`` does not lie ahead on the path."""
    reached = PATH.index(last) if last in PATH else 0
    if last == REFUSED or state not in PATH[reached + 1 :]:
        return None
    return PATH[reached + 1]


def _too_early(missing: int) -> Ruling:
    return Ruling(TOO_EARLY, f"Hồ sơ chưa cập nhật trạng thái {missing}")
