"""Who may look into what is kept, who looks, and what for: refused is who lacks the right, and every look is kept."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

from broker.clock import Clock
from broker.config.hub import Client, May
from broker.errors import Forbidden, Invalid, NotNow
from broker.log.refusals import recorded
from broker.model import Problem
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable
from broker.store.rows import Act

_DENIED = 30  # acts a minute: nobody fills the log by being refused


@dataclasses.dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the client whose key it is, the officer who sits there, and what for."""

    client: str
    officer: str | None = None
    purpose: str | None = None

    @property
    def name(self) -> str:
        """How acts call the asker."""
        return f"{self.officer} ({self.client})" if self.officer else self.client


class Rights:
    """Knows what each client may, and keeps what was asked for."""

    def __init__(self, store: Store, clients: Mapping[str, Client], clock: Clock) -> None:
        """``clients`` by id."""
        self._store = store
        self._clients = clients
        self._clock = clock
        self._minute = clock()
        self._denied: Counter[str] = Counter()

    async def require(self, asker: Asker, right: May, what: str) -> None:
        """Raise Forbidden if the asker lacks the right, after that was kept. Raises NotNow."""
        client = self._clients.get(asker.client)
        if client is not None and right in client.may:
            return
        if self._admits(asker.client):
            await self.note(asker, "denied", what)
            recorded()
        raise Forbidden

    def _admits(self, client: str) -> bool:
        """Whether a refusal is kept as an act: the first of a minute. The rest is counted at the door with all else."""
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._denied = minute, Counter()
        self._denied[client] += 1
        return self._denied[client] <= _DENIED

    async def note(self, asker: Asker, act: str, target: str) -> None:
        """Keep the act; what was asked for is not given out before. Raises NotNow."""
        kept = Act(self._clock(), asker.name, act, target, (asker.purpose or "").strip() or "-")
        try:
            await self._store.write(lambda tx: tx.acts.add(kept))
        except StoreUnavailable as error:
            raise NotNow from error


def require_answerable(asker: Asker) -> None:
    """Raise Invalid unless an officer asks, for a purpose."""
    missing = [problem for name, problem in _WANTED.items() if not (getattr(asker, name) or "").strip()]
    if missing:
        raise Invalid(missing)


_WANTED: Mapping[str, Problem] = {
    "officer": Problem(
        "X-Officer", "Thiếu cán bộ xem nội dung.", "There is no officer: nobody answers for the look."
    ),
    "purpose": Problem(
        "X-Purpose", "Thiếu mục đích xem nội dung.", "There is no purpose: bodies are given out for one."
    ),
}
