"""Who may see which statistics, and the figures of a period (T9: a commune sees its own without extra rights)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from broker.clock import VIETNAM, Clock
from broker.config.hub import Client
from broker.errors import Forbidden, Invalid, NotNow
from broker.model import Problem
from broker.statistics import Line, lines
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable
from broker.store.statistics import KEYS

_LONGEST = timedelta(days=366)


class Counting:
    """Answers what was done in a period."""

    def __init__(self, store: Store, clients: Mapping[str, Client], clock: Clock) -> None:
        """Reads only."""
        self._store = store
        self._clients = clients
        self._clock = clock

    async def answer(self, client: str, by: str, first: str, last: str) -> dict[str, Any]:
        """The figures that ``client`` may see, as plain values. Days as YYYY-MM-DD, today if empty; both count.

        With the right ``statistics`` everything; without it a client that stands for a commune or a province its own.
        Raises `HubError`.
        """
        caller = self._clients.get(client)
        everything = caller is not None and "statistics" in caller.may
        if caller is None or not (everything or caller.commune or caller.province):
            raise Forbidden
        since, until = _period(first, last, self._clock())
        if by not in KEYS:
            vi, en = f"Chọn một trong: {', '.join(KEYS)}.", f"Choose one of {', '.join(KEYS)}."
            raise Invalid([Problem("by", vi, en)])
        own = {} if everything else _own(caller)
        try:
            found = await self.lines(by, since, until, **own)
        except StoreUnavailable as error:
            raise NotNow from error
        days = {"from": since.isoformat(), "to": until.isoformat()}
        return {"by": by, **days, "lines": [line.as_json() for line in found]}

    async def lines(self, by: str, first: date, last: date, **only: str | None) -> list[Line]:
        """The figures of the steps planned from ``first`` to ``last``, both included."""
        since, until = midnight(first), midnight(last + timedelta(days=1))
        return await self._store.aread(
            lambda tx: lines(tx.statistics.rows(by, since, until, **only), self._clock())
        )


def midnight(day: date) -> datetime:
    """When a day begins in Vietnam."""
    return datetime.combine(day, time(), VIETNAM)


def _own(client: Client) -> dict[str, str | None]:
    return {"commune": client.commune} if client.commune else {"province": client.province}


def _period(first: str, last: str, now: datetime) -> tuple[date, date]:
    today = now.astimezone(VIETNAM).date()
    since, until = _day("from", first, today), _day("to", last, today)
    if not timedelta() <= until - since <= _LONGEST:
        vi, en = "Kỳ thống kê từ 1 ngày đến 1 năm.", "A period is one day to one year long."
        raise Invalid([Problem("to", vi, en)])
    return since, until


def _day(field: str, text: str, today: date) -> date:
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Invalid(
            [Problem(field, "Ngày viết theo dạng YYYY-MM-DD.", "Write a day as YYYY-MM-DD.")]
        ) from error
