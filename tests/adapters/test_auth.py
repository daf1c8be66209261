"""Headers that say who we are, and a token that many tasks share."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter

from adapters import auth
from adapters.errors import Unavailable
from lienthong.testing import NOW

SECRETS = {"u": "user", "p": "word"}


def headers(settings: dict[str, str], token: str | None = None) -> dict[str, str]:
    """Headers for settings as written in YAML."""
    parsed = TypeAdapter(auth.Auth).validate_python(settings)
    return auth.headers(parsed, "http://agency/x", SECRETS.__getitem__, NOW, token)


def test_nothing_basic_key_and_token() -> None:
    """Each kind has its header."""
    assert headers({"kind": "none"}) == {}
    assert headers({"kind": "basic", "user": "u", "password": "p"}) == {"Authorization": "Basic dXNlcjp3b3Jk"}
    assert headers({"kind": "api-key", "header": "X-Key", "key": "p"}) == {"X-Key": "word"}
    assert headers({"kind": "none"}, "abc") == {"Authorization": "Bearer abc"}


def test_population_hash_depends_on_everything() -> None:
    """Address, user, time and secret are in the hash; only the user can be read from it."""
    settings = {"kind": "x-road-population", "user": "u", "secret": "p", "client": "c", "api_key": "p"}
    one = headers(settings)
    assert set(one) == {"Timestamp", "Authorization", "X-Road-Client", "ApiKey"}
    parsed = TypeAdapter(auth.Auth).validate_python(settings)
    later = auth.headers(parsed, "http://agency/x", SECRETS.__getitem__, NOW + timedelta(milliseconds=1))
    elsewhere = auth.headers(parsed, "http://agency/y", SECRETS.__getitem__, NOW)
    assert len({one["Authorization"], later["Authorization"], elsewhere["Authorization"]}) == 3


def test_population_hash_is_the_observed_one() -> None:
    """Basic of user and SHA-256 (hex) over address, user, milliseconds and secret."""
    settings = {
        "kind": "x-road-population",
        "user": "u",
        "secret": "p",
        "client": "VN/GOV/BTP",
        "api_key": "p",
    }
    stamp = str(int(NOW.timestamp() * 1000))
    digest = hashlib.sha256(f"http://agency/xuser{stamp}word".encode()).hexdigest()
    assert headers(settings) == {
        "Timestamp": stamp,
        "Authorization": "Basic " + base64.b64encode(f"user:{digest}".encode()).decode(),
        "X-Road-Client": "VN/GOV/BTP",
        "ApiKey": "word",
    }


class Counter:
    """Gives tokens t1, t2 … and a clock that the test moves."""

    def __init__(self) -> None:
        self.given = 0
        self.now = NOW
        self.failing = False

    async def fetch(self) -> str:
        """The next token, after a turn of the event loop."""
        await asyncio.sleep(0)
        if self.failing:
            raise Unavailable("down")
        self.given += 1
        return f"t{self.given}"

    def clock(self) -> datetime:
        """The test's time."""
        return self.now

    def cache(self) -> auth.TokenCache[str]:
        """A cache of an hour."""
        return auth.TokenCache(self.fetch, clock=self.clock, lifetime=timedelta(hours=1))


async def test_many_tasks_share_one_log_in() -> None:
    """However many wait, one asks."""
    counter = Counter()
    cache = counter.cache()
    assert set(await asyncio.gather(*(cache.get() for _ in range(20)))) == {"t1"}


async def test_token_is_renewed_when_old() -> None:
    """Its lifetime ends by the clock."""
    counter = Counter()
    cache = counter.cache()
    await cache.get()
    counter.now += timedelta(minutes=59)
    assert await cache.get() == "t1"
    counter.now += timedelta(minutes=2)
    assert await cache.get() == "t2"


async def test_refusal_of_an_old_token_does_not_hurt_the_new_one() -> None:
    """Twenty tasks that are refused together cause one renewal, not twenty."""
    cache = Counter().cache()
    old = await cache.get()
    cache.refused(old)
    new = await cache.get()
    cache.refused(old)
    assert (old, new, await cache.get()) == ("t1", "t2", "t2")


async def test_failed_log_in_is_tried_again() -> None:
    """An error is not remembered."""
    counter = Counter()
    cache, counter.failing = counter.cache(), True
    with pytest.raises(Unavailable):
        await cache.get()
    counter.failing = False
    assert await cache.get() == "t1"
