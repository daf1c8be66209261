"""Keys and trust of stand-in agencies."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox import ManualClock
from sandbox.core.keys import HubTrust, Identity, NoTrust, identity


def test_key_is_made_once(tmp_path: Path, clock: ManualClock) -> None:
    """A second start uses the same key; nobody else may read it."""
    first, second = (identity(tmp_path, "cutru", clock()) for _ in range(2))
    assert first.certificate == second.certificate
    assert stat.S_IMODE((tmp_path / "cutru.key.pem").stat().st_mode) == 0o600
    assert first.pem == (tmp_path / "cutru.crt.pem").read_text()


def test_certificate_is_for_signing_only(keys: Identity) -> None:
    """It is no authority."""
    extensions = {item.oid._name: item.value for item in keys.certificate.extensions}
    assert extensions["basicConstraints"].ca is False  # type: ignore[attr-defined]
    assert extensions["keyUsage"].digital_signature is True  # type: ignore[attr-defined]


def test_hub_certificate_may_come_later(tmp_path: Path, keys: Identity, clock: ManualClock) -> None:
    """Hub and sandbox start in any order: the file is read when it is needed."""
    trust = HubTrust(tmp_path / "hub.pem")
    with pytest.raises(NoTrust):
        trust.certificate(clock())
    (tmp_path / "hub.pem").write_text(keys.pem)
    assert trust.certificate(clock()) == keys.certificate


def test_expired_certificate_is_not_trusted(keys: Identity) -> None:
    """Validity is checked at the agency's time."""
    with pytest.raises(NoTrust):
        HubTrust(keys.certificate_path).certificate(
            keys.certificate.not_valid_after_utc + timedelta(seconds=1)
        )
    with pytest.raises(NoTrust):
        HubTrust(None).certificate(keys.certificate.not_valid_before_utc)
