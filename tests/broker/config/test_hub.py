"""The hub's own settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from broker.config.hub import Hub, digest

HUB: dict[str, Any] = {
    "public_url": "http://127.0.0.1:8400",
    "database": "sqlite:///hub.sqlite3",
    "data": "var/data",
    "keys": "var/keys",
    "key": "hub",
    "trust": "var/trust",
    "dossier_prefix": "G22.99.08",
    "owner": "truc",
    "clients": [{"id": "dvcqg", "key": "portal-key"}],
}


def test_what_is_left_out_has_a_safe_default() -> None:
    """Loopback only, signatures required, few rights."""
    hub = Hub.model_validate(HUB)
    assert hub.listen.host == "127.0.0.1"
    client = hub.client("dvcqg")
    assert client is not None
    assert (client.signature, client.may) == ("required", {"submit", "status"})
    assert hub.client("nobody") is None
    assert hub.delivery.lease == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clients": [{"id": "a"}]}, "either 'key'"),
        ({"clients": [{"id": "a", "key": "k", "key_sha256": "0" * 64}]}, "either 'key'"),
        ({"clients": [{"id": "a", "key_sha256": "secret"}]}, "should match pattern"),
        ({"public_url": "http://127.0.0.1:8400/"}, "should match pattern"),
        ({"listen": {"port": 70000}}, "less than or equal to 65535"),
        ({"dossier_prefix": "hub"}, "should match pattern"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any], says: str) -> None:
    """Two keys or none, a key in clear, a path in the public address."""
    with pytest.raises(ValidationError, match=says):
        Hub.model_validate(HUB | changes)


def test_a_key_may_be_known_by_its_digest() -> None:
    """So that the configuration holds nothing to steal."""
    client = {"id": "a", "key_sha256": digest("secret")}
    assert Hub.model_validate(HUB | {"clients": [client]}).clients[0].key_sha256 == digest("secret")
