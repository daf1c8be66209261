"""The transport headers of the population database: who may ask at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.service import HttpRefusal

WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Access:
    """What one client system must present. ``client`` is its X-Road identifier."""

    user: str
    secret: str
    client: str
    api_key: str

    def check(self, headers: Mapping[str, str], url: str, now: datetime) -> None:
        """Compare the headers of a request to ``url``. Raises `HttpRefusal` with 401 or 403."""
        if headers.get("x-road-client") != self.client:
            raise HttpRefusal(403, "X-Road-Client không được phép / client not allowed")
        if not _same(headers.get("apikey", ""), self.api_key):
            raise HttpRefusal(401, "ApiKey không đúng / wrong ApiKey")
        timestamp = headers.get("timestamp", "")
        if not _recent(timestamp, now):
            raise HttpRefusal(401, "Timestamp không hợp lệ (mili giây, lệch tối đa 5 phút) / bad Timestamp")
        if not _same(headers.get("authorization", ""), self.authorization(url, timestamp)):
            raise HttpRefusal(
                401, "Authorization không đúng / wrong Authorization", {"WWW-Authenticate": "Basic"}
            )

    def authorization(self, url: str, timestamp: str) -> str:
        """The header ``Basic base64(user:sha256hex(url+user+timestamp+secret))`` of one request."""
        digest = hashlib.sha256(f"{url}{self.user}{timestamp}{self.secret}".encode()).hexdigest()
        return "Basic " + base64.b64encode(f"{self.user}:{digest}".encode()).decode()


def _recent(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit()):
        return False
    return abs(now.timestamp() - int(timestamp) / 1000) <= WINDOW.total_seconds()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
