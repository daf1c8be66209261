"""What the engine says to people: citizens read Vietnamese; staff read both languages."""

from __future__ import annotations

from collections.abc import Iterable

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


CORRECTION_SENT = "Đã gửi đính chính, chờ cơ quan tiếp nhận / the correction is on its way to the agency"
CORRECTION_ACCEPTED = "Cơ quan đã tiếp nhận đính chính / the agency has taken the correction"
NO_CORRECTION = (
    "Cơ quan không nhận đính chính điện tử, cần liên hệ / the agency takes no corrections, call it"
)
RESUMED = "Bổ sung thủ tục chưa chọn trước đây / a procedure that was not chosen at first is wanted now"
RECEIVED_BY_CITIZEN = "Công dân đã nhận kết quả / the citizen has received the result"


def fact_lost(fact: str) -> str:
    """A corrected result that says no more what an earlier one gave."""
    return f"Kết quả đính chính không còn: {fact} / the corrected result lacks {fact}"


def older_result(at: str) -> str:
    """A result from before the one that is known."""
    return f"Kết quả cũ đến muộn, lập lúc {at} / an older result came late, made at {at}"


def result_corrected(fields: Iterable[str]) -> str:
    """A result that was corrected; only the names of what changed are written, never the values."""
    written = ", ".join(fields)
    return f"Kết quả được đính chính: {written} / the result was corrected: {written}"


def result_differs(fields: Iterable[str]) -> str:
    """A result that is not what was declared; only the names of the fields are written, never the values."""
    written = ", ".join(fields)
    return f"Kết quả khác với tờ khai: {written} / the result differs from the declaration: {written}"


def correction_refused(reason: str) -> str:
    """An agency that does not take a correction."""
    return f"Cơ quan không tiếp nhận đính chính: {reason} / the agency does not take the correction"


def waits_for_consent(names: Iterable[str]) -> str:
    """Relatives who have said nothing yet."""
    return f"Chờ ý kiến đồng ý của: {', '.join(names)}"


def consent_refused(names: Iterable[str]) -> str:
    """Relatives who do not agree."""
    return f"Không thực hiện vì thân nhân không đồng ý: {', '.join(names)}"


def not_consented(days: int) -> str:
    """Why a step ends that waited for consents."""
    return f"Không đủ ý kiến đồng ý của thân nhân trong thời hạn {days:02d} ngày làm việc"


def trouble(reason: str | None, code: str | None) -> str:
    """An agency that answered a question about a dossier with an error."""
    words = " ".join(part for part in (code, reason) if part) or "?"
    return f"Cơ quan báo lỗi: {words} / the agency reports an error: {words}"
