"""Certificates that end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from broker.keys.expiry import endings, reached
from tests.broker.rig import Rig
from tests.chains import Party, issue
from tests.pki import NOW


@pytest.mark.parametrize(
    ("days", "threshold"), [(61, None), (60, 60), (30.5, 60), (30, 30), (7, 7), (0, 7), (-3, 7)]
)
def test_which_threshold_is_reached(days: float, threshold: int | None) -> None:
    """The smallest; one that has ended stays at the last."""
    assert reached(days, (60, 30, 7)) == threshold
    assert reached(days, ()) is None


def put(rig: Rig, place: str, party: Party) -> None:
    """Write a certificate to the trust folder."""
    file: Path = rig.hub.project.path(rig.hub.project.hub.trust) / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(party.certificate.public_bytes(Encoding.PEM))


def items(rig: Rig) -> list[str]:
    """What people were told, oldest first."""
    found = rig.hub.store.read(lambda tx: tx.work.list(kind="certificate").items)
    return [item.reason.split(" ")[0] for item in reversed(found)]


async def test_people_are_told_once_for_each_threshold(rig: Rig) -> None:
    """Sixty, thirty and seven days before the end, however often it is looked for."""
    since = (rig.clock() - NOW).days
    put(rig, "yte/leaf.pem", issue("leaf", ends=since + 71))
    put(rig, "yte/intermediates/middle.pem", issue("middle", authority=True, ends=since + 200))
    told = []
    for days in (0, 9, 2, 28, 2, 21, 2, 10):
        rig.clock.advance(days=days)
        await rig.hub.log.expiry.run()
        told.append(len(items(rig)))
    assert told == [0, 0, 1, 1, 2, 2, 3, 3]
    assert items(rig) == ["yte/leaf.pem"] * 3


async def test_days_left_of_everything(rig: Rig) -> None:
    """Our keys, partners' certificates, authorities; a limit in the trust folder is an end, too."""
    put(rig, "yte/leaf.pem", issue("leaf", ends=70))
    put(rig, "yte/root.pem", issue("root", authority=True, ends=90))
    folder = rig.hub.project.path(rig.hub.project.hub.trust)
    (folder / "yte/limits.yaml").write_text("leaf.pem: {until: 2026-09-11}\n", encoding="utf-8")
    found = endings(rig.hub.project, rig.hub.believed.ring)
    assert {(each.kind, each.place) for each in found} >= {
        ("own", "hub.crt.pem"),
        ("partner", "yte/leaf.pem"),
        ("authority", "yte/root.pem"),
    }
    assert [each.until for each in found] == sorted(each.until for each in found)
    left = {each.place: each.days_left(NOW) for each in found}
    assert 10 < left["yte/leaf.pem"] < 10 + timedelta(hours=12) / timedelta(days=1)
    assert left["yte/root.pem"] == 90
