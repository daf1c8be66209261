"""How a sender proves who it is, beside the message: HTTP headers made while sending, from secrets named
in settings.

Nothing here is ever part of a `Wire`, so nothing here is ever stored.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from adapters.base import Settings

Secret = Callable[[str], str]
T = TypeVar("T")


class NoAuth(Settings):
    """The agency asks for nothing beside the message (or knows us by our TLS certificate)."""

    kind: Literal["none"] = Field("none", description="no header is added")


class BasicAuth(Settings):
    """HTTP Basic (RFC 7617)."""

    kind: Literal["basic"] = Field(description="HTTP Basic")
    user: str = Field(description="name of the secret that holds the user name")
    password: str = Field(description="name of the secret that holds the password")


class KeyAuth(Settings):
    """A fixed key in a header."""

    kind: Literal["api-key"] = Field(description="a fixed key in a header")
    header: str = Field("X-Api-Key", description="name of the header")
    key: str = Field(description="name of the secret that holds the key")


class XRoadPopulationAuth(Settings):
    """The observed dress of the national population database behind NDXP."""

    kind: Literal["x-road-population"] = Field(description="Timestamp, hashed Basic, X-Road-Client, ApiKey")
    user: str = Field(description="name of the secret that holds the user name")
    secret: str = Field(description="name of the secret that is hashed with address, user and time")
    client: str = Field(description="value of the X-Road-Client header")
    api_key: str = Field(description="name of the secret that holds the API key")


class TokenAuth(Settings):
    """A token that an operation of the same contract gives in exchange for credentials."""

    kind: Literal["token"] = Field(description="a token fetched with an operation of the contract")
    operation: str = Field(description="operation that gives the token")
    credentials: Mapping[str, str] = Field(
        description="element of its request (Clark name) → name of the secret"
    )
    token: str = Field(description="path (local names) of the token in its answer")
    lifetime_seconds: float = Field(
        1800, gt=0, description="how long a token is used before a new one is fetched"
    )


Auth = Annotated[NoAuth | BasicAuth | KeyAuth | XRoadPopulationAuth | TokenAuth, Field(discriminator="kind")]


def headers(
    auth: Settings, url: str, secret: Secret, now: datetime, token: str | None = None
) -> dict[str, str]:
    """HTTP headers for one request to ``url`` at ``now``; ``token`` is the current one of a `TokenAuth`."""
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if isinstance(auth, BasicAuth):
        return {"Authorization": _basic(secret(auth.user), secret(auth.password))}
    if isinstance(auth, KeyAuth):
        return {auth.header: secret(auth.key)}
    if isinstance(auth, XRoadPopulationAuth):
        return _x_road(auth, url, secret, now)
    return {}


def _x_road(auth: XRoadPopulationAuth, url: str, secret: Secret, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp() * 1000))
    user = secret(auth.user)
    digest = hashlib.sha256(f"{url}{user}{timestamp}{secret(auth.secret)}".encode()).hexdigest()
    return {
        "Timestamp": timestamp,
        "Authorization": _basic(user, digest),
        "X-Road-Client": auth.client,
        "ApiKey": secret(auth.api_key),
    }


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


class TokenCache(Generic[T]):
    """One token for all tasks: fetched when needed, once however many wait for it, renewed when old or
    refused.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], datetime], lifetime: timedelta
    ) -> None:
        """``fetch`` asks the agency; it raises what it raises, and the next caller tries again."""
        self._fetch = fetch
        self._clock = clock
        self._lifetime = lifetime
        self._lock = asyncio.Lock()
        self._token: T | None = None
        self._until = datetime.min.replace(tzinfo=UTC)

    async def get(self) -> T:
        """The current token, fetched first if there is none or it is too old."""
        async with self._lock:
            if self._token is None or self._clock() >= self._until:
                self._token = await self._fetch()
                self._until = self._clock() + self._lifetime
            return self._token

    def refused(self, token: T) -> None:
        """The agency does not take ``token`` any more. Ignored if another task has renewed it already."""
        if self._token == token:
            self._token = None
