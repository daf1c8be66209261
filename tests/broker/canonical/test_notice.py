"""Notices and copies of results are valid documents, whatever people wrote into them."""

from __future__ import annotations

from datetime import UTC, datetime

from broker.canonical.build import Head
from broker.canonical.notice import Said, notice, step_result
from broker.canonical.schemas import Schemas

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CODE = "G22.99.08-261123-000123"


def test_notice(schemas: Schemas) -> None:
    """With and without an address; control characters and long words of others do not break it."""
    said = Said("Đề nghị bổ sung\x00 " + "á" * 2000, "")
    for email in ("phu-huynh@vidu.vn", None):
        document = notice(
            CODE, key="k", kind="supplement", at=AT, subject=said, paragraphs=[said], due=AT, email=email
        )
        assert schemas.validate(document, "Notice") == []
        assert (b"Recipient" in document) == (email is not None)


def test_step_result(schemas: Schemas) -> None:
    """A result stands below its head as the agency gave it."""
    head = Head(CODE, {"dvcqg": "A-1"}, "card", "2.002621", "k", AT)
    result = (
        b'<HealthCard xmlns="urn:lienthong:1.0"><InsuranceNumber>0123456789</InsuranceNumber>'
        b"<ValidFrom>2026-02-20</ValidFrom><ValidUntil>2032-09-30</ValidUntil><Facility>01001</Facility></HealthCard>"
    )
    document = step_result(head, agency="bhxh", at=AT, owner="001190000001", result=result)
    assert schemas.validate(document, "StepResult") == []
