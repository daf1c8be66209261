"""Agency files."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from broker.config.agency import AgencyConfig, Period
from broker.model import DeliveryKind

SEND = {"adapter": "soap-client", "settings": {"wsdl": "hotich/1.0/hotich.wsdl"}}
AGENCY: dict[str, Any] = {
    "id": "hotich",
    "name": {"vi": "Hộ tịch", "en": "Civil status"},
    "owner": "ho-tich-truc",
    "adapters": {"send": SEND, "receive": {"adapter": "soap-service", "path": "/agency/hotich"}},
    "operations": {
        "submit": {"operation": "nhanHoSo", "reply": "hotich-receipt"},
        "poll": {"operation": "traKetQua", "request": "query-to-hotich", "reply": "hotich-results"},
    },
    "callbacks": {"ThongBao": {"report": "hotich-callback", "answer": "ack-to-hotich"}},
    "poll": {"every": "5m", "chunk": "3"},
}


def agency(**changes: Any) -> AgencyConfig:
    """The agency with these changes."""
    return AgencyConfig.model_validate(AGENCY | changes)


def test_an_agency_knows_its_operations_and_mappings() -> None:
    """A submission's request is named by the process, so it is not among them."""
    found = agency()
    assert found.offers("submit")
    assert not found.offers("withdraw")
    assert found.mappings == {
        "hotich-receipt",
        "query-to-hotich",
        "hotich-results",
        "hotich-callback",
        "ack-to-hotich",
    }


def test_an_endpoint_may_change_for_a_time() -> None:
    """What the variant leaves out stays as usual (T4)."""
    moved = {"from": "2027-01-01", "until": "2027-02-28", "send": SEND | {"adapter": "xml-http"}}
    found = agency(variants=[moved])
    before, during = found.endpoint(date(2026, 12, 31)), found.endpoint(date(2027, 1, 1))
    assert before.send is not None
    assert during.send is not None
    assert (before.send.adapter, during.send.adapter) == ("soap-client", "xml-http")
    assert during.receive == before.receive


def test_patience_may_differ_by_what_is_delivered() -> None:
    """Classes that are not named keep their defaults."""
    found = agency(retry_for={"state": {"unavailable": {"action": "bury"}}})
    assert found.retry_policy(DeliveryKind.STATE).unavailable.action == "bury"
    assert found.retry_policy(DeliveryKind.STEP).unavailable.action == "retry"


def test_a_period_includes_both_ends() -> None:
    """An open end has no bound."""
    period = Period.model_validate({"from": "2026-09-01", "until": "2026-09-30"})
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1)]
    assert [period.covers(day) for day in days] == [False, True, True, False]
    assert Period().covers(date.min)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"adapters": {"receive": {"adapter": "soap-service"}}}, "write 'adapters.send'"),
        ({"adapters": {"send": SEND}}, "write 'adapters.receive'"),
        ({"operations": {"submit": {"operation": "x"}}}, "write 'operations.poll'"),
        ({"operations": {"shout": {"operation": "x"}}}, "String should match pattern"),
        ({"texts": [{"contains": "lỗi", "treat": "maybe"}]}, "Input should be 'done'"),
        ({"valid": {"from": "2026-02-01", "until": "2026-01-01"}}, "swap 'from' and 'until'"),
        ({"variants": [{"from": "2026-01-01"}, {"from": "2026-02-01"}]}, "two variants overlap"),
        ({"poll": {"every": "often"}}, "such as 30s"),
    ],
)
def test_an_agency_that_cannot_work_is_refused(changes: dict[str, Any], says: str) -> None:
    """What is used must be there, and dates must not overlap."""
    with pytest.raises(ValidationError, match=says):
        agency(**changes)
