"""A partner's certificate that its authority takes back, seen from the door."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from broker.errors import Invalid
from broker.keys.revocations import Held
from signing.keys import FileKey
from signing.pki import crl
from signing.xml import parse
from signing.xmlsig.xmldsig import sign_enveloped
from tests.broker.rig import PORTAL, Rig, make, submission
from tests.chains import Party, Taken, issue, points, revocation_list

LIST = "http://crl.example/ca.crl"
CA = issue("ca", authority=True)
PARTNER = issue("portal", CA, extra=[points(LIST)])


def signed(signer: Party, message_id: str) -> bytes:
    """A submission that the portal signed."""
    root = parse(submission(message_id))
    sign_enveloped(root, FileKey(signer.key, [signer.certificate]))
    return etree.tostring(root)


def learn(rig: Rig, *taken: Taken) -> None:
    """What the job would have fetched."""
    now = rig.clock()
    raw = revocation_list(CA, *taken, at=now - timedelta(minutes=1))
    rig.hub.believed.revocations.take({LIST: Held(now, now + timedelta(hours=23), raw, crl.read(raw))}, ())


async def refused(rig: Rig, document: bytes) -> str:
    """Why a submission is not taken."""
    with pytest.raises(Invalid) as error:
        await rig.hub.intake.submit(PORTAL, document)
    return " ".join(problem.en for problem in error.value.problems)


async def test_from_unknown_to_good_to_revoked(tmp_path: Path, sqlite_url: str) -> None:
    """Refused until its authority has spoken, taken while it is good, refused once it is known as revoked."""
    folder = tmp_path / "trust" / PORTAL
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(CA.certificate.public_bytes(Encoding.PEM))
    rig = make(tmp_path, sqlite_url)
    try:
        assert "revoked is not known" in await refused(rig, signed(PARTNER, "message-1"))
        assert [certificate for certificate, _ in rig.hub.believed.revocations.seen()] == [
            PARTNER.certificate
        ]
        learn(rig)
        await rig.hub.intake.submit(PORTAL, signed(PARTNER, "message-2"))
        learn(rig, Taken(PARTNER.certificate))
        assert "was revoked on" in await refused(rig, signed(PARTNER, "message-3"))
        assert "not known" in await refused(rig, signed(issue("portal"), "message-4"))
        assert rig.hub.check() == []
    finally:
        await rig.hub.close()
