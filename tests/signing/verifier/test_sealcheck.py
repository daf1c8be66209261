"""The signature over an evidence file: by whom, when, over what, and what came along with it."""

from __future__ import annotations

import io

from signing.container.asic import read
from signing.container.zipped import Writer
from signing.keys import FileKey
from tests import chains
from tests.evidence import building
from tests.evidence.building import evidence
from tests.evidence.reading import Verify, codes, errors

SEAL = "META-INF/signatures001.xml"


def swap(data: bytes, other: bytes, name: str) -> bytes:
    """``other`` with one file of ``data``, packed as a container is."""
    out = io.BytesIO()
    writer = Writer(out)
    with read(data) as mine, read(other) as theirs:
        for each in theirs.names:
            writer.add(each, (mine if each == name else theirs).read(each))
    writer.finish()
    return out.getvalue()


def test_file_changed_behind_the_seal(verify: Verify) -> None:
    """Every file that was changed is named."""
    sealed, other = evidence(), evidence()
    other.files["explanation.html"] = b"<p>khac</p>"
    other.files["log/log.vkey"] += b"\n"
    swapped = swap(sealed.sealed(), other.sealed(), SEAL)
    assert set(errors(verify(swapped))) == {("signature", "explanation.html"), ("signature", "log/log.vkey")}


def test_signer_unknown(verify: Verify) -> None:
    """A seal by somebody whom no anchor vouches for is refused."""
    stranger = chains.issue("evidence-stranger")
    report = verify(evidence().sealed(signer=FileKey(stranger.key, [stranger.certificate]), crls=[]))
    assert ("certificate", SEAL) in errors(report)


def test_signer_revoked(verify: Verify) -> None:
    """A certificate that was revoked before the seal was stamped is refused."""
    crl = chains.revocation_list(building.CA, chains.Taken(building.HUB.certificate))
    assert errors(verify(evidence().sealed(crls=[crl]))) == [("revocation", SEAL)]


def test_signer_revoked_later(verify: Verify) -> None:
    """What was sealed before the revocation stays good."""
    crl = chains.revocation_list(building.CA, chains.Taken(building.HUB.certificate, at=0.5))
    assert verify(evidence().sealed(crls=[crl])).exit_code == 0


def test_revocation_not_known(verify: Verify) -> None:
    """A certificate that names a list, without the list, leaves something unproven."""
    report = verify(evidence().sealed(crls=[]))
    assert (report.exit_code, codes(report)) == (3, {"revocation"})


def test_strange_certificate_came_along(verify: Verify) -> None:
    """What belongs to no chain is not let pass unseen."""
    stray = chains.issue("evidence-stray").certificate
    several = (building.CA.certificate, building.AUTHORITY.certificate, stray)
    assert errors(verify(evidence().sealed(certificates=several))) == [("certificate", SEAL)]


def test_strange_list_came_along(verify: Verify) -> None:
    """A revocation list of another authority proves nothing here."""
    other = chains.issue("evidence-other-ca", authority=True)
    lists = [chains.revocation_list(building.CA), chains.revocation_list(other)]
    assert errors(verify(evidence().sealed(crls=lists))) == [("revocation", SEAL)]
