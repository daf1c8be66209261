"""What the engine says to people: citizens read Vietnamese; staff read both languages."""

from __future__ import annotations

from broker.model import StepState

STATE_NAMES = {
    StepState.PLANNED: "chưa đến lượt",
    StepState.SENDING: "đang chuyển",
    StepState.RECEIVED: "đã tiếp nhận",
    StepState.SUPPLEMENT: "yêu cầu bổ sung",
    StepState.ACCEPTED: "đủ điều kiện giải quyết",
    StepState.PROCESSING: "đang giải quyết",
    StepState.COMPLETED: "đã có kết quả",
    StepState.RETURNED: "đã trả kết quả",
    StepState.REJECTED: "từ chối",
    StepState.WITHDRAWN: "đã rút hồ sơ",
    StepState.CANCELLED: "không thực hiện",
    StepState.STUCK: "cần cán bộ xử lý",
}
"""What a state is called in Vietnamese."""

SUPPLEMENT_WANTED = "Cơ quan giải quyết yêu cầu bổ sung hồ sơ"
SUPPLEMENT_SENT = "Đã gửi bổ sung, chờ cơ quan giải quyết"
CITIZEN_WITHDREW = "Công dân rút hồ sơ"
NO_WITHDRAWAL = "Cơ quan không nhận rút hồ sơ điện tử, cần liên hệ / the agency takes no withdrawals, call it"
NO_SUPPLEMENT = "Cơ quan không nhận bổ sung điện tử, cần liên hệ / the agency takes no supplements, call it"


def not_supplemented(days: int) -> str:
    """Why the hub rejects a step on the citizen's silence."""
    return f"Không bổ sung hồ sơ trong thời hạn {days:02d} ngày làm việc"


def not_settled(days: int) -> str:
    """Why the hub refuses a declaration whose difference with the population database was not settled."""
    return f"Không xác nhận lại thông tin trong thời hạn {days:02d} ngày làm việc"


def predecessor_ended(name: str, state: StepState) -> str:
    """Why a step will never be sent."""
    return f"Không thực hiện vì bước “{name}”: {STATE_NAMES[state]}"


def reappointed(due: str) -> str:
    """What stands in the history when an appointment was missed; ``due`` is the new one as people write it."""
    return f"Xin lỗi vì chậm trả kết quả, hẹn lại {due} / the appointment was missed, the new one is {due}"


def came_late(state: StepState) -> str:
    """A report of something that happened before what is known."""
    return f"Báo cáo đến muộn: {STATE_NAMES[state]} / late report: {state}"


def contradicts(current: StepState, reported: StepState) -> str:
    """A report that cannot be true together with what is known."""
    return (
        f"Cơ quan báo “{STATE_NAMES[reported]}” trong khi hồ sơ “{STATE_NAMES[current]}” / "
        f"the agency reports {reported} of a step that is {current}"
    )


def absent(current: StepState) -> str:
    """The agency does not know a dossier that it had acknowledged."""
    return (
        f"Cơ quan báo không có hồ sơ, trong khi hồ sơ “{STATE_NAMES[current]}” / "
        f"the agency does not have a dossier that is {current} there"
    )


def fact_changed(fact: str) -> str:
    """A result that names another value for what an earlier one gave; neither value is repeated here."""
    return f"Kết quả gửi lại có giá trị khác: {fact} / the result was sent again with another {fact}"


RESULT_CHANGED = "Kết quả gửi lại có nội dung khác / the result was sent again with other content"


def trouble(reason: str | None, code: str | None) -> str:
    """An agency that answered a question about a dossier with an error."""
    words = " ".join(part for part in (code, reason) if part) or "?"
    return f"Cơ quan báo lỗi: {words} / the agency reports an error: {words}"
