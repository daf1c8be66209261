"""Transport headers of the population database; its HTTP side is tested in test_agency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.service import HttpRefusal
from sandbox.dancu.access import Access

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
URL = "http://127.0.0.1:9101/soap"
ACCESS = Access("hub", "secret", "VN/GOV/G22/HUB", "key")


def headers(moment: datetime, url: str = URL) -> dict[str, str]:
    """Headers of a request made at ``moment`` for ``url``."""
    timestamp = str(int(moment.timestamp() * 1000))
    return {
        "x-road-client": "VN/GOV/G22/HUB",
        "apikey": "key",
        "timestamp": timestamp,
        "authorization": ACCESS.authorization(url, timestamp),
    }


def test_authorization_is_the_observed_formula() -> None:
    """Basic base64(user:sha256hex(url+user+timestamp+secret)), as sha256sum and base64 give it."""
    assert Access("u", "s", "c", "k").authorization("http://h/", "1") == (
        "Basic dToxOWZkNWE1MjJkYjZkOWUxM2FhOGI4MWU0MmVjY2UwYTIyNjFhNzE5OGViZWQ3ZDk3MDJmMmFkODExMGYyYjBj"
    )


@pytest.mark.parametrize("off", [-299, 0, 299])
def test_clocks_may_differ_by_five_minutes(off: int) -> None:
    """Senders' clocks are never exact."""
    ACCESS.check(headers(NOW + timedelta(seconds=off)), URL, NOW)


@pytest.mark.parametrize("off", [-301, 301])
def test_old_and_future_requests_are_refused(off: int) -> None:
    """A captured header cannot be used later."""
    with pytest.raises(HttpRefusal) as refused:
        ACCESS.check(headers(NOW + timedelta(seconds=off)), URL, NOW)
    assert refused.value.status == 401


def test_digest_belongs_to_one_address() -> None:
    """A header for another address is no use here."""
    with pytest.raises(HttpRefusal):
        ACCESS.check(headers(NOW, "http://127.0.0.1:9101/other"), URL, NOW)
