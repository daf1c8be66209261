from __future__ import annotations

import pytest

from signing.errors import Untrusted
from signing.pki.certificates import certificate_der, public_key, read_certificate
from tests import pki


@pytest.mark.parametrize("name", ["hub", "hub-ec"])
def test_a_certificate_is_read_and_written(name: str) -> None:
    """Both ways, with its key."""
    certificate = read_certificate(certificate_der(pki.certificate(name)))
    assert certificate == pki.certificate(name)
    assert public_key(certificate) == pki.key(name).public_key()


OTHER_VERSION = certificate_der(pki.certificate("hub")).replace(
    b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", 1
)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", bytes(100_000), OTHER_VERSION])
def test_what_is_not_a_certificate_is_not_trusted(der: bytes) -> None:
    """Any bytes may stand where the certificate should be."""
    with pytest.raises(Untrusted, match=r"cannot be read|larger"):
        read_certificate(der)
