"""Certificates in the store: versions, whom they are about, sealed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

from broker.store.certificates import Certificate
from broker.store.engine import Store

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
NUMBER = "001195004217"
GCS = Certificate(
    code="00219.GCS.01005.26",
    version=1,
    kind="birth",
    facility="01005",
    document="<lt:CertifiedBirth>Trần Thị Quỳnh</lt:CertifiedBirth>".encode(),
    issued_on=date(2026, 11, 23),
    received_at=AT,
    late=False,
    message_id="m-1",
)


async def test_the_newest_version_counts(store: Store) -> None:
    """A certificate issued again keeps its code; the later version is found."""
    again = dataclasses.replace(GCS, version=2, late=True)
    for certificate in (GCS, again):
        await store.write(lambda tx, one=certificate: tx.certificates.add(one, NUMBER))
    assert store.read(lambda tx: tx.certificates.newest(GCS.code)) == again
    assert store.read(lambda tx: tx.certificates.newest("00220.GCS.01005.26")) is None
    assert store.read(lambda tx: tx.certificates.late()) == {"01005": (1, 2)}


async def test_found_by_whom_it_is_about(store: Store) -> None:
    """By the personal number, of which only a keyed hash is stored; a foreigner's certificate has none."""
    foreign = dataclasses.replace(GCS, code="00220.GCS.01005.26")
    await store.write(lambda tx: tx.certificates.add(GCS, NUMBER))
    await store.write(lambda tx: tx.certificates.add(foreign, None))
    assert store.read(lambda tx: [one.code for one in tx.certificates.about(NUMBER)]) == [GCS.code]


async def test_old_ones_are_erased_in_pieces(store: Store) -> None:
    """Retention takes those that came before a time, so many at once; a later version stays."""
    later = dataclasses.replace(GCS, version=2, received_at=AT + timedelta(days=1))
    for certificate in (GCS, later):
        await store.write(lambda tx, one=certificate: tx.certificates.add(one, NUMBER))
    assert await store.write(lambda tx: tx.certificates.purge(later.received_at, 10)) == 1
    assert await store.write(lambda tx: tx.certificates.purge(later.received_at, 10)) == 0
    assert store.read(lambda tx: tx.certificates.about(NUMBER)) == [later]
