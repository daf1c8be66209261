from __future__ import annotations

from datetime import UTC, datetime

from broker.canonical.document import read, text_at
from broker.canonical.schemas import Schemas
from broker.canonical.status import Check, Missing, Status, StepStatus, status_response
from broker.model import DossierState, StepState, Transition
from tests.broker.canonical.test_build import CODE, REGISTRATION

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
STATUS = Status(
    CODE,
    {"dvcqg": "A-1"},
    "3.000722",
    NOW,
    DossierState.SUPPLEMENT,
    due=NOW,
    reason="Khác với cơ sở dữ liệu dân cư",
    missing=(Missing("Ảnh giấy chứng sinh", "registration", "Attachments", NOW), Missing("x")),
    checks=(Check("Mother", "Name", "differs"),),
    steps=(
        StepStatus(
            "registration",
            "Đăng ký khai sinh",
            "hotich",
            StepState.COMPLETED,
            "UBND phường Mẫu",
            NOW,
            due=NOW,
            overdue=True,
            reason="x",
            agency_code="7",
            result=REGISTRATION,
            transitions=(Transition("registration", StepState.RECEIVED, NOW, NOW, "hotich", note="x"),),
        ),
        StepStatus("residence", "Đăng ký thường trú", "cutru", StepState.PLANNED, "Hệ thống liên thông", NOW),
    ),
)


def test_a_full_status_is_valid(schemas: Schemas) -> None:
    """Everything that can be said of a dossier fits the schema, and so does the least."""
    assert schemas.validate(status_response(STATUS), "StatusResponse") == []
    least = Status(CODE, {}, "3.000722", NOW, DossierState.CHECKING)
    assert schemas.validate(status_response(least), "StatusResponse") == []


def test_the_result_is_inside_its_step() -> None:
    """A citizen finds the number where the step is."""
    root = read(status_response(STATUS))
    assert text_at(root, "Step[1]/Registration/PersonalNumber") == "001226000011"
    assert text_at(root, "Step[1]/Overdue") == "true"
    assert text_at(root, "Missing[1]/What") == "Ảnh giấy chứng sinh"
