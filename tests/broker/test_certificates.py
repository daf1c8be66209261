"""What no schema says of a certificate, and until when it must be here."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.errors import Malformed
from broker.calendar import WorkingCalendar
from broker.certificates import Certificates
from broker.model import Message
from broker.store.engine import Store

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
BIRTH = Path("mappings/gcs-to-certificate/cases/first-issue.out.xml").read_text("utf-8")
DEATH = Path("mappings/gbt-to-certificate/cases/in-hospital.out.xml").read_text("utf-8")
MESSAGE = Message(id="m-1", at=NOW, direction="in", kind="request", agency="yte", operation="GCS", body=b"")


@pytest.fixture
def certificates(store: Store) -> Certificates:
    """The service on a Monday morning."""
    return Certificates(store, WorkingCalendar(), lambda: NOW)


def test_read(certificates: Certificates) -> None:
    """Births and deaths are told apart; what is no certificate is left to others."""
    birth, death = (certificates.read(text.encode(), MESSAGE) for text in (BIRTH, DEATH))
    assert birth is not None
    assert death is not None
    assert (birth.first.kind, birth.number, birth.reissued) == ("birth", "001195004217", False)
    assert (death.first.kind, death.number) == ("death", "001141003388")
    assert certificates.read(b'<AgencyReport xmlns="urn:lienthong:1.0"/>', MESSAGE) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (".GCS.01005.26", ".GCS.01010.26", "not the facility of the document"),
        (".GCS.01005.26", ".GCS.01005.25", "not the year of issue"),
        ("2026-11-20T04:30", "2026-11-24T04:30", "in the future"),
        ("2026-11-20T04:30", "2026-11-21T04:30", "before what it certifies"),
    ],
)
def test_rules(certificates: Certificates, old: str, new: str, told: str) -> None:
    """A certificate that contradicts itself is refused in words."""
    with pytest.raises(Malformed, match=told):
        certificates.read(BIRTH.replace(old, new).encode(), MESSAGE)


def test_expected(certificates: Certificates) -> None:
    """Four working hours after the close of the day on the paper: after a Friday that is Monday before noon."""
    assert certificates.expected(date(2026, 11, 20)) == datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


async def test_kept_once(certificates: Certificates) -> None:
    """The same facts are one version; others under the same code need a new issue."""
    certified = certificates.read(BIRTH.encode(), MESSAGE)
    assert certified is not None
    await certificates.keep(certified, lambda tx: tx.messages.add(MESSAGE))
    await certificates.keep(certified, lambda tx: None)
    newest = await certificates.newest(certified.first.code)
    assert newest is not None
    assert newest.version == 1
    other = dataclasses.replace(certified.first, document=b"<other/>")
    with pytest.raises(Malformed, match="issued before"):
        await certificates.keep(dataclasses.replace(certified, first=other), lambda tx: None)
